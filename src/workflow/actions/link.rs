//! `link`: links the event's ticket to an issue, or the event's issue to a ticket.

use serde::Deserialize;

use super::action::Action;
use super::wording::quoted;
use crate::model::activity_type::ActivityType;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, words};
use crate::workflow::needs::LINKS;
use crate::workflow::place::Place;
use crate::workflow::schema::Root;
use crate::workflow::template::{Template, Want};

/// The one way in which an issue and a ticket stand to each other.
const RELATES_TO: &str = "relates_to";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTo {
    /// By its id: the event's ticket is linked to it.
    Issue(String),
    /// By its id or number: the event's issue is linked to it.
    Ticket(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    issue: Option<String>,
    ticket: Option<String>,
    relation: Option<String>,
}

pub enum Link {
    Issue(Template),
    Ticket(Template),
}

fn relations() -> Vec<String> {
    words([RELATES_TO])
}

impl Action for Link {
    const NAME: &'static str = "link";
    const KEYS: &'static [Key] = &[
        key("issue", Takes::Text, "The id of the issue that the event's ticket is linked to."),
        key("ticket", Takes::Text, "The id or number of the ticket that the event's issue is linked to."),
        key("relation", Takes::Choice(relations), "How they stand to each other; there is one way."),
    ];
    const EXAMPLE: &'static str = "link: {issue: \"${ticket.custom.issue}\"}";
    const ABOUT: &'static str = "Links the ticket to an issue, or the event's issue to a ticket.";
    type Raw = Raw;
    type Effect = LinkTo;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Link> {
        if let Some(word) = raw.relation.filter(|word| word != RELATES_TO) {
            let message = format!("an issue and a ticket do not stand to each other as `{word}`");
            place.error(&["relation"], "unknown-word", message, "leave it out, or write relates_to");
            return None;
        }
        place.writes(&[], LINKS, None, &[ActivityType::IssueUpdated]);
        match (raw.issue, raw.ticket) {
            (Some(issue), None) => place.template(&["issue"], &issue, Want::Text).map(Link::Issue),
            (None, Some(ticket)) if place.always_has(Root::Issue) => {
                place.template(&["ticket"], &ticket, Want::Text).map(Link::Ticket)
            }
            (None, Some(_)) => {
                let message = "a ticket cannot be linked to a ticket, and not every event of this rule has an issue";
                place.error_at_key(
                    &["ticket"],
                    "no-issue",
                    message.into(),
                    "link: {issue: …}, or wait for issue.created",
                );
                None
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "link takes `issue` or `ticket`".into();
                place.error(&[], "grammar", message, "issue: <id>; or, on an event of an issue, ticket: <id>");
                None
            }
        }
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<LinkTo, String> {
        Ok(match self {
            Link::Issue(id) => LinkTo::Issue(id.text(facts)?),
            Link::Ticket(id) => LinkTo::Ticket(id.text(facts)?),
        })
    }

    fn would(to: &LinkTo) -> String {
        match to {
            LinkTo::Issue(id) => format!("link the ticket to the issue {}", quoted(id)),
            LinkTo::Ticket(id) => format!("link the issue to the ticket {}", quoted(id)),
        }
    }
}
