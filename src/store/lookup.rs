//! Lookup of many rows by (tenant, key) in one cached statement.
//!
//! Two `= ANY` on a composite key would probe the product of both lists; a join over the pairs probes the pairs. LATERAL
//! and OFFSET 0 (or a LIMIT) leave the planner no other way round.

use std::borrow::Borrow;

use diesel::expression::expression_types::Untyped;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::command::tables::*;
use crate::model::image::ActivityRow;
use crate::model::row::Row;

/// The type of a column by which rows are looked up.
pub trait Key: Borrow<Self::Sent> {
    type Sent: Sync + ?Sized;

    fn bind<'b>(keys: &'b [&Self::Sent], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// `keys! { Uuid as Uuid, diesel::sql_types::Uuid; … }`: a key, as it is sent, and as which SQL type.
macro_rules! keys {
    ($($key:ty as $sent:ty, $sql:ty;)+) => { $(
        impl Key for $key {
            type Sent = $sent;

            fn bind<'b>(keys: &'b [&$sent], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_bind_param::<Array<$sql>, _>(keys)
            }
        }
    )+ };
}

keys! {
    Uuid as Uuid, diesel::sql_types::Uuid;
    String as str, Text;
    i64 as i64, BigInt;
}

/// A table, the column that is its key, and what else holds of the rows.
trait LookUp: 'static {
    type Row: Row;
    type Key: Key;
    const COLUMN: &'static str;
    const TAIL: &'static str;
}

struct Node<'a, L: LookUp> {
    tenants: &'a [&'a str],
    keys: &'a [&'a <L::Key as Key>::Sent],
}

impl<L: LookUp> QueryId for Node<'_, L> {
    type QueryId = Node<'static, L>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<L: LookUp> Query for Node<'_, L> {
    type SqlType = Untyped;
}

impl<L: LookUp> QueryFragment<Pg> for Node<'_, L> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        let mut comma = "";
        for column in L::Row::COLUMNS {
            for part in [comma, "r.", column] {
                out.push_sql(part);
            }
            comma = ", ";
        }
        out.push_sql(" FROM (SELECT unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
        out.push_sql(") AS tenant_id, unnest(");
        L::Key::bind(self.keys, &mut out)?;
        out.push_sql(") AS key) AS k, LATERAL (SELECT * FROM ");
        out.push_sql(L::Row::TABLE);
        out.push_sql(" AS t WHERE ");
        if !cfg!(feature = "no-tenant-predicates") {
            out.push_sql("t.tenant_id = k.tenant_id AND ");
        }
        out.push_sql("t.");
        out.push_sql(L::COLUMN);
        out.push_sql(" = k.key");
        out.push_sql(L::TAIL);
        out.push_sql(") AS r");
        Ok(())
    }
}

async fn find<L: LookUp>(
    conn: &AsyncPgConnection,
    tenants: &[&str],
    keys: &[&<L::Key as Key>::Sent],
) -> QueryResult<Vec<L::Row>> {
    RunQueryDsl::load(Node::<L> { tenants, keys }, &mut &*conn).await
}

/// `lookups! { warm; threads: Entry by ticket_id: Uuid, [" AND …"]; … }` makes for each line a function `threads`, which
/// finds the rows of all pairs of a tenant and a key, and one, `warm`, that prepares the statements of all of them.
macro_rules! lookups {
    ($warm:ident; $($(#[$meta:meta])* $function:ident: $Row:ident by $column:ident: $Key:ty, [$($tail:expr),*];)+) => {
        $(
            mod $function {
                use super::*;

                pub struct By;

                impl LookUp for By {
                    type Row = $Row;
                    type Key = $Key;
                    const COLUMN: &'static str = stringify!($column);
                    const TAIL: &'static str = [$($tail,)* " OFFSET 0"][0];
                }
            }

            $(#[$meta])*
            pub async fn $function<K: Borrow<<$Key as Key>::Sent> + Sync>(
                conn: &AsyncPgConnection,
                pairs: &[(&str, K)],
            ) -> QueryResult<Vec<$Row>> {
                if pairs.is_empty() {
                    return Ok(Vec::new());
                }
                let (tenants, keys): (Vec<&str>, Vec<_>) = pairs.iter().map(|(tenant, key)| (*tenant, key.borrow())).unzip();
                find::<$function::By>(conn, &tenants, &keys).await
            }
        )+

        /// Prepares these look-ups on this connection, and proves them against the schema.
        async fn $warm(conn: &AsyncPgConnection) -> QueryResult<()> {
            $(find::<$function::By>(conn, &[], &[]).await?;)+
            Ok(())
        }
    };
}

/// A look-up for each table of the list, by its key, and for each second name.
macro_rules! by_key {
    (
        rows { $($(#[$row_doc:meta])* $row:ident: $Row:ident by $column:ident: $Key:ty, want $RowWant:ident, $row_verbs:tt;)+ }
        named { $(
            $(#[$named_doc:meta])*
            $named:ident, $names:ident: $Named:ident by $second:ident: $Name:ident $(unless $deleted:ident)?,
            want $NamedWant:ident($Ref:ident::$Second:ident), $named_verbs:tt;
        )+ }
        single { $($(#[$single_doc:meta])* $single:ident: $Single:ident, want $SingleWant:ident, $single_verbs:tt;)+ }
        $($others:tt)+
    ) => {
        lookups! {
            warm_tables;
            $($row: $Row by $column: $Key, [];)+
            $($named: $Named by id: Uuid, [];)+
            $($names: $Named by $second: $Name, [$(concat!(" AND t.", stringify!($deleted), "_at IS NULL OFFSET 0"))?];)+
            $(
                /// The key is the tenant once more.
                $single: $Single by tenant_id: String, [];
            )+
        }
    };
}

tables!(by_key);

lookups! {
    warm_others;
    /// The newest messages of each ticket that are not deleted.
    threads: Entry by ticket_id: Uuid, [" AND t.deleted_at IS NULL ORDER BY t.id DESC LIMIT 1000"];
    /// The newest of them that are public.
    public_threads: Entry by ticket_id: Uuid,
        [" AND t.deleted_at IS NULL AND t.visibility = 'PUBLIC' ORDER BY t.id DESC LIMIT 1000"];
    /// The first tickets that wait for each team, more of them than leave a queue in one batch.
    queued: Waiting by team_id: String,
        [" AND t.queued_at IS NOT NULL ORDER BY array_position(ARRAY['URGENT', 'HIGH', 'MEDIUM', 'LOW'], t.priority), t.queued_at, t.id LIMIT 1000"];
    /// The issues of each ticket, in no order.
    ticket_issues: IssueTicket by ticket_id: Uuid, [];
    /// Those of a tenant, which is the key; more of them than a limit allows.
    revocations_of: Revocation by tenant_id: String, [" LIMIT 10001"];
    /// The agents of the directory that have this name, more of them than one batch could rename.
    agents_named: Agent by name: String, [" AND t.known AND t.deleted_at IS NULL LIMIT 1000"];
    /// All of the tenant that are ACTIVE. The key is the tenant once more; as of the next.
    active_policies: SlaPolicy by tenant_id: String, [" AND t.status = 'ACTIVE' OFFSET 0"];
    /// Those that an ACTIVE policy names.
    calendars_in_use: Calendar by tenant_id: String,
        [" AND EXISTS (SELECT FROM sla_policy p WHERE p.tenant_id = t.tenant_id AND p.status = 'ACTIVE' AND p.calendar_id = t.id) OFFSET 0"];
    activities: ActivityRow by position: i64, [];
}

/// Prepares every look-up on this connection, and proves it against the schema.
pub async fn warm(conn: &AsyncPgConnection) -> QueryResult<()> {
    warm_tables(conn).await?;
    warm_others(conn).await
}

/// A ticket that somebody has as it was at a position.
pub struct KnownTicket<'a> {
    /// What its answer goes by.
    pub place: usize,
    pub tenant: &'a str,
    pub id: Uuid,
    pub position: i64,
}

struct Unchanged<'a> {
    tenants: &'a [&'a str],
    ids: &'a [Uuid],
    known: &'a [i64],
    places: &'a [i64],
}

impl QueryId for Unchanged<'_> {
    type QueryId = Unchanged<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Unchanged<'_> {
    type SqlType = Array<BigInt>;
}

impl QueryFragment<Pg> for Unchanged<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // One row, and no column of a ticket: most of what is asked is as it was.
        out.push_sql("SELECT coalesce(array_agg(k.place), '{}') FROM (SELECT unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
        out.push_sql(") AS tenant_id, unnest(");
        out.push_bind_param::<Array<diesel::sql_types::Uuid>, _>(&self.ids)?;
        out.push_sql(") AS id, unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.known)?;
        out.push_sql(") AS known, unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.places)?;
        out.push_sql(
            ") AS place) AS k, LATERAL (SELECT FROM ticket AS t \
             WHERE t.tenant_id = k.tenant_id AND t.id = k.id AND t.position = k.known OFFSET 0) AS r",
        );
        Ok(())
    }
}

/// The places of those tickets that have not changed.
pub async fn unchanged_tickets(conn: &AsyncPgConnection, all: &[KnownTicket<'_>]) -> QueryResult<Vec<usize>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let tenants: Vec<&str> = all.iter().map(|known| known.tenant).collect();
    let ids: Vec<Uuid> = all.iter().map(|known| known.id).collect();
    let known: Vec<i64> = all.iter().map(|known| known.position).collect();
    let places: Vec<i64> = all.iter().map(|known| known.place as i64).collect();
    let node = Unchanged { tenants: &tenants, ids: &ids, known: &known, places: &places };
    let places: Vec<i64> = RunQueryDsl::get_result(node, &mut &*conn).await?;
    Ok(places.into_iter().map(|place| place as usize).collect())
}
