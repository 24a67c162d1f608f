//! `rollout`: whether a rule acts, for which share of the tickets, or only says what it would do.

use std::fmt;

use aws_lc_rs::digest;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::facts::Facts;
use super::form::{Key, Takes, required, words};
use super::place::Place;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rollout {
    #[default]
    Active,
    /// It is evaluated and recorded, and has no effect.
    Shadow,
    /// It acts on this share of the tickets, in percent, and does not match the others.
    Percent(u8),
}

/// As it stands in a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum RawRollout {
    #[default]
    Active,
    Shadow,
    Percent(i64),
}

const ACTIVE: &str = "active";
const SHADOW: &str = "shadow";
const MOST: i64 = 100;

/// The keys beside the words.
pub const KEYS: &[Key] =
    &[required("percent", Takes::Whole { least: 0, most: MOST }, "The share of the tickets that it acts on.")];

pub fn modes() -> Vec<String> {
    words([ACTIVE, SHADOW])
}

impl Rollout {
    /// `None`: a finding was noted.
    pub fn check(raw: RawRollout, place: &mut Place<'_>) -> Option<Rollout> {
        match raw {
            RawRollout::Active => Some(Rollout::Active),
            RawRollout::Shadow => Some(Rollout::Shadow),
            RawRollout::Percent(share) => match u8::try_from(share).ok().filter(|_| share <= MOST) {
                Some(share) => Some(Rollout::Percent(share)),
                None => {
                    let message = format!("{share} is no share of the tickets");
                    place.error(&["rollout", "percent"], "grammar", message, "a whole number from 0 to 100");
                    None
                }
            },
        }
    }

    pub fn is_shadow(self) -> bool {
        self == Rollout::Shadow
    }

    /// Whether the rule of this name is asked about this ticket at all; where there is none, about this tenant.
    pub fn includes(self, rule: &str, facts: &Facts<'_>) -> bool {
        let Rollout::Percent(share) = self else { return true };
        match facts.ticket {
            Some(ticket) => place_in_hundred(rule, ticket.id.as_bytes()) < u64::from(share),
            None => place_in_hundred(rule, facts.tenant_id.as_bytes()) < u64::from(share),
        }
    }
}

/// As it stands in a file.
impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rollout::Active => f.write_str(ACTIVE),
            Rollout::Shadow => f.write_str(SHADOW),
            Rollout::Percent(share) => write!(f, "{{percent: {share}}}"),
        }
    }
}

/// From 0 to 99, the same one for ever: whoever is in at 10 percent is in at 20, and each rule has its own tenth.
fn place_in_hundred(rule: &str, id: &[u8]) -> u64 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(rule.as_bytes());
    // A byte that no name of a rule has.
    context.update(&[0]);
    context.update(id);
    let hash = context.finish();
    hash.as_ref().iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte)) % 100
}

impl<'de> Deserialize<'de> for RawRollout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawRollout, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Share {
            percent: i64,
        }
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = RawRollout;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("active, shadow, or {percent: 25}")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<RawRollout, E> {
                match word {
                    ACTIVE => Ok(RawRollout::Active),
                    SHADOW => Ok(RawRollout::Shadow),
                    _ => Err(E::unknown_variant(word, &[ACTIVE, SHADOW])),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawRollout, A::Error> {
                let Share { percent } = Share::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawRollout::Percent(percent))
            }
        }
        deserializer.deserialize_any(Of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::fixture;

    /// The tickets that are in, of these many.
    fn inside(rule: &str, share: u8, of: u128) -> Vec<u128> {
        let known = fixture::ticket();
        let is_in = |id: &u128| {
            let ticket = crate::model::ticket::Ticket { id: uuid::Uuid::from_u128(*id), ..known.clone() };
            let facts = Facts { ticket: Some(&ticket), ..Facts::at(ticket.created_at, "acme") };
            Rollout::Percent(share).includes(rule, &facts)
        };
        (0..of).filter(is_in).collect()
    }

    #[test]
    fn a_share_is_about_that_share_and_a_larger_one_holds_the_smaller() {
        let quarter = inside("greet", 25, 4_000);
        assert!((900..1_100).contains(&quarter.len()), "{}", quarter.len());
        let half = inside("greet", 50, 4_000);
        assert!(quarter.iter().all(|id| half.contains(id)));
        assert_ne!(inside("other", 25, 4_000), quarter, "another rule has other tickets");
        assert_eq!((inside("greet", 0, 200).len(), inside("greet", 100, 200).len()), (0, 200));
    }

    #[test]
    fn a_place_never_changes() {
        let places = ["acme", "globex", "initech"].map(|tenant| place_in_hundred("greet", tenant.as_bytes()));
        assert_eq!(places, [1, 62, 90]);
    }
}
