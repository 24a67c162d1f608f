//! ExplainWorkflow about rules that time sets off, or somebody: what each trigger waits for on a ticket, and what the rule was
//! asked last because of one.

use std::sync::Arc;

use diesel::result::QueryResult;
use tonic::Status;
use uuid::Uuid;

use super::explain::{Asking, METHOD, failed};
use super::recalled::{ask, recall, set_of};
use crate::command::recall::{Came, Question};
use crate::command::waits::{self, About, Firing, Wait};
use crate::grpc::convert::explain::Told;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::Run;
use crate::model::ticket::Ticket;
use crate::model::words::RunVerdict;
use crate::store;
use crate::workflow::cel::Unknowns;
use crate::workflow::event::Timed;
use crate::workflow::schema::Root;
use crate::workflow::{Explained, Rule, RuleSet, Schedule};

/// Runs of the rule on the ticket that are looked at.
const RUNS: usize = 100;

const NO_TICKET: &str = "what the ticket was when the rule was asked is not recorded";
const NO_RULES: &str = "which rules were active when it fired is not recorded";

impl Asking<'_> {
    /// What a rule of the active set waits for on the ticket beside events.
    pub(super) async fn waits(&mut self, ticket: &Arc<Ticket>, rows: &[ActivityRow]) -> Result<Vec<Wait>, Status> {
        let Some(head) = self.head.clone() else { return Ok(Vec::new()) };
        let about = self.what_there_is(ticket, rows).await.map_err(failed)?;
        let (active, name) = (self.active.clone(), self.name.clone());
        ask(self.conn, METHOD, head, move |world| match active.rule(&name) {
            Some(rule) => waits::on(world, &active, rule, &about),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn what_there_is(&mut self, ticket: &Arc<Ticket>, rows: &[ActivityRow]) -> QueryResult<About> {
        let scope = self.call.scope();
        let (active, name) = (self.active.clone(), self.name.clone());
        let rule = active.rule(&name);
        let read = (true, rule.is_some_and(Rule::needs_descriptions));
        let log = recall(self.conn, scope.tenant_id, rows.to_vec(), read).await?;
        let schedules: Vec<&Schedule> = rule.iter().flat_map(|rule| &rule.schedules).collect();
        let of_tenant = schedules.iter().any(|schedule| schedule.tickets.is_none());
        let schedules: Vec<&str> = schedules.iter().map(|schedule| schedule.id.as_str()).collect();
        Ok(About {
            ticket: ticket.clone(),
            log: Arc::new(log),
            runs: store::read::run::unasked(self.conn, scope, &self.name, Some(ticket.id), RUNS).await?,
            runs_of_tenant: match of_tenant {
                true => store::read::run::unasked(self.conn, scope, &self.name, None, RUNS).await?,
                false => Vec::new(),
            },
            carried_out: match schedules.is_empty() {
                true => Default::default(),
                false => store::schedule::carried_out(self.conn, scope.tenant_id, &schedules).await?,
            },
            now: store::head::clock(self.conn).await?,
        })
    }

    /// What the rule said when it was asked because of a trigger.
    /// `what` it was, where no run tells.
    pub(super) async fn of_firing(&mut self, what: &str, firing: &Firing, ticket: Uuid) -> Result<Told, Status> {
        let (set, hash) = self.set_for(firing).await?;
        let rule = set.as_ref().and_then(|set| set.rule(&self.name)).cloned();
        let whole = firing.ticket.is_some() || firing.kind == Timed::Schedule { tickets: false };
        let explained = match rule.filter(|_| whole) {
            Some(rule) => {
                let at = firing.between.0;
                let tenant = self.call.caller.tenant();
                let seen = store::read::activity::first_at(self.conn, tenant, at).await.map_err(failed)? - 1;
                Some(self.asked_again(rule, firing, seen).await?)
            }
            None => None,
        };
        let told = match (&firing.run, &explained) {
            (Some(run), _) => Told::of_run(Run::clone(run)),
            (None, Some(explained)) => {
                let nothing = if explained.verdict == Some(RunVerdict::Matched) {
                    ", and its actions changed nothing"
                } else {
                    ""
                };
                Told {
                    verdict: explained.verdict,
                    reason: format!("{what} fired: {}{nothing}", explained.reason),
                    ..Told::default()
                }
            }
            (None, None) => {
                let why = if set.is_none() { NO_RULES } else { NO_TICKET };
                Told { reason: format!("{what} fired: {why}"), ..Told::default() }
            }
        };
        let note = match (&explained, &set) {
            (Some(_), _) => None,
            (None, None) => Some(NO_RULES.to_owned()),
            (None, Some(_)) => Some(NO_TICKET.to_owned()),
        };
        let (tree, effects) = explained.map(|it| (it.tree, it.effects)).unwrap_or_default();
        let ticket_id = told.ticket_id.or(Some(ticket));
        let note = note.filter(|_| firing.run.is_some());
        Ok(Told { tree, effects, event: firing.kind.word().to_owned(), ticket_id, hash, note, ..told })
    }

    /// What a run that no activity asked for made: the rule as it was asked.
    pub(super) async fn of_run(&mut self, run: Run, row: ActivityRow) -> Result<Told, Status> {
        let position = row.position;
        let Some(ticket) = row.ticket_id else { return Ok(Told { position, ..Told::of_run(run) }) };
        let scope = self.call.scope();
        let rows = store::read::activity::beside(self.conn, scope, &row).await.map_err(failed)?;
        let log = recall(self.conn, scope.tenant_id, rows, (true, true)).await.map_err(failed)?;
        let made = |it: &Activity| it.cause.as_ref().is_some_and(|cause| cause.run_id == run.id);
        let before = log.activities().iter().position(made).and_then(|at| log.ticket_before(at));
        let set = self.set_named(&run.hash).await?;
        let (kind, data) = waits::that_ran(set.as_ref().and_then(|set| set.rule(&self.name)), &run);
        let between = (run.created_at, run.created_at);
        let firing = Firing { kind, run: Some(run), between, ticket: before, data };
        let told = self.of_firing("", &firing, ticket).await?;
        Ok(Told { position, ..told })
    }

    /// What the conditions of a rule that no trigger has set off are on the ticket as it is.
    pub(super) async fn so_far(&mut self, waits: &[Wait], ticket: Arc<Ticket>) -> Result<Told, Status> {
        let now = store::head::clock(self.conn).await.map_err(failed)?;
        let reasons: Vec<String> = waits.iter().map(|wait| format!("{}: {}", wait.trigger, wait.reason)).collect();
        let told = Told {
            reason: format!("it has not run: {}", reasons.join("; ")),
            hash: self.active.hash().to_owned(),
            ticket_id: Some(ticket.id),
            ..Told::of(RunVerdict::NotMatched)
        };
        let (Some(rule), Some(wait)) = (self.active.rule(&self.name).cloned(), waits.first()) else { return Ok(told) };
        let firing = Firing {
            kind: wait.kind,
            run: None,
            between: (now, now),
            ticket: Some(ticket.clone()).filter(|_| wait.kind != Timed::Schedule { tickets: false }),
            data: wait.data(),
        };
        let explained = self.asked_again(rule, &firing, i64::MAX).await?;
        let now = "the conditions below are on the ticket as it is now";
        let note = Some(now.to_owned()).filter(|_| !explained.tree.is_empty());
        Ok(Told { tree: explained.tree, note, ..told })
    }

    /// The set that was asked, and its hash.
    async fn set_for(&mut self, firing: &Firing) -> Result<(Option<Arc<RuleSet>>, String), Status> {
        let (from, to) = firing.between;
        let hash = match &firing.run {
            Some(run) => Some(run.hash.clone()),
            None => {
                let next = store::rules::activated_after(self.conn, from).await.map_err(failed)?;
                let then = store::rules::active_at(self.conn, from).await.map_err(failed)?;
                then.filter(|_| next.is_none_or(|next| next.at > to)).map(|it| it.hash)
            }
        };
        let Some(hash) = hash else { return Ok((None, String::new())) };
        Ok((self.set_named(&hash).await?, hash))
    }

    async fn set_named(&mut self, hash: &str) -> Result<Option<Arc<RuleSet>>, Status> {
        match hash == self.active.hash() {
            true => Ok(Some(self.active.clone())),
            false => set_of(self.conn, METHOD, hash).await,
        }
    }

    /// `seen`: up to which position of the log things are as they were then.
    async fn asked_again(&mut self, rule: Rule, firing: &Firing, seen: i64) -> Result<Explained, Status> {
        let Some(head) = self.head.clone() else { return Err(super::no_workflow(&self.name)) };
        let doubts = doubts(firing);
        let came = Came {
            tenant: self.call.caller.tenant().to_owned(),
            kind: firing.kind,
            at: firing.between.0,
            ticket: firing.ticket.clone(),
            data: firing.data.clone(),
            seen,
        };
        let audience = self.call.audience.clone();
        ask(self.conn, METHOD, head, move |world| {
            let question = Question::came(came.clone());
            let with = (&audience, doubts.clone());
            question
                .with_facts(world, &rule, came.ticket.as_deref(), with, |facts, unknowns| rule.explain(facts, unknowns))
        })
        .await
    }
}

/// What is not recorded of the moment in which a rule was asked.
fn doubts(firing: &Firing) -> Unknowns {
    let mut doubts = Unknowns::default();
    if firing.between.0 != firing.between.1 {
        let why = || format!("when it fired is not recorded: between {} and {}", firing.between.0, firing.between.1);
        doubts.add(Root::Now, why());
    }
    if firing.kind == Timed::Manual {
        let why = "who ran it stands in the run alone".to_owned();
        doubts.add(Root::Actor, why.clone());
        doubts.add_field(Root::Event, &["actor"], why);
        return doubts;
    }
    for key in ["due_at", "late_by"] {
        if firing.data.get(key).is_none_or(serde_json::Value::is_null) {
            doubts.add_field(Root::Event, &["data", key], format!("{key} is not recorded"));
        }
    }
    doubts
}

/// The newest thing that a trigger asked the rule, and what it was.
pub(super) fn newest(waits: &[Wait]) -> Option<(String, &Firing)> {
    let all = waits.iter().filter_map(|wait| Some((wait, wait.asked.as_ref()?)));
    let (wait, firing) = all.max_by_key(|(_, firing)| firing.between)?;
    let due = wait.due.map(|due| format!(" of {due}")).unwrap_or_default();
    Some((format!("{}{due}", wait.trigger), firing))
}
