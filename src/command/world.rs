//! A tenant as one batch sees it: what was loaded under the head's lock, and what was decided since.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::Stop;
use super::sla::SlaConfig;
use super::table::Table;
use crate::model::activity::Activity;
use crate::model::canned::{CannedRef, CannedResponse};
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::issue::{Issue, IssueTicket};
use crate::model::ledger::{Head, Request, Run};
use crate::model::message::{Entry, Message};
use crate::model::sla::calendar::{Calendar, CalendarRef, CalendarVersion};
use crate::model::sla::ledger::LedgerRow;
use crate::model::sla::outcome::Outcome;
use crate::model::sla::policy::{PolicyRef, SlaPolicy, SlaPolicyVersion};
use crate::model::tag::Tag;
use crate::model::tenant::Tenant;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::words::RunVerdict;

/// What a decision needs to know and the world does not hold yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Want {
    Ticket(TicketRef),
    Message(Uuid),
    /// The newest messages of a ticket, more of them than one batch could delete.
    Thread(Uuid),
    Issue(Uuid),
    /// The issues of a ticket, all of them, as one aggregate.
    TicketIssues(Uuid),
    Agent(String),
    /// The agents of the directory that have this name.
    AgentsNamed(String),
    Team(String),
    Organization(String),
    Contact(String),
    /// Of the registry, by its name.
    Tag(String),
    /// By its name: the one that is not deleted.
    Canned(CannedRef),
    /// As a canned response.
    Policy(PolicyRef),
    Calendar(CalendarRef),
    /// All ACTIVE policies, with the calendars that they name, as one aggregate.
    SlaConfig,
    /// An answered request, by the hash of its key.
    Request(Uuid),
    /// The tenant's own settings.
    Settings,
}

#[derive(Debug)]
pub struct World {
    pub head: Head,
    pub tickets: Table<Uuid, Ticket>,
    /// Numbers looked up: which ticket has them.
    pub numbers: HashMap<i64, Option<Uuid>>,
    pub issues: Table<Uuid, Issue>,
    /// Ids of a ticket's issues, in the order of their making.
    pub ticket_issues: Table<Uuid, Vec<Uuid>>,
    pub issue_tickets: Table<(Uuid, Uuid), IssueTicket>,
    pub agents: Table<String, Agent>,
    /// Ids by name, as the database has them; [`World::agents_named`] tells what was decided since.
    pub named: Table<String, Vec<String>>,
    pub teams: Table<String, Team>,
    pub organizations: Table<String, Organization>,
    pub contacts: Table<String, Contact>,
    pub tags: Table<String, Tag>,
    pub canned: Table<Uuid, CannedResponse>,
    /// Ids by name, as the database has them; [`World::canned_response`] tells what was decided since.
    pub canned_names: Table<String, Uuid>,
    pub policies: Table<Uuid, SlaPolicy>,
    pub policy_versions: Table<(Uuid, i32), SlaPolicyVersion>,
    pub calendars: Table<Uuid, Calendar>,
    pub calendar_versions: Table<(Uuid, i32), CalendarVersion>,
    /// Ids by name, as the database has them.
    pub policy_names: Table<String, Uuid>,
    pub calendar_names: Table<String, Uuid>,
    /// See [`World::sla`]; kept true by whatever writes a policy or a calendar.
    pub sla: Table<(), SlaConfig>,
    pub requests: Table<Uuid, Request>,
    pub messages: Table<Uuid, Message>,
    /// Of a ticket, as the database has them; [`World::thread`] tells what was decided since.
    pub threads: Table<Uuid, Vec<Entry>>,
    /// The tenant's row, where it has one.
    pub settings: Table<(), Tenant>,
    /// What holds where it has none.
    unset: Arc<Tenant>,
    /// In order of position; the last one's is the head's.
    pub activities: Vec<Activity>,
    /// Rows of clocks, beside the activities.
    pub ledger: Vec<LedgerRow>,
    /// What that made of the clocks; of one clock the later tells more.
    pub outcomes: Vec<Outcome>,
    pub runs: Vec<Run>,
    /// Every rule that was asked, by its place in the set, and what it said: for counting only.
    pub tally: Vec<(usize, RunVerdict)>,
    /// The tickets as they were before the activities of the command at hand, by position.
    pub(super) befores: Vec<(i64, Arc<Ticket>)>,
}

/// A place to come back to: see [`World::rollback`].
#[derive(Clone, Debug)]
pub struct Savepoint {
    head: Head,
    marks: [usize; 18],
    activities: usize,
    ledger: usize,
    outcomes: usize,
    runs: usize,
    tally: usize,
}

impl World {
    pub fn new(head: Head) -> World {
        let unset = Arc::new(Tenant::unset(&head.tenant_id));
        let mut settings = Table::default();
        let mut sla = Table::default();
        if head.config_position == 0 {
            // Nothing was ever configured: nobody needs to look.
            settings.load((), None);
            sla.load((), None);
        }
        World {
            head,
            tickets: Table::default(),
            numbers: HashMap::new(),
            issues: Table::default(),
            ticket_issues: Table::default(),
            issue_tickets: Table::default(),
            agents: Table::default(),
            named: Table::default(),
            teams: Table::default(),
            organizations: Table::default(),
            contacts: Table::default(),
            tags: Table::default(),
            canned: Table::default(),
            canned_names: Table::default(),
            policies: Table::default(),
            policy_versions: Table::default(),
            calendars: Table::default(),
            calendar_versions: Table::default(),
            policy_names: Table::default(),
            calendar_names: Table::default(),
            sla,
            requests: Table::default(),
            messages: Table::default(),
            threads: Table::default(),
            settings,
            unset,
            activities: Vec::new(),
            ledger: Vec::new(),
            outcomes: Vec::new(),
            runs: Vec::new(),
            tally: Vec::new(),
            befores: Vec::new(),
        }
    }

    /// Whether the want needs no look-up (any more).
    pub fn knows(&self, want: &Want) -> bool {
        match want {
            Want::Ticket(TicketRef::Id(id)) => self.tickets.get(id).is_some(),
            Want::Ticket(TicketRef::Number(number)) => self.numbers.contains_key(number),
            Want::Message(id) => self.messages.get(id).is_some(),
            Want::Thread(id) => self.threads.get(id).is_some(),
            Want::Issue(id) => self.issues.get(id).is_some(),
            Want::TicketIssues(id) => self.ticket_issues.get(id).is_some(),
            Want::Agent(id) => self.agents.get(id).is_some(),
            Want::AgentsNamed(name) => self.named.get(name).is_some(),
            Want::Team(id) => self.teams.get(id).is_some(),
            Want::Organization(id) => self.organizations.get(id).is_some(),
            Want::Contact(id) => self.contacts.get(id).is_some(),
            Want::Tag(name) => self.tags.get(name).is_some(),
            Want::Canned(CannedRef::Id(id)) => self.canned.get(id).is_some(),
            Want::Canned(CannedRef::Name(name)) => self.canned_names.get(name).is_some(),
            Want::Policy(PolicyRef::Id(id)) => self.policies.get(id).is_some(),
            Want::Policy(PolicyRef::Name(name)) => self.policy_names.get(name).is_some(),
            Want::Calendar(CalendarRef::Id(id)) => self.calendars.get(id).is_some(),
            Want::Calendar(CalendarRef::Name(name)) => self.calendar_names.get(name).is_some(),
            Want::SlaConfig => self.sla.get(&()).is_some(),
            Want::Request(key) => self.requests.get(key).is_some(),
            Want::Settings => self.settings.get(&()).is_some(),
        }
    }

    /// A ticket that the database holds. It knows its number from now on.
    pub fn load_ticket(&mut self, ticket: Ticket) {
        self.numbers.insert(ticket.number, Some(ticket.id));
        self.tickets.load(ticket.id, Some(Arc::new(ticket)));
    }

    /// The ticket, or `None` when the tenant has none by that name.
    pub fn ticket(&self, name: &TicketRef) -> Result<Option<Arc<Ticket>>, Stop> {
        let id = match name {
            TicketRef::Id(id) => *id,
            TicketRef::Number(number) => match self.numbers.get(number) {
                Some(Some(id)) => *id,
                Some(None) => return Ok(None),
                None => return Err(Stop::missing(Want::Ticket(name.clone()))),
            },
        };
        known(self.tickets.get(&id), || Want::Ticket(TicketRef::Id(id)))
    }

    pub fn message(&self, id: Uuid) -> Result<Option<Arc<Message>>, Stop> {
        known(self.messages.get(&id), || Want::Message(id))
    }

    /// The newest messages of a ticket that are not deleted, in no order.
    pub fn thread(&self, ticket: Uuid) -> Result<Vec<Entry>, Stop> {
        let stored = known(self.threads.get(&ticket), || Want::Thread(ticket))?.unwrap_or_default();
        let gone = |entry: &Entry| {
            let message = self.messages.get(&entry.id).flatten();
            message.is_some_and(|message| message.deleted_at.is_some())
        };
        let posted = self.messages.inserts().filter(|message| message.ticket_id == ticket).map(Entry::of);
        Ok(stored.iter().cloned().chain(posted).filter(|entry| !gone(entry)).collect())
    }

    pub fn issue(&self, id: Uuid) -> Result<Option<Arc<Issue>>, Stop> {
        known(self.issues.get(&id), || Want::Issue(id))
    }

    pub fn issues_of(&self, ticket: Uuid) -> Result<Arc<Vec<Uuid>>, Stop> {
        Ok(known(self.ticket_issues.get(&ticket), || Want::TicketIssues(ticket))?.unwrap_or_default())
    }

    /// A row of the agent table, known to the directory or not.
    pub fn agent(&self, id: &str) -> Result<Option<Arc<Agent>>, Stop> {
        known(self.agents.get(&id.to_owned()), || Want::Agent(id.to_owned()))
    }

    /// The ids of the agents of this name, each once.
    pub fn agents_named(&self, name: &str) -> Result<Vec<String>, Stop> {
        let stored =
            known(self.named.get(&name.to_owned()), || Want::AgentsNamed(name.to_owned()))?.unwrap_or_default();
        let stored = stored.iter().filter_map(|id| self.agents.get(id).flatten().map(|agent| &**agent));
        let all = stored.chain(self.agents.inserts()).chain(self.agents.updates());
        let named = all.filter(|agent| agent.name == name && agent.known && agent.deleted_at.is_none());
        let ids: BTreeSet<&String> = named.map(|agent| &agent.id).collect();
        Ok(ids.into_iter().cloned().collect())
    }

    /// Of the directory; as are the next two. Deleted ones are in none of them.
    pub fn team(&self, id: &str) -> Result<Option<Arc<Team>>, Stop> {
        Ok(self.team_row(id)?.filter(|row| row.deleted_at.is_none()))
    }

    pub fn organization(&self, id: &str) -> Result<Option<Arc<Organization>>, Stop> {
        Ok(self.organization_row(id)?.filter(|row| row.deleted_at.is_none()))
    }

    pub fn contact(&self, id: &str) -> Result<Option<Arc<Contact>>, Stop> {
        Ok(self.contact_row(id)?.filter(|row| row.deleted_at.is_none()))
    }

    pub(super) fn team_row(&self, id: &str) -> Result<Option<Arc<Team>>, Stop> {
        known(self.teams.get(&id.to_owned()), || Want::Team(id.to_owned()))
    }

    pub(super) fn organization_row(&self, id: &str) -> Result<Option<Arc<Organization>>, Stop> {
        known(self.organizations.get(&id.to_owned()), || Want::Organization(id.to_owned()))
    }

    pub(super) fn contact_row(&self, id: &str) -> Result<Option<Arc<Contact>>, Stop> {
        known(self.contacts.get(&id.to_owned()), || Want::Contact(id.to_owned()))
    }

    /// A row of the registry, deleted or not.
    pub fn tag(&self, name: &str) -> Result<Option<Arc<Tag>>, Stop> {
        known(self.tags.get(&name.to_owned()), || Want::Tag(name.to_owned()))
    }

    /// By its id, deleted or not; by its name, the one that is not.
    pub fn canned_response(&self, which: &CannedRef) -> Result<Option<Arc<CannedResponse>>, Stop> {
        let want = || Want::Canned(which.clone());
        match which {
            CannedRef::Id(id) => known(self.canned.get(id), want),
            CannedRef::Name(name) => {
                let is = |row: &CannedResponse| row.name == *name && row.deleted_at.is_none();
                Ok(self.canned.named(known(self.canned_names.get(name), want)?, |row| row.id, is))
            }
        }
    }

    pub fn request(&self, key: Uuid) -> Result<Option<Arc<Request>>, Stop> {
        known(self.requests.get(&key), || Want::Request(key))
    }

    /// What the tenant decided for itself, or the defaults.
    pub fn settings(&self) -> Result<Arc<Tenant>, Stop> {
        let row = known(self.settings.get(&()), || Want::Settings)?;
        Ok(row.unwrap_or_else(|| self.unset.clone()))
    }

    pub fn savepoint(&self) -> Savepoint {
        Savepoint {
            head: self.head.clone(),
            marks: [
                self.tickets.mark(),
                self.issues.mark(),
                self.ticket_issues.mark(),
                self.issue_tickets.mark(),
                self.agents.mark(),
                self.teams.mark(),
                self.organizations.mark(),
                self.contacts.mark(),
                self.requests.mark(),
                self.messages.mark(),
                self.settings.mark(),
                self.tags.mark(),
                self.canned.mark(),
                self.policies.mark(),
                self.policy_versions.mark(),
                self.calendars.mark(),
                self.calendar_versions.mark(),
                self.sla.mark(),
            ],
            activities: self.activities.len(),
            ledger: self.ledger.len(),
            outcomes: self.outcomes.len(),
            runs: self.runs.len(),
            tally: self.tally.len(),
        }
    }

    /// Forgets everything decided since the savepoint; what was loaded since stays.
    pub fn rollback(&mut self, to: &Savepoint) {
        let Savepoint { head, marks, activities, ledger, outcomes, runs, tally } = to;
        let [
            tickets,
            issues,
            ticket_issues,
            issue_tickets,
            agents,
            teams,
            organizations,
            contacts,
            requests,
            messages,
            settings,
            tags,
            canned,
            policies,
            policy_versions,
            calendars,
            calendar_versions,
            sla,
        ] = *marks;
        self.head = head.clone();
        self.tickets.rollback(tickets);
        self.issues.rollback(issues);
        self.ticket_issues.rollback(ticket_issues);
        self.issue_tickets.rollback(issue_tickets);
        self.agents.rollback(agents);
        self.teams.rollback(teams);
        self.organizations.rollback(organizations);
        self.contacts.rollback(contacts);
        self.requests.rollback(requests);
        self.messages.rollback(messages);
        self.settings.rollback(settings);
        self.tags.rollback(tags);
        self.canned.rollback(canned);
        self.policies.rollback(policies);
        self.policy_versions.rollback(policy_versions);
        self.calendars.rollback(calendars);
        self.calendar_versions.rollback(calendar_versions);
        self.sla.rollback(sla);
        // A ticket made since the savepoint is unknown again: so is its number, which will be given out anew.
        let last = self.head.last_number;
        self.numbers.retain(|number, id| *number <= last || id.is_none());
        self.activities.truncate(*activities);
        self.ledger.truncate(*ledger);
        self.outcomes.truncate(*outcomes);
        self.runs.truncate(*runs);
        self.tally.truncate(*tally);
        let position = self.head.position;
        self.befores.retain(|(at, _)| *at <= position);
    }
}

pub(super) fn known<V>(slot: Option<Option<&Arc<V>>>, want: impl FnOnce() -> Want) -> Result<Option<Arc<V>>, Stop> {
    match slot {
        Some(value) => Ok(value.cloned()),
        None => Err(Stop::missing(want())),
    }
}
