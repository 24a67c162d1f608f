//! `webhook`: hands a payload to an endpoint.

use serde::Deserialize;
use serde_json::Value as Json;

use super::action::Action;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required};
use crate::workflow::json_template::JsonTemplate;
use crate::workflow::place::Place;
use crate::workflow::template::{Template, Want};

#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub endpoint: String,
    pub payload: Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    endpoint: String,
    #[serde(default)]
    payload: Json,
}

pub struct Webhook {
    endpoint: Template,
    payload: JsonTemplate,
}

impl Action for Webhook {
    const NAME: &'static str = "webhook";
    const KEYS: &'static [Key] = &[
        required("endpoint", Takes::Text, "The name of the endpoint."),
        key("payload", Takes::Json, "What it is sent."),
    ];
    const EXAMPLE: &'static str = "webhook: {endpoint: chat, payload: {text: \"${ticket.subject}\"}}";
    const ABOUT: &'static str = "Hands a payload to an endpoint.";
    const NEEDS_TICKET: bool = false;
    type Raw = Raw;
    type Effect = Delivery;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Webhook> {
        let endpoint = place.template(&["endpoint"], &raw.endpoint, Want::Text);
        let payload = JsonTemplate::compile("payload", &raw.payload, place);
        place.dispatches(&["endpoint"]);
        Some(Webhook { endpoint: endpoint?, payload: payload? })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Delivery, String> {
        Ok(Delivery { endpoint: self.endpoint.text(facts)?, payload: self.payload.json(facts)? })
    }
}
