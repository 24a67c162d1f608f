//! What decisions asked to know, for all tenants of a batch in one flight.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use uuid::Uuid;

use super::lookup;
use crate::command::sla::SlaConfig;
use crate::command::{Want, World};
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ledger::Request;
use crate::model::message::{Entry, Message};
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::policy::{PolicyRef, SlaPolicy};
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::{Ticket, TicketRef};

/// What the database answered to a list of wants.
pub struct Loaded<'a> {
    wants: Vec<(&'a str, Want)>,
    rows: Rows,
}

#[derive(Default)]
struct Rows {
    tickets: Vec<Ticket>,
    numbered: Vec<Ticket>,
    messages: Vec<Message>,
    threads: Vec<Entry>,
    public_threads: Vec<Entry>,
    issues: Vec<Issue>,
    links: Vec<IssueTicket>,
    agents: Vec<Agent>,
    named: Vec<Agent>,
    teams: Vec<Team>,
    organizations: Vec<Organization>,
    contacts: Vec<Contact>,
    tags: Vec<Tag>,
    canned: Vec<CannedResponse>,
    canned_named: Vec<CannedResponse>,
    policies: Vec<SlaPolicy>,
    policies_named: Vec<SlaPolicy>,
    active: Vec<SlaPolicy>,
    calendars: Vec<Calendar>,
    calendars_named: Vec<Calendar>,
    in_use: Vec<Calendar>,
    requests: Vec<Request>,
    settings: Vec<Tenant>,
}

/// The wants, sorted by the statement that serves them.
#[derive(Default)]
struct Pairs<'a> {
    tickets: Vec<(&'a str, Uuid)>,
    numbers: Vec<(&'a str, i64)>,
    messages: Vec<(&'a str, Uuid)>,
    threads: Vec<(&'a str, Uuid)>,
    issues: Vec<(&'a str, Uuid)>,
    links: Vec<(&'a str, Uuid)>,
    agents: Vec<(&'a str, String)>,
    named: Vec<(&'a str, String)>,
    teams: Vec<(&'a str, String)>,
    organizations: Vec<(&'a str, String)>,
    contacts: Vec<(&'a str, String)>,
    tags: Vec<(&'a str, String)>,
    canned: Vec<(&'a str, Uuid)>,
    canned_named: Vec<(&'a str, String)>,
    policies: Vec<(&'a str, Uuid)>,
    policies_named: Vec<(&'a str, String)>,
    sla: Vec<(&'a str, String)>,
    calendars: Vec<(&'a str, Uuid)>,
    calendars_named: Vec<(&'a str, String)>,
    requests: Vec<(&'a str, Uuid)>,
    settings: Vec<(&'a str, String)>,
}

/// Looks everything up, once however often it is wanted: each sort of thing in one statement, all of them pipelined.
pub async fn fetch<'a>(conn: &AsyncPgConnection, mut wants: Vec<(&'a str, Want)>) -> QueryResult<Loaded<'a>> {
    let mut seen = HashSet::with_capacity(wants.len());
    wants.retain(|want| seen.insert(want.clone()));
    let mut pairs = Pairs::default();
    for (tenant, want) in &wants {
        match want {
            Want::Ticket(TicketRef::Id(id)) => pairs.tickets.push((tenant, *id)),
            Want::Ticket(TicketRef::Number(number)) => pairs.numbers.push((tenant, *number)),
            Want::Message(id) => pairs.messages.push((tenant, *id)),
            Want::Thread(id) => pairs.threads.push((tenant, *id)),
            Want::Issue(id) => pairs.issues.push((tenant, *id)),
            Want::TicketIssues(id) => pairs.links.push((tenant, *id)),
            Want::Agent(id) => pairs.agents.push((tenant, id.clone())),
            Want::AgentsNamed(name) => pairs.named.push((tenant, name.clone())),
            Want::Team(id) => pairs.teams.push((tenant, id.clone())),
            Want::Organization(id) => pairs.organizations.push((tenant, id.clone())),
            Want::Contact(id) => pairs.contacts.push((tenant, id.clone())),
            Want::Tag(name) => pairs.tags.push((tenant, name.clone())),
            Want::Canned(CannedRef::Id(id)) => pairs.canned.push((tenant, *id)),
            Want::Canned(CannedRef::Name(name)) => pairs.canned_named.push((tenant, name.clone())),
            Want::Policy(PolicyRef::Id(id)) => pairs.policies.push((tenant, *id)),
            Want::Policy(PolicyRef::Name(name)) => pairs.policies_named.push((tenant, name.clone())),
            Want::Calendar(CalendarRef::Id(id)) => pairs.calendars.push((tenant, *id)),
            Want::Calendar(CalendarRef::Name(name)) => pairs.calendars_named.push((tenant, name.clone())),
            Want::SlaConfig => pairs.sla.push((tenant, (*tenant).to_owned())),
            Want::Request(key) => pairs.requests.push((tenant, *key)),
            Want::Settings => pairs.settings.push((tenant, (*tenant).to_owned())),
        }
    }
    let mut rows = Rows::default();
    try_join!(
        put(&mut rows.tickets, lookup::tickets_by_id(conn, &pairs.tickets)),
        put(&mut rows.numbered, lookup::tickets_by_number(conn, &pairs.numbers)),
        put(&mut rows.messages, lookup::messages(conn, &pairs.messages)),
        put(&mut rows.threads, lookup::threads(conn, &pairs.threads)),
        put(&mut rows.public_threads, lookup::public_threads(conn, &pairs.threads)),
        put(&mut rows.issues, lookup::issues_by_id(conn, &pairs.issues)),
        put(&mut rows.links, lookup::issue_links(conn, &pairs.links)),
        put(&mut rows.agents, lookup::agents(conn, &pairs.agents)),
        put(&mut rows.named, lookup::agents_named(conn, &pairs.named)),
        put(&mut rows.teams, lookup::teams(conn, &pairs.teams)),
        put(&mut rows.organizations, lookup::organizations(conn, &pairs.organizations)),
        put(&mut rows.contacts, lookup::contacts(conn, &pairs.contacts)),
        put(&mut rows.tags, lookup::tags(conn, &pairs.tags)),
        put(&mut rows.canned, lookup::canned(conn, &pairs.canned)),
        put(&mut rows.canned_named, lookup::canned_named(conn, &pairs.canned_named)),
        put(&mut rows.policies, lookup::policies(conn, &pairs.policies)),
        put(&mut rows.policies_named, lookup::policies_named(conn, &pairs.policies_named)),
        put(&mut rows.active, lookup::active_policies(conn, &pairs.sla)),
        put(&mut rows.calendars, lookup::calendars(conn, &pairs.calendars)),
        put(&mut rows.calendars_named, lookup::calendars_named(conn, &pairs.calendars_named)),
        put(&mut rows.in_use, lookup::calendars_in_use(conn, &pairs.sla)),
        put(&mut rows.requests, lookup::requests(conn, &pairs.requests)),
        put(&mut rows.settings, lookup::settings(conn, &pairs.settings)),
    )?;
    Ok(Loaded { wants, rows })
}

async fn put<T>(place: &mut Vec<T>, found: impl Future<Output = QueryResult<Vec<T>>>) -> QueryResult<()> {
    *place = found.await?;
    Ok(())
}

/// What wants ask for as a whole, by tenant and key.
#[derive(Default)]
struct Sets {
    entries: HashMap<(String, Uuid), Vec<Entry>>,
    links: HashMap<(String, Uuid), Vec<Uuid>>,
    named: HashMap<(String, String), Vec<String>>,
    policies: HashMap<String, Vec<Arc<SlaPolicy>>>,
    calendars: HashMap<String, Vec<Arc<Calendar>>>,
}

impl Loaded<'_> {
    /// Tells the worlds what was found, and that the rest is absent. Tenants without a world are passed over: their heads
    /// were not locked, so what was read of them may be old already.
    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        let Loaded { wants, rows } = self;
        let mut sets = rows.fill(worlds);
        for (tenant, want) in wants {
            if let Some(world) = worlds.get_mut(tenant) {
                sets.answer(tenant, want, world);
            }
        }
    }
}

impl Rows {
    /// Tells the worlds what was found; what is part of a set is left to [`Sets::answer`].
    fn fill(self, worlds: &mut HashMap<String, World>) -> Sets {
        let Rows {
            tickets,
            numbered,
            messages,
            threads,
            public_threads,
            issues,
            links,
            agents,
            named,
            teams,
            organizations,
            contacts,
            tags,
            canned,
            canned_named,
            policies,
            policies_named,
            active,
            calendars,
            calendars_named,
            in_use,
            requests,
            settings,
        } = self;
        let mut sets = Sets::default();
        for entry in threads.into_iter().chain(public_threads) {
            sets.entries.entry((entry.tenant_id.clone(), entry.ticket_id)).or_default().push(entry);
        }
        for IssueTicket { tenant_id, ticket_id, issue_id } in links {
            sets.links.entry((tenant_id, ticket_id)).or_default().push(issue_id);
        }
        for agent in &named {
            sets.named.entry((agent.tenant_id.clone(), agent.name.clone())).or_default().push(agent.id.clone());
        }
        for ticket in tickets.into_iter().chain(numbered) {
            if let Some(world) = worlds.get_mut(&ticket.tenant_id) {
                world.load_ticket(ticket);
            }
        }
        for row in &canned_named {
            if let Some(world) = worlds.get_mut(&row.tenant_id) {
                world.canned_names.load(row.name.clone(), Some(Arc::new(row.id)));
            }
        }
        for row in active {
            sets.policies.entry(row.tenant_id.clone()).or_default().push(Arc::new(row));
        }
        for row in in_use {
            sets.calendars.entry(row.tenant_id.clone()).or_default().push(Arc::new(row));
        }
        for row in &policies_named {
            if let Some(world) = worlds.get_mut(&row.tenant_id) {
                world.policy_names.load(row.name.clone(), Some(Arc::new(row.id)));
            }
        }
        for row in &calendars_named {
            if let Some(world) = worlds.get_mut(&row.tenant_id) {
                world.calendar_names.load(row.name.clone(), Some(Arc::new(row.id)));
            }
        }
        let policies = policies.into_iter().chain(policies_named);
        let calendars = calendars.into_iter().chain(calendars_named);
        let agents = agents.into_iter().chain(named);
        let canned = canned.into_iter().chain(canned_named);
        macro_rules! tell {
            ($($rows:ident by $key:ident),+) => { $(
                for row in $rows {
                    if let Some(world) = worlds.get_mut(&row.tenant_id) {
                        world.$rows.load(row.$key.clone(), Some(Arc::new(row)));
                    }
                }
            )+ };
        }
        tell!(messages by id, issues by id, agents by id, teams by id, organizations by id, contacts by id);
        tell!(tags by name, canned by id, requests by key, policies by id, calendars by id);
        for row in settings {
            if let Some(world) = worlds.get_mut(&row.tenant_id) {
                world.settings.load((), Some(Arc::new(row)));
            }
        }
        sets
    }
}

impl Sets {
    /// Tells the world a whole set, and of a single row that was not found that it is absent.
    fn answer(&mut self, tenant: &str, want: Want, world: &mut World) {
        match want {
            Want::Ticket(TicketRef::Id(id)) => world.tickets.load(id, None),
            Want::Ticket(TicketRef::Number(number)) => {
                world.numbers.entry(number).or_insert(None);
            }
            Want::Message(id) => world.messages.load(id, None),
            Want::Thread(id) => {
                let entries = self.entries.remove(&(tenant.to_owned(), id)).unwrap_or_default();
                world.threads.load(id, Some(Arc::new(entries)));
            }
            Want::Issue(id) => world.issues.load(id, None),
            Want::TicketIssues(id) => {
                let mut issues = self.links.remove(&(tenant.to_owned(), id)).unwrap_or_default();
                issues.sort();
                world.ticket_issues.load(id, Some(Arc::new(issues)));
            }
            Want::Agent(id) => world.agents.load(id, None),
            Want::AgentsNamed(name) => {
                let ids = self.named.remove(&(tenant.to_owned(), name.clone())).unwrap_or_default();
                world.named.load(name, Some(Arc::new(ids)));
            }
            Want::Team(id) => world.teams.load(id, None),
            Want::Organization(id) => world.organizations.load(id, None),
            Want::Contact(id) => world.contacts.load(id, None),
            Want::Tag(name) => world.tags.load(name, None),
            Want::Canned(CannedRef::Id(id)) => world.canned.load(id, None),
            Want::Canned(CannedRef::Name(name)) => world.canned_names.load(name, None),
            Want::Policy(PolicyRef::Id(id)) => world.policies.load(id, None),
            Want::Policy(PolicyRef::Name(name)) => world.policy_names.load(name, None),
            Want::Calendar(CalendarRef::Id(id)) => world.calendars.load(id, None),
            Want::Calendar(CalendarRef::Name(name)) => world.calendar_names.load(name, None),
            Want::SlaConfig => {
                let policies = self.policies.remove(tenant).unwrap_or_default();
                let calendars = self.calendars.remove(tenant).unwrap_or_default();
                if world.sla.get(&()).is_none() {
                    world.sla.load((), Some(Arc::new(SlaConfig::new(policies, calendars))));
                }
            }
            Want::Request(key) => world.requests.load(key, None),
            Want::Settings => world.settings.load((), None),
        }
    }
}
