//! `docket workflow backtest`: the rules of a folder against those of a server, over what the server has recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::report::{Format, Report};
use crate::cli::error::CliError;
use crate::cli::session::{self, ClientArgs, Limit, Session};
use crate::cli::show::ShowError;
use crate::cli::tail::Since;
use crate::grpc::rest;
use crate::workflow::RuleSet;

#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// Folder of rules, searched recursively
    #[arg(default_value = "workflows")]
    dir: PathBuf,
    /// Begin at: start, a position (exclusive), a time (2026-01-31T09:00:00Z), or a duration before now (30d)
    #[arg(long, default_value = "30d")]
    since: Since,
    /// Ask the rules that are the same on the server, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    client: ClientArgs,
}

/// Prints the difference. Returns whether the folder could be read.
pub fn run(args: BacktestArgs) -> Result<bool, CliError> {
    let BacktestArgs { dir, since, all, client } = args;
    let sources = RuleSet::read_dir(&dir);
    let set = match sources.clone().and_then(RuleSet::from_sources) {
        Ok(set) => set,
        Err(found) => {
            let sources = sources.unwrap_or_default();
            let report = Report { folder: &dir, sources, found, rules: 0, hash: String::new() };
            report.write(Format::default(), &mut std::io::stderr().lock()).map_err(ShowError::Write)?;
            return Ok(false);
        }
    };
    session::run(client, |session| backtest(session, &dir, set, since, all)).map(|()| true)
}

async fn backtest(mut session: Session, dir: &Path, set: RuleSet, since: Since, all: bool) -> Result<(), CliError> {
    let changes = Changes::find(&mut session, &set, all).await?;
    let waits = |name: &&String| set.rule(name).is_some_and(|rule| !rule.waits_for_events());
    let not_compared = changes.names.iter().filter(waits).cloned().collect();
    let mut found = Backtest {
        changed: changes.names.clone(),
        removed: changes.removed.clone(),
        not_compared,
        ..Backtest::default()
    };
    for (source, removed) in changes.calls() {
        found.ask(&mut session, source, removed, since).await?;
    }
    if !session.show.for_people() {
        return Ok(session.show.value(&serde_json::to_value(&found)?)?);
    }
    Ok(session.show.print(&found.drawn(dir))?)
}

/// Bytes of rules in one call: a few below what a source may have.
const SOURCE: usize = 200 * 1024;

/// In what a folder differs from the active rules.
struct Changes {
    names: Vec<String>,
    /// Documents of the rules that differ, as many together as one call takes.
    sources: Vec<String>,
    removed: Vec<String>,
}

impl Changes {
    async fn find(session: &mut Session, set: &RuleSet, all: bool) -> Result<Changes, CliError> {
        let rows = session.rows("ListWorkflows", Map::new(), Limit::All).await?;
        let rows: Result<Vec<Value>, _> = rows.iter().map(rest::json).collect();
        let active: Vec<String> = rows?.iter().map(|row| text(row, "name").to_owned()).collect();
        let removed = active.iter().filter(|name| set.rule(name).is_none()).cloned().collect();
        let mut changes = Changes { names: Vec::new(), sources: Vec::new(), removed };
        for rule in set.rules() {
            let document = set.document(rule);
            let is_same = !all
                && active.contains(&rule.name)
                && rest::json(&session.ask("GetWorkflow", Map::from_iter([("name".into(), json!(rule.name))])).await?)?
                    ["source"]
                    == document.as_str();
            if !is_same {
                changes.add(&rule.name, &document);
            }
        }
        Ok(changes)
    }

    fn add(&mut self, name: &str, document: &str) {
        self.names.push(name.to_owned());
        match self.sources.last_mut().filter(|source| source.len() + document.len() <= SOURCE) {
            Some(source) => source.extend(["---\n", document]),
            None => self.sources.push(document.to_owned()),
        }
    }

    /// The sources to ask with, and with the first of them what is removed.
    fn calls(self) -> Vec<(String, Vec<String>)> {
        let mut sources = self.sources;
        if sources.is_empty() && !self.removed.is_empty() {
            sources.push(String::new());
        }
        let mut removed = Some(self.removed);
        sources.into_iter().map(|source| (source, removed.take().unwrap_or_default())).collect()
    }
}

/// What was found over the log.
#[derive(Debug, Default, Serialize)]
struct Backtest {
    /// Rules of the folder that are new or differ.
    changed: Vec<String>,
    removed: Vec<String>,
    /// Those of the changed ones that no activity sets off: they wait for time, or for somebody who runs them.
    not_compared: Vec<String>,
    looked_at: i64,
    /// By the names of the rules.
    differences: BTreeMap<String, Counts>,
}

#[derive(Debug, Default, Serialize)]
struct Counts {
    matched_before: i64,
    matched: i64,
    newly_matched: i64,
    no_longer_matched: i64,
    other_effects: i64,
    errors_before: i64,
    errors: i64,
    unknown: i64,
    examples: Vec<Value>,
}

/// Examples of one rule that are kept.
const EXAMPLES: usize = 10;

impl Backtest {
    /// Goes through the log, call by call.
    async fn ask(
        &mut self,
        session: &mut Session,
        source: String,
        removed: Vec<String>,
        since: Since,
    ) -> Result<(), CliError> {
        let mut request = Map::from_iter([("source".into(), json!(source)), ("removed".into(), json!(removed))]);
        request.extend(begin(since));
        let mut looked_at = 0;
        loop {
            let answer = rest::json(&session.ask("SimulateWorkflow", request.clone()).await?)?;
            if let Some(problem) = list(&answer, "diagnostics").iter().find(|it| text(it, "severity") == "ERROR") {
                let message = format!("the server does not understand these rules: {}", text(problem, "message"));
                return Err(CliError::Usage(message));
            }
            looked_at += number(&answer, "looked_at");
            for one in list(&answer, "differences") {
                self.differences.entry(text(one, "workflow").to_owned()).or_default().add(one);
            }
            let next = number(&answer, "next_position");
            if next == 0 {
                self.looked_at = self.looked_at.max(looked_at);
                return Ok(());
            }
            request.remove("window");
            request.insert("from_position".into(), json!(next));
        }
    }

    fn drawn(&self, dir: &Path) -> String {
        if self.changed.is_empty() && self.removed.is_empty() {
            return format!("The rules of {} are the active ones: nothing differs.\n", dir.display());
        }
        let (changed, removed, looked_at) = (self.changed.len(), self.removed.len(), self.looked_at);
        let mut out = format!(
            "Rules that are new or differ: {changed}; that are removed: {removed}; activities looked at: {looked_at}\n"
        );
        for (name, counts) in &self.differences {
            out.push_str(&counts.drawn(name));
        }
        if !self.not_compared.is_empty() {
            let names = self.not_compared.join(", ");
            out.push_str(&format!(
                "\nNot compared, as no activity sets them off: {names}\n  Test timers and schedules with `advance`, and watch them with `rollout: shadow`.\n"
            ));
        }
        let told = |name: &&String| !self.differences.contains_key(name.as_str()) && !self.not_compared.contains(name);
        let silent: Vec<&str> = self.changed.iter().chain(&self.removed).filter(told).map(String::as_str).collect();
        if !silent.is_empty() {
            out.push_str(&format!("\nNothing matches, before or after: {}\n", silent.join(", ")));
        }
        out
    }
}

impl Counts {
    fn add(&mut self, one: &Value) {
        self.matched_before += number(one, "matched_before");
        self.matched += number(one, "matched");
        self.newly_matched += number(one, "newly_matched");
        self.no_longer_matched += number(one, "no_longer_matched");
        self.other_effects += number(one, "other_effects");
        self.errors_before += number(one, "errors_before");
        self.errors += number(one, "errors");
        self.unknown += number(one, "unknown");
        let more = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(list(one, "examples").iter().take(more).cloned());
    }

    fn drawn(&self, name: &str) -> String {
        let mut out = format!(
            "\n{name}: matched {} before, {} now: {} newly, {} no longer, {} with other effects\n",
            self.matched_before, self.matched, self.newly_matched, self.no_longer_matched, self.other_effects
        );
        if self.errors_before + self.errors > 0 {
            out.push_str(&format!("  errors: {} before, {} now\n", self.errors_before, self.errors));
        }
        if self.unknown > 0 {
            out.push_str(&format!("  not known: {}, as something was not recorded\n", self.unknown));
        }
        for example in &self.examples {
            let (before, after) = (said(&example["before"]), said(&example["after"]));
            let (position, ticket) = (text(example, "position"), text(example, "ticket_id"));
            out.push_str(&format!("  position {position} {ticket}\n    before: {before}\n    now:    {after}\n"));
        }
        out
    }
}

/// What a rule says in an example.
fn said(run: &Value) -> String {
    if run.is_null() {
        return "no match".to_owned();
    }
    let effects: Vec<&str> = list(run, "effects").iter().filter_map(Value::as_str).collect();
    match (text(run, "verdict"), effects.is_empty()) {
        ("MATCHED", true) => "matches".to_owned(),
        ("MATCHED", false) => effects.join(", "),
        (verdict, true) => verdict.to_owned(),
        (verdict, false) => format!("{verdict}: {}", effects.join(", ")),
    }
}

/// The fields of a request that say where to begin.
fn begin(since: Since) -> Option<(String, Value)> {
    match since {
        Since::Start => None,
        Since::Position(position) => Some(("from_position".to_owned(), json!(position.saturating_add(1)))),
        Since::Time(time) => {
            let ago = Timestamp::now().as_second().saturating_sub(time.as_second()).max(0);
            Some(("window".to_owned(), json!(format!("{ago}s"))))
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A 64-bit number, which is text in JSON.
fn number(value: &Value, field: &str) -> i64 {
    text(value, field).parse().unwrap_or_default()
}
