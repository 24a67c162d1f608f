//! Execution of a rule's effects: each becomes one verb, with the rule as actor, on the ticket's current state.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::happening::Happening;
use super::link;
use super::outbound;
use super::queue;
use super::strategy::{self, Choice, Wanted};
use crate::command::access::ticket_by_id;
use crate::command::action::{NewIssue, NewMessage, Step, TicketEdit};
use crate::command::record::{self, Note, SOURCE, beside};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::issue::create as issue;
use crate::command::verbs::message::post::post;
use crate::command::verbs::ticket::assign::assigned;
use crate::command::verbs::ticket::proposal::Proposal;
use crate::command::verbs::ticket::{moves, tag, update};
use crate::command::{Refusal, Stop, World, limits};
use crate::model::activity::Task;
use crate::model::activity_type::ActivityType;
use crate::model::issue::Issue;
use crate::model::limits::ONCE_KEY_CHARS;
use crate::model::measure::Measure;
use crate::model::queue::Wait;
use crate::model::ticket::Ticket;
use crate::model::words::{SourceType, Status, Visibility};
use crate::workflow::{
    AssignTo, Assignment, Effect, IssueDraft, Measurement, MessageText, Move, PolicyChoice, Post, TagEdit, WhenNone,
    Wording,
};

/// What a rule's effects came to.
pub enum Done {
    /// And what there is to be said of it.
    Kept(Option<String>),
    /// Some actions were refused and left out, by `on_error: continue`.
    Partly(String),
    Refused(String),
}

/// Whether all of it is so already, and there is nothing to be said of it: most rules that match again have done what they want.
pub fn are_idle(effects: &[Effect], event: &Happening, ticket: Option<&Ticket>) -> bool {
    let Some(ticket) = ticket.filter(|_| event.why.is_none()) else { return effects.is_empty() };
    effects.iter().all(|effect| match effect {
        Effect::Set(fields) => update::is_so(ticket, fields),
        Effect::Tag(TagEdit { add, remove }) => remove.is_empty() && add.iter().all(|tag| ticket.tags.has(tag)),
        _ => false,
    })
}

/// Does it. Answers what its activities do not tell, if there is anything.
pub fn apply(
    world: &mut World,
    scope: &mut Scope<'_>,
    event: &Happening,
    effect: Effect,
) -> Result<Option<String>, Stop> {
    let ticket = acted_on(world, event);
    let about = event.activity.ticket_id;
    match effect {
        Effect::Set(fields) => {
            let edit = update::edit_of(fields)?;
            update::known_team(world, edit.team_id.as_deref().unwrap_or_default())?;
            update::update(world, scope, ticket?, &edit)?;
        }
        Effect::Tag(wanted) => {
            let TagEdit { add, remove } = tag::tags_of(wanted)?;
            tag::tag(world, scope, ticket?, &add, &remove)?;
        }
        Effect::Assign(wanted) => return assign(world, scope, ticket?, wanted),
        Effect::Transition(Move { verb, reason }) => {
            let ticket = ticket?;
            let to = verb.target().unwrap_or(ticket.status);
            moves::go(world, scope, ticket, &Step { reason, ..Step::of(verb, to) })?;
        }
        Effect::Message(wanted) => say(world, scope, ticket?, wanted, event.closed())?,
        Effect::CreateIssue(wanted) => new_issue(world, scope, ticket?, wanted)?,
        Effect::CreateTask(task) => {
            let task =
                Task { subject: limits::line("subject", &task.subject, limits::limits().subject_chars)?, ..task };
            beside(world, scope, &ticket?, Note { task: Some(task), ..Note::of(ActivityType::TaskCreated) });
        }
        Effect::Link(to) => link::carry_out(world, scope, event, to)?,
        Effect::Sla(PolicyChoice::Policy(policy)) => {
            let edit = TicketEdit { sla_policy_id: Some(policy), ..TicketEdit::default() };
            update::update(world, scope, ticket?, &edit)?;
        }
        Effect::Emit(event) => record::about(world, scope, about, outbound::emitted(event)?),
        Effect::Webhook(delivery) => record::about(world, scope, about, outbound::delivered(delivery)?),
        Effect::DispatchAgent(briefing) => record::about(world, scope, about, outbound::briefed(briefing)?),
        Effect::Metric(Measurement { name, value, labels }) => {
            let (workflow, position) = (scope.workflow().to_owned(), event.activity.position);
            world.measures.push(Measure { workflow, position, name, value, labels });
        }
        // One that is there was looked up before the rule acts.
        Effect::Sla(PolicyChoice::Named(id)) => return Err(Refusal::NotFound { kind: Kind::SlaPolicy, id }.into()),
    }
    Ok(None)
}

/// The event's ticket, for what is done to one.
fn acted_on(world: &World, event: &Happening) -> Result<Arc<Ticket>, Stop> {
    match event.activity.ticket_id {
        Some(id) => ticket_by_id(world, id),
        None => {
            let what = format!("{} has no ticket to act on", event.activity.kind);
            Err(Refusal::Forbidden { what }.into())
        }
    }
}

/// `goodbye`: the event closed the ticket, so that its requester may be told.
fn say(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>, wanted: Post, goodbye: bool) -> Result<(), Stop> {
    let Wording { text, own } = match wanted.text {
        MessageText::Body(wording) => wording,
        // One that is there was written out before the rule acts.
        MessageText::Canned(id) => return Err(Refusal::NotFound { kind: Kind::CannedResponse, id }.into()),
    };
    limits::required("body", &text, limits::limits().text_bytes)?;
    let new = NewMessage {
        body: text,
        visibility: wanted.visibility,
        author_id: String::new(),
        author_email: String::new(),
        source: SOURCE.to_owned(),
        source_type: SourceType::System,
        own: Some(own),
        goodbye: goodbye && wanted.visibility == Visibility::Public && ticket.status == Status::Closed,
    };
    post(world, scope, ticket, &new)?;
    Ok(())
}

/// The ticket moves into the team, and to whoever is named or chosen. Answers why nobody was.
fn assign(
    world: &mut World,
    scope: &mut Scope<'_>,
    ticket: Arc<Ticket>,
    wanted: Assignment,
) -> Result<Option<String>, Stop> {
    let Assignment { team, to, when_none } = wanted;
    update::known_team(world, &team)?;
    let team = Some(team).filter(|team| !team.is_empty());
    let mut queue = None;
    let (assignee, explanation, nobody) = match to {
        None => (None, None, None),
        Some(AssignTo::Agent(id)) => (Some(in_directory(world, id)?), None, None),
        Some(AssignTo::Strategy { strategy, only_online, max_open, skills }) => {
            let of = team.as_deref().unwrap_or(&ticket.team_id);
            let wanted = Wanted { only_online, max_open, skills: &skills };
            let Choice { chosen, explanation, nobody } = strategy::choose(world, strategy, of, &wanted)?;
            match (chosen, when_none) {
                (Some(id), _) => (Some(id), Some(explanation), None),
                (None, WhenNone::To(id)) => (Some(in_directory(world, id)?), Some(explanation), None),
                (None, WhenNone::Leave) => (None, Some(explanation), Some(nobody)),
                (None, WhenNone::Queue) => {
                    let (workflow, strategy) = (scope.workflow().to_owned(), strategy.word().to_owned());
                    queue = Some((Wait { workflow, strategy, only_online, max_open, skills }, explanation.clone()));
                    (None, Some(explanation), Some(nobody))
                }
            }
        }
    };
    let after = assigned(&ticket, assignee.as_deref(), team.as_deref());
    let ticket = Proposal::new(ticket, after).explained(explanation).carry_out(world, scope)?;
    match (queue, nobody) {
        (Some((wait, explanation)), Some(nobody)) => {
            queue::join(world, scope, &ticket, wait, explanation, nobody).map(Some)
        }
        (_, nobody) => Ok(nobody),
    }
}

/// Rules are written beforehand: an id that nobody has is a mistake in them.
fn in_directory(world: &World, id: String) -> Result<String, Stop> {
    let known = id.is_empty() || world.agent(&id)?.is_some_and(|agent| agent.known);
    if known { Ok(id) } else { Err(Refusal::NotFound { kind: Kind::Agent, id }.into()) }
}

fn new_issue(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>, wanted: IssueDraft) -> Result<(), Stop> {
    let IssueDraft { title, description, kind, priority, reporter_id, project, once } = wanted;
    let is_once = once.is_some();
    let key = match once {
        None => String::new(),
        Some(key) if key.is_empty() => key,
        Some(key) => limits::line("once.key", &key, ONCE_KEY_CHARS)?,
    };
    if is_once && issue::made_by_rules(world, ticket.id, &key)? {
        return Ok(());
    }
    let new = NewIssue {
        title: limits::line("title", &title, limits::limits().subject_chars)?,
        description,
        kind,
        priority,
        reporter_id: if reporter_id.is_empty() { ticket.requester_id.clone() } else { reporter_id },
        project,
        metadata: Value::Object(Map::new()),
        source: SOURCE.to_owned(),
        source_type: SourceType::System,
        ..NewIssue::default()
    };
    issue::create(world, scope, Issue { once_key: key, ..new.into_row() }, &[ticket])?;
    Ok(())
}
