//! Reference of rules as Markdown: made of the keys, words and events that the grammar reads, as the JSON Schema is.

use std::fmt::Write as _;

use super::actions::ACTIONS;
use super::event::{self, BeforeEvent};
use super::form::{Key, Takes};
use super::grammar::{KEYS, STEP_KEYS, TRIGGERS};

const HEAD: &str = "# Reference

Every key, trigger and action of a rule, as the checker reads them. `docket workflow schema --markdown` prints this page. How rules run is on the
page [workflows](../workflows.md), how one is made on the page [guide](guide.md).
";

/// The page.
pub fn page() -> String {
    let mut out = HEAD.to_owned();
    section(&mut out, "## Keys of a rule", KEYS);
    out.push_str("\n## Triggers\n\nA name of an event, or one of these forms.\n");
    for (name, keys) in TRIGGERS {
        section(&mut out, &format!("### `{name}`"), keys);
    }
    out.push_str("\n### `manual`\n\nRunWorkflow, or `docket workflow run`.\n\n### Events\n\nAfter a change: ");
    let (before, after): (Vec<&str>, Vec<&str>) =
        event::names().filter(|name| *name != event::MANUAL).partition(|name| BeforeEvent::read(name).is_some());
    out.push_str(&listed(&after));
    out.push_str(". Before one: ");
    out.push_str(&listed(&before));
    out.push_str(".\n\n## Actions\n\nEach item of `do` has exactly one of them, and may have these keys beside it:\n");
    table(&mut out, STEP_KEYS);
    for action in ACTIONS {
        let place = match (action.is_before(), action.is_after()) {
            (true, true) => "On every event.",
            (true, false) => "Before a change only.",
            (false, _) => "After a change only.",
        };
        let ticket = if action.needs_ticket() { " It needs a ticket." } else { "" };
        let head = format!("### `{}`\n\n{} {place}{ticket}", action.name(), action.about());
        section(&mut out, &head, action.form());
        let _ = writeln!(out, "\n`{}`", action.example());
    }
    out
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn section(out: &mut String, head: &str, keys: &[Key]) {
    let _ = writeln!(out, "\n{head}");
    table(out, keys);
}

fn table(out: &mut String, keys: &[Key]) {
    out.push_str("\n| key | takes | |\n|---|---|---|\n");
    for key in keys {
        let required = if key.required { " (required)" } else { "" };
        let _ = writeln!(out, "| `{}`{required} | {} | {} |", key.name, cell(&takes(&key.takes)), cell(key.about));
        for (name, below) in nested(&key.takes) {
            let required = if below.required { " (required)" } else { "" };
            let _ = writeln!(
                out,
                "| `{}.{name}`{required} | {} | {} |",
                key.name,
                cell(&takes(&below.takes)),
                cell(below.about)
            );
        }
    }
}

/// What stands in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn nested(takes: &Takes) -> Vec<(&'static str, &'static Key)> {
    match takes {
        Takes::Keys(keys) => keys.iter().map(|key| (key.name, key)).collect(),
        Takes::OneOf(all) => all.iter().flat_map(nested).collect(),
        _ => Vec::new(),
    }
}

fn takes(takes: &Takes) -> String {
    match takes {
        Takes::Text => "text".into(),
        Takes::Texts => "a text, or a list of them".into(),
        Takes::Conditions => "a condition in CEL, or a list of them".into(),
        Takes::Bool => "`true` or `false`".into(),
        Takes::Whole { least, most } if *least < -1_000_000 && *most > 1_000_000 => "a whole number".into(),
        Takes::Whole { least, most } if *most > 1_000_000 => format!("a whole number from {least}"),
        Takes::Whole { least, most } => format!("a whole number from {least} to {most}"),
        Takes::Word(words) => listed(words.words),
        Takes::Choice(words) => listed(&words().iter().map(String::as_str).collect::<Vec<_>>()),
        Takes::Pattern(pattern) => format!("text of the form `{pattern}`"),
        Takes::Json => "any value".into(),
        Takes::Labels => "names and their texts".into(),
        Takes::Keys(_) => "the keys below it".into(),
        Takes::OneOf(all) => all.iter().map(self::takes).collect::<Vec<_>>().join(", or "),
        Takes::Waits => "a trigger, or a list of them".into(),
        Takes::Steps => "a list of actions".into(),
        Takes::Variables => "names and expressions in CEL".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_page_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workflows/reference.md");
        let checked_in = std::fs::read_to_string(path).expect("the page");
        let now = "run `docket workflow schema --markdown > docs/workflows/reference.md`";
        assert!(checked_in == page(), "{now}");
    }
}
