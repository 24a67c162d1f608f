//! The common part of reads: freshness of the connection, and a list's order, filter and page token.

use diesel::result::Error;
use prost::Message;
use tonic::Status;

use super::answer_size::fit;
use super::{Call, State};
use crate::feed::Waited;
use crate::grpc::convert::Disclosure;
use crate::grpc::convert::params::FilterText;
use crate::grpc::convert::read::{Freshness, Page};
use crate::grpc::status::{self, fault};
use crate::model::ticket::display_number;
use crate::model::time::Instant;
use crate::store;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::page::{Fingerprint, Key, Place};
use crate::store::pool::Reading;
use crate::store::read::Scope;
use crate::store::read::list::{self, By, Listed, Paging};
use crate::workflow::schema::Root;
use crate::workflow::{Filter, Problem};

/// Waits until this process has read up to the position that the caller asks for.
pub async fn wait_for(state: &State, call: &Call, fresh: Freshness) -> Result<(), Status> {
    let Freshness { min_position, epoch } = fresh;
    if min_position == 0 {
        return Ok(());
    }
    let deadline = call.deadline.map(Into::into);
    // In a box, as most reads wait for nothing.
    match Box::pin(state.feed.wait_for(call.caller.tenant(), min_position, epoch, deadline)).await {
        Waited::Reached => Ok(()),
        Waited::NotReached => Err(status::position_not_reached(min_position)),
        Waited::Unknown { head, epoch } => {
            Err(status::position_unknown(min_position, call.disclosure().of_tenant(head), epoch))
        }
    }
}

/// A connection, once that position is there.
pub async fn connection(state: &State, call: &Call, fresh: Freshness) -> Result<Reading, Status> {
    wait_for(state, call, fresh).await?;
    state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)
}

/// A request for a page of a list.
pub struct ListQuery<'a> {
    /// The RPC's name.
    pub method: &'static str,
    pub page: Page,
    /// What its filter is over; a list without one ignores the filter.
    pub root: Option<Root>,
    /// Other parameters of the query, which a page token is bound to.
    pub narrowed: &'a [&'a [u8]],
}

/// The part of a filter that is SQL, and the whole where it has to be evaluated again in memory.
pub type Compiled = (Option<Condition>, Option<Filter>);

/// A list that can be run, for one caller.
pub struct List<R: 'static> {
    method: &'static str,
    tenant: String,
    audience: Audience,
    order: Vec<By<R>>,
    filter: Option<Condition>,
    /// Set where SQL covers only a part of the filter.
    rest: Option<Filter>,
    /// When the first page was asked for.
    began: Instant,
    after: Option<Vec<Key>>,
    size: usize,
    fingerprint: Fingerprint,
}

impl<R: Listed> List<R> {
    /// Before a connection is taken.
    ///
    /// # Errors
    /// FILTER_INVALID, ORDER_BY_INVALID, PAGE_TOKEN_INVALID.
    pub async fn of(state: &State, call: &Call, asked: ListQuery<'_>) -> Result<List<R>, Status> {
        List::with(state, call, None, asked).await
    }

    /// With the connection that is `held` already, so that no call waits for a second one.
    ///
    /// # Errors
    /// As [`List::of`].
    pub async fn with(
        state: &State,
        call: &Call,
        held: Option<&mut Reading>,
        asked: ListQuery<'_>,
    ) -> Result<List<R>, Status> {
        let ListQuery { method, page, root, narrowed } = asked;
        let order =
            list::order::<R>(&page.order_by).map_err(|problem| status::order_by_invalid(problem.to_string()))?;
        let asked_at = Instant::host_now();
        let fingerprint = fingerprint(method, call, &page, narrowed);
        let after = match page.token.as_str() {
            "" => None,
            token => {
                let place = state.tokens.open(fingerprint, token, asked_at).ok();
                // A token of this query has a key for each step; one of another version may not.
                let place = place.filter(|place| place.last.len() == order.len());
                Some(place.ok_or_else(status::page_token_invalid)?)
            }
        };
        let began = after.as_ref().map_or(asked_at, |place| place.began);
        let tenant = call.caller.tenant().to_owned();
        let asked = root.filter(|_| !page.filter.is_empty());
        let (filter, rest) = match asked {
            Some(root) => condition(state, (call, held), &page.filter, root, began).await?,
            None => (None, None),
        };
        let size = usize::try_from(page.size).unwrap_or(list::MAX_PAGE);
        let after = after.map(|place| place.last);
        let audience = call.audience.clone();
        Ok(List { method, tenant, audience, order, filter, rest, began, after, size, fingerprint })
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope { tenant_id: &self.tenant, audience: &self.audience }
    }

    pub fn filter(&self) -> Option<&Condition> {
        self.filter.as_ref()
    }

    /// The filter to evaluate on the rows read, and its `now`.
    pub fn rest(&self) -> Option<(&Filter, Instant)> {
        self.rest.as_ref().map(|filter| (filter, self.began))
    }

    pub fn paging(&self) -> Paging<'_, R> {
        Paging { order: &self.order, after: self.after.as_deref(), size: self.size }
    }

    /// How much of a ticket the caller is shown.
    pub fn disclosure(&self) -> Disclosure {
        Disclosure::to(&self.audience)
    }

    /// The converted rows, as far as they fit into an answer, and the token of the next page.
    pub fn page<T: Message>(&self, state: &State, page: list::Page<R>, show: impl FnMut(R) -> T) -> (Vec<T>, String) {
        self.page_by(state, page, show, T::encoded_len)
    }

    /// The same of what knows its size in another way.
    pub fn page_by<T>(
        &self,
        state: &State,
        page: list::Page<R>,
        show: impl FnMut(R) -> T,
        bytes: impl Fn(&T) -> usize,
    ) -> (Vec<T>, String) {
        let list::Page { rows, next } = fit(&self.order, page, show, bytes);
        (rows, self.token(state, next))
    }

    /// The token of the page after these keys; '' where there is none.
    pub fn token(&self, state: &State, next: Option<Vec<Key>>) -> String {
        let place = next.map(|last| Place { began: self.began, last });
        place.map(|place| state.tokens.seal(self.fingerprint, &place, Instant::host_now())).unwrap_or_default()
    }

    pub fn failed(&self, error: Error) -> Status {
        let fast: Vec<&str> = R::ORDERS.iter().filter(|order| order.hot).map(|order| order.name).collect();
        let narrower = format!("order by {}, ask for smaller pages, and narrow the filter", fast.join(" or "));
        fault::of_read(self.method, &narrower, error)
    }
}

/// Checks a filter and compiles it to SQL. Over the log, which is read in order, what has no column is decided in memory:
/// then the filter comes back as well.
pub async fn condition(
    state: &State,
    (call, held): (&Call, Option<&mut Reading>),
    text: &FilterText,
    root: Root,
    now: Instant,
) -> Result<Compiled, Status> {
    let filter = filter_of(state, (call, held), text, root).await?;
    if root == Root::Activity {
        let (condition, whole) = store::filter::narrow(&filter, &call.audience, now);
        return Ok((condition, (!whole).then_some(filter)));
    }
    let condition = store::filter::compile(&filter, call.scope(), now)
        .map_err(|problem| filter_invalid(&text.source, &[problem]))?;
    Ok((Some(condition), None))
}

/// Checks a filter over these resources; over the log, see [`Filter::of_log`]. Where it names tickets by their numbers in the
/// place of ids, these are looked up, with the connection that is held already if there is one.
pub async fn filter_of(
    state: &State,
    (call, held): (&Call, Option<&mut Reading>),
    text: &FilterText,
    root: Root,
) -> Result<Filter, Status> {
    let filter = state.filters.get(text, root).map_err(|found| filter_invalid(&text.source, &found))?;
    if filter.ticket_numbers().is_empty() {
        return Ok(filter);
    }
    let numbers = filter.ticket_numbers().iter().map(|(number, _)| *number).collect();
    let mut own = None;
    let conn = match held {
        Some(held) => held,
        None => own.insert(state.pool.get(call.caller.tenant()).await.map_err(fault::of_pool)?),
    };
    let found = store::read::ticket::ids(conn, call.scope(), numbers).await;
    let found = found.map_err(|error| fault::of_read("a filter", "name fewer tickets", error))?;
    match filter.ticket_numbers().iter().find(|(number, _)| !found.contains_key(number)) {
        None => Ok(filter.with_tickets(&found)),
        Some((number, at)) => {
            let message = format!("there is no ticket {}", display_number(*number));
            Err(filter_invalid(&text.source, &[Problem::error("unknown-ticket", *at, message, "")]))
        }
    }
}

/// The status for the first problem of a filter.
pub fn filter_invalid(source: &str, found: &[Problem]) -> Status {
    let Some(problem) = found.first() else {
        return status::filter_invalid(1, "it cannot be read".to_owned());
    };
    let hint = if problem.hint.is_empty() { String::new() } else { format!(" ({})", problem.hint) };
    status::filter_invalid(problem.column(source), format!("{}{hint}", problem.message))
}

/// Identifies a query, so that a page token cannot be used for another. The size of a page is no part of it.
pub fn fingerprint(method: &str, call: &Call, page: &Page, narrowed: &[&[u8]]) -> Fingerprint {
    let Audience { app_id, requester } = &call.audience;
    let some = |limit: &Option<String>| limit.as_ref().map(|text| format!("={text}")).unwrap_or_default();
    let (app_id, requester) = (some(app_id), some(requester));
    let FilterText { source, params } = &page.filter;
    let params = params.to_bytes();
    let own = [call.caller.tenant(), method, source, &page.order_by, &app_id, &requester].map(str::as_bytes);
    Fingerprint::of(&[own.as_slice(), &[&params], narrowed].concat())
}
