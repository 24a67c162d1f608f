//! YAML forms of `on`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::words::SlaMetric;
use crate::workflow::form::{Key, Takes, required};

/// What a rule waits for: one thing or a list of them.
#[derive(Debug)]
pub struct Waits(pub Vec<RawWait>);

/// `ticket.created`, or `{sla: resolution, at: breach}`.
#[derive(Debug)]
pub enum RawWait {
    Event(String),
    Sla(RawTrigger),
}

/// The keys of [`RawTrigger`], for people.
pub const TRIGGER_KEYS: &[Key] = &[
    required("sla", Takes::Choice(clocks), "The clock."),
    required(
        "at",
        Takes::Pattern("^(breach|[0-9]+%|[-+].+)$"),
        "breach, 80% of the target, -1h before it runs out, +2h after.",
    ),
];

fn clocks() -> Vec<String> {
    SlaMetric::ALL.iter().map(|metric| metric.word().to_lowercase()).collect()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTrigger {
    pub sla: String,
    pub at: Bare,
}

/// A text that may look like a number: `at: 80`.
#[derive(Debug)]
pub struct Bare(pub String);

impl<'de> Deserialize<'de> for Waits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Waits, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Waits;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, a trigger or a list of them")
            }
            fn visit_str<E>(self, text: &str) -> Result<Waits, E> {
                Ok(Waits(vec![RawWait::Event(text.to_owned())]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Waits, A::Error> {
                let trigger = RawTrigger::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Waits(vec![RawWait::Sla(trigger)]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Waits, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Waits(all))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for RawWait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawWait, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = RawWait;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a trigger")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawWait, E> {
                Ok(RawWait::Event(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawWait, A::Error> {
                RawTrigger::deserialize(MapAccessDeserializer::new(map)).map(RawWait::Sla)
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bare, D::Error> {
        struct Of;
        impl Visitor<'_> for Of {
            type Value = Bare;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Bare, E> {
                Ok(Bare(text.to_owned()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Bare, E> {
                Ok(Bare(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Bare, E> {
                Ok(Bare(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Bare, E> {
                Ok(Bare(number.to_string()))
            }
        }
        deserializer.deserialize_any(Of)
    }
}
