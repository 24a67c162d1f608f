//! Values of keys that can be written in more than one form.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// One text or a list of them.
#[derive(Debug, Default)]
pub struct Strings(pub Vec<String>);

/// One condition or a list of them: CEL, or a plain `true` or `false`.
#[derive(Debug, Default)]
pub struct Conditions(pub Vec<String>);

/// A map whose keys the grammar does not list, in its order.
#[derive(Debug)]
pub struct Pairs(pub Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strings, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Strings;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<Strings, E> {
                Ok(Strings(vec![text.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strings, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Strings(all))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Conditions, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Conditions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a condition or a list of conditions")
            }
            fn visit_str<E>(self, text: &str) -> Result<Conditions, E> {
                Ok(Conditions(vec![text.to_owned()]))
            }
            fn visit_bool<E>(self, plain: bool) -> Result<Conditions, E> {
                Ok(Conditions(vec![plain.to_string()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Conditions, A::Error> {
                let mut all = Vec::new();
                while let Some(Condition(item)) = items.next_element()? {
                    all.push(item);
                }
                Ok(Conditions(all))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

/// Names and what they stand for, in their order.
#[derive(Debug, Default)]
pub struct Definitions(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Definitions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Definitions, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Definitions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and their expressions")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Definitions, A::Error> {
                let mut all = Vec::new();
                while let Some((name, Condition(source))) = map.next_entry()? {
                    all.push((name, source));
                }
                Ok(Definitions(all))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

struct Condition(String);

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Condition, D::Error> {
        struct Of;
        impl Visitor<'_> for Of {
            type Value = Condition;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a condition")
            }
            fn visit_str<E>(self, text: &str) -> Result<Condition, E> {
                Ok(Condition(text.to_owned()))
            }
            fn visit_bool<E>(self, plain: bool) -> Result<Condition, E> {
                Ok(Condition(plain.to_string()))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fields and their values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_any(Of)
    }
}
