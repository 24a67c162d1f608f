//! Lists of any resource: one statement, keyset pagination, an order that ends in a unique key.

use std::marker::PhantomData;

use diesel::expression::expression_types::Untyped;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{OptionalExtension, QueryResult};
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Scope;
use crate::model::row::Row;
use crate::store::filter::{Condition, Shape};
use crate::store::page::Key;
use crate::store::sql::{Bind, Select, Sql, sql};

/// Rows of a page at most.
pub const MAX_PAGE: usize = 500;
/// MAX_PAGE and the one that tells whether a page follows, written out so that the planner knows how little is wanted.
const BOUND: &str = " LIMIT 501) page LIMIT ";

/// A row that lists show.
pub trait Listed: Row {
    /// The order where none is asked for.
    const DEFAULT_ORDER: &'static str;
    /// What `order_by` may name. The first is unique within the tenant and ends every order that does not hold it.
    const ORDERS: &'static [Order<Self>];
}

/// A column to order by; never NULL.
pub struct Order<R> {
    /// As `order_by` has it. An order `due_at desc` beside `due_at` is of other keys: of what is absent, so that it is last in both.
    pub name: &'static str,
    pub column: &'static str,
    /// The column's value in a row.
    pub key: fn(&R) -> Key,
    /// Whether an index serves the order, so that it is worth a prepared statement.
    pub hot: bool,
}

/// One step of an order.
pub struct By<R: 'static> {
    order: &'static Order<R>,
    descending: bool,
}

/// What is wrong with an `order_by`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot order by `{text}`: fields are {}, each once, with an optional `desc`", .fields.join(", "))]
pub struct BadOrder {
    pub text: String,
    pub fields: Vec<&'static str>,
}

/// Reads `created_at desc, number`; the default order where `text` is empty. What is unique is added at the end.
pub fn order<R: Listed>(text: &str) -> Result<Vec<By<R>>, BadOrder> {
    let fields = || R::ORDERS.iter().map(|o| o.name).filter(|name| !name.contains(' ')).collect();
    let bad = |part: &str| BadOrder { text: part.to_owned(), fields: fields() };
    let text = if text.trim().is_empty() { R::DEFAULT_ORDER } else { text };
    let mut all: Vec<By<R>> = Vec::new();
    for part in text.split(',') {
        let mut words = part.split_whitespace();
        let name = words.next().ok_or_else(|| bad(part))?;
        let descending = match (words.next(), words.next()) {
            (None, _) => false,
            (Some("asc"), None) => false,
            (Some("desc"), None) => true,
            _ => return Err(bad(part)),
        };
        let of_its_own = |o: &&Order<R>| descending && o.name.strip_suffix(" desc") == Some(name);
        let order = R::ORDERS.iter().find(of_its_own).or_else(|| R::ORDERS.iter().find(|o| o.name == name));
        let order = order.ok_or_else(|| bad(part))?;
        if all.iter().any(|by| by.order.name.split(' ').next() == Some(name)) {
            return Err(bad(part));
        }
        all.push(By { order, descending });
    }
    if let Some(unique) = R::ORDERS.first()
        && !all.iter().any(|by| by.order.column == unique.column)
    {
        let descending = all.last().is_some_and(|by| by.descending);
        all.push(By { order: unique, descending });
    }
    Ok(all)
}

/// Which part of the list.
pub struct Paging<'a, R: 'static> {
    pub order: &'a [By<R>],
    /// The keys of the last row of the page before, as its token gave them back.
    pub after: Option<&'a [Key]>,
    /// 1 to [`MAX_PAGE`]; more counts as that.
    pub size: usize,
}

impl<R> Paging<'_, R> {
    /// How many rows the page has at most.
    pub fn rows(&self) -> usize {
        self.size.clamp(1, MAX_PAGE)
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<R> {
    pub rows: Vec<R>,
    /// The keys of the last row, to be sealed into a token; absent at the end.
    pub next: Option<Vec<Key>>,
}

/// The statement of a list.
pub struct Listing<R> {
    sql: Sql,
    cached: bool,
    row: PhantomData<fn() -> R>,
}

impl<R: Listed> Listing<R> {
    /// Rows that meet all `conditions` and the filter, one more than the page shows.
    pub(super) fn page(
        scope: Scope<'_>,
        conditions: Vec<Sql>,
        filter: Option<&Condition>,
        paging: &Paging<'_, R>,
        without: Option<&'static str>,
    ) -> Listing<R> {
        let (sql, cached) = paged(|rows| select::<R>(without, rows), scope, conditions, filter, paging);
        Listing { sql, cached, row: PhantomData }
    }

    /// The first `most` of them; their shapes are the callers' and not kept.
    pub(in crate::store) fn first(
        conditions: Vec<Sql>,
        tail: &'static str,
        most: usize,
        without: Option<&'static str>,
    ) -> Listing<R> {
        let most = Bind::Int(i64::try_from(most).unwrap_or(i64::MAX));
        let sql = sql![select::<R>(without, None), " WHERE ", Sql::join(conditions, " AND "), tail, most];
        Listing { sql, cached: false, row: PhantomData }
    }
}

impl<R: Row> Listing<R> {
    /// Rows that meet all `conditions`, in the order of `tail`.
    pub(super) fn all(conditions: Vec<Sql>, tail: &'static str, without: Option<&'static str>) -> Listing<R> {
        let sql = sql![select::<R>(without, None), " WHERE ", Sql::join(conditions, " AND "), tail];
        Listing { sql, cached: true, row: PhantomData }
    }

    /// The same in an order with values of its own.
    pub(super) fn ordered(conditions: Vec<Sql>, tail: Sql) -> Listing<R> {
        let sql = sql![select::<R>(None, None), " WHERE ", Sql::join(conditions, " AND "), tail];
        Listing { sql, cached: true, row: PhantomData }
    }

    /// All columns of the rows that are called `name` in what follows the select list.
    pub(super) fn from(name: &'static str, from: Sql) -> Listing<R> {
        let columns = R::COLUMNS.iter().map(|column| sql![name, ".", *column]);
        Listing { sql: sql!["SELECT ", Sql::join(columns, ", "), from], cached: true, row: PhantomData }
    }

    /// Rows that meet all `conditions` and the filter, in no order.
    pub(in crate::store) fn any(mut conditions: Vec<Sql>, filter: Option<&Condition>) -> Listing<R> {
        let (rows, asked) = filter.map(Condition::over).unwrap_or_default();
        conditions.extend(asked);
        let sql = sql![select::<R>(None, rows), " WHERE ", Sql::join(conditions, " AND ")];
        Listing { sql, cached: filter.is_none_or(Condition::is_hot), row: PhantomData }
    }
}

/// The ids and positions of the rows that [`Listing::page`] would read.
pub(super) fn positions<R: Listed>(
    scope: Scope<'_>,
    conditions: Vec<Sql>,
    filter: Option<&Condition>,
    paging: &Paging<'_, R>,
) -> Select<(SqlUuid, BigInt)> {
    let positions = |rows: Option<Sql>| sql!["SELECT id, position FROM ", rows.unwrap_or_else(|| Sql::from(R::TABLE))];
    let (sql, cached) = paged(positions, scope, conditions, filter, paging);
    Select::new(sql, cached)
}

/// A page of `what` is selected from some rows, absent: from the table; and whether that is worth a prepared statement.
fn paged<R: Listed>(
    what: impl FnOnce(Option<Sql>) -> Sql,
    scope: Scope<'_>,
    conditions: Vec<Sql>,
    filter: Option<&Condition>,
    paging: &Paging<'_, R>,
) -> (Sql, bool) {
    let mut all = vec![sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())]];
    let (rows, asked) = filter.map(Condition::over).unwrap_or_default();
    all.extend(conditions);
    all.extend(asked);
    all.extend(paging.after.map(|keys| beyond(paging.order, keys)));
    let steps = paging.order.iter().map(|by| sql![by.order.column, if by.descending { " DESC" } else { "" }]);
    let sql = sql![
        "SELECT * FROM (",
        what(rows),
        " WHERE ",
        Sql::join(all, " AND "),
        " ORDER BY ",
        Sql::join(steps, ", "),
        BOUND,
        Bind::Int(paging.rows() as i64 + 1),
    ];
    // The shapes of filters and orders are the callers' and without end; only the few that indexes serve stay prepared.
    let cached = paging.order.iter().all(|by| by.order.hot)
        && match filter.map(|f| f.shape) {
            None | Some(Shape::Hot) => true,
            Some(Shape::Typical) => is_default(paging.order),
            Some(Shape::Rare) => false,
        };
    (sql, cached)
}

/// Every column of the row, from its table or from some of it; `without` is a bytea column that comes back empty.
fn select<R: Row>(without: Option<&'static str>, from: Option<Sql>) -> Sql {
    let columns = R::COLUMNS.iter().map(|column| match without {
        Some(left_out) if left_out == *column => sql!["''::bytea AS ", *column],
        _ => Sql::from(*column),
    });
    sql!["SELECT ", Sql::join(columns, ", "), " FROM ", from.unwrap_or_else(|| Sql::from(R::TABLE))]
}

fn is_default<R: Listed>(steps: &[By<R>]) -> bool {
    let named = |steps: &[By<R>]| steps.iter().map(|by| (by.order.name, by.descending)).collect::<Vec<_>>();
    order::<R>("").is_ok_and(|default| named(&default) == named(steps))
}

fn uniform<R>(order: &[By<R>]) -> bool {
    order.windows(2).all(|two| two[0].descending == two[1].descending)
}

/// What comes after the row with these keys.
fn beyond<R>(order: &[By<R>], keys: &[Key]) -> Sql {
    let sign = |by: &By<R>| if by.descending { " < " } else { " > " };
    let values = || keys.iter().map(|key| Sql::from(Bind::from(key)));
    let columns = || order.iter().map(|by| Sql::from(by.order.column));
    if let Some(first) = order.first().filter(|_| uniform(order)) {
        return sql!["(", Sql::join(columns(), ", "), ")", sign(first), "(", Sql::join(values(), ", "), ")"];
    }
    let alternatives = order.iter().zip(values()).enumerate().map(|(at, (by, value))| {
        let equal = columns().zip(values()).take(at).map(|(column, value)| sql![column, " = ", value]);
        let mut all: Vec<Sql> = equal.collect();
        all.push(sql![by.order.column, sign(by), value]);
        Sql::join(all, " AND ")
    });
    sql!["(", Sql::join(alternatives, " OR "), ")"]
}

impl From<&Key> for Bind {
    fn from(key: &Key) -> Bind {
        match key {
            Key::Text(v) => Bind::Text(v.clone()),
            Key::Int(v) => Bind::Int(*v),
            Key::Time(v) => Bind::Time(*v),
            Key::Id(v) => Bind::Id(*v),
        }
    }
}

/// Runs the statement of a page.
pub(super) async fn load<R: Listed>(
    conn: &mut AsyncPgConnection,
    listing: Listing<R>,
    paging: &Paging<'_, R>,
) -> QueryResult<Page<R>> {
    let mut rows: Vec<R> = RunQueryDsl::load(listing, conn).await?;
    let more = rows.len() > paging.rows();
    rows.truncate(paging.rows());
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| keys(paging.order, row));
    Ok(Page { rows, next })
}

/// The row of a tenant that meets the conditions, where there is one.
pub(in crate::store) async fn one<R: Row>(
    mut conn: &AsyncPgConnection,
    tenant_id: &str,
    conditions: impl IntoIterator<Item = Sql>,
) -> QueryResult<Option<R>> {
    let mut all = vec![sql!["tenant_id = ", Bind::Text(tenant_id.to_owned())]];
    all.extend(conditions);
    RunQueryDsl::get_result(Listing::<R>::all(all, "", None), &mut conn).await.optional()
}

/// What a row is ordered by.
pub fn keys<R>(order: &[By<R>], row: &R) -> Vec<Key> {
    order.iter().map(|by| (by.order.key)(row)).collect()
}

/// What a row would be ordered by in every order there is, as [`Listed::ORDERS`] has them.
pub fn every_key<R: Listed>(row: &R) -> Vec<Key> {
    R::ORDERS.iter().map(|order| (order.key)(row)).collect()
}

/// Of [`every_key`], those that the steps of an order name.
pub fn some_keys<R: Listed>(order: &[By<R>], every: &[Key]) -> Vec<Key> {
    let of = |by: &By<R>| R::ORDERS.iter().zip(every).find(|(one, _)| one.name == by.order.name);
    order.iter().filter_map(of).map(|(_, key)| key.clone()).collect()
}

impl<R: 'static> QueryId for Listing<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R> QueryFragment<Pg> for Listing<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cached {
            out.unsafe_to_cache_prepared();
        }
        self.sql.walk_ast(out)
    }
}

impl<R: Row> Query for Listing<R> {
    type SqlType = Untyped;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ticket::Ticket;
    use crate::model::time::Instant;
    use crate::store::audience::Audience;

    fn text(order_by: &str, after: Option<&[Key]>) -> String {
        let audience = Audience { app_id: Some("app".into()), requester: None };
        let order = order::<Ticket>(order_by).unwrap();
        let paging = Paging { order: &order, after, size: 50 };
        let scope = Scope { tenant_id: "t", audience: &audience };
        let listing = Listing::<Ticket>::page(scope, audience.tickets(), None, &paging, None);
        let text = diesel::debug_query::<Pg, _>(&listing).to_string();
        text[text.find(" WHERE ").unwrap()..].to_owned()
    }

    #[test]
    fn newest_first_is_one_range_of_the_index() {
        let after = [Key::Time(Instant(0)), Key::Int(9)];
        assert_eq!(
            text("", Some(&after)),
            " WHERE tenant_id = $1 AND app_id = $2 AND (created_at, number) < ($3, $4) \
             ORDER BY created_at DESC, number DESC LIMIT 501) page LIMIT $5 \
             -- binds: [\"t\", \"app\", Instant(0), 9, 51]"
        );
    }

    #[test]
    fn mixed_directions_are_spelled_out() {
        let after = [Key::Time(Instant(0)), Key::Int(9)];
        assert!(
            text("created_at desc, number", Some(&after)).contains(
                "(created_at < $3 OR created_at = $4 AND number > $5) ORDER BY created_at DESC, number LIMIT"
            )
        );
    }

    #[test]
    fn what_is_not_due_is_last_in_both_directions() {
        for (order_by, tail) in [
            ("due_at", "ORDER BY coalesce(due_at, '9999-12-31 23:59:59.999999+00'::timestamptz), number LIMIT"),
            ("due_at desc", "ORDER BY coalesce(due_at, '0001-01-01 00:00:00+00'::timestamptz) DESC, number DESC LIMIT"),
        ] {
            assert!(text(order_by, None).contains(tail), "{}", text(order_by, None));
        }
    }

    #[test]
    fn orders_that_mean_nothing_are_refused() {
        for bad in ["subject", "number desc desc", "number,", "number, number", "due_at, due_at desc", "number up", ","]
        {
            assert!(order::<Ticket>(bad).is_err(), "{bad}");
        }
    }
}
