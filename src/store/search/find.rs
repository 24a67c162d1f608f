//! SQL that looks for tickets in an index of search documents.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Float, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::place::{Place, SIZE, Sort, lexeme, mark};
use super::query::{Accents, Query};
use super::text;
use crate::store::audience::Audience;
use crate::store::filter::Condition;
use crate::store::read::Scope;
use crate::store::sql::{Bind, Select, Sql, sql};

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

/// Of a word of a long query, the tickets that are counted at most: what is more common than that is common.
const COUNT: i64 = 100;

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
    let query = rarest(conn, scope, wanted).await?;
    let wanted = Wanted { query: &query, ..wanted };
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

/// The query, or of a long one the words that the fewest of the newest tickets have, as far as the caller may know.
async fn rarest<'a>(conn: &mut AsyncPgConnection, scope: Scope<'_>, wanted: Wanted<'a>) -> QueryResult<Cow<'a, Query>> {
    let Wanted { query, newest, .. } = wanted;
    let words = query.to_count();
    if words.is_empty() {
        return Ok(Cow::Borrowed(query));
    }
    let last = Place::of(newest);
    let places = [last, Place((last.0 - 1).max(0))];
    let notes = scope.audience.requester.is_none();
    let looked_up = |word: &&str| {
        let within = |place: &Place| query.one_within(word, scope.tenant_id, *place, notes);
        places.iter().map(|place| seen(scope, *place, &within(place))).collect::<Vec<_>>().join(" | ")
    };
    let (_, counting) = query.rules().functions();
    let sql = sql![
        "SELECT ",
        counting,
        "(",
        Bind::Texts(words.iter().map(looked_up).collect()),
        "::tsquery[], ",
        Bind::Int(newest),
        ", ",
        Bind::Int(COUNT),
        ")",
    ];
    let counts: Vec<Vec<i64>> = RunQueryDsl::load(Select::<Array<BigInt>>::new(sql, true), conn).await?;
    let counted: Vec<(&str, i64)> = words.iter().copied().zip(counts.into_iter().flatten()).collect();
    Ok(Cow::Owned(query.narrowed(&counted)))
}

/// A query over one place, narrowed to what the caller sees.
fn seen(scope: Scope<'_>, place: Place, query: &str) -> String {
    let Scope { tenant_id, audience: Audience { app_id, requester } } = scope;
    let hash = place.hash(tenant_id);
    let requester = requester.iter().map(|id| lexeme(&hash, Sort::Requester, &mark(id)));
    let app = app_id.iter().map(|id| lexeme(&hash, Sort::App, &mark(id)));
    let all: Vec<String> = requester.chain(app).chain([format!("({query})")]).collect();
    format!("({})", all.join(" & "))
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
    let places = || (low.0..=high.0).rev().map(Place);
    let within = |accents| places().map(move |place| wanted.query.within(tenant_id, place, notes, accents));
    let queries: Vec<String> = within(Accents::Any).collect();
    let narrowed: Vec<String> = places().zip(&queries).map(|(place, query)| seen(scope, place, query)).collect();
    let mut conditions = audience.tickets();
    conditions.extend(wanted.filter.map(|filter| filter.sql.clone()));
    let words = text(&narrowed.join(" | "));
    let (oldest, newest) = (Bind::Int(low.first()), Bind::Int(wanted.newest.min(high.last())));
    let most = Bind::Int(most as i64);
    let (finding, _) = wanted.query.rules().functions();
    let called = sql![finding, "(", words, "::tsquery, ", oldest, ", ", newest, ", "];
    let sql = if conditions.is_empty() && !wanted.query.tells_accents() {
        let (queries, top, size) = (Bind::Texts(queries), Bind::Int(high.0 + 1), Bind::Int(SIZE));
        sql!["SELECT document, nth, rank FROM ", called, most, ", ", queries, "::tsquery[], ", top, ", ", size, ")"]
    } else {
        let as_written = wanted.query.tells_accents().then(|| within(Accents::AsWritten).collect());
        let rank = rank(queries, as_written, high);
        let found = match conditions.is_empty() {
            true => sql!["SELECT s.* FROM ", called, most, ", NULL, NULL, NULL) AS s"],
            // Tickets are looked at only where the words do not say all; and of those only the words of the ones that are left.
            false => sql![
                "SELECT s.* FROM ",
                called,
                "NULL, NULL, NULL, NULL) AS s, LATERAL (SELECT * FROM ticket AS t WHERE t.tenant_id = ",
                text(tenant_id),
                " AND t.id = s.document OFFSET 0) AS ticket WHERE ",
                Sql::join(conditions, " AND "),
                " ORDER BY s.nth DESC LIMIT ",
                most,
            ],
        };
        sql![
            "SELECT document, nth, ",
            rank,
            " FROM (",
            found,
            ") AS found, LATERAL (SELECT words FROM ",
            wanted.query.rules().table(),
            " AS d WHERE d.tenant_id = ",
            text(tenant_id),
            " AND d.ctid = found.place OFFSET 0) AS ranked ORDER BY nth DESC",
        ]
    };
    Select::new(sql, wanted.filter.is_none_or(Condition::is_hot))
}

/// By the queries of the places below `high`: those that have the words as they are written above all others.
fn rank(queries: Vec<String>, as_written: Option<Vec<String>>, high: Place) -> Sql {
    let of = |queries: Vec<String>| {
        let (top, size) = (Bind::Int(high.0 + 1), Bind::Int(SIZE));
        sql!["((SELECT ", Bind::Texts(queries), "::tsquery[]))[(", top, " - nth / ", size, ")::integer]"]
    };
    let any = of(queries);
    match as_written.map(of) {
        None => sql!["ts_rank(words, ", any, ")"],
        Some(exact) => sql![
            "CASE WHEN words @@ ",
            exact.clone(),
            " THEN 1 + ts_rank(words, ",
            exact,
            ") ELSE ts_rank(words, ",
            any,
            ") END::real",
        ],
    }
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
