//! `metric`: records a number, once the change is committed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::action::Action;
use crate::model::measure::{is_label, is_metric};
use crate::workflow::cel::Value;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required};
use crate::workflow::place::Place;
use crate::workflow::schema::Type;
use crate::workflow::template::{Template, Want};

const MAX_LABELS: usize = 8;
/// Characters of a label's value; what is longer is cut.
const VALUE_CHARS: usize = 100;

#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// As the rule names it, without our prefix.
    pub name: String,
    /// Finite, and not negative.
    pub value: f64,
    /// By name.
    pub labels: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    name: String,
    value: Json,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

pub struct Metric {
    name: String,
    value: Template,
    labels: Vec<(String, Template)>,
}

impl Action for Metric {
    const NAME: &'static str = "metric";
    const KEYS: &'static [Key] = &[
        required("name", Takes::Pattern("^[a-z][a-z0-9_]{0,62}$"), "The metric is docket_custom_ and this name."),
        required("value", Takes::Json, "A number or `${…}`; of a duration, its seconds."),
        key("labels", Takes::Labels, "Names and values, eight at most."),
    ];
    const EXAMPLE: &'static str = "metric: {name: resolution_seconds, value: \"${now - ticket.created_at}\"}";
    const ABOUT: &'static str = "Records a number in a metric of the server's.";
    const NEEDS_TICKET: bool = false;
    type Raw = Raw;
    type Effect = Measurement;

    fn check(Raw { name, value, labels }: Raw, place: &mut Place<'_>) -> Option<Metric> {
        if !is_metric(&name) {
            let hint = "a small letter first, then small letters, digits and _, 63 at most";
            place.error(&["name"], "name", format!("`{name}` is no name for a metric"), hint);
            return None;
        }
        if labels.len() > MAX_LABELS {
            let message = format!("a metric has at most {MAX_LABELS} labels");
            place.error(&["labels"], "grammar", message, "each value of a label is a series of its own");
            return None;
        }
        let value = number(value, place);
        let known = labels.len();
        let labels: Vec<(String, Template)> =
            labels.into_iter().filter_map(|(name, value)| label(name, &value, place)).collect();
        Some(Metric { name, value: value?, labels: Some(labels).filter(|labels| labels.len() == known)? })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Measurement, String> {
        const MICROS: f64 = 1_000_000.0;
        let value = match self.value.value(facts)? {
            Value::Int(number) => number as f64,
            Value::Double(number) => number,
            Value::Duration(micros) => micros as f64 / MICROS,
            Value::Json(Json::Number(number)) => number.as_f64().unwrap_or(f64::NAN),
            other => return Err(format!("value: {} is no number", other.what())),
        };
        if !value.is_finite() || value < 0.0 {
            return Err(format!("value: {value} is no number from 0"));
        }
        let label = |(name, value): &(String, Template)| {
            Ok((name.clone(), value.text(facts)?.chars().take(VALUE_CHARS).collect()))
        };
        let labels = self.labels.iter().map(label).collect::<Result<_, String>>()?;
        Ok(Measurement { name: self.name.clone(), value, labels })
    }

    fn would(Measurement { name, value, .. }: &Measurement) -> String {
        format!("record {value} in the metric {name}")
    }
}

/// `None`: findings were noted.
fn number(value: Json, place: &mut Place<'_>) -> Option<Template> {
    let template = match &value {
        Json::Number(_) => Some(Template::Fixed(value)),
        Json::String(text) => Some(place.template(&["value"], text, Want::Json)?),
        _ => None,
    };
    let is_number = |template: &Template| match template {
        Template::Fixed(fixed) => fixed.as_f64().is_some_and(|number| number >= 0.0),
        Template::Value(expr) => expr.ty.is_number() || matches!(expr.ty, Type::Duration | Type::Any),
        Template::Text(_) => false,
    };
    let number = template.filter(is_number);
    if number.is_none() {
        let hint = "value: 1, or value: ${now - ticket.created_at}";
        place.error(&["value"], "type", "`value` takes a number from 0, or one `${…}` that gives one".into(), hint);
    }
    number
}

/// `None`: findings were noted.
fn label(name: String, value: &str, place: &mut Place<'_>) -> Option<(String, Template)> {
    if !is_label(&name) {
        let hint = "small letters, digits and _, 63 at most; `le` is taken";
        place.error_at_key(&["labels", &name], "name", format!("`{name}` is no name for a label"), hint);
        return None;
    }
    Some((name.clone(), place.template(&["labels", &name], value, Want::Text)?))
}
