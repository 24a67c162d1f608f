//! Pages about actions: the table in docs/workflows.md, and names that are reserved for later.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::workflow::actions::ACTIONS;

type Table = BTreeMap<String, BTreeSet<String>>;

/// Each action with its keys, as the rows of the page name them: `| \`sla: {policy}\` | … |`.
fn documented(page: &str) -> Table {
    let section = page.split("\n## ").find(|section| section.starts_with("Actions\n")).unwrap_or_default();
    let mut table = Table::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (shape, _) = row.split_once('`').unwrap_or_default();
        let Some((name, keys)) = shape.split_once(": {") else { panic!("no keys: {row}") };
        let keys = keys.strip_suffix('}').unwrap_or(keys);
        table.entry(name.to_owned()).or_default().extend(keys.split(", ").flat_map(|key| match key.split_once(':') {
            Some((key, _)) => vec![key.to_owned()],
            None => key.split(" or ").map(str::to_owned).collect(),
        }));
    }
    table
}

fn listed() -> Table {
    ACTIONS
        .iter()
        .map(|action| (action.name().to_owned(), action.form().iter().map(|key| key.name.to_owned()).collect()))
        .collect()
}

#[test]
fn the_form_of_each_action_is_what_the_grammar_reads() {
    for action in ACTIONS.iter().filter(|action| !action.keys().is_empty()) {
        let form: Vec<&str> = action.form().iter().map(|key| key.name).collect();
        assert_eq!(form, action.keys(), "{}", action.name());
    }
}

#[test]
fn the_page_has_every_action_with_its_keys() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workflows.md");
    let page = std::fs::read_to_string(path).expect("is there");
    assert_eq!(documented(&page), listed(), "the table of actions in docs/workflows.md");
    for guilty in [page.replace("| `sla: {policy}`", "| `sla: {name}`"), page.replace("| `tag: {", "| `tags: {")] {
        assert_ne!(documented(&guilty), listed());
    }
}

#[test]
fn each_name_is_one_action() {
    let names: BTreeSet<&str> = ACTIONS.iter().map(|action| action.name()).collect();
    assert_eq!(names.len(), ACTIONS.len());
}
