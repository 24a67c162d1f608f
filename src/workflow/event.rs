//! The events that a rule can wait for.

use crate::model::activity::{KINDS, STATUS_CHANGED, TICKET_UPDATED};

/// What is about to happen to a ticket: rules on these may edit it or deny it.
pub const BEFORE: &[&str] = &[
    "ticket.creating",
    "ticket.updating",
    "ticket.assigning",
    "ticket.resolving",
    "ticket.escalating",
    "ticket.closing",
    "ticket.reopening",
    "ticket.deleting",
    "ticket.messaging",
];

/// The families that activities belong to.
pub const FAMILIES: &[&str] = &[STATUS_CHANGED, TICKET_UPDATED];

pub const CUSTOM: &str = "custom.*";

pub fn is_before(name: &str) -> bool {
    BEFORE.contains(&name)
}

/// Whether `name` is an activity type, a family, or a custom event.
pub fn is_after(name: &str) -> bool {
    KINDS.contains(&name)
        || FAMILIES.contains(&name)
        || name.strip_prefix("custom.").is_some_and(|rest| !rest.is_empty())
}

/// Rules may not react to what rules do wrong.
pub fn is_forbidden(name: &str) -> bool {
    name.starts_with("workflow.")
}

/// Every name that `on` takes, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().chain(BEFORE).copied().filter(|name| !is_forbidden(name)).chain([CUSTOM])
}

/// What stands beside the ticket when an event happens: whether `root` is there always, sometimes or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Always,
    Sometimes,
    Never,
}

fn is_of_ticket(event: &str) -> bool {
    event.starts_with("ticket.") || event.starts_with("sla.")
}

/// Over all of a rule's events.
pub fn presence(root: &str, events: &[String]) -> Presence {
    let has = |event: &String| {
        let event = event.as_str();
        match root {
            "message" => matches!(
                event,
                "ticket.message_added"
                    | "ticket.note_added"
                    | "ticket.message_edited"
                    | "ticket.message_deleted"
                    | "ticket.mentioned"
                    | "ticket.messaging"
            ),
            "issue" => event.starts_with("issue."),
            // A ticket is made with its clocks, or it gets them later.
            "before" if event == "sla.applied" => return None,
            "before" => is_of_ticket(event) && !matches!(event, "ticket.created" | "ticket.creating"),
            "ticket" => is_of_ticket(event) || event.starts_with("issue."),
            _ => return None,
        }
        .into()
    };
    let known: Vec<Option<bool>> = events.iter().map(has).collect();
    if known.iter().all(|k| *k == Some(true)) {
        Presence::Always
    } else if matches!(root, "message" | "issue" | "before") && known.iter().all(|k| *k == Some(false)) {
        Presence::Never
    } else {
        Presence::Sometimes
    }
}
