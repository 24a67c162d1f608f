//! YAML forms of `on`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::model::words::SlaMetric;
use crate::workflow::form::{Key, Takes, key, required};
use crate::workflow::shapes::Conditions;

/// What a rule waits for: one thing or a list of them.
#[derive(Debug)]
pub struct Waits(pub Vec<RawWait>);

/// `ticket.created`, or a trigger: `{sla: resolution, at: breach}`.
#[derive(Debug)]
pub enum RawWait {
    Event(String),
    Trigger(Box<RawTrigger>),
}

/// The key that says of which form a trigger is, and all keys of that form, for people.
pub const TRIGGERS: &[(&str, &[Key])] = &[(SLA, SLA_KEYS), (AFTER, AFTER_KEYS), (SCHEDULE, SCHEDULE_KEYS)];

const SLA: &str = "sla";
pub const AFTER: &str = "after";
pub const SCHEDULE: &str = "schedule";

const SLA_KEYS: &[Key] = &[
    required(SLA, Takes::Choice(clocks), "The clock."),
    required(
        "at",
        Takes::Pattern("^(breach|[0-9]+%|[-+].+)$"),
        "breach, 80% of the target, -1h before it runs out, +2h after.",
    ),
];

const AFTER_KEYS: &[Key] = &[
    required(AFTER, Takes::Pattern("^[0-9].*[hms]$"), "How long: 48h, 30m, 1h30m."),
    required("since", Takes::Text, "A time of the ticket: ticket.resolved_at, or timestamp(ticket.custom.renewal)."),
    key("calendar", Takes::Text, "The calendar, by name or id, whose hours count; absent: every hour does."),
    key("while", Takes::Conditions, "CEL over `ticket`: it fires only while this holds."),
    key("catch_up", Takes::Bool, "true: it fires for instants, too, that had passed when the rule became active."),
];

const SCHEDULE_KEYS: &[Key] = &[
    required(SCHEDULE, Takes::Text, "Minute, hour, day, month and weekday, as cron has them: 0 9 * * MON-FRI."),
    key("timezone", Takes::Text, "The time zone, as Europe/Berlin; UTC by default."),
    key(
        "for",
        Takes::Text,
        "CEL over `ticket`: it runs for each of these; absent: once for the tenant, without a ticket.",
    ),
];

fn clocks() -> Vec<String> {
    SlaMetric::ALL.iter().map(|metric| metric.word().to_lowercase()).collect()
}

/// The keys of all forms; which belong together is checked before it is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTrigger {
    pub sla: Option<String>,
    pub at: Option<Bare>,
    pub after: Option<Bare>,
    pub since: Option<String>,
    pub calendar: Option<String>,
    #[serde(default, rename = "while")]
    pub while_holds: Conditions,
    #[serde(default)]
    pub catch_up: bool,
    pub schedule: Option<String>,
    pub timezone: Option<String>,
    #[serde(rename = "for")]
    pub tickets: Option<String>,
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
                Ok(Waits(vec![RawWait::Trigger(Box::new(trigger))]))
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
                let trigger = RawTrigger::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawWait::Trigger(Box::new(trigger)))
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
