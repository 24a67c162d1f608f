//! Running the cases of one file.

use std::time::{Duration, Instant as Clock};

use super::outcome::differences;
use super::suite::{Case, Event, Step, Suite, WholeSet};
use super::tenant::{Tenant, Trouble};
use crate::cli::token::parse_ttl;
use crate::grpc::sandbox::{Sandbox, Sandboxes};
use crate::model::time::Written;
use crate::workflow::cel::parse_duration;
use crate::workflow::{Coverage, RuleSet, suggest};

/// What became of a case.
pub struct Tried {
    pub name: String,
    /// In what it differs from what is expected; empty: in nothing.
    pub differences: Vec<String>,
    pub took: Duration,
}

/// What a case asked.
#[derive(Default)]
pub struct Asked {
    /// Rules by name, and whether their conditions held.
    pub rules: Vec<(String, bool)>,
    pub coverage: Coverage,
}

/// The rules that the cases of a file are about.
///
/// # Errors
/// A name that no rule has.
pub fn rules_of(suite: &Suite, all: &RuleSet) -> Result<RuleSet, String> {
    let names = &suite.workflow.0;
    match (suite.set, names.as_slice()) {
        (Some(WholeSet::All), []) => Ok(all.clone()),
        (None, []) => Err("name the rules under test with `workflow`, or write `set: all`".into()),
        (Some(_), _) => Err("`workflow` and `set` exclude each other".into()),
        (None, names) => {
            if let Some(name) = names.iter().find(|name| all.rule(name).is_none()) {
                let hint = suggest(name, all.rules().iter().map(|rule| rule.name.as_str()));
                return Err(format!("there is no rule `{name}`: {hint}"));
            }
            Ok(all.only(|rule| names.contains(&rule.name)))
        }
    }
}

/// Runs the case in a tenant of its own.
pub fn case(sandboxes: &Sandboxes, suite: &Suite, rules: &RuleSet, case: &Case) -> (Tried, Asked) {
    let began = Clock::now();
    let mut asked = Asked::default();
    let differences = match carried_out(sandboxes, suite, rules, case, &mut asked) {
        Ok(differences) => differences,
        Err(Trouble::Refused(why)) => vec![format!("what is given is refused: {why}")],
        Err(Trouble::Wrong(why)) => vec![why],
    };
    (Tried { name: case.name.clone(), differences, took: began.elapsed() }, asked)
}

fn carried_out(
    sandboxes: &Sandboxes,
    suite: &Suite,
    rules: &RuleSet,
    case: &Case,
    asked: &mut Asked,
) -> Result<Vec<String>, Trouble> {
    let wrong = |what: &str| Trouble::Wrong(what.to_owned());
    let now = Written::parse(&suite.now).map(|written| written.at);
    let now = now.ok_or_else(|| wrong("now: expected a time like 2026-09-18T20:30:00Z"))?;
    let id = suite.given.tenant.get("id").and_then(|id| id.as_str()).unwrap_or("acme");
    let mut tenant = Tenant::new(sandboxes.tenant(id, now));
    tenant.give(suite.given.clone())?;
    let mut begin = None;
    let mut refusal = None;
    let single = case.event.iter().map(What::Event);
    let several = case.steps.iter().map(|step| match step {
        Step::Event(event) => What::Event(event),
        Step::Advance(advance) => What::Advance(&advance.advance),
    });
    let steps: Vec<What<'_>> = single.chain(several).collect();
    if steps.is_empty() {
        return Err(wrong("a case has an `event`, or `steps`"));
    }
    for step in steps {
        if let Some(refusal) = refusal {
            return Ok(vec![format!("a step before the last is refused: {refusal}")]);
        }
        refusal = match step {
            What::Advance(length) => {
                let micros = duration(length).ok_or_else(|| wrong("advance: expected a duration like 48h or 15m"))?;
                begin.get_or_insert(position(&tenant.sandbox));
                let then = tenant.sandbox.now().plus_micros(micros);
                tenant.sandbox.advance(rules, then)?;
                None
            }
            What::Event(event) => match tenant.event(event, rules, &mut begin) {
                Ok(()) => None,
                // Before it began, what is given was at fault.
                Err(Trouble::Refused(why)) if begin.is_some() => Some(why),
                Err(trouble) => return Err(trouble),
            },
        };
    }
    asked.rules = tenant.asked(rules);
    asked.coverage = tenant.sandbox.coverage().cloned().unwrap_or_default();
    differences(case, rules, &tenant, begin.unwrap_or(0), refusal)
}

enum What<'a> {
    Event(&'a Event),
    Advance(&'a str),
}

fn position(sandbox: &Sandbox<'_>) -> i64 {
    sandbox.activities().last().map_or(0, |activity| activity.position)
}

/// Microseconds of a duration as rules write it, or of days, as the command line has them.
fn duration(text: &str) -> Option<i64> {
    let days = || i64::try_from(parse_ttl(text).ok()?.as_micros()).ok();
    parse_duration(text).or_else(days).filter(|micros| *micros > 0)
}
