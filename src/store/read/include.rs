//! SQL that reads resources included with tickets: one statement for each kind, for any number of tickets. No
//! decisions.

use std::collections::HashMap;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use super::list::Listing;
use super::tag;
use crate::model::directory::{Agent, Asset, Contact, Deal, Entry, Organization, Team};
use crate::model::fold::fold;
use crate::model::issue::Issue;
use crate::model::message::Message;
use crate::model::tag::Tag;
use crate::model::ticket::Ticket;
use crate::store::lookup;
use crate::store::sql::{Bind, Sql, sql};

/// Messages that come with a ticket.
pub const MESSAGES: usize = 20;
/// MESSAGES and the one that tells whether there are more.
const NEWEST: &str = " ORDER BY id DESC LIMIT 21) AS r ORDER BY r.id DESC";
/// Tickets that follow one up, as far as they are included.
const FOLLOWING: &str = " ORDER BY created_at, number LIMIT 50) AS r ORDER BY r.created_at, r.number";

/// What can be included, by the word that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    Requester,
    Assignee,
    Creator,
    Organization,
    Team,
    Deal,
    Asset,
    /// The registry's entries of the ticket's tags.
    Tags,
    Issues,
    Links,
    Messages,
    /// In the ticket itself: see its clocks.
    Sla,
}

impl Include {
    pub const ALL: &'static [(&'static str, Include)] = &[
        ("requester", Include::Requester),
        ("assignee", Include::Assignee),
        ("creator", Include::Creator),
        ("organization", Include::Organization),
        ("team", Include::Team),
        ("deal", Include::Deal),
        ("asset", Include::Asset),
        ("tags", Include::Tags),
        ("issues", Include::Issues),
        ("links", Include::Links),
        ("messages", Include::Messages),
        ("sla", Include::Sla),
    ];
}

/// What was found, by the names that tickets have for it: only what the caller may see.
#[derive(Debug, Default)]
pub struct Around {
    pub contacts: HashMap<String, Contact>,
    pub agents: HashMap<String, Agent>,
    pub organizations: HashMap<String, Organization>,
    pub teams: HashMap<String, Team>,
    pub deals: HashMap<String, Deal>,
    pub assets: HashMap<String, Asset>,
    /// By their folded names.
    pub tags: HashMap<String, Tag>,
    /// Of each ticket, newest first.
    pub issues: HashMap<Uuid, Vec<Issue>>,
    /// Tickets that others follow up, by their own id.
    pub followed: HashMap<Uuid, Ticket>,
    /// Those that follow a ticket up, oldest first.
    pub following: HashMap<Uuid, Vec<Ticket>>,
    /// Of each ticket, newest first, one more than [`MESSAGES`] where there are more.
    pub messages: HashMap<Uuid, Vec<Message>>,
}

/// Reads what `wanted` names around `tickets`, which the caller may see.
pub async fn around(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    tickets: &[Ticket],
    wanted: &[Include],
) -> QueryResult<Around> {
    let mut found = Around::default();
    let wants = |one: Include| wanted.contains(&one);
    // The directory and issues are the desk's own: there is nothing to look for.
    if scope.audience.requester.is_none() {
        directory(conn, scope, tickets, &wants, &mut found).await?;
        if wants(Include::Issues) {
            issues(conn, scope, tickets, &mut found).await?;
        }
        if wants(Include::Tags) {
            let names =
                distinct(tickets.iter().flat_map(|ticket| ticket.tags.iter()).map(|name| fold(name).into_owned()));
            let tags = tag::of_names(conn, scope, names).await?;
            found.tags = tags.into_iter().map(|tag| (tag.folded.clone(), tag)).collect();
        }
    }
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
    if wants(Include::Links) {
        let before: Vec<(&str, Uuid)> = distinct(tickets.iter().filter_map(|t| t.follow_up_of))
            .into_iter()
            .map(|id| (scope.tenant_id, id))
            .collect();
        let before = lookup::tickets(conn, &before).await?;
        let seen = before.into_iter().filter(|ticket| scope.audience.sees_ticket(ticket));
        found.followed = seen.map(|ticket| (ticket.id, ticket)).collect();
        let conditions = [scope.audience.tickets(), vec![sql!["follow_up_of = k.id"]]].concat();
        let listing = Listing::<Ticket>::from("r", of_each(scope, &ids, "ticket", conditions, FOLLOWING));
        let rows: Vec<Ticket> = RunQueryDsl::load(listing, conn).await?;
        found.following = grouped(rows, |ticket| ticket.follow_up_of);
    }
    if wants(Include::Messages) {
        let own = vec![sql!["ticket_id = k.id"], sql!["deleted_at IS NULL"]];
        let conditions = [scope.audience.messages(), own].concat();
        let listing = Listing::<Message>::from("r", of_each(scope, &ids, "message", conditions, NEWEST));
        let rows: Vec<Message> = RunQueryDsl::load(listing, conn).await?;
        found.messages = grouped(rows, |message| Some(message.ticket_id));
    }
    Ok(found)
}

/// The field of a ticket that names somebody.
type Naming = fn(&Ticket) -> &String;

async fn directory(
    conn: &AsyncPgConnection,
    scope: Scope<'_>,
    tickets: &[Ticket],
    wants: &impl Fn(Include) -> bool,
    found: &mut Around,
) -> QueryResult<()> {
    let named = |which: &[(Include, Naming)]| -> Vec<(&str, String)> {
        let wanted = which.iter().filter(|(include, _)| wants(*include)).map(|(_, name)| name);
        let all = wanted.flat_map(|name| tickets.iter().map(name)).filter(|name| !name.is_empty()).cloned();
        distinct(all).into_iter().map(|name| (scope.tenant_id, name)).collect()
    };
    let contacts = named(&[(Include::Requester, |t| &t.requester_id), (Include::Creator, |t| &t.created_by)]);
    let agents = named(&[(Include::Assignee, |t| &t.assignee_id), (Include::Creator, |t| &t.created_by)]);
    let organizations = named(&[(Include::Organization, |t| &t.organization_id)]);
    let teams = named(&[(Include::Team, |t| &t.team_id)]);
    let deals = named(&[(Include::Deal, |t| &t.deal_id)]);
    let assets = named(&[(Include::Asset, |t| &t.related_asset_id)]);
    macro_rules! look_up {
        ($($into:ident;)+) => { $(
            for it in lookup::$into(conn, &$into).await? {
                if it.is_known() && scope.audience.sees_internal(&it.app_id) {
                    found.$into.insert(it.id.clone(), it);
                }
            }
        )+ };
    }
    look_up! {
        contacts;
        agents;
        organizations;
        teams;
        deals;
        assets;
    }
    Ok(())
}

async fn issues(conn: &AsyncPgConnection, scope: Scope<'_>, tickets: &[Ticket], found: &mut Around) -> QueryResult<()> {
    let of: Vec<(&str, Uuid)> = tickets.iter().map(|ticket| (scope.tenant_id, ticket.id)).collect();
    let links = lookup::ticket_issues(conn, &of).await?;
    let ids = distinct(links.iter().map(|link| link.issue_id));
    let ids: Vec<(&str, Uuid)> = ids.into_iter().map(|id| (scope.tenant_id, id)).collect();
    let issues = lookup::issues(conn, &ids).await?;
    let seen = issues.into_iter().filter(|it| it.deleted_at.is_none() && scope.audience.sees_internal(&it.app_id));
    let issues: HashMap<Uuid, Issue> = seen.map(|issue| (issue.id, issue)).collect();
    for link in links {
        if let Some(issue) = issues.get(&link.issue_id) {
            found.issues.entry(link.ticket_id).or_default().push(issue.clone());
        }
    }
    for all in found.issues.values_mut() {
        all.sort_by_key(|issue| std::cmp::Reverse(issue.id));
    }
    Ok(())
}

/// FROM some rows `r` of a table for each of the tickets.
fn of_each(scope: Scope<'_>, tickets: &[Uuid], table: &'static str, conditions: Vec<Sql>, tail: &'static str) -> Sql {
    let tenant = sql!["tenant_id = ", Bind::Text(scope.tenant_id.to_owned())];
    let all = [vec![tenant], conditions].concat();
    sql![
        " FROM unnest(",
        Bind::Ids(distinct(tickets.iter().copied())),
        ") AS k(id), LATERAL (SELECT * FROM ",
        table,
        " WHERE ",
        Sql::join(all, " AND "),
        tail
    ]
}

fn distinct<T: std::hash::Hash + Eq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.collect::<std::collections::HashSet<T>>().into_iter().collect()
}

fn grouped<R>(rows: Vec<R>, of: impl Fn(&R) -> Option<Uuid>) -> HashMap<Uuid, Vec<R>> {
    let mut grouped: HashMap<Uuid, Vec<R>> = HashMap::new();
    for row in rows {
        if let Some(ticket) = of(&row) {
            grouped.entry(ticket).or_default().push(row);
        }
    }
    grouped
}
