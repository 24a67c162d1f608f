//! `set`: changes fields of the ticket. A status goes through the lifecycle, as for any verb.

use serde_json::Value as Json;

use super::action::Action;
use super::wording::{quoted, short};
use crate::model::activity_type::ActivityType;
use crate::model::words::{Priority, Status, TicketType};
use crate::workflow::diagnostic::suggest;
use crate::workflow::event::{BeforeEvent, EventName};
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key};
use crate::workflow::needs::NamedKind;
use crate::workflow::place::Place;
use crate::workflow::schema;
use crate::workflow::shapes::Pairs;
use crate::workflow::template::{Template, Want};

/// What it can set.
const FIELDS: &[Key] = &[
    key("subject", Takes::Text, "The ticket's subject."),
    key("priority", Takes::Word(&schema::PRIORITY), "The ticket's priority."),
    key("status", Takes::Word(&schema::STATUS), "The ticket's status, as by an update."),
    key("category", Takes::Text, "The ticket's category."),
    key("type", Takes::Word(&schema::TICKET_TYPE), "The ticket's type."),
    key("team_id", Takes::Text, "The team that the ticket moves into; '' for none."),
    key(ANY_CUSTOM, Takes::Json, "A custom field; null removes it."),
];

/// Stands for every custom field.
pub(in crate::workflow) const ANY_CUSTOM: &str = "custom.x";

fn field_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name)
}

/// The fields that one `set` names; `None` = left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetFields {
    pub subject: Option<String>,
    pub priority: Option<Priority>,
    pub status: Option<Status>,
    pub category: Option<String>,
    pub kind: Option<TicketType>,
    /// '' = none.
    pub team_id: Option<String>,
    /// Keys of `custom`, without the prefix; null removes the key.
    pub custom: Vec<(String, Json)>,
}

pub struct Set(Vec<(String, Template)>);

impl Action for Set {
    const NAME: &'static str = "set";
    const KEYS: &'static [Key] = FIELDS;
    const EXAMPLE: &'static str = "set: {priority: HIGH}";
    const ABOUT: &'static str = "Changes fields of the ticket; a status goes through the lifecycle.";
    type Raw = Pairs;
    type Effect = SetFields;

    fn check(Pairs(pairs): Pairs, place: &mut Place<'_>) -> Option<Set> {
        if pairs.is_empty() {
            let hint = format!("one of: {}", field_names().collect::<Vec<_>>().join(", "));
            place.error(&[], "grammar", "set needs a field".into(), &hint);
            return None;
        }
        let fields: Vec<(String, Template)> =
            pairs.iter().filter_map(|(field, value)| Some((field.clone(), template(field, value, place)?))).collect();
        for (field, template) in &fields {
            place.writes(&[field], field, template.fixed().cloned(), &emits(field, template));
        }
        if fields.iter().any(|(field, _)| field == "status")
            && place.waits_for(&EventName::Before(BeforeEvent::Creating))
        {
            let message = "a ticket begins as OPEN: its status cannot be set on `ticket.creating`".to_owned();
            place.warning(&["status"], "status-on-creating", message, "set it on ticket.created");
        }
        (fields.len() == pairs.len()).then_some(Set(fields))
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<SetFields, String> {
        let mut set = SetFields::default();
        for (field, template) in &self.0 {
            match field.as_str() {
                "subject" => set.subject = Some(template.text(facts)?),
                "team_id" => set.team_id = Some(template.text(facts)?),
                "category" => set.category = Some(template.text(facts)?),
                "priority" => set.priority = Some(template.word(facts, &schema::PRIORITY, Priority::parse)?),
                "status" => set.status = Some(template.word(facts, &schema::STATUS, Status::parse)?),
                "type" => set.kind = Some(template.word(facts, &schema::TICKET_TYPE, TicketType::parse)?),
                custom => {
                    let key = custom.strip_prefix("custom.").unwrap_or(custom);
                    set.custom.push((key.to_owned(), template.json(facts)?));
                }
            }
        }
        Ok(set)
    }

    fn would(fields: &SetFields) -> String {
        let SetFields { subject, priority, status, category, kind, team_id, custom } = fields;
        let texts = [("subject", subject), ("category", category), ("team_id", team_id)];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), quoted(text.as_deref()?))));
        let words = [
            ("priority", priority.map(Priority::word)),
            ("status", status.map(Status::word)),
            ("type", kind.map(TicketType::word)),
        ];
        let words = words.into_iter().filter_map(|(name, word)| Some((name.to_owned(), word?.to_owned())));
        let custom = custom.iter().map(|(key, value)| {
            let shown = match value {
                Json::String(text) => quoted(text),
                other => short(&other.to_string()),
            };
            (format!("custom.{key}"), shown)
        });
        let all: Vec<String> =
            words.chain(texts).chain(custom).map(|(name, value)| format!("set {name} to {value}")).collect();
        all.join(", ")
    }
}

/// The activities that setting a field makes.
fn emits(field: &str, template: &Template) -> Vec<ActivityType> {
    match field {
        "priority" => vec![ActivityType::TicketPriorityChanged],
        "category" => vec![ActivityType::TicketCategoryChanged],
        "team_id" => vec![ActivityType::TicketAssigned],
        "status" => moves_to(template.fixed().and_then(Json::as_str).and_then(Status::parse)),
        _ => vec![ActivityType::TicketUpdated],
    }
}

/// The activities that a move makes; `None`: where it leads is not known.
pub(super) fn moves_to(status: Option<Status>) -> Vec<ActivityType> {
    match status {
        Some(Status::Resolved) => vec![ActivityType::TicketResolved],
        Some(Status::Escalated) => vec![ActivityType::TicketEscalated],
        Some(Status::Closed) => vec![ActivityType::TicketClosed],
        Some(Status::Reopened) => vec![ActivityType::TicketReopened],
        Some(Status::Open | Status::Pending | Status::InProgress | Status::OnHold) => {
            vec![ActivityType::TicketStatusChanged]
        }
        None => Status::ALL.iter().flat_map(|status| moves_to(Some(*status))).collect(),
    }
}

fn template(field: &str, value: &Json, place: &mut Place<'_>) -> Option<Template> {
    let path = [field];
    let is_custom = field.strip_prefix("custom.").is_some_and(|key| !key.is_empty());
    let listed = if is_custom { ANY_CUSTOM } else { field };
    let want = match FIELDS.iter().find(|key| key.name == listed).map(|key| &key.takes) {
        Some(Takes::Word(words)) => Want::Word(words),
        Some(Takes::Json) => Want::Json,
        Some(_) => Want::Text,
        None => {
            let hint = suggest(field, field_names());
            place.error_at_key(&path, "unknown-field", format!("`{field}` cannot be set"), &hint);
            return None;
        }
    };
    match (want, value) {
        (_, Json::String(text)) if field == "team_id" => place.named(NamedKind::Team, &path, text),
        (_, Json::String(text)) => place.template(&path, text, want),
        (Want::Json, value) => Some(Template::Fixed(value.clone())),
        _ => {
            place.error(&path, "type", format!("`{field}` takes text"), "put it between quotes");
            None
        }
    }
}
