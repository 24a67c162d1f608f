//! Rules of the run, written as folders.

use std::fs;
use std::path::Path;

use docket::model::activity_type::ActivityType;
use docket::workflow::BeforeEvent;

use crate::Outcome;

/// Rules that a ticket.created asks, and those of them that match.
const ASKED: usize = 50;
pub const MATCHING: usize = 10;
/// What an update of the subject asks: none of the rules names it.
const UNNAMED: [&str; 2] = ["ticket.updating", "ticket.updated"];
/// Conditions of rules that do not match, in turn.
const NEVER: [&str; 5] = [
    "ticket.category == 'billing' && ticket.priority == 'URGENT'",
    "ticket.subject.contains('invoice') || ticket.subject.startsWith('[alert]')",
    "'vip' in ticket.tags",
    "has(ticket.custom.region) && ticket.custom.region == 'EU'",
    "ticket.type == 'CHANGE' && has(ticket.team_id)",
];

/// Rules over all events but those of an update of the subject; [`ASKED`] of them are on ticket.created, and the first
/// [`MATCHING`] of these match and carry out `action`, in which `{}` is the rule's number.
pub fn many(dir: &Path, rules: usize, action: &str) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    let before = BeforeEvent::ALL.iter().map(|event| event.word());
    let after = ActivityType::ALL.iter().map(|event| event.word()).filter(|word| word.starts_with("ticket."));
    let others: Vec<&str> =
        before.chain(after).filter(|word| *word != "ticket.created" && !UNNAMED.contains(word)).collect();
    for number in 0..rules {
        let never = NEVER[number % NEVER.len()];
        let (on, condition, act) = match number {
            _ if number < MATCHING => {
                ("ticket.created", "ticket.priority == 'MEDIUM'", action.replace("{}", &number.to_string()))
            }
            _ if number < ASKED => ("ticket.created", never, "tag: {add: [never]}".to_owned()),
            _ => (others[number % others.len()], never, "tag: {add: [never]}".to_owned()),
        };
        rule(dir, number, on, condition, &act)?;
    }
    Ok(())
}

/// One rule on ticket.created that always carries out its action.
pub fn one(dir: &Path, on: &str, action: &str) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    rule(dir, 0, on, "true", action)
}

fn rule(dir: &Path, number: usize, on: &str, condition: &str, action: &str) -> Outcome<()> {
    let text = format!("name: rule-{number}\non: {on}\nif: \"{condition}\"\ndo:\n  - {action}\n");
    Ok(fs::write(dir.join(format!("rule-{number}.yaml")), text)?)
}

/// As many rules on ticket.created, each with a test of one case.
pub fn tested(dir: &Path, rules: usize) -> Outcome<()> {
    fs::create_dir_all(dir)?;
    for number in 0..rules {
        rule(dir, number, "ticket.created", &format!("ticket.category == 'area-{number}'"), "set: {priority: HIGH}")?;
        let test = format!(
            "workflow: rule-{number}\nnow: 2026-09-18T20:30:00Z\ncases:\n  - name: its own category\n    event: {{type: ticket.created, ticket: \
             {{subject: Paper jam, category: area-{number}}}}}\n    expect: {{verdict: MATCHED, ticket: {{priority: HIGH}}}}\n"
        );
        fs::write(dir.join(format!("rule-{number}.test.yaml")), test)?;
    }
    Ok(())
}
