//! What decisions asked to know, for all tenants of a batch in one flight.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use uuid::Uuid;

use super::lookup;
use crate::command::{Want, World};
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ledger::Request;
use crate::model::message::{Entry, Message};
use crate::model::tenant::Tenant;
use crate::model::ticket::{Ticket, TicketRef};

/// What the database answered to a list of wants.
pub struct Loaded<'a> {
    wants: Vec<(&'a str, Want)>,
    tickets: Vec<Ticket>,
    numbered: Vec<Ticket>,
    messages: Vec<Message>,
    threads: Vec<Entry>,
    public_threads: Vec<Entry>,
    issues: Vec<Issue>,
    links: Vec<IssueTicket>,
    agents: Vec<Agent>,
    teams: Vec<Team>,
    organizations: Vec<Organization>,
    contacts: Vec<Contact>,
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
    teams: Vec<(&'a str, String)>,
    organizations: Vec<(&'a str, String)>,
    contacts: Vec<(&'a str, String)>,
    requests: Vec<(&'a str, Uuid)>,
    settings: Vec<(&'a str, String)>,
}

/// Looks everything up, each sort of thing in one statement, all of them pipelined.
pub async fn fetch<'a>(conn: &AsyncPgConnection, wants: Vec<(&'a str, Want)>) -> QueryResult<Loaded<'a>> {
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
            Want::Team(id) => pairs.teams.push((tenant, id.clone())),
            Want::Organization(id) => pairs.organizations.push((tenant, id.clone())),
            Want::Contact(id) => pairs.contacts.push((tenant, id.clone())),
            Want::Request(key) => pairs.requests.push((tenant, *key)),
            Want::Settings => pairs.settings.push((tenant, (*tenant).to_owned())),
        }
    }
    let (
        tickets,
        numbered,
        messages,
        threads,
        public_threads,
        issues,
        links,
        agents,
        teams,
        organizations,
        contacts,
        requests,
        settings,
    ) = try_join!(
        lookup::tickets_by_id(conn, &pairs.tickets),
        lookup::tickets_by_number(conn, &pairs.numbers),
        lookup::messages(conn, &pairs.messages),
        lookup::threads(conn, &pairs.threads),
        lookup::public_threads(conn, &pairs.threads),
        lookup::issues_by_id(conn, &pairs.issues),
        lookup::issue_links(conn, &pairs.links),
        lookup::agents(conn, &pairs.agents),
        lookup::teams(conn, &pairs.teams),
        lookup::organizations(conn, &pairs.organizations),
        lookup::contacts(conn, &pairs.contacts),
        lookup::requests(conn, &pairs.requests),
        lookup::settings(conn, &pairs.settings),
    )?;
    Ok(Loaded {
        wants,
        tickets,
        numbered,
        messages,
        threads,
        public_threads,
        issues,
        links,
        agents,
        teams,
        organizations,
        contacts,
        requests,
        settings,
    })
}

impl Loaded<'_> {
    /// Tells the worlds what was found, and that the rest is absent. Tenants without a world are passed over: their heads
    /// were not locked, so what was read of them may be old already.
    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        let Loaded {
            wants,
            tickets,
            numbered,
            messages,
            threads,
            public_threads,
            issues,
            links,
            agents,
            teams,
            organizations,
            contacts,
            requests,
            settings,
        } = self;
        for ticket in tickets.into_iter().chain(numbered) {
            if let Some(world) = worlds.get_mut(&ticket.tenant_id) {
                world.load_ticket(ticket);
            }
        }
        macro_rules! tell {
            ($rows:ident, $key:ident) => {
                for row in $rows {
                    if let Some(world) = worlds.get_mut(&row.tenant_id) {
                        world.$rows.load(row.$key.clone(), Some(Arc::new(row)));
                    }
                }
            };
        }
        tell!(messages, id);
        tell!(issues, id);
        tell!(agents, id);
        tell!(teams, id);
        tell!(organizations, id);
        tell!(contacts, id);
        tell!(requests, key);
        for row in settings {
            if let Some(world) = worlds.get_mut(&row.tenant_id) {
                world.settings.load((), Some(Arc::new(row)));
            }
        }
        let mut entries_of: HashMap<(String, Uuid), Vec<Entry>> = HashMap::new();
        for entry in threads.into_iter().chain(public_threads) {
            let entries = entries_of.entry((entry.tenant_id.clone(), entry.ticket_id)).or_default();
            entries.push(entry);
        }
        let mut links_of: HashMap<(String, Uuid), Vec<Uuid>> = HashMap::new();
        for IssueTicket { tenant_id, ticket_id, issue_id } in links {
            links_of.entry((tenant_id, ticket_id)).or_default().push(issue_id);
        }
        for (tenant, want) in wants {
            let Some(world) = worlds.get_mut(tenant) else { continue };
            match want {
                Want::Ticket(TicketRef::Id(id)) => world.tickets.load(id, None),
                Want::Ticket(TicketRef::Number(number)) => {
                    world.numbers.entry(number).or_insert(None);
                }
                Want::Message(id) => world.messages.load(id, None),
                Want::Thread(id) => {
                    let entries = entries_of.remove(&(tenant.to_owned(), id)).unwrap_or_default();
                    world.threads.load(id, Some(Arc::new(entries)));
                }
                Want::Issue(id) => world.issues.load(id, None),
                Want::TicketIssues(id) => {
                    let mut issues = links_of.remove(&(tenant.to_owned(), id)).unwrap_or_default();
                    issues.sort();
                    world.ticket_issues.load(id, Some(Arc::new(issues)));
                }
                Want::Agent(id) => world.agents.load(id, None),
                Want::Team(id) => world.teams.load(id, None),
                Want::Organization(id) => world.organizations.load(id, None),
                Want::Contact(id) => world.contacts.load(id, None),
                Want::Request(key) => world.requests.load(key, None),
                Want::Settings => world.settings.load((), None),
            }
        }
    }
}
