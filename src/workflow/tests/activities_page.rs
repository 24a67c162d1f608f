//! docs/activities.md against the lists of types and before-events.

use std::path::Path;

use crate::model::activity_type::{ActivityType, Family, Payload, Shown};
use crate::workflow::event::BeforeEvent;

fn holds(kind: ActivityType) -> &'static str {
    match kind {
        ActivityType::TicketCreated | ActivityType::TicketRestored => return "the description, in `changes`",
        ActivityType::TicketFollowedUp => return "`data.follow_up_id`",
        ActivityType::TicketMentioned => return "`message`; `data`: `message_id` and `agent_ids`",
        _ => {}
    }
    match kind.payload() {
        Payload::Ticket => "",
        Payload::Message => "`message`",
        Payload::Issue => "`issue`",
        Payload::Task => "`task`",
        Payload::Clocks => "`data.clocks`",
        Payload::Rule => "`data`: the rule and the reason",
        Payload::Dispatch => "`data`: `action`, `endpoint` and `payload`, or `agent` and `prompt`",
        Payload::Resource => "`data`: the whole resource",
    }
}

fn families(family: Family) -> &'static str {
    match family {
        Family::Alone => "",
        Family::Updated => "`ticket.updated`",
        Family::Moved => "`ticket.updated`; `ticket.status_changed` if the status changed",
        Family::Clocked => "`sla.applied` if the ticket has clocks",
    }
}

fn shown(shown: Shown) -> &'static str {
    match shown {
        Shown::Staff => "no",
        Shown::Everybody => "yes",
        Shown::IfMoved => "if the status changed",
    }
}

fn types() -> String {
    let head = "| type | written when | families | payload | visible to the requester |\n|---|---|---|---|---|\n";
    let row = |kind: &ActivityType| {
        let (families, holds, shown) = (families(kind.family()), holds(*kind), shown(kind.shown()));
        format!("| `{kind}` | {} | {families} | {holds} | {shown} |\n", kind.when()).replace("|  |", "| |")
    };
    head.to_owned() + &ActivityType::ALL.iter().map(row).collect::<String>()
}

fn before_events() -> String {
    let row = |event: &BeforeEvent| format!("| `{}` | {} |\n", event.word(), event.stands_before().concat().trim());
    let head = "| event | asked before |\n|---|---|\n".to_owned();
    head + &BeforeEvent::ALL.iter().map(row).collect::<String>()
}

/// The tables that the page lacks, or has otherwise.
fn missing(page: &str) -> Vec<String> {
    // A blank line ends a table: one with more rows is another table.
    [types(), before_events()]
        .into_iter()
        .filter(|table| !(page.to_owned() + "\n").contains(&format!("{table}\n")))
        .collect()
}

#[test]
fn the_page_has_every_type_and_every_before_event() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/activities.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let missing = missing(&page);
    assert!(missing.is_empty(), "docs/activities.md is old, it should have:\n\n{}", missing.join("\n"));
}

#[test]
fn the_check_finds_a_type_too_few_one_too_many_and_one_that_is_told_wrongly() {
    let page = format!("# Types\n\n{}\n{}", types(), before_events());
    assert_eq!(missing(&page), [""; 0]);
    let rated = types().lines().find(|row| row.contains("ticket.rated")).map(|row| format!("{row}\n")).expect("a row");
    for wrong in [
        page.replace(&rated, ""),
        page.replace(&rated, &format!("{rated}| `ticket.snoozed` | It sleeps. | | | no |\n")),
        page.replace(&rated, &rated.replace("yes", "no")),
    ] {
        assert_eq!(missing(&wrong), [types()]);
    }
    assert_eq!(missing(&page.replace("| `ticket.deleting`", "| `ticket.erasing`")), [before_events()]);
}
