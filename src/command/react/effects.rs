//! Execution of a rule's effects: each becomes one verb, with the rule as actor, on the ticket's current state.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::strategy::{self, Choice};
use super::{edit_of, shown, tags_of};
use crate::command::access::ticket_by_id;
use crate::command::action::{NewIssue, NewMessage, Step, TicketEdit};
use crate::command::record::{Note, SOURCE, beside};
use crate::command::refusal::Kind;
use crate::command::scope::Scope;
use crate::command::verbs::before;
use crate::command::verbs::issue::create as issue;
use crate::command::verbs::message::post::post;
use crate::command::verbs::ticket::{assign, moves, tag, update};
use crate::command::{Refusal, Stop, World, limits};
use crate::model::activity::{Activity, Task};
use crate::model::activity_type::ActivityType;
use crate::model::ticket::Ticket;
use crate::model::words::SourceType;
use crate::workflow::{
    AssignTo, Assignment, BeforeEvent, Effect, IssueDraft, MessageText, Move, PolicyChoice, Post, Rule, TagEdit,
    WhenNone,
};

pub fn apply(
    world: &mut World,
    scope: &mut Scope<'_>,
    rule: &Rule,
    activity: &Activity,
    effect: Effect,
) -> Result<(), Stop> {
    let Some(id) = activity.ticket_id else {
        let what = format!("{} has no ticket to act on", shown(activity));
        return Err(Refusal::Forbidden { what }.into());
    };
    let ticket = ticket_by_id(world, id)?;
    match effect {
        Effect::Set(fields) => {
            update::update(world, scope, ticket, &edit_of(fields)?)?;
        }
        Effect::Tag(wanted) => {
            let TagEdit { add, remove } = tags_of(wanted)?;
            tag::tag(world, scope, ticket, &add, &remove)?;
        }
        Effect::Assign(wanted) => to_somebody(world, scope, ticket, wanted)?,
        Effect::Transition(Move { verb, reason }) => {
            let to = verb.target().unwrap_or(ticket.status);
            moves::go(world, scope, ticket, &Step { reason, ..Step::of(verb, to) })?;
        }
        Effect::Message(Post { text, visibility }) => {
            let body = match text {
                MessageText::Body(body) => body,
                // One that is there was written out before the rule acts.
                MessageText::Canned(id) => return Err(Refusal::NotFound { kind: Kind::CannedResponse, id }.into()),
            };
            limits::required("body", &body, limits::limits().text_bytes)?;
            let new = NewMessage {
                body,
                visibility,
                author_id: String::new(),
                author_email: String::new(),
                source: SOURCE.to_owned(),
                source_type: SourceType::System,
            };
            post(world, scope, ticket, &new)?;
        }
        Effect::CreateIssue(wanted) => new_issue(world, scope, rule, ticket, wanted)?,
        Effect::CreateTask(task) => {
            let task =
                Task { subject: limits::line("subject", &task.subject, limits::limits().subject_chars)?, ..task };
            beside(world, scope, &ticket, Note { task: Some(task), ..Note::of(ActivityType::TaskCreated) });
        }
        Effect::Sla(PolicyChoice::Policy(policy)) => {
            let edit = TicketEdit { sla_policy_id: Some(policy), ..TicketEdit::default() };
            update::update(world, scope, ticket, &edit)?;
        }
        // One that is there was looked up before the rule acts.
        Effect::Sla(PolicyChoice::Named(id)) => return Err(Refusal::NotFound { kind: Kind::SlaPolicy, id }.into()),
    }
    Ok(())
}

fn to_somebody(world: &mut World, scope: &mut Scope<'_>, ticket: Arc<Ticket>, wanted: Assignment) -> Result<(), Stop> {
    let Assignment { to, when_none } = wanted;
    let (assignee, explanation) = match to {
        AssignTo::Agent(id) => (in_directory(world, id)?, None),
        AssignTo::Strategy { strategy, team, only_online, max_open } => {
            let team = if team.is_empty() { ticket.team_id.clone() } else { team };
            let choice = strategy::choose(world, strategy, &team, only_online, max_open)?;
            let Choice { chosen, explanation } = choice;
            match (chosen, when_none) {
                (Some(id), _) => (id, Some(explanation)),
                (None, WhenNone::Leave) => return Ok(()),
                (None, WhenNone::To(id)) => (in_directory(world, id)?, Some(explanation)),
            }
        }
    };
    if assignee == ticket.assignee_id {
        return Ok(());
    }
    let ticket = before::verb(world, scope, ticket, &[BeforeEvent::Assigning])?;
    assign::apply(world, scope, ticket, Some(&assignee), None, explanation)?;
    Ok(())
}

/// Rules are written beforehand: an id that nobody has is a mistake in them.
fn in_directory(world: &World, id: String) -> Result<String, Stop> {
    let known = id.is_empty() || world.agent(&id)?.is_some_and(|agent| agent.known);
    if known { Ok(id) } else { Err(Refusal::NotFound { kind: Kind::Agent, id }.into()) }
}

fn new_issue(
    world: &mut World,
    scope: &mut Scope<'_>,
    rule: &Rule,
    ticket: Arc<Ticket>,
    wanted: IssueDraft,
) -> Result<(), Stop> {
    let IssueDraft { title, description, kind, priority, reporter_id, project, once_per_ticket } = wanted;
    if once_per_ticket && issue::made_by(world, ticket.id, &rule.name)? {
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
    issue::create(world, scope, &new, &[ticket])?;
    Ok(())
}
