//! SQL that writes and queries search documents. No decisions.

use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Float, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::TryStreamExt;
use uuid::Uuid;

mod document;
mod place;
mod query;
mod words;

pub use query::{BadQuery, MAX_WORDS, Query};

use self::document::{Document, Weight};
use self::place::{Place, SIZE, Sort, lexeme, mark};
use super::filter::Condition;
use super::read::Scope;
use super::sql::{Bind, Select, Sql, sql};
use crate::model::activity_type::{self, ActivityType};
use crate::model::ticket::display_number;
use crate::model::words::{Visibility, Words};

/// Messages of one ticket that are looked in, the newest.
const MESSAGES: i64 = 500;
fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

/// The tickets whose words the activities `after + 1 ..= up_to` may have changed.
pub async fn touched(conn: &mut AsyncPgConnection, tenant_id: &str, after: i64, up_to: i64) -> QueryResult<Vec<Uuid>> {
    let silent = ActivityType::ALL.iter().filter(|kind| kind.words() == activity_type::Words::Kept);
    let sql = sql![
        "SELECT DISTINCT ticket_id FROM activity WHERE tenant_id = ",
        text(tenant_id),
        " AND position > ",
        Bind::Int(after),
        " AND position <= ",
        Bind::Int(up_to),
        // Those of another version may change words.
        " AND ticket_id IS NOT NULL AND kind <> ALL(",
        Bind::Texts(silent.map(|kind| kind.word().to_owned()).collect()),
        ")",
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// The tickets with the numbers `after + 1 ..= up_to`.
pub async fn numbered(conn: &mut AsyncPgConnection, tenant_id: &str, after: i64, up_to: i64) -> QueryResult<Vec<Uuid>> {
    let sql = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        text(tenant_id),
        " AND number > ",
        Bind::Int(after),
        " AND number <= ",
        Bind::Int(up_to),
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// Documents as they are now of some of a tenant's tickets, ready to be written. Deleted tickets have none.
#[derive(Debug, Default)]
pub struct Documents {
    deleted: Vec<Uuid>,
    ids: Vec<Uuid>,
    numbers: Vec<i64>,
    words: Vec<String>,
}

type TicketTypes = (SqlUuid, BigInt, Text, Text, Text, Jsonb, Text, Text, Text, Text, Bool);
type TicketText = (Uuid, i64, String, String, String, Words, String, String, String, String, bool);

/// Reads the tickets and their threads.
pub async fn documents(conn: &mut AsyncPgConnection, tenant_id: &str, ids: &[Uuid]) -> QueryResult<Documents> {
    let sql = sql![
        "SELECT t.id, t.number, t.subject, t.description, t.category, t.tags, t.requester_id, t.requester_name, \
         t.requester_email, t.app_id, t.deleted_at IS NOT NULL FROM unnest(",
        Bind::Ids(ids.to_vec()),
        ") AS k(id), LATERAL (SELECT * FROM ticket WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket.id = k.id OFFSET 0) AS t ORDER BY t.id",
    ];
    let tickets: Vec<TicketText> = RunQueryDsl::load(Select::<TicketTypes>::new(sql, true), conn).await?;
    let (deleted, tickets): (Vec<_>, Vec<_>) = tickets.into_iter().partition(|ticket| ticket.10);
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    // Of each ticket what its requester may read, the newest first, and then the notes.
    let sql = sql![
        "SELECT k.id, m.visibility, m.body FROM unnest(",
        Bind::Ids(ids),
        ") AS k(id), LATERAL (SELECT id, visibility, body FROM message WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket_id = k.id AND deleted_at IS NULL ORDER BY id DESC LIMIT ",
        Bind::Int(MESSAGES),
        ") AS m ORDER BY k.id, m.visibility DESC, m.id DESC",
    ];
    let messages = Select::<(SqlUuid, Text, Text)>::new(sql, true);
    let messages = RunQueryDsl::load_stream::<(Uuid, Visibility, String)>(messages, conn).await?;
    let mut messages = std::pin::pin!(messages);
    let mut next = messages.try_next().await?;
    let deleted = deleted.into_iter().map(|ticket| ticket.0).collect();
    let mut documents = Documents { deleted, ..Documents::default() };
    for ticket in tickets {
        let (id, number) = (ticket.0, ticket.1);
        let mut document = of_ticket(tenant_id, ticket);
        while let Some((of, visibility, body)) = next.take_if(|(of, ..)| *of <= id) {
            if of == id {
                let sort = if visibility == Visibility::Public { Sort::Public } else { Sort::Note };
                document.text(sort, Weight::D, &body);
            }
            next = messages.try_next().await?;
        }
        documents.ids.push(id);
        documents.numbers.push(number);
        documents.words.push(document.finish());
    }
    Ok(documents)
}

fn of_ticket(tenant_id: &str, ticket: TicketText) -> Document {
    let (_, number, subject, description, category, tags, requester_id, requester_name, requester_email, app_id, _) =
        ticket;
    let mut document = Document::new(tenant_id, number);
    document.mark(Sort::Requester, &requester_id);
    document.mark(Sort::App, &app_id);
    document.number(number);
    document.text(Sort::Public, Weight::A, &display_number(number));
    document.text(Sort::Public, Weight::A, &subject);
    for part in [category, requester_name, requester_email].iter().chain(tags.iter()) {
        document.text(Sort::Public, Weight::B, part);
    }
    document.text(Sort::Public, Weight::C, &description);
    document
}

/// Writes documents over those of the same tickets, and takes away those of deleted ones.
pub async fn write(conn: &mut AsyncPgConnection, tenant_id: &str, documents: Documents) -> QueryResult<()> {
    let Documents { deleted, ids, numbers, words } = documents;
    if !deleted.is_empty() {
        let sql = sql![
            "DELETE FROM ticket_search WHERE tenant_id = ",
            text(tenant_id),
            " AND ticket_id = ANY(",
            Bind::Ids(deleted),
            ")",
        ];
        RunQueryDsl::execute(sql, conn).await?;
    }
    if ids.is_empty() {
        return Ok(());
    }
    let sql = sql![
        "INSERT INTO ticket_search (tenant_id, ticket_id, number, words) SELECT ",
        text(tenant_id),
        ", unnest(",
        Bind::Ids(ids),
        "), unnest(",
        Bind::Ints(numbers),
        "), unnest(",
        Bind::Texts(words),
        ")::tsvector ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET number = excluded.number, words = excluded.words \
         WHERE ticket_search.words <> excluded.words",
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}

/// A ticket that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub ticket_id: Uuid,
    pub number: i64,
    /// More is better; of the same query and document always the same.
    pub rank: f32,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub query: &'a Query,
    pub filter: Option<&'a Condition>,
    /// No ticket with a higher number.
    pub newest: i64,
    pub most: usize,
}

/// Places that one statement looks in, at most.
const PLACES: i64 = 64;

/// How long one search may look; a single statement may take as long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The newest tickets that match and that the caller sees, the newest first; `None`: not found out in time, for a filter
/// keeps too few of those that match. Places are looked in from the newest: one at first, then as many as should have what is
/// still wanted, going by what the last ones had. Of a common word the first has enough, of a rare one all of them have little.
pub async fn find(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    wanted: Wanted<'_>,
) -> QueryResult<Option<Vec<Candidate>>> {
    let until = Instant::now() + PATIENCE;
    let mut found: Vec<Candidate> = Vec::new();
    let (mut high, mut places) = (Place::of(wanted.newest), 1);
    while high.0 >= 0 && found.len() < wanted.most {
        if Instant::now() > until {
            return Ok(None);
        }
        let low = Place((high.0 - places + 1).max(0));
        let most = wanted.most - found.len();
        let statement = looking(scope, wanted, (low, high), most);
        let rows: Vec<(Uuid, i64, f32)> = RunQueryDsl::load(statement, conn).await?;
        let looked_at = wanted.newest.min(high.last()) - low.first() + 1;
        let next = places_for(most.saturating_sub(rows.len()), rows.len(), looked_at);
        found.extend(rows.into_iter().map(|(ticket_id, number, rank)| Candidate { ticket_id, number, rank }));
        (high, places) = (Place(low.0 - 1), next.clamp(1, PLACES.min(places * 8)));
    }
    Ok(Some(found))
}

/// How many places should have so many that are wanted, where of so many numbers so few were.
fn places_for(wanted: usize, were: usize, of: i64) -> i64 {
    match i64::try_from(were) {
        Ok(were) if were > 0 => i64::try_from(wanted).unwrap_or(i64::MAX).saturating_mul(of) / were / SIZE + 1,
        _ => i64::MAX,
    }
}

/// The statement that looks in a few places.
fn looking(
    scope: Scope<'_>,
    wanted: Wanted<'_>,
    (low, high): (Place, Place),
    most: usize,
) -> Select<(SqlUuid, BigInt, Float)> {
    let Scope { tenant_id, audience } = scope;
    let notes = audience.requester.is_none();
    // From the newest: the place of a number is as far from the first of these as its place from `high`.
    let queries: Vec<String> =
        (low.0..=high.0).rev().map(|place| wanted.query.within(tenant_id, Place(place), notes)).collect();
    let narrowed: Vec<String> = (low.0..=high.0)
        .rev()
        .zip(&queries)
        .map(|(place, query)| {
            let hash = Place(place).hash(tenant_id);
            let requester = audience.requester.iter().map(|id| lexeme(&hash, Sort::Requester, &mark(id)));
            let app = audience.app_id.iter().map(|id| lexeme(&hash, Sort::App, &mark(id)));
            let all: Vec<String> = requester.chain(app).chain([format!("({query})")]).collect();
            format!("({})", all.join(" & "))
        })
        .collect();
    let mut conditions = audience.tickets();
    conditions.extend(wanted.filter.map(|filter| filter.sql.clone()));
    let words = text(&narrowed.join(" | "));
    let (oldest, newest) = (Bind::Int(low.first()), Bind::Int(wanted.newest.min(high.last())));
    let (queries, top, size, most) =
        (Bind::Texts(queries), Bind::Int(high.0 + 1), Bind::Int(SIZE), Bind::Int(most as i64));
    let sql = match conditions.is_empty() {
        true => sql![
            "SELECT document, nth, rank FROM docket_worded(",
            words,
            "::tsquery, ",
            oldest,
            ", ",
            newest,
            ", ",
            most,
            ", ",
            queries,
            "::tsquery[], ",
            top,
            ", ",
            size,
            ")",
        ],
        // Tickets are looked at only where the words do not say all; and of those only the words of the ones that are left.
        false => sql![
            "SELECT document, nth, ts_rank(words, ((SELECT ",
            queries,
            "::tsquery[]))[(",
            top,
            " - nth / ",
            size,
            ")::integer]) FROM (SELECT s.* FROM docket_worded(",
            words,
            "::tsquery, ",
            oldest,
            ", ",
            newest,
            ", NULL, NULL, NULL, NULL) AS s, LATERAL (SELECT * FROM ticket AS t WHERE t.tenant_id = ",
            text(tenant_id),
            " AND t.id = s.document OFFSET 0) AS ticket WHERE ",
            Sql::join(conditions, " AND "),
            " ORDER BY s.nth DESC LIMIT ",
            most,
            ") AS found, LATERAL (SELECT words FROM ticket_search WHERE tenant_id = ",
            text(tenant_id),
            " AND ticket_search.ctid = found.place OFFSET 0) AS ranked ORDER BY nth DESC",
        ],
    };
    Select::new(sql, wanted.filter.is_none_or(Condition::is_hot))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_word_is_looked_for_in_few_places_and_a_rare_one_in_many() {
        assert_eq!(places_for(213, 288, 576), 1, "half of the tickets of a place that has just begun");
        assert_eq!(places_for(500, 1, 576), 71);
        assert_eq!(places_for(500, 0, SIZE), i64::MAX);
        assert_eq!(places_for(0, 501, SIZE), 1);
    }
}
