//! ExplainWorkflow: why a rule ran for an event of the log, or did not.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tonic::Status;

use super::recalled::{ask, recall, set_of};
use super::{active, explain_wait, no_workflow};
use crate::command::recall::{Question, Recall};
use crate::command::{Stop, World};
use crate::grpc::call::read::connection;
use crate::grpc::call::{Call, State, ticket};
use crate::grpc::convert::explain::{self, About, Told};
use crate::grpc::convert::read::checked;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::{Head, Run};
use crate::model::ticket::Ticket;
use crate::model::words::RunVerdict;
use crate::store;
use crate::store::audience::Audience;
use crate::store::pool::Reading;
use crate::store::read::activity::{Chosen, View};
use crate::workflow::{Explained, Rule, RuleSet};

pub(super) const METHOD: &str = "ExplainWorkflow";
/// Activities of a ticket among which one is looked for.
const LOOKED_AT: usize = 500;
/// Earlier ones that are named, and events of a ticket.
const NAMED: usize = 20;

pub async fn explain(
    state: &State,
    call: Call,
    request: pb::ExplainWorkflowRequest,
) -> Result<pb::ExplainWorkflowResponse, Status> {
    let (name, about, fresh) = checked(|found| explain::request(found, request)).map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let active = active(state, &conn, METHOD).await?;
    let head = store::read::head::get(&mut conn, call.caller.tenant()).await.map_err(failed)?;
    let mut asking = Asking { call: &call, conn: &mut conn, active, head, name };
    match about {
        About::Position(position) => asking.at(position).await,
        About::Ticket(which, text) => {
            let ticket = ticket::find(asking.conn, METHOD, &call, &which, &text).await?;
            asking.of_ticket(ticket).await
        }
    }
    .map(explain::answer)
}

pub(super) fn failed(error: diesel::result::Error) -> Status {
    fault::of_read(METHOD, "", error)
}

pub(super) struct Asking<'a> {
    pub call: &'a Call,
    pub conn: &'a mut Reading,
    pub active: Arc<RuleSet>,
    pub head: Option<Head>,
    pub name: String,
}

/// The set that was active then, and what there is to be said of it.
struct Then {
    set: Arc<RuleSet>,
    hash: String,
    note: Option<String>,
}

impl Asking<'_> {
    async fn at(&mut self, position: i64) -> Result<Told, Status> {
        let (end, floor) = self.head.as_ref().map_or((0, 0), |head| (head.position, head.floor));
        if position <= floor {
            return Err(status::position_expired(position, floor + 1));
        }
        let seen = Chosen { condition: None, audience: self.call.audience.clone() };
        let tenant = self.call.caller.tenant();
        let rows = store::read::activity::chosen(self.conn, tenant, position - 1, position, View::Full, &seen, 1).await;
        match rows.map_err(failed)?.pop() {
            Some(row) => self.about(row).await,
            None => {
                let epoch = store::head::installation(self.conn).await.map_err(failed)?.epoch;
                // Whether it is another application's is not told.
                Err(status::position_unknown(position, self.call.disclosure().of_tenant(end), epoch))
            }
        }
    }

    async fn of_ticket(&mut self, ticket: Ticket) -> Result<Told, Status> {
        let alone = self.active.alone(&self.name).ok_or_else(|| no_workflow(&self.name))?;
        let scope = self.call.scope();
        let rows = store::read::activity::newest_of(self.conn, scope, ticket.id, LOOKED_AT).await.map_err(failed)?;
        let recall = recall(self.conn, scope.tenant_id, rows.clone(), (true, false)).await.map_err(failed)?;
        let mut answered: BTreeSet<usize> = BTreeSet::new();
        for at in (0..rows.len()).rev() {
            answered.extend(question(&recall, &alone, at).map(|question| question.at));
            if answered.len() > NAMED {
                break;
            }
        }
        let mut newest = answered.into_iter().rev();
        let found = newest.next().and_then(|at| rows.get(at)).cloned();
        let earlier = newest.filter_map(|at| rows.get(at)).map(|row| row.position).collect();
        if let Some(run) = self.unasked(&alone, &ticket, found.as_ref()).await? {
            return Ok(run);
        }
        if !alone.rules().iter().any(Rule::is_timed) {
            return match found {
                Some(row) => Ok(Told { earlier, ..self.about(row).await? }),
                None => Ok(Told { ticket_id: Some(ticket.id), ..self.no_event(&alone, recall.activities()) }),
            };
        }
        let ticket = Arc::new(ticket);
        let waits = self.waits(&ticket, &rows).await?;
        let told = match (explain_wait::newest(&waits), found) {
            (Some((what, firing)), found) if found.as_ref().is_none_or(|row| row.occurred_at < firing.between.0) => {
                self.of_firing(&what, firing, ticket.id).await?
            }
            (_, Some(row)) => Told { earlier, ..self.about(row).await? },
            (_, None) => self.so_far(&waits, ticket).await?,
        };
        Ok(Told { waits, ..told })
    }

    /// The last run of a before-rule that no activity tells of: the change was denied.
    async fn unasked(
        &mut self,
        alone: &RuleSet,
        ticket: &Ticket,
        newest: Option<&ActivityRow>,
    ) -> Result<Option<Told>, Status> {
        if !alone.rules().iter().any(|rule| rule.before) {
            return Ok(None);
        }
        let scope = self.call.scope();
        let run = store::read::run::last_of(self.conn, scope, &self.name, ticket.id).await.map_err(failed)?;
        let is_newest = |run: &Run| newest.is_none_or(|row| row.occurred_at < run.created_at);
        let run = run.filter(|run| run.position == 0 && is_newest(run));
        let note = Some("as recorded: there was no change that the rule could be asked about again".to_owned());
        Ok(run.map(|run| Told { note, ..Told::of_run(run) }))
    }

    /// What to say where none of these activities is an event of the rule.
    fn no_event(&self, alone: &RuleSet, had: &[Activity]) -> Told {
        let waits: Vec<String> = alone.rules().iter().flat_map(|rule| rule.waits()).collect();
        let mut newest: Vec<String> =
            had.iter().rev().take(NAMED).map(|it| format!("{} ({})", it.kind.as_str(), it.position)).collect();
        if had.len() > NAMED {
            newest.push(format!("and {} more", had.len() - NAMED));
        }
        let reason = format!(
            "no event for the rule: it waits for {}; what happened, the newest first, is {}",
            waits.join(", "),
            newest.join(", ")
        );
        Told { reason, hash: self.active.hash().to_owned(), ..Told::of(RunVerdict::NotMatched) }
    }

    async fn then(&mut self, activity: &ActivityRow) -> Result<Then, Status> {
        let hash = store::rules::active_at(self.conn, activity.occurred_at).await.map_err(failed)?.map(|it| it.hash);
        let now = || (self.active.clone(), self.active.hash().to_owned());
        let (set, hash, note) = match hash {
            None => {
                let (set, hash) = now();
                let note = "which rules were active then is not recorded: these are the ones of now";
                (set, hash, Some(note.to_owned()))
            }
            Some(hash) if hash == self.active.hash() => {
                let (set, hash) = now();
                (set, hash, None)
            }
            Some(hash) => match set_of(self.conn, METHOD, &hash).await? {
                Some(set) => (set, hash, Some("the set of rules was another then than now".to_owned())),
                None => {
                    let (set, now) = now();
                    (
                        set,
                        now,
                        Some(format!("the set that was active then, {hash}, cannot be read: this is the one of now")),
                    )
                }
            },
        };
        Ok(Then { set, hash, note })
    }

    /// About an activity, or the family that it belongs to.
    async fn about(&mut self, row: ActivityRow) -> Result<Told, Status> {
        let made = row.clone().into_activity().map_err(|problem| fault::incident(METHOD, &problem))?;
        if let Some(cause) = made.cause.filter(|cause| cause.workflow == self.name && cause.parent_position == 0) {
            let run = store::read::run::get(self.conn, self.call.scope(), cause.run_id).await.map_err(failed)?;
            if let Some(run) = run {
                return self.of_run(run, row).await;
            }
        }
        let Then { set, hash, note } = self.then(&row).await?;
        let Some(alone) = set.alone(&self.name) else {
            return self.not_then(row, hash).await;
        };
        let scope = self.call.scope();
        let rows = store::read::activity::beside(self.conn, scope, &row).await.map_err(failed)?;
        let recall = recall(self.conn, scope.tenant_id, rows, (true, true)).await.map_err(failed)?;
        let asked = recall.place_of(row.position).and_then(|at| question(&recall, &alone, at));
        let (Some(question), Some(head)) = (asked, self.head.clone()) else {
            let told = self.no_event(&alone, recall.activities());
            return Ok(Told { hash, position: row.position, ticket_id: row.ticket_id, note, ..told });
        };
        let record = self.record(&question).await?;
        let (event, about) = (question.name().to_owned(), question.activity().clone());
        let case =
            Case { recall, question, set, name: self.name.clone(), audience: self.call.audience.clone(), record };
        let told = ask(self.conn, METHOD, head, move |world| case.decide(world)).await?;
        Ok(Told { hash, event, position: about.position, ticket_id: about.ticket_id, note, ..told })
    }

    /// The rule came later, or there is none.
    async fn not_then(&mut self, row: ActivityRow, hash: String) -> Result<Told, Status> {
        if self.active.rule(&self.name).is_none() {
            return Err(no_workflow(&self.name));
        }
        let now = store::head::clock(self.conn).await.map_err(failed)?;
        let since = store::rules::active_at(self.conn, now).await.map_err(failed)?.map(|it| it.at.to_string());
        let which = if hash.is_empty() {
            "no rules were active then".to_owned()
        } else {
            format!("the set that was active then, {hash}, has no such rule")
        };
        let reason = format!("{which}; the active one has it, since {} or before", since.unwrap_or_default());
        Ok(Told { reason, hash, position: row.position, ticket_id: row.ticket_id, ..Told::of(RunVerdict::NotMatched) })
    }

    /// What stands in the log of rules that were asked this.
    async fn record(&mut self, question: &Question) -> Result<Record, Status> {
        let (scope, activity) = (self.call.scope(), question.activity());
        let millis = u64::try_from(activity.occurred_at.0 / 1_000).unwrap_or_default();
        let runs = store::read::run::made_in(self.conn, scope, millis).await.map_err(failed)?;
        let answers = |it: &Activity| it.cause.as_ref().is_some_and(|cause| cause.parent_position == activity.position);
        let effects = store::read::activity::made_in(self.conn, scope, millis, 1_000, answers).await.map_err(failed)?;
        let about = |run: &Run| match run.position {
            0 => question.is_before() && run.ticket_id == activity.ticket_id,
            position => position == activity.position,
        };
        let held_back = |run: &Run| run.verdict == RunVerdict::Suppressed && run.ticket_id == activity.ticket_id;
        let (runs, others): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(about);
        Ok(Record { runs, held_back: others.into_iter().filter(held_back).collect(), effects })
    }
}

/// What a rule is asked about an activity, or about the family that ends with a later one of its step.
fn question(recall: &Recall, alone: &RuleSet, at: usize) -> Option<Question> {
    let asked = recall.activities().get(at)?;
    if let Some(waiting) = recall.answering(alone, at).first() {
        return recall.question(at, waiting.family);
    }
    let same: Vec<usize> = recall
        .of_step(at)
        .filter(|(other, it)| *other > at && it.ticket_id == asked.ticket_id)
        .map(|(other, _)| other)
        .collect();
    let ends = |other: &usize| {
        let family = recall.answering(alone, *other).first()?.family?;
        asked.all_families().any(|own| own == family).then(|| recall.question(*other, Some(family)))?
    };
    if let Some(question) = same.iter().find_map(ends) {
        return Some(question);
    }
    let last = same.last().copied().unwrap_or(at);
    let waits = |event| alone.before(event).next().is_some();
    recall.before(last).into_iter().find(|(event, _)| waits(*event)).map(|(_, question)| question)
}

struct Record {
    runs: Vec<Run>,
    /// Runs on other activities of the ticket in the same command: a bound is told once.
    held_back: Vec<Run>,
    effects: Vec<Activity>,
}

/// A rule and what it is asked.
struct Case {
    recall: Recall,
    question: Question,
    set: Arc<RuleSet>,
    name: String,
    audience: Audience,
    record: Record,
}

impl Case {
    fn decide(&self, world: &World) -> Result<Told, Stop> {
        let places: HashMap<&str, usize> =
            self.set.rules().iter().enumerate().map(|(place, rule)| (rule.name.as_str(), place)).collect();
        let place = places.get(self.name.as_str()).copied().unwrap_or_default();
        let asked = self.asked(place);
        let rules: Vec<&Rule> = asked.iter().filter_map(|place| self.set.rules().get(*place)).collect();
        let ticket = self.recall.ticket_for(self.question.at, place, |name| places.get(name).copied());
        // What they read is asked for at once.
        self.question.look_up(world, &rules, ticket.as_deref(), &self.audience)?;
        let ended = self.ended_by(world, place, &places)?;
        let explained = self.explain(world, place, &places)?;
        let enabled = self.set.rules().get(place).is_some_and(|rule| rule.enabled);
        let (verdict, reason, recorded) = match (self.recorded(&self.name), ended) {
            (Some((verdict, reason)), _) => (Some(verdict), reason, true),
            (None, _) if !enabled => {
                (Some(RunVerdict::NotMatched), "the rule is disabled: `enabled: false`".to_owned(), false)
            }
            (None, Some(other)) => {
                let reason =
                    format!("rule {other} matched before it and has `stop: true`, so no later rule ran for this event");
                (Some(RunVerdict::NotMatched), reason, false)
            }
            (None, None) => match self.held_back(&explained) {
                Some(reason) => (Some(RunVerdict::Suppressed), reason, true),
                None => (explained.verdict, self.unrecorded(&explained), false),
            },
        };
        Ok(Told { verdict, reason, recorded, tree: explained.tree, effects: explained.effects, ..Told::default() })
    }

    fn explain(&self, world: &World, place: usize, places: &HashMap<&str, usize>) -> Result<Explained, Stop> {
        let rule = self.set.rules().get(place).ok_or_else(|| Stop::Missing(Vec::new()))?;
        let ticket = self.recall.ticket_for(self.question.at, place, |name| places.get(name).copied());
        let doubts = self.question.doubts(&self.set, place);
        self.question.with_facts(world, rule, ticket.as_deref(), (&self.audience, doubts), |facts, unknowns| {
            rule.explain(facts, unknowns)
        })
    }

    /// The places of the rule and of those that can end the event before it.
    fn asked(&self, place: usize) -> BTreeSet<usize> {
        let all: Vec<usize> = match self.question.is_before() {
            true => {
                self.question.events().iter().flat_map(|event| self.set.before(*event)).map(|it| it.place).collect()
            }
            false => self.recall.answering(&self.set, self.question.at).iter().map(|it| it.place).collect(),
        };
        let ends = |other: &usize| self.set.rules().get(*other).is_some_and(|rule| rule.stop && rule.acts());
        all.into_iter().filter(|other| *other < place).filter(ends).chain([place]).collect()
    }

    /// The rule that ended the event before this one was asked.
    fn ended_by(&self, world: &World, place: usize, places: &HashMap<&str, usize>) -> Result<Option<String>, Stop> {
        for other in self.asked(place).into_iter().filter(|other| *other < place) {
            let Some(rule) = self.set.rules().get(other) else { continue };
            let matched = match self.recorded(&rule.name) {
                Some((verdict, _)) => verdict == RunVerdict::Matched,
                None => self.explain(world, other, places)?.verdict == Some(RunVerdict::Matched),
            };
            if matched {
                return Ok(Some(rule.name.clone()));
            }
        }
        Ok(None)
    }

    /// What the log says became of a rule here.
    fn recorded(&self, name: &str) -> Option<(RunVerdict, String)> {
        if let Some(run) = self.record.runs.iter().find(|run| run.workflow == name) {
            return Some((run.verdict, run.reason.clone()));
        }
        let by = |it: &&Activity| it.cause.as_ref().is_some_and(|cause| cause.workflow == name);
        let made: Vec<String> = self
            .record
            .effects
            .iter()
            .filter(by)
            .take(NAMED)
            .map(|it| format!("{} ({})", it.kind.as_str(), it.position))
            .collect();
        (!made.is_empty()).then(|| (RunVerdict::Matched, format!("it ran and made {}", made.join(", "))))
    }

    /// Why it did not run although its conditions hold, if that was told for another activity.
    fn held_back(&self, explained: &Explained) -> Option<String> {
        let run = self.record.held_back.iter().find(|run| run.workflow == self.name)?;
        let holds = explained.verdict == Some(RunVerdict::Matched);
        holds.then(|| format!("{}: told once for the ticket, at position {}", run.reason, run.position))
    }

    /// What to say of a verdict that nothing in the log bears out.
    fn unrecorded(&self, explained: &Explained) -> String {
        let reason = &explained.reason;
        match explained.verdict {
            Some(RunVerdict::Matched) if self.question.is_before() => {
                format!("{reason}; what before-rules amend is not recorded as theirs")
            }
            Some(RunVerdict::Matched) => format!("{reason}, and its actions made no activity"),
            _ => reason.clone(),
        }
    }
}
