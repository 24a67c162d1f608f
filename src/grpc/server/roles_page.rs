//! docs/roles.md against the options of the methods and the field rights.

use std::collections::BTreeMap;
use std::path::Path;

use super::methods::{self, Access, Method};
use crate::identity::{Role, Roles};
use crate::model::rights::{FieldRights, MESSAGE, TICKET};

fn meaning(role: Role) -> &'static str {
    match role {
        Role::Requester => "a customer: sees and writes its own tickets, of each the public part",
        Role::Agent => "works on tickets",
        Role::Lead => "an agent who also moderates messages and curates tags, policies and calendars",
        Role::Admin => "sets the tenant up",
        Role::Auditor => "reads everything, writes nothing",
        Role::Service => "another program, acting for requesters",
        Role::Importer => "imports data, including fields that the server otherwise assigns",
    }
}

fn roles() -> String {
    let row = |role: Role| format!("| `{role}` | {} |\n", meaning(role));
    "| role | |\n|---|---|\n".to_owned() + &Role::ALL.map(row).concat()
}

/// A table for each service, in the order of their names.
fn services() -> Vec<String> {
    let mut rows: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for method in methods::all() {
        let Access::Roles(allowed) = method.access else { continue };
        if let Some((service, name)) = method.path.trim_start_matches("/docket.v1.").split_once('/') {
            rows.entry(service).or_default().push(row(name, allowed));
        }
    }
    let head = |service| {
        let words = Role::ALL.map(|role| format!(" {role} |")).concat();
        format!("| {service} |{words}\n|---|{}\n", "---|".repeat(Role::ALL.len()))
    };
    rows.into_iter().map(|(service, rows)| head(service) + &rows.concat()).collect()
}

fn operators() -> String {
    let methods = methods::all().iter().filter(|method| method.access == Access::Operator);
    let row = |method: &Method| format!("| {} |\n", method.path.trim_start_matches("/docket.v1.").replace('/', "."));
    "| for operators |\n|---|\n".to_owned() + &methods.map(row).collect::<String>()
}

fn row(method: &str, allowed: Roles) -> String {
    let mark = |role| if allowed.contains(role) { " yes |" } else { " |" };
    format!("| {method} |{}\n", Role::ALL.map(mark).concat())
}

fn fields() -> String {
    let named = |fields: &[&str]| fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    let row =
        |what: &str, rights: &FieldRights| format!("| {what} | {} | {} |\n", named(rights.free), named(rights.own));
    let head = "| a requester's | sets | sets only as its own |\n|---|---|---|\n".to_owned();
    head + &row("new ticket, follow-up", &TICKET) + &row("message", &MESSAGE)
}

/// The tables that the page lacks, or has otherwise.
fn missing(page: &str) -> Vec<String> {
    // A blank line ends a table: one with more rows is another table.
    let tables = [roles(), fields(), operators()].into_iter().chain(services());
    tables.filter(|table| !(page.to_owned() + "\n").contains(&format!("{table}\n"))).collect()
}

#[test]
fn the_page_has_every_role_method_and_field_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/roles.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let missing = missing(&page);
    assert!(missing.is_empty(), "docs/roles.md is old, it should have:\n\n{}", missing.join("\n"));
}

#[test]
fn the_check_finds_a_method_too_few_one_too_many_and_one_that_is_told_wrongly() {
    let page = format!("{}\n{}\n{}\n{}", roles(), fields(), operators(), services().join("\n"));
    assert_eq!(missing(&page), [""; 0]);
    let create = services().concat().lines().find(|row| row.contains(" CreateTicket ")).map(|row| format!("{row}\n"));
    let create = create.expect("a row");
    let tickets = services().into_iter().find(|table| table.contains(&create)).expect("a table");
    for wrong in [
        page.replace(&create, ""),
        page.replace(&create, &format!("{create}| SnoozeTicket | yes | | | | | | |\n")),
        page.replace(&create, &create.replacen("yes |", "|", 1)),
    ] {
        assert_eq!(missing(&wrong), std::slice::from_ref(&tickets));
    }
    assert_eq!(missing(&page.replace("`subject`, ", "")), [fields()]);
    assert_eq!(missing(&page.replace("| WorkflowService.ReloadWorkflows |\n", "")), [operators()]);
    assert_eq!(missing(&page.replace("works on tickets", "works")), [roles()]);
}
