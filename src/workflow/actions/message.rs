//! `message`: posts a message on the ticket, from a text or a canned response.

use serde::Deserialize;
use serde_json::Value as Json;

use super::action::Action;
use super::wording::quoted;
use crate::model::activity_type::ActivityType;
use crate::model::words::Visibility;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key};
use crate::workflow::needs::{MESSAGES, NamedKind};
use crate::workflow::place::Place;
use crate::workflow::schema;
use crate::workflow::template::{Template, Want, Wording};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub text: MessageText,
    pub visibility: Visibility,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageText {
    Body(Wording),
    /// By the canned response of this name or id.
    Canned(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    body: Option<String>,
    canned: Option<String>,
    visibility: Option<String>,
}

pub struct Message {
    said: Said,
    visibility: Template,
}

enum Said {
    Body(Template),
    Canned(Template),
}

impl Action for Message {
    const NAME: &'static str = "message";
    const KEYS: &'static [Key] = &[
        key("body", Takes::Text, "The text."),
        key("canned", Takes::Text, "The name or id of a canned response."),
        key("visibility", Takes::Word(&schema::VISIBILITY), "PUBLIC by default; INTERNAL is a note."),
    ];
    const EXAMPLE: &'static str = "message: {body: \"Hello ${ticket.requester_name}\"}";
    const ABOUT: &'static str = "Posts a message or a note on the ticket.";
    type Raw = Raw;
    type Effect = Post;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Message> {
        let visibility = raw.visibility.as_deref().unwrap_or("PUBLIC");
        let visibility = place.template(&["visibility"], visibility, Want::Word(&schema::VISIBILITY));
        let said = match (&raw.body, &raw.canned) {
            (Some(body), None) => place.template(&["body"], body, Want::Text).map(Said::Body),
            (None, Some(name)) => place.named(NamedKind::CannedResponse, &["canned"], name).map(Said::Canned),
            _ => {
                let hint = "body: <text>, or canned: <name of a canned response>";
                place.error(&[], "grammar", "message takes `body` or `canned`".into(), hint);
                None
            }
        };
        let visibility = visibility?;
        let emits: &[ActivityType] = match visibility.fixed().and_then(Json::as_str).and_then(Visibility::parse) {
            Some(Visibility::Public) => &[ActivityType::TicketMessageAdded],
            Some(Visibility::Internal) => &[ActivityType::TicketNoteAdded],
            None => &[ActivityType::TicketMessageAdded, ActivityType::TicketNoteAdded],
        };
        place.writes(&[], MESSAGES, None, emits);
        Some(Message { said: said?, visibility })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Post, String> {
        let text = match &self.said {
            Said::Body(body) => MessageText::Body(body.wording(facts)?),
            Said::Canned(name) => MessageText::Canned(name.text(facts)?),
        };
        Ok(Post { text, visibility: self.visibility.word(facts, &schema::VISIBILITY, Visibility::parse)? })
    }

    fn would(Post { text, visibility }: &Post) -> String {
        let what = match visibility {
            Visibility::Public => "a message",
            Visibility::Internal => "a note",
        };
        match text {
            MessageText::Body(wording) => format!("post {what} {}", quoted(&wording.text)),
            MessageText::Canned(name) => format!("post canned response {} as {what}", quoted(name)),
        }
    }
}
