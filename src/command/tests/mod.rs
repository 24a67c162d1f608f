//! Commands over a world that is the whole database: rows that were not loaded do not exist.

mod agreement;
mod canned;
mod clocks;
mod desk;
mod directory;
mod every_type;
mod follow_up;
mod gates;
mod histories;
mod issues;
mod lapses;
mod lifecycle;
mod limits;
mod links;
mod marks;
mod mentions;
mod messages;
mod outbound;
mod outcomes;
mod properties;
mod queues;
mod recall;
mod reopen;
mod replay;
mod revised;
mod rules;
mod runs;
mod semantics;
mod shadow;
mod skills;
mod sla;
mod speakers;
mod tables;
mod tags;
mod tenant;
mod timers;
mod writes;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::action::{MessageEdit, NewMessage, NewTicket, Step, TicketEdit};
use super::scope::Scope;
use super::verbs::issue::*;
use super::verbs::message::*;
use super::verbs::ticket::*;
use super::verbs::*;
use super::wants::Wants;
use super::{Command, Outcome, Refusal, RequestKey, Resource, Stop, Verb, Verdict, Want, World, run};
use crate::identity::{Caller, NewToken, Role, SigningKey, Trust, Verifier};
use crate::model::activity::Activity;
use crate::model::canned::CannedRef;
use crate::model::directory::{Agent, Contact, Team};
use crate::model::ledger::Head;
use crate::model::lifecycle::Transition;
use crate::model::message::Message;
use crate::model::revocation::Revoked;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::policy::PolicyRef;
use crate::model::ticket::{Ticket, TicketRef};
use crate::model::time::Instant;
use crate::model::words::*;
use crate::workflow::RuleSet;

pub const TENANT: &str = "acme";
pub const DAY: i64 = 24 * 3_600 * 1_000_000;

static KEY: LazyLock<(SigningKey, Verifier)> = LazyLock::new(|| {
    let key = SigningKey::generate().expect("a key");
    let verifier = Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() });
    (key, verifier)
});

pub fn caller(sub: &str, roles: &[Role], app: Option<&str>) -> Caller {
    let (key, verifier) = &*KEY;
    let token = NewToken {
        tenant: TENANT.into(),
        sub: sub.into(),
        roles: roles.to_vec(),
        app_id: app.map(str::to_owned),
        ttl: Duration::from_secs(3_600),
    };
    verifier.verify(&key.sign(&token).expect("a token")).expect("a caller")
}

/// Rules, each a YAML document.
pub fn rule_set(rules: &[&str]) -> RuleSet {
    let sources = rules.iter().enumerate().map(|(i, text)| (format!("{i}.yaml"), (*text).to_owned())).collect();
    RuleSet::from_sources(sources).expect("good rules")
}

pub fn agent() -> Caller {
    caller("ann", &[Role::Agent], None)
}

pub fn requester() -> Caller {
    caller("rita", &[Role::Requester], None)
}

pub fn admin() -> Caller {
    caller("root", &[Role::Admin], None)
}

/// Whatever verb it is.
pub type Any = Arc<dyn Verb>;

pub fn whichever(verb: impl Verb) -> Any {
    Arc::new(verb)
}

impl Verb for Any {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        (**self).wants(wants);
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        (**self).decide(world, scope)
    }
}

/// A tenant, its rules and its time.
pub struct House {
    pub world: World,
    pub rules: RuleSet,
    pub now: Instant,
}

impl House {
    pub fn new() -> House {
        House::with(&[])
    }

    /// With these rules, each a YAML document.
    pub fn with(rules: &[&str]) -> House {
        let rules = rule_set(rules);
        let head = Head {
            tenant_id: TENANT.into(),
            position: 0,
            config_position: 0,
            last_number: 0,
            floor: 0,
            last_at: Instant(0),
            queues: Default::default(),
        };
        let mut world = World::new(head);
        // Whose tickets most tests are about.
        world.contacts.load("rita".into(), Some(Arc::new(contact_row("rita", "rita@example.com"))));
        House { world, rules, now: Instant(1_790_000_000_000_000) }
    }

    pub fn submit(&mut self, command: &Command) -> Result<Verdict, Refusal> {
        for _ in 0..64 {
            match run(&mut self.world, command, &self.rules, self.now) {
                Ok(verdict) => return Ok(verdict),
                Err(Stop::Refused(refusal)) => return Err(*refusal),
                Err(Stop::Missing(wants)) => wants.iter().for_each(|want| self.absent(want)),
            }
        }
        panic!("the command never has enough");
    }

    pub fn run(&mut self, caller: &Caller, verb: impl Verb) -> Result<Outcome, Refusal> {
        self.now = self.now.plus_micros(1_000_000);
        match self.submit(&command(caller, verb))? {
            Verdict::Done(outcome) => Ok(outcome),
            Verdict::Replay(request) => panic!("replayed {request:?}"),
        }
    }

    /// The ticket that the action answers with.
    pub fn ticket(&mut self, caller: &Caller, verb: impl Verb) -> Arc<Ticket> {
        match self.run(caller, verb).expect("done").resource {
            Resource::Ticket(ticket) | Resource::Message(_, ticket) => ticket,
            other => panic!("no ticket: {other:?}"),
        }
    }

    /// The message that the action answers with.
    pub fn message(&mut self, caller: &Caller, verb: impl Verb) -> Arc<Message> {
        match self.run(caller, verb).expect("done").resource {
            Resource::Message(message, _) => message,
            other => panic!("no message: {other:?}"),
        }
    }

    pub fn refused(&mut self, caller: &Caller, verb: impl Verb) -> Refusal {
        let before = self.image();
        let refusal = self.run(caller, verb).expect_err("a refusal");
        assert_eq!(before, self.image(), "a refusal left something behind");
        refusal
    }

    pub fn move_to(&mut self, ticket: &Ticket, verb: Transition, to: Status) -> Result<Outcome, Refusal> {
        self.run(&agent(), go(ticket, verb, to))
    }

    /// The kinds of the activities from this position on.
    pub fn kinds(&self, from: i64) -> Vec<&str> {
        self.since(from).map(|activity| activity.kind.as_str()).collect()
    }

    pub fn since(&self, from: i64) -> impl Iterator<Item = &Activity> {
        self.world.activities.iter().filter(move |activity| activity.position >= from)
    }

    pub fn next(&self) -> i64 {
        self.world.head.position + 1
    }

    pub fn now_is(&self, ticket: &Ticket) -> Arc<Ticket> {
        self.world.tickets.get(&ticket.id).flatten().expect("the ticket").clone()
    }

    pub fn open_count(&self, agent: &str) -> i64 {
        self.world.agents.get(&agent.to_owned()).flatten().map_or(0, |agent| agent.open_count)
    }

    pub fn add_agent(&mut self, id: &str) {
        self.run(&agent(), UpsertEntry { row: agent_row(id), etag: String::new() }).expect("an agent");
    }

    pub fn add_team(&mut self, id: &str, members: &[&str]) {
        for member in members {
            self.add_agent(member);
        }
        self.run(&agent(), UpsertEntry { row: team_row(id, members), etag: String::new() }).expect("a team");
    }

    /// What was decided, to compare by; without the runs, which outlive a refusal.
    pub fn image(&self) -> tables::Image {
        let mut image = tables::image(&self.world);
        image.retain(|(table, _), cell| cell.decided && *table != "runs");
        image
    }

    fn absent(&mut self, want: &Want) {
        self.world.absent(want.clone());
        assert!(self.world.knows(want));
    }
}

pub fn command(caller: &Caller, verb: impl Verb) -> Command {
    Command { id: Uuid::now_v7(), caller: caller.clone(), request: None, validate_only: false, verb: Arc::new(verb) }
}

pub fn request(text: &str, fingerprint: u128) -> Option<RequestKey> {
    let key = crate::model::id::hash(&[text.as_bytes()]);
    Some(RequestKey { text: text.into(), key, fingerprint: Uuid::from_u128(fingerprint) })
}

pub fn new_ticket(subject: &str) -> NewTicket {
    NewTicket {
        subject: subject.into(),
        description: String::new(),
        kind: TicketType::Incident,
        priority: Priority::Medium,
        category: "general".into(),
        channel: Channel::Api,
        source: "docket".into(),
        source_type: SourceType::Api,
        tags: Words::default(),
        custom: Value::Object(Map::new()),
        requester_id: "rita".into(),
        requester_email: "rita@example.com".into(),
        requester_name: String::new(),
        assignee_id: String::new(),
        team_id: String::new(),
        organization_id: String::new(),
        deal_id: String::new(),
        related_asset_id: String::new(),
        related_vulnerability_id: String::new(),
        sla_policy_id: None,
        policy_name: String::new(),
    }
}

pub fn contact_row(id: &str, email: &str) -> Contact {
    Contact { tenant_id: TENANT.into(), id: id.into(), email: email.into(), ..Contact::default() }
}

pub fn create(new: NewTicket) -> CreateTicket {
    CreateTicket(new)
}

pub fn edit(ticket: &Ticket, edit: TicketEdit) -> UpdateTicket {
    UpdateTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), edit }
}

pub fn go(ticket: &Ticket, verb: Transition, to: Status) -> Any {
    let step = Step::of(verb, to);
    match verb {
        Transition::Update => Arc::new(edit(ticket, TicketEdit { status: Some(to), ..TicketEdit::default() })),
        _ => Arc::new(MoveTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), step }),
    }
}

pub fn assign(ticket: &Ticket, to: &str) -> AssignTicket {
    AssignTicket { ticket: TicketRef::Id(ticket.id), etag: String::new(), assignee_id: Some(to.into()), team_id: None }
}

pub fn say(ticket: &Ticket, body: &str, visibility: Visibility) -> PostMessage {
    let message = NewMessage {
        body: body.into(),
        visibility,
        author_id: String::new(),
        author_email: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        own: None,
        goodbye: false,
    };
    PostMessage { ticket: TicketRef::Id(ticket.id), message }
}

pub fn reword(message: &Message, body: &str) -> UpdateMessage {
    let edit = MessageEdit { body: Some(body.into()), visibility: None };
    let ticket = TicketRef::Id(message.ticket_id);
    UpdateMessage { ticket, message: message.id, etag: String::new(), edit }
}

pub fn take_back(message: &Message) -> DeleteMessage {
    let ticket = TicketRef::Id(message.ticket_id);
    DeleteMessage { ticket, message: message.id, etag: String::new() }
}

pub fn settings(edit: TenantEdit, etag: &str) -> UpdateTenant {
    UpdateTenant { etag: etag.into(), edit }
}

/// Its stamps and counts are to be ignored.
pub fn agent_row(id: &str) -> Agent {
    Agent {
        id: id.into(),
        name: id.to_uppercase(),
        weight: 1,
        open_count: 99,
        known: true,
        app_id: "ignored".into(),
        created_by: "ignored".into(),
        etag_version: 77,
        ..Agent::default()
    }
}

/// Its stamps are to be ignored.
pub fn team_row(id: &str, members: &[&str]) -> Team {
    Team {
        id: id.into(),
        name: id.to_uppercase(),
        member_ids: Words(members.iter().map(|m| (*m).to_owned()).collect()),
        last_assigned: "ignored".into(),
        app_id: "ignored".into(),
        created_by: "ignored".into(),
        ..Team::default()
    }
}
