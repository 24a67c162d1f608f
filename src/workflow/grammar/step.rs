//! YAML form of a step of `do`.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_yaml::Value as Yaml;

use crate::workflow::actions::{self, Registered};
use crate::workflow::form::{Key, Takes, key};
use crate::workflow::shapes::Conditions;

pub(super) const ID: &str = "id";
pub(super) const IF: &str = "if";

/// Beside the action.
pub const KEYS: &[Key] = &[
    key(IF, Takes::Conditions, "CEL: the action is left out where it does not hold."),
    key(ID, Takes::Text, "Names the action where it is told of."),
];

/// Exactly one of the actions, and perhaps `if` and `id`.
#[derive(Default)]
pub struct RawStep {
    pub id: String,
    pub conditions: Conditions,
    /// Whether a key was left out that nobody knows.
    pub unread: bool,
    /// What stands under each action's name is read when the action is checked.
    pub actions: Vec<(&'static dyn Registered, Yaml)>,
}

impl RawStep {
    pub fn keys() -> Vec<&'static str> {
        actions::names(|_| true).into_iter().chain([IF, ID]).collect()
    }
}

impl<'de> Deserialize<'de> for RawStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawStep, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = RawStep;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an action and its keys")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawStep, A::Error> {
                let mut step = RawStep::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        ID => step.id = map.next_value()?,
                        IF => step.conditions = map.next_value()?,
                        name => {
                            let body: Yaml = map.next_value()?;
                            match actions::find(name) {
                                Some(action) => step.actions.push((action, body)),
                                None => step.unread = true,
                            }
                        }
                    }
                }
                Ok(step)
            }
        }
        deserializer.deserialize_map(Of)
    }
}
