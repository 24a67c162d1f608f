//! Writing of many rows in one statement: cached query nodes that send one array for each column.
//!
//! Diesel prepares `.values(&vec)` anew each time; a node with an id of its own is prepared once on a connection.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::model::image::ActivityRow;
use crate::model::ledger::{Head, Request};
use crate::model::row::Row;
use crate::model::ticket::Ticket;

/// What a statement does with its rows.
const INSERT: u8 = 0;
const UPDATE: u8 = 1;
const INSERT_IF_ABSENT: u8 = 2;
const DELETE: u8 = 3;

struct Write<'a, R: Row, const WHAT: u8> {
    arrays: R::Arrays<'a>,
}

impl<R: Row, const WHAT: u8> QueryId for Write<'_, R, WHAT> {
    type QueryId = (PhantomData<R>, Operation<WHAT>);
    const HAS_STATIC_QUERY_ID: bool = true;
}

/// A type for each `WHAT`, so that ids differ.
pub struct Operation<const WHAT: u8>;

impl<R: Row, const WHAT: u8> QueryFragment<Pg> for Write<'_, R, WHAT> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match WHAT {
            UPDATE => return push_update::<R>(&self.arrays, &mut out),
            DELETE => return push_delete::<R>(&self.arrays, &mut out),
            _ => {}
        }
        push_insert::<R>(&self.arrays, &mut out)?;
        if WHAT == INSERT_IF_ABSENT {
            out.push_sql(" ON CONFLICT DO NOTHING");
        }
        Ok(())
    }
}

/// `INSERT INTO table (…) SELECT unnest(…), …`
pub(super) fn push_insert<'b, R: Row>(arrays: &'b R::Arrays<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("INSERT INTO ");
    out.push_sql(R::TABLE);
    out.push_sql(" (");
    let mut comma = "";
    for column in R::COLUMNS {
        out.push_sql(comma);
        out.push_sql(column);
        comma = ", ";
    }
    out.push_sql(") SELECT ");
    R::bind(arrays, out)
}

fn push_update<'b, R: Row>(arrays: &'b R::Arrays<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("UPDATE ");
    out.push_sql(R::TABLE);
    out.push_sql(" AS t SET ");
    let mut comma = "";
    for column in R::COLUMNS.iter().filter(|column| !R::KEY.contains(column)) {
        for part in [comma, column, " = r.", column] {
            out.push_sql(part);
        }
        comma = ", ";
    }
    push_keys::<R>(" FROM", arrays, out)
}

fn push_delete<'b, R: Row>(arrays: &'b R::Arrays<'_>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("DELETE FROM ");
    out.push_sql(R::TABLE);
    push_keys::<R>(" AS t USING", arrays, out)
}

/// The rows sent, and which row of the table each of them is.
fn push_keys<'b, R: Row>(
    from: &'static str,
    arrays: &'b R::Arrays<'_>,
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    out.push_sql(from);
    out.push_sql(" (SELECT ");
    R::bind(arrays, out)?;
    out.push_sql(") AS r WHERE ");
    let mut and = "";
    for key in R::KEY {
        for part in [and, "t.", key, " = r.", key] {
            out.push_sql(part);
        }
        and = " AND ";
    }
    Ok(())
}

/// What nearly every batch writes, in one statement: an answer that need not be sent, and waited for, for each table. Only
/// the heads are counted; an insert writes all its rows or fails.
struct Batch<'a> {
    tickets: <Ticket as Row>::Arrays<'a>,
    activities: <ActivityRow as Row>::Arrays<'a>,
    requests: <Request as Row>::Arrays<'a>,
    heads: <Head as Row>::Arrays<'a>,
}

impl QueryId for Batch<'_> {
    type QueryId = Batch<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for Batch<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH tickets AS (");
        push_insert::<Ticket>(&self.tickets, &mut out)?;
        out.push_sql("), activities AS (");
        push_insert::<ActivityRow>(&self.activities, &mut out)?;
        out.push_sql("), requests AS (");
        push_insert::<Request>(&self.requests, &mut out)?;
        out.push_sql(") ");
        push_update::<Head>(&self.heads, &mut out)
    }
}

/// Inserts new tickets, activities and request ids, and moves the heads; none sends the statement all the same, which
/// prepares it. A head that is not there is an error.
pub async fn batch<'a>(
    conn: &AsyncPgConnection,
    tickets: impl Iterator<Item = &'a Ticket>,
    activities: &'a [ActivityRow],
    requests: impl Iterator<Item = &'a Request>,
    heads: &[&'a Head],
) -> QueryResult<()> {
    let statement = Batch {
        tickets: Ticket::arrays(tickets),
        activities: ActivityRow::arrays(activities.iter()),
        requests: Request::arrays(requests),
        heads: Head::arrays(heads.iter().copied()),
    };
    let written = RunQueryDsl::execute(statement, &mut &*conn).await?;
    counted::<Head>(heads.len(), written)
}

/// Inserts the rows; none sends nothing. Rows written other than rows sent is an error: a key that stood there already.
pub async fn insert<'a, R: Row>(conn: &AsyncPgConnection, rows: impl Iterator<Item = &'a R>) -> QueryResult<()> {
    run::<R, INSERT>(conn, rows, false).await
}

/// Writes whole rows over those with their keys. A key that is not there is an error.
pub async fn update<'a, R: Row>(conn: &AsyncPgConnection, rows: impl Iterator<Item = &'a R>) -> QueryResult<()> {
    run::<R, UPDATE>(conn, rows, false).await
}

/// Deletes the rows with their keys. A key that is not there is an error.
pub async fn delete<'a, R: Row>(conn: &AsyncPgConnection, rows: impl Iterator<Item = &'a R>) -> QueryResult<()> {
    run::<R, DELETE>(conn, rows, false).await
}

/// Inserts the rows whose keys are not there yet.
pub async fn insert_if_absent<'a, R: Row>(
    conn: &AsyncPgConnection,
    rows: impl Iterator<Item = &'a R>,
) -> QueryResult<()> {
    let rows: Vec<&R> = rows.collect();
    let statement = Write::<R, INSERT_IF_ABSENT> { arrays: R::arrays(rows.iter().copied()) };
    execute(conn, statement).await.map(|_| ())
}

/// Prepares a table's insert on this connection, and proves it against the schema.
pub async fn warm_insert<R: Row>(conn: &AsyncPgConnection) -> QueryResult<()> {
    run::<R, INSERT>(conn, std::iter::empty(), true).await
}

/// The same for its update.
pub async fn warm_update<R: Row>(conn: &AsyncPgConnection) -> QueryResult<()> {
    run::<R, UPDATE>(conn, std::iter::empty(), true).await
}

/// The same for deleting from it.
pub async fn warm_delete<R: Row>(conn: &AsyncPgConnection) -> QueryResult<()> {
    run::<R, DELETE>(conn, std::iter::empty(), true).await
}

async fn run<'a, R: Row, const WHAT: u8>(
    conn: &AsyncPgConnection,
    rows: impl Iterator<Item = &'a R>,
    even_if_empty: bool,
) -> QueryResult<()> {
    let rows: Vec<&R> = rows.collect();
    if rows.is_empty() && !even_if_empty {
        return Ok(());
    }
    let written = execute(conn, Write::<R, WHAT> { arrays: R::arrays(rows.iter().copied()) }).await?;
    counted::<R>(rows.len(), written)
}

fn counted<R: Row>(sent: usize, written: usize) -> QueryResult<()> {
    if written == sent {
        return Ok(());
    }
    Err(Error::QueryBuilderError(format!("{}: {sent} rows sent, {written} written", R::TABLE).into()))
}

async fn execute<R: Row, const WHAT: u8>(
    conn: &AsyncPgConnection,
    statement: Write<'_, R, WHAT>,
) -> QueryResult<usize> {
    RunQueryDsl::execute(statement, &mut &*conn).await
}
