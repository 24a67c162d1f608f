//! Many rows by (tenant, key) in one cached statement.
//!
//! Two `= ANY` on a composite key would probe the product of both lists; a join over the pairs probes the pairs. LATERAL
//! and OFFSET 0 (or a LIMIT) leave the planner no other way round.

use diesel::expression::expression_types::Untyped;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::model::canned::CannedResponse;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::image::ActivityRow;
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ledger::Request;
use crate::model::message::{Entry, Message};
use crate::model::row::Row;
use crate::model::sla::calendar::Calendar;
use crate::model::sla::policy::SlaPolicy;
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;

macro_rules! lookups {
    ($($(#[$meta:meta])* $function:ident, $node:ident: $row:ident by $column:literal as $key:ty, $sql:ty $(, $tail:literal)?;)+) => { $(
        struct $node<'a> {
            tenants: &'a [&'a str],
            keys: &'a [$key],
        }

        impl QueryId for $node<'_> {
            type QueryId = $node<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl Query for $node<'_> {
            type SqlType = Untyped;
        }

        impl QueryFragment<Pg> for $node<'_> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql("SELECT ");
                let mut comma = "";
                for column in <$row as Row>::COLUMNS {
                    for part in [comma, "r.", column] {
                        out.push_sql(part);
                    }
                    comma = ", ";
                }
                out.push_sql(" FROM (SELECT unnest(");
                out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
                out.push_sql(") AS tenant_id, unnest(");
                out.push_bind_param::<Array<$sql>, _>(&self.keys)?;
                out.push_sql(") AS key) AS k, LATERAL (SELECT * FROM ");
                out.push_sql(<$row as Row>::TABLE);
                out.push_sql(concat!(" AS t WHERE t.tenant_id = k.tenant_id AND t.", $column, " = k.key"));
                out.push_sql([$($tail,)? " OFFSET 0"][0]);
                out.push_sql(") AS r");
                Ok(())
            }
        }


        $(#[$meta])*
        pub async fn $function(conn: &AsyncPgConnection, pairs: &[(&str, $key)]) -> QueryResult<Vec<$row>> {
            if pairs.is_empty() {
                return Ok(Vec::new());
            }
            let (tenants, keys): (Vec<&str>, Vec<$key>) = pairs.iter().cloned().unzip();
            RunQueryDsl::load($node { tenants: &tenants, keys: &keys }, &mut &*conn).await
        }
    )+

        /// Prepares every look-up on this connection, and proves it against the schema.
        pub async fn warm(conn: &AsyncPgConnection) -> QueryResult<()> {
            $(
                let node = $node { tenants: &[], keys: &[] };
                let _: Vec<$row> = RunQueryDsl::load(node, &mut &*conn).await?;
            )+
            Ok(())
        }
    };
}

lookups! {
    tickets_by_id, TicketById: Ticket by "id" as Uuid, diesel::sql_types::Uuid;
    tickets_by_number, TicketByNumber: Ticket by "number" as i64, BigInt;
    messages, MessageById: Message by "id" as Uuid, diesel::sql_types::Uuid;
    /// The newest messages of each ticket that are not deleted.
    threads, ThreadByTicket: Entry by "ticket_id" as Uuid, diesel::sql_types::Uuid,
        " AND t.deleted_at IS NULL ORDER BY t.id DESC LIMIT 1000";
    /// The newest of them that are public.
    public_threads, PublicThreadByTicket: Entry by "ticket_id" as Uuid, diesel::sql_types::Uuid,
        " AND t.deleted_at IS NULL AND t.visibility = 'PUBLIC' ORDER BY t.id DESC LIMIT 1000";
    issues_by_id, IssueById: Issue by "id" as Uuid, diesel::sql_types::Uuid;
    /// The issues of each ticket, in no order.
    issue_links, IssueLinks: IssueTicket by "ticket_id" as Uuid, diesel::sql_types::Uuid;
    organizations, OrganizationById: Organization by "id" as String, Text;
    contacts, ContactById: Contact by "id" as String, Text;
    teams, TeamById: Team by "id" as String, Text;
    agents, AgentById: Agent by "id" as String, Text;
    /// The agents of the directory that have this name, more of them than one batch could rename.
    agents_named, AgentByName: Agent by "name" as String, Text, " AND t.known AND t.deleted_at IS NULL LIMIT 1000";
    canned, CannedById: CannedResponse by "id" as Uuid, diesel::sql_types::Uuid;
    canned_named, CannedByName: CannedResponse by "name" as String, Text, " AND t.deleted_at IS NULL OFFSET 0";
    policies, PolicyById: SlaPolicy by "id" as Uuid, diesel::sql_types::Uuid;
    policies_named, PolicyByName: SlaPolicy by "name" as String, Text, " AND t.deleted_at IS NULL OFFSET 0";
    /// All of the tenant that are ACTIVE. The key is the tenant once more; as of the next.
    active_policies, ActivePolicies: SlaPolicy by "tenant_id" as String, Text, " AND t.status = 'ACTIVE' OFFSET 0";
    /// Those that an ACTIVE policy names.
    calendars_in_use, CalendarsInUse: Calendar by "tenant_id" as String, Text,
        " AND EXISTS (SELECT FROM sla_policy p WHERE p.tenant_id = t.tenant_id AND p.status = 'ACTIVE' AND p.calendar_id = t.id) OFFSET 0";
    calendars, CalendarById: Calendar by "id" as Uuid, diesel::sql_types::Uuid;
    calendars_named, CalendarByName: Calendar by "name" as String, Text, " AND t.deleted_at IS NULL OFFSET 0";
    tags, TagByName: Tag by "name" as String, Text;
    requests, RequestByKey: Request by "key" as Uuid, diesel::sql_types::Uuid;
    /// The key is the tenant once more.
    settings, SettingsOf: Tenant by "tenant_id" as String, Text;
    activities, ActivityByPosition: ActivityRow by "position" as i64, BigInt;
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
