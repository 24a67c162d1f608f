//! SearchTickets: full-text search.

use std::cmp::Reverse;

use prost::Message;
use tonic::Status;

use crate::grpc::call::answer_size::AnswerSize;
use crate::grpc::call::read::{condition, fingerprint, wait_for};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{Freshness, Page, checked, freshness, page};
use crate::grpc::convert::ticket;
use crate::grpc::pb;
use crate::grpc::status::{self, Backlog, fault};
use crate::model::limits::QUERY_BYTES;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::projection::Reached;
use crate::store;
use crate::store::filter::Condition;
use crate::store::page::{Fingerprint, Key, Place};
use crate::store::pool::Reading;
use crate::store::projection::{self, Projection};
use crate::store::search::{Candidate, Query, Rules, Wanted};
use crate::workflow::schema::Root;

const METHOD: &str = "SearchTickets";
const NARROWER: &str = "look for more words, or filter by less";
/// Tickets that are ranked: the newest of those that match.
const MOST: usize = 500;

/// Where a page begins: after a ticket of this rank and number, among those up to the number that was the newest when the
/// first page was asked for, in the index of the same rules.
#[derive(Clone, Copy, Debug)]
struct After {
    newest: i64,
    rank: i64,
    number: i64,
    rules: i64,
}

struct SearchRequest {
    text: String,
    /// By the newest rules.
    query: Query,
    page: Page,
    fresh: Freshness,
    fingerprint: Fingerprint,
    /// When the first page was asked for.
    began: Instant,
    after: Option<After>,
}

impl SearchRequest {
    fn of(state: &State, call: &Call, request: pb::SearchTicketsRequest) -> Result<SearchRequest, Status> {
        let pb::SearchTicketsRequest { query: text, filter, filter_params, page_size, page_token, min_position, epoch } =
            request;
        let (query, page, fresh) = checked(|found| {
            found.bytes("query", &text, QUERY_BYTES);
            let query = Query::parse(&text, Rules::NEWEST).map_err(|problem| found.add("query", problem.to_string()));
            let page = page(found, filter, filter_params, String::new(), page_size, page_token);
            (query.ok(), page, freshness(found, min_position, epoch))
        })
        .map_err(status::refused)?;
        // Without a query there was a violation.
        let query = query.ok_or_else(|| fault::incident(METHOD, &"a query that is none was let through"))?;
        let fingerprint = fingerprint(METHOD, call, &page, &[text.as_bytes()]);
        let now = Instant::host_now();
        let mut began = now;
        let after = match page.token.as_str() {
            "" => None,
            token => {
                let place = state.tokens.open(fingerprint, token, now).map_err(|_| status::page_token_invalid())?;
                began = place.began;
                match place.last.as_slice() {
                    [Key::Int(newest), Key::Int(rank), Key::Int(number), Key::Int(rules)] => {
                        Some(After { newest: *newest, rank: *rank, number: *number, rules: *rules })
                    }
                    _ => return Err(status::page_token_invalid()),
                }
            }
        };
        Ok(SearchRequest { text, query, page, fresh, fingerprint, began, after })
    }
}

pub async fn search(
    state: &State,
    call: Call,
    request: pb::SearchTicketsRequest,
) -> Result<pb::SearchTicketsResponse, Status> {
    let asked = SearchRequest::of(state, &call, request)?;
    let filter = match asked.page.filter.is_empty() {
        true => None,
        false => condition(state, (&call, None), &asked.page.filter, Root::Ticket, asked.began).await?.0,
    };
    wait_for(state, &call, asked.fresh).await?;
    let Found { mut found, newest, rules } = look(state, &call, &asked, filter.as_ref()).await?;
    let newest_only = found.len() > MOST;
    found.truncate(MOST);
    let keys = |last: &Candidate| keys(newest, rules, last);
    let (found, next) = one_page(found, &asked);
    let mut next = next.as_ref().map(keys);
    let tenant = call.caller.tenant();
    let mut conn = state.pool.get(tenant).await.map_err(fault::of_pool)?;
    let tickets = tickets(&mut conn, tenant, &found).await.map_err(|error| fault::of_read(METHOD, NARROWER, error))?;
    let seen = |ticket: &Ticket| ticket.deleted_at.is_none() && call.audience.sees_ticket(ticket);
    let (mut shown, mut scores, mut size) = (Vec::new(), Vec::new(), AnswerSize::default());
    let mut last = None;
    for candidate in &found {
        // What was deleted since it was found is not there.
        let ticket = tickets.iter().find(|ticket| ticket.id == candidate.ticket_id).filter(|ticket| seen(ticket));
        if let Some(ticket) = ticket.map(|ticket| ticket::to_pb(ticket.clone(), call.disclosure())) {
            if !size.takes(ticket.encoded_len()) {
                next = last.map(keys);
                break;
            }
            shown.push(ticket);
            scores.push(f64::from(candidate.rank));
        }
        last = Some(candidate);
    }
    let place = next.map(|last| Place { began: asked.began, last });
    let token = place.map(|place| state.tokens.seal(asked.fingerprint, &place, Instant::host_now()));
    let next_page_token = token.unwrap_or_default();
    Ok(pb::SearchTicketsResponse { tickets: shown, next_page_token, scores, newest_only })
}

/// The newest of the tickets that match, one more than are ranked.
struct Found {
    found: Vec<Candidate>,
    newest: i64,
    /// Of the index in which they were found.
    rules: Rules,
}

async fn look(state: &State, call: &Call, asked: &SearchRequest, filter: Option<&Condition>) -> Result<Found, Status> {
    let (scope, tenant) = (call.scope(), call.caller.tenant());
    let failed = |error| fault::of_read(METHOD, NARROWER, error);
    loop {
        let rules = caught_up(state, call).await?;
        if asked.after.is_some_and(|after| after.rules != rules.number()) {
            return Err(status::page_token_invalid());
        }
        let query = match rules {
            Rules::NEWEST => asked.query.clone(),
            older => parsed(&asked.text, older)?,
        };
        let mut conn = state.pool.get(tenant).await.map_err(fault::of_pool)?;
        let newest = match asked.after {
            Some(after) => after.newest,
            None => store::read::head::last_number(&mut conn, tenant).await.map_err(failed)?,
        };
        let wanted = Wanted { query: &query, filter, newest, most: MOST + 1 };
        let found = store::search::find(&mut conn, scope, wanted).await.map_err(failed)?;
        let found = found.ok_or_else(|| status::query_too_slow(METHOD, NARROWER))?;
        // An index of older rules may have been taken away meanwhile, because the other is whole.
        let searched = Projection::Search(rules);
        if rules == Rules::NEWEST || projection::standing(&mut conn, tenant, searched).await.map_err(failed)?.serves() {
            return Ok(Found { found, newest, rules });
        }
    }
}

/// What has a word by the newest rules may have none by older ones.
fn parsed(text: &str, rules: Rules) -> Result<Query, Status> {
    let query = checked(|found| Query::parse(text, rules).map_err(|problem| found.add("query", problem.to_string())));
    query.map_err(status::refused)?.map_err(|()| fault::incident(METHOD, &"a query that is none was let through"))
}

/// The rules of the index that includes everything that was committed.
async fn caught_up(state: &State, call: &Call) -> Result<Rules, Status> {
    let reached = state.projections.catch_up_search(&state.pool, call.caller.tenant()).await;
    let (rules, reached) = reached.map_err(|error| fault::of_catch_up(METHOD, error))?;
    match reached {
        Reached::Head { .. } => Ok(rules),
        Reached::Behind { standing } => {
            let to_come = standing.head - standing.position.unwrap_or(standing.head);
            let backlog = Backlog { position: standing.head, tickets: standing.remaining, activities: to_come };
            Err(status::not_caught_up(METHOD, call.disclosure().of_tenant(backlog)))
        }
    }
}

/// A rank as a token has it: the bits of a number that is not negative are in its order.
fn ordinal(rank: f32) -> i64 {
    i64::from(rank.max(0.0).to_bits())
}

/// The candidates of this page, best first, and the last of them if there are more.
fn one_page(mut found: Vec<Candidate>, asked: &SearchRequest) -> (Vec<Candidate>, Option<Candidate>) {
    let place = |candidate: &Candidate| Reverse((ordinal(candidate.rank), candidate.number));
    found.sort_by_key(place);
    if let Some(After { rank, number, .. }) = asked.after {
        found.retain(|candidate| place(candidate) > Reverse((rank, number)));
    }
    let size = usize::try_from(asked.page.size).unwrap_or(MOST);
    let more = found.len() > size;
    found.truncate(size);
    let last = found.last().copied().filter(|_| more);
    (found, last)
}

/// Of the page after this candidate.
fn keys(newest: i64, rules: Rules, last: &Candidate) -> Vec<Key> {
    vec![Key::Int(newest), Key::Int(ordinal(last.rank)), Key::Int(last.number), Key::Int(rules.number())]
}

async fn tickets(conn: &mut Reading, tenant: &str, found: &[Candidate]) -> diesel::result::QueryResult<Vec<Ticket>> {
    let keys: Vec<_> = found.iter().map(|candidate| (tenant, candidate.ticket_id)).collect();
    store::lookup::tickets(conn, &keys).await
}
