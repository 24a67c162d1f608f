//! Writing of a batch's changes: one statement for the tables that nearly every command writes, and one for each other
//! table and verb, pipelined.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::{LocalBoxFuture, join_all};
use futures_util::join;

use super::write::{batch, delete, insert, update, warm_delete, warm_insert, warm_update};
use super::{head, lookup, outcome};
use crate::command::World;
use crate::command::tables::*;
use crate::model::image::ActivityRow;
use crate::model::ledger::Head;
use crate::model::row::Row;

/// The changed rows of one table that a verb writes, over all worlds.
macro_rules! rows {
    (insert $worlds:ident.$table:ident) => {
        $worlds.iter().flat_map(|world| world.$table.inserts())
    };
    (update $worlds:ident.$table:ident) => {
        $worlds.iter().flat_map(|world| world.$table.updates())
    };
    (delete $worlds:ident.$table:ident) => {
        $worlds.iter().flat_map(|world| world.$table.removals())
    };
}

/// From the list of tables: a statement for each table and each verb of its line, and its preparation.
macro_rules! saves {
    (
        rows { $($(#[$row_doc:meta])* $row:ident: $Row:ident by $column:ident: $Key:ty, want $RowWant:ident, $row_verbs:tt;)+ }
        named { $(
            $(#[$named_doc:meta])*
            $named:ident, $names:ident: $Named:ident by $second:ident: $Name:ident $(unless $deleted:ident)?,
            want $NamedWant:ident($Ref:ident::$Second:ident), $named_verbs:tt;
        )+ }
        single { $($(#[$single_doc:meta])* $single:ident: $Single:ident, want $SingleWant:ident, $single_verbs:tt;)+ }
        whole { $($wholes:tt)+ }
        sets { $($sets:tt)+ }
        indexes { $($indexes:tt)+ }
        written { $($(#[$written_doc:meta])* $written:ident: $Written:ident by $WrittenKey:ty, $written_verbs:tt;)+ }
        logs { $($(#[$log_doc:meta])* $log:ident: $Log:ty, $log_verbs:tt;)+ }
    ) => {
        saves! {
            @
            [
                $($named: $Named, $named_verbs;)+
                $($row: $Row, $row_verbs;)+
                $($single: $Single, $single_verbs;)+
                $($written: $Written, $written_verbs;)+
            ]
            [$($log: $Log, $log_verbs;)+]
        }
    };
    (@ [$($table:ident: $Row:ident, [$($verb:ident)*];)+] [$($log:ident: $Log:ty, [$($log_verb:ident)?];)+]) => {
        fn statements<'f>(conn: &'f AsyncPgConnection, worlds: &'f [&'f World]) -> Vec<Statement<'f>> {
            let mut all = Vec::new();
            $($(all.extend(statement(rows!($verb worlds.$table), |rows| $verb(conn, rows)));)*)+
            $($(
                let rows = worlds.iter().flat_map(|world| &world.$log);
                all.extend(statement(rows, |rows| $log_verb(conn, rows)));
            )?)+
            all
        }

        async fn warm_tables(conn: &AsyncPgConnection) -> QueryResult<()> {
            $($(warm!($verb $Row, conn).await?;)*)+
            $($(warm!($log_verb $Log, conn).await?;)?)+
            Ok(())
        }
    };
}

macro_rules! warm {
    (insert $Row:ty, $conn:ident) => {
        warm_insert::<$Row>($conn)
    };
    (update $Row:ty, $conn:ident) => {
        warm_update::<$Row>($conn)
    };
    (delete $Row:ty, $conn:ident) => {
        warm_delete::<$Row>($conn)
    };
}

type Statement<'f> = LocalBoxFuture<'f, QueryResult<()>>;

tables!(saves);

/// Nothing is sent where there are no rows.
fn statement<'f, R: Row, F: Future<Output = QueryResult<()>> + 'f>(
    rows: impl Iterator<Item = &'f R>,
    write: impl FnOnce(std::vec::IntoIter<&'f R>) -> F,
) -> Option<Statement<'f>> {
    let rows: Vec<&R> = rows.collect();
    (!rows.is_empty()).then(|| Box::pin(write(rows.into_iter())) as Statement<'f>)
}

/// Writes the worlds' changes, and the heads given. Every answer is in when this returns; the transaction stays open.
pub async fn save(
    conn: &AsyncPgConnection,
    worlds: &[&World],
    activities: &[ActivityRow],
    heads: &[&Head],
) -> QueryResult<()> {
    let main = async {
        // A ticket or an activity moves its head.
        if heads.is_empty() && rows!(insert worlds.requests).next().is_none() {
            return Ok(());
        }
        batch(conn, rows!(insert worlds.tickets), activities, rows!(insert worlds.requests), heads).await
    };
    // No try_join: an error must not leave answers behind that nobody reads.
    let outcomes = outcome::put(conn, worlds.iter().flat_map(|world| &world.outcomes));
    let (main, outcomes, others) = join!(main, outcomes, join_all(statements(conn, worlds)));
    main.and(outcomes).and(others.into_iter().collect())
}

/// Prepares every statement of a lane on this connection, one after the other, so that none has to be prepared in a flight.
pub async fn warm_all(conn: &AsyncPgConnection) -> QueryResult<()> {
    batch(conn, std::iter::empty(), &[], std::iter::empty(), &[]).await?;
    warm_tables(conn).await?;
    outcome::warm(conn).await?;
    lookup::warm(conn).await?;
    head::lock_free(conn, &[]).await?;
    head::lock_waiting(conn, "").await?;
    head::clock(conn).await?;
    head::installation_now(conn).await?;
    Ok(())
}
