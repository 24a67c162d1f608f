//! `create_issue`: creates an issue that is linked to the ticket.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::action::Action;
use super::wording::quoted;
use crate::model::activity_type::ActivityType;
use crate::model::words::{IssueType, Priority};
use crate::workflow::diagnostic::suggest;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required, words};
use crate::workflow::needs::ISSUES;
use crate::workflow::place::Place;
use crate::workflow::schema;
use crate::workflow::template::{Template, Want};

#[derive(Clone, Debug, PartialEq)]
pub struct IssueDraft {
    pub title: String,
    pub description: String,
    pub kind: IssueType,
    pub priority: Priority,
    /// '' = the ticket's requester.
    pub reporter_id: String,
    pub project: String,
    /// No second issue of rules with this key for one ticket; '' is `once: per_ticket`.
    pub once: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    priority: Option<String>,
    #[serde(default)]
    reporter: String,
    #[serde(default)]
    project: String,
    once: Option<RawOnce>,
}

/// `once: per_ticket`, or `once: {key: security}`.
#[derive(Debug)]
enum RawOnce {
    Word(String),
    Key(String),
}

pub struct CreateIssue {
    title: Template,
    description: Template,
    kind: Template,
    priority: Template,
    reporter: Template,
    project: Template,
    once: Option<Template>,
}

const KEYED: &[Key] = &[required("key", Takes::Text, "One issue for each ticket and key.")];

fn per_ticket() -> Vec<String> {
    words(["per_ticket"])
}

impl Action for CreateIssue {
    const NAME: &'static str = "create_issue";
    const KEYS: &'static [Key] = &[
        required("title", Takes::Text, "The issue's title."),
        key("description", Takes::Text, "The issue's description."),
        key("type", Takes::Word(&schema::ISSUE_TYPE), "The issue's type; TASK by default."),
        key("priority", Takes::Word(&schema::PRIORITY), "The issue's priority; MEDIUM by default."),
        key("reporter", Takes::Text, "A contact's id; the ticket's requester by default."),
        key("project", Takes::Text, "The issue's project."),
        key(
            "once",
            Takes::OneOf(&[Takes::Choice(per_ticket), Takes::Keys(KEYED)]),
            "No second issue of rules for one ticket.",
        ),
    ];
    const EXAMPLE: &'static str = "create_issue: {title: \"${ticket.subject}\", once: per_ticket}";
    const ABOUT: &'static str = "Creates an issue that is linked to the ticket.";
    type Raw = Raw;
    type Effect = IssueDraft;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<CreateIssue> {
        let once = match &raw.once {
            None => None,
            Some(RawOnce::Word(word)) if word == "per_ticket" => Some(Template::Fixed(String::new().into())),
            Some(RawOnce::Word(other)) => {
                let hint = suggest(other, ["per_ticket"]);
                place.error(&["once"], "unknown-word", format!("once is `per_ticket`, not `{other}`"), &hint);
                return None;
            }
            Some(RawOnce::Key(key)) if key.trim().is_empty() => {
                place.error(&["once", "key"], "grammar", "an empty key".into(), "once: per_ticket needs none");
                return None;
            }
            Some(RawOnce::Key(key)) => Some(place.template(&["once", "key"], key, Want::Text)?),
        };
        let title = place.template(&["title"], &raw.title, Want::Text);
        let description = place.template(&["description"], &raw.description, Want::Text);
        let kind = raw.kind.as_deref().unwrap_or("TASK");
        let kind = place.template(&["type"], kind, Want::Word(&schema::ISSUE_TYPE));
        let priority = raw.priority.as_deref().unwrap_or("MEDIUM");
        let priority = place.template(&["priority"], priority, Want::Word(&schema::PRIORITY));
        let reporter = place.template(&["reporter"], &raw.reporter, Want::Text);
        let project = place.template(&["project"], &raw.project, Want::Text);
        let key = once.as_ref().and_then(|key| key.fixed().cloned());
        place.writes(&[], ISSUES, key, &[ActivityType::IssueCreated]);
        Some(CreateIssue {
            title: title?,
            description: description?,
            kind: kind?,
            priority: priority?,
            reporter: reporter?,
            project: project?,
            once,
        })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<IssueDraft, String> {
        Ok(IssueDraft {
            title: self.title.text(facts)?,
            description: self.description.text(facts)?,
            kind: self.kind.word(facts, &schema::ISSUE_TYPE, IssueType::parse)?,
            priority: self.priority.word(facts, &schema::PRIORITY, Priority::parse)?,
            reporter_id: self.reporter.text(facts)?,
            project: self.project.text(facts)?,
            once: self.once.as_ref().map(|key| key.text(facts)).transpose()?,
        })
    }

    fn would(draft: &IssueDraft) -> String {
        let unless = if draft.once.is_some() { " unless there is one" } else { "" };
        format!("create the issue {}{unless}", quoted(&draft.title))
    }
}

impl<'de> Deserialize<'de> for RawOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawOnce, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keyed {
            key: String,
        }
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = RawOnce;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("per_ticket, or {key: <text>}")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawOnce, E> {
                Ok(RawOnce::Word(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawOnce, A::Error> {
                Keyed::deserialize(MapAccessDeserializer::new(map)).map(|keyed| RawOnce::Key(keyed.key))
            }
        }
        deserializer.deserialize_any(Of)
    }
}
