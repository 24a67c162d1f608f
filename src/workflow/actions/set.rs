//! `set`: changes fields of the ticket. A status goes through the lifecycle, as for any verb.

use serde_json::Value as Json;

use super::action::Action;
use crate::model::words::{Priority, Status, TicketType};
use crate::workflow::diagnostic::suggest;
use crate::workflow::facts::Facts;
use crate::workflow::place::Place;
use crate::workflow::schema;
use crate::workflow::shapes::Pairs;
use crate::workflow::template::{Template, Want};

/// What it can set.
pub(in crate::workflow) const FIELDS: &[&str] =
    &["subject", "priority", "status", "category", "type", "team_id", "custom.x"];

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
    type Raw = Pairs;
    type Effect = SetFields;

    fn check(Pairs(pairs): Pairs, place: &mut Place<'_>) -> Option<Set> {
        if pairs.is_empty() {
            let hint = format!("one of: {}", FIELDS.join(", "));
            place.error(&[], "grammar", "set needs a field".into(), &hint);
            return None;
        }
        let fields: Vec<(String, Template)> =
            pairs.iter().filter_map(|(field, value)| Some((field.clone(), template(field, value, place)?))).collect();
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
}

fn template(field: &str, value: &Json, place: &mut Place<'_>) -> Option<Template> {
    let path = [field];
    let want = match field {
        "subject" | "category" | "team_id" => Want::Text,
        "priority" => Want::Word(&schema::PRIORITY),
        "status" => Want::Word(&schema::STATUS),
        "type" => Want::Word(&schema::TICKET_TYPE),
        custom if custom.strip_prefix("custom.").is_some_and(|key| !key.is_empty()) => Want::Json,
        other => {
            let hint = suggest(other, FIELDS.iter().copied());
            place.error_at_key(&path, "unknown-field", format!("`{other}` cannot be set"), &hint);
            return None;
        }
    };
    match (want, value) {
        (_, Json::String(text)) => place.template(&path, text, want),
        (Want::Json, value) => Some(Template::Fixed(value.clone())),
        _ => {
            place.error(&path, "type", format!("`{field}` takes text"), "put it between quotes");
            None
        }
    }
}
