//! `docket workflow trace`: what rules do, a line for each run, as they do it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::numbers::Numbers;
use crate::cli::client::ClientError;
use crate::cli::error::CliError;
use crate::cli::session::{self, ClientArgs, Limit, Session};
use crate::cli::show::plain;
use crate::grpc::rest;
use crate::workflow::suggest;

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Only the runs of this rule
    name: Option<String>,
    /// Number of newest runs to print first
    #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=500))]
    lines: u16,
    /// Go on with those that follow; reconnects if the server is unavailable
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// How often it is looked for more.
const PAUSE: Duration = Duration::from_secs(1);
/// Runs that are remembered, as what one command did can arrive in two looks.
const REMEMBERED: usize = 10_000;
/// Effects of one run that are printed.
const EFFECTS: usize = 8;

pub fn run(args: TraceArgs) -> Result<(), CliError> {
    let TraceArgs { name, lines, follow, client } = args;
    session::run(client, |session| async move {
        let mut trace = Trace {
            session,
            name,
            numbers: Numbers::default(),
            told: VecDeque::new(),
            known: HashSet::new(),
            position: 0,
            at: String::new(),
        };
        let printed = trace.begin(lines.into()).await?;
        trace.see_that_it_exists(printed).await?;
        if !follow {
            return Ok(());
        }
        loop {
            tokio::time::sleep(PAUSE).await;
            match trace.go_on().await {
                // It says by itself that it is back.
                Err(CliError::Client(ClientError::Refused(why))) if why.resumable => {}
                other => other?,
            }
        }
    })
}

struct Trace {
    session: Session,
    name: Option<String>,
    numbers: Numbers,
    /// Ids of runs that were printed, the oldest first.
    told: VecDeque<String>,
    known: HashSet<String>,
    /// Up to where activities and recorded runs were read.
    position: i64,
    at: String,
}

/// One run, of what is read of it.
#[derive(Debug, Default, PartialEq)]
struct Run {
    at: String,
    workflow: String,
    verdict: String,
    reason: String,
    /// The position that it answers; 0 before a change.
    position: i64,
    ticket: String,
    effects: Vec<String>,
}

impl Trace {
    /// The newest runs. Whether there were any.
    async fn begin(&mut self, lines: usize) -> Result<bool, CliError> {
        let (newest, of_rule) = (Limit::Given(lines.max(1)), self.of_rule(""));
        let first = self.read("ListRuns", "created_at desc", &of_rule, newest).await?;
        self.at = first.first().map(|row| text(row, "created_at").to_owned()).unwrap_or_default();
        let same = self.of_rule(&self.since("=="));
        let same = if self.at.is_empty() { Vec::new() } else { self.read("ListRuns", "", &same, Limit::All).await? };
        self.position = self.head().await?;
        let caused = self.caused(&format!("activity.position <= {}", self.position));
        let most = Limit::Given(lines.max(1) * EFFECTS);
        let activities = self.read("ListActivities", "position desc", &caused, most).await?;
        let rows = self.read("ListRuns", "created_at desc", &of_rule, newest).await?;
        let rows = whole(&first, &activities, rows);
        let runs = runs(activities.iter().rev(), rows.iter());
        let (any, skipped) = (!runs.is_empty(), runs.len().saturating_sub(lines));
        let earlier: Vec<String> = runs.iter().take(skipped).map(|(id, _)| id.clone()).collect();
        self.print(runs.into_iter().skip(skipped).collect()).await?;
        // They are no news later.
        earlier.iter().for_each(|id| self.remember(id));
        same.iter().for_each(|row| self.remember(text(row, "id")));
        Ok(any)
    }

    /// What happened since.
    async fn go_on(&mut self) -> Result<(), CliError> {
        // At the instant of the last one others may have been written since.
        let of_rule = self.of_rule(&self.since(">="));
        let first = self.read("ListRuns", "created_at", &of_rule, Limit::All).await?;
        // What a run of these did was committed with it, so it is in the log by now.
        let head = self.head().await?;
        let caused = self.caused(&format!("activity.position > {} && activity.position <= {head}", self.position));
        let activities = match head > self.position {
            true => self.read("ListActivities", "position", &caused, Limit::All).await?,
            false => Vec::new(),
        };
        // And what these are of was written with them; the others may have done more than was read.
        let rows = match activities.is_empty() {
            true => first.clone(),
            false => self.read("ListRuns", "created_at", &of_rule, Limit::All).await?,
        };
        self.print(runs(activities.iter(), whole(&first, &activities, rows).iter())).await?;
        self.position = head;
        if let Some(last) = first.last() {
            self.at = text(last, "created_at").to_owned();
        }
        Ok(())
    }

    /// The last position of the log.
    async fn head(&mut self) -> Result<i64, CliError> {
        let newest = self.read("ListActivities", "position desc", "", Limit::Given(1)).await?;
        Ok(newest.first().map_or(self.position, |activity| number(activity, "position")))
    }

    /// Recorded runs from where it stopped reading; `how` they compare with that instant.
    fn since(&self, how: &str) -> String {
        match self.at.as_str() {
            "" => String::new(),
            at => format!("run.created_at {how} timestamp('{at}')"),
        }
    }

    /// A rule that no set has, and that did nothing, is a slip of the fingers.
    async fn see_that_it_exists(&mut self, did_something: bool) -> Result<(), CliError> {
        let Some(name) = self.name.clone().filter(|_| !did_something) else { return Ok(()) };
        let rules = self.session.rows("ListWorkflows", Map::new(), Limit::All).await?;
        let rules: Vec<Value> = rules.iter().map(rest::json).collect::<Result<_, _>>()?;
        let names: Vec<&str> = rules.iter().map(|rule| text(rule, "name")).collect();
        if names.contains(&name.as_str()) {
            return Ok(());
        }
        let hint = suggest(&name, names);
        let hint = if hint.is_empty() { "no rules are active".to_owned() } else { hint };
        Err(CliError::Absent(format!("there is no rule `{name}`, and no run of one: {hint}")))
    }

    fn caused(&self, also: &str) -> String {
        let name =
            self.name.as_ref().map_or("has(activity.cause.workflow)", |_| "activity.cause.workflow == params.name");
        joined(name, also)
    }

    fn of_rule(&self, also: &str) -> String {
        joined(self.name.as_ref().map_or("", |_| "run.workflow == params.name"), also)
    }

    async fn read(&mut self, rpc: &str, order: &str, filter: &str, limit: Limit) -> Result<Vec<Value>, CliError> {
        let mut request = Map::from_iter([("filter".into(), json!(filter)), ("order_by".into(), json!(order))]);
        if let Some(name) = self.name.as_ref().filter(|_| filter.contains("params.name")) {
            request.insert("filter_params".into(), json!({ "name": name }));
        }
        let rows = self.session.rows(rpc, request, limit).await?;
        Ok(rows.iter().map(rest::json).collect::<Result<_, _>>()?)
    }

    async fn print(&mut self, mut runs: Vec<(String, Run)>) -> Result<(), CliError> {
        runs.retain(|(id, _)| !self.known.contains(id));
        if self.session.show.for_people() {
            self.numbers.learn(&mut self.session, runs.iter().map(|(_, run)| run.ticket.as_str())).await?;
        }
        for (id, run) in runs {
            self.remember(&id);
            match self.session.show.for_people() {
                true => self.session.show.print(&line(&run, self.numbers.of(&run.ticket)))?,
                false => self.session.show.print(&format!("{}\n", as_json(&run)))?,
            }
        }
        Ok(())
    }

    fn remember(&mut self, id: &str) {
        if self.known.insert(id.to_owned()) {
            self.told.push_back(id.to_owned());
        }
        if self.told.len() > REMEMBERED
            && let Some(oldest) = self.told.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

fn joined(a: &str, b: &str) -> String {
    [a, b].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" && ")
}

/// Of rows that were read after the activities, those of which everything was read: that were there before, or that did some of it.
fn whole(before: &[Value], activities: &[Value], after: Vec<Value>) -> Vec<Value> {
    let before: HashSet<&str> = before.iter().map(|row| text(row, "id")).collect();
    let made: HashSet<&str> = activities.iter().map(|activity| text(&activity["cause"], "run_id")).collect();
    let is_whole = |row: &Value| before.contains(text(row, "id")) || made.contains(text(row, "id"));
    after.into_iter().filter(is_whole).collect()
}

/// The runs that these activities and rows tell of, in order of time.
fn runs<'a>(activities: impl Iterator<Item = &'a Value>, rows: impl Iterator<Item = &'a Value>) -> Vec<(String, Run)> {
    let mut all: BTreeMap<String, Run> = BTreeMap::new();
    for row in rows {
        let run = Run {
            at: text(row, "created_at").to_owned(),
            workflow: text(row, "workflow").to_owned(),
            verdict: text(row, "verdict").to_owned(),
            reason: text(row, "reason").to_owned(),
            position: number(row, "position"),
            ticket: text(row, "ticket_id").to_owned(),
            effects: Vec::new(),
        };
        all.insert(text(row, "id").to_owned(), run);
    }
    for activity in activities {
        let cause = &activity["cause"];
        let run = all.entry(text(cause, "run_id").to_owned()).or_insert_with(|| Run {
            at: text(activity, "occurred_at").to_owned(),
            workflow: text(cause, "workflow").to_owned(),
            verdict: "MATCHED".to_owned(),
            reason: String::new(),
            position: number(cause, "parent_position"),
            ticket: text(activity, "ticket_id").to_owned(),
            effects: Vec::new(),
        });
        // That a rule failed or was held back is its verdict.
        if !matches!(text(activity, "type"), "workflow.failed" | "workflow.suppressed") {
            run.effects.push(format!("{} ({})", text(activity, "type"), number(activity, "position")));
        }
    }
    let mut runs: Vec<(String, Run)> = all.into_iter().collect();
    // Ids rise with time, and so within one instant.
    runs.sort_by(|a, b| (&a.1.at, &a.0).cmp(&(&b.1.at, &b.0)));
    runs
}

/// `ticket`: by the number that people know.
fn line(run: &Run, ticket: &str) -> String {
    let Run { at, workflow, verdict, reason, position, ticket: _, effects } = run;
    let time = at.split('.').next().unwrap_or_default().trim_end_matches('Z');
    // No activity asks for what runs before a change, or at an instant of its own.
    let on = if *position == 0 { String::new() } else { format!("  on {position}") };
    let mut told: Vec<String> = effects.iter().take(EFFECTS).cloned().collect();
    if effects.len() > EFFECTS {
        told.push(format!("and {} more", effects.len() - EFFECTS));
    }
    told.extend(Some(plain(reason)).filter(|reason| !reason.is_empty()));
    let rest = if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) };
    let ticket = if ticket.is_empty() { String::new() } else { format!("  {ticket}") };
    format!("{time}Z  {verdict:<10} {}{on}{ticket}{rest}\n", plain(workflow))
}

fn as_json(run: &Run) -> Value {
    let Run { at, workflow, verdict, reason, position, ticket, effects } = run;
    json!({
        "at": at, "workflow": workflow, "verdict": verdict, "reason": reason, "position": position, "ticket_id": ticket,
        "effects": effects,
    })
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A 64-bit number, which is text in JSON.
fn number(value: &Value, field: &str) -> i64 {
    text(value, field).parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_whose_activities_were_not_read_waits_for_them() {
        let row = |id: &str| json!({ "id": id });
        let made = [json!({ "cause": { "run_id": "b" } })];
        let kept = whole(&[row("a")], &made, vec![row("a"), row("b"), row("c")]);
        assert_eq!(kept, [row("a"), row("b")]);
    }

    #[test]
    fn a_run_is_one_line_whatever_tells_of_it() {
        let by = |run: &str, kind: &str, position: &str| {
            json!({"type": kind, "position": position, "occurred_at": "2026-09-14T10:00:00.5Z", "ticket_id": "tkt_1",
                "cause": {"workflow": "vip", "run_id": run, "parent_position": "7"}})
        };
        let activities = [
            by("run_1", "ticket.tag_added", "8"),
            by("run_1", "ticket.tag_removed", "9"),
            by("run_2", "workflow.failed", "10"),
        ];
        let rows = [
            json!({"id": "run_2", "workflow": "vip", "verdict": "FAILED", "reason": "no such tag", "position": "7", "ticket_id": "tkt_1",
                "created_at": "2026-09-14T10:00:00.5Z"}),
            json!({"id": "run_0", "workflow": "gate", "verdict": "MATCHED", "reason": "say why", "position": "0", "ticket_id": "",
                "created_at": "2026-09-14T09:00:00Z"}),
        ];
        let lines: Vec<String> = runs(activities.iter(), rows.iter())
            .iter()
            .map(|(_, run)| line(run, &run.ticket.replace("tkt_", "TKT-")))
            .collect();
        assert_eq!(
            lines,
            [
                "2026-09-14T09:00:00Z  MATCHED    gate: say why\n",
                "2026-09-14T10:00:00Z  MATCHED    vip  on 7  TKT-1: ticket.tag_added (8), ticket.tag_removed (9)\n",
                "2026-09-14T10:00:00Z  FAILED     vip  on 7  TKT-1: no such tag\n",
            ]
        );
    }
}
