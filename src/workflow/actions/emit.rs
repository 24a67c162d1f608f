//! `emit`: an activity of a type of the rules' own, which other rules and streams wait for.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::action::Action;
use crate::model::stored_type::StoredType;
use crate::workflow::event::{self, EMITTED, is_emitted};
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required};
use crate::workflow::json_template::JsonTemplate;
use crate::workflow::needs::EVENTS;
use crate::workflow::place::Place;

#[derive(Clone, Debug, PartialEq)]
pub struct CustomEvent {
    /// `custom.paid`
    pub kind: String,
    pub data: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Json,
}

const HINT: &str = "custom. and small letters, digits, _ and ., 64 characters at most";

pub struct Emit {
    kind: String,
    data: Option<JsonTemplate>,
}

impl Action for Emit {
    const NAME: &'static str = "emit";
    const KEYS: &'static [Key] = &[
        required("type", Takes::Pattern(EMITTED), "The event's type, `custom.` and a name."),
        key("data", Takes::Json, "What the event says: names and values."),
    ];
    const EXAMPLE: &'static str = "emit: {type: custom.paid, data: {ticket: \"${ticket.display_number}\"}}";
    const ABOUT: &'static str = "Makes an event that other rules can wait for.";
    const NEEDS_TICKET: bool = false;
    type Raw = Raw;
    type Effect = CustomEvent;

    fn check(Raw { kind, data }: Raw, place: &mut Place<'_>) -> Option<Emit> {
        if !is_emitted(&kind) {
            let message = format!("`{kind}` is no type of an event that rules emit");
            let hint = match event::nearest(&kind) {
                Some(near) => format!("`{near}` is made by what it tells of, and by no rule; {HINT}"),
                None => HINT.to_owned(),
            };
            place.error(&["type"], "unknown-event", message, &hint);
            return None;
        }
        let data = match &data {
            Json::Null => None,
            Json::Object(_) | Json::String(_) => Some(JsonTemplate::compile("data", &data, place)?),
            _ => {
                let hint = "data: {number: \"${ticket.display_number}\"}";
                place.error(&["data"], "type", "`data` takes names and their values".into(), hint);
                return None;
            }
        };
        place.writes(&[], EVENTS, None, &[StoredType::from(kind.as_str())]);
        Some(Emit { kind, data })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<CustomEvent, String> {
        let data = match self.data.as_ref().map(|data| data.json(facts)).transpose()? {
            None => Map::new(),
            Some(Json::Object(data)) => data,
            Some(_) => return Err("data has no names and values".into()),
        };
        Ok(CustomEvent { kind: self.kind.clone(), data })
    }
}
