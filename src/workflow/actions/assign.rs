//! `assign`: a team, an agent, or an assignment strategy for the team's members.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::action::Action;
use super::wording::{quoted, several};
use crate::model::activity_type::ActivityType;
use crate::model::words::Words;
use crate::workflow::diagnostic::suggest;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key, required, words};
use crate::workflow::needs::{NamedKind, Preload};
use crate::workflow::place::Place;
use crate::workflow::shapes::Strings;
use crate::workflow::template::Template;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The team that the ticket moves into, and whose members are a strategy's candidates; '' = the ticket's own. One that the
    /// directory lacks is refused.
    pub team: String,
    /// `None`: nobody else than before.
    pub to: Option<AssignTo>,
    /// What to do where the strategy finds nobody.
    pub when_none: WhenNone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignTo {
    /// An agent's id; `''` takes the assignee away. An id that the directory lacks is refused.
    Agent(String),
    Strategy {
        strategy: Strategy,
        only_online: bool,
        /// Candidates have fewer open tickets than this.
        max_open: Option<i64>,
        /// Candidates have all of these, however they are spelt.
        skills: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    RoundRobin,
    LeastOpen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhenNone {
    /// The assignee stays.
    Leave,
    /// The ticket waits for a member of its team.
    Queue,
    /// Assigned to this agent.
    To(String),
}

const TO: &[Key] = &[required("to", Takes::Text, "The agent's id.")];

const LEAVE: &str = "leave";
const QUEUE: &str = "queue";

fn answers() -> Vec<String> {
    words([LEAVE, QUEUE])
}

fn strategies() -> Vec<String> {
    words(Strategy::ALL.iter().map(|strategy| strategy.word()))
}

impl Strategy {
    /// The one of this word.
    pub fn read(word: &str) -> Option<Strategy> {
        Strategy::ALL.iter().copied().find(|strategy| strategy.word() == word)
    }

    const ALL: &[Strategy] = &[Strategy::RoundRobin, Strategy::LeastOpen];

    /// As files and explanations name it.
    pub fn word(self) -> &'static str {
        match self {
            Strategy::RoundRobin => "round_robin",
            Strategy::LeastOpen => "least_open",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    to: Option<String>,
    strategy: Option<String>,
    team: Option<String>,
    only_online: Option<bool>,
    max_open: Option<i64>,
    skills: Option<Strings>,
    when_none: Option<RawWhenNone>,
}

/// `when_none: leave`, or `when_none: {to: ann}`.
#[derive(Debug)]
enum RawWhenNone {
    Word(String),
    To(String),
}

pub struct Assign {
    team: Template,
    to: Option<To>,
    when_none: Otherwise,
}

/// [`WhenNone`] as it stands in a file.
enum Otherwise {
    Leave,
    Queue,
    To(Template),
}

enum To {
    Agent(Template),
    Strategy { strategy: Strategy, only_online: bool, max_open: Option<i64>, skills: Vec<Template> },
}

impl Action for Assign {
    const NAME: &'static str = "assign";
    const KEYS: &'static [Key] = &[
        key("to", Takes::Text, "The agent's id; '' takes the assignee away."),
        key("strategy", Takes::Choice(strategies), "How an agent of a team is chosen."),
        key("team", Takes::Text, "The team that the ticket moves into, and whose members are candidates."),
        key("only_online", Takes::Bool, "Only agents who are online."),
        key("max_open", Takes::Whole { least: 1, most: i64::MAX }, "Only agents with fewer open tickets."),
        key("skills", Takes::Texts, "Only agents who have all of these skills."),
        key(
            "when_none",
            Takes::OneOf(&[Takes::Choice(answers), Takes::Keys(TO)]),
            "What happens where nobody is found.",
        ),
    ];
    const EXAMPLE: &'static str =
        "assign: {to: ann}, assign: {team: support}, or assign: {strategy: least_open, team: support}";
    const ABOUT: &'static str = "Assigns the ticket to a team, to an agent, or to one whom a strategy chooses.";
    type Raw = Raw;
    type Effect = Assignment;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Assign> {
        let to = match (&raw.to, &raw.strategy) {
            (Some(to), None) => Some(agent(to, &raw, place)?),
            (None, Some(strategy)) => Some(by_strategy(strategy, &raw, place)?),
            (None, None) if raw.team.is_some() => {
                belongs_to_a_strategy(&raw, place)?;
                None
            }
            _ => {
                let hint = "to: <agent id>, strategy: least_open, or team: <team id> alone";
                place.error(&[], "grammar", "assign takes `to` or `strategy`, or `team` alone".into(), hint);
                return None;
            }
        };
        let team = place.named(NamedKind::Team, &["team"], raw.team.as_deref().unwrap_or_default())?;
        let when_none = otherwise(raw.when_none.as_ref(), place)?;
        match &to {
            None => {}
            Some(To::Agent(id)) => {
                place.writes(&[], "assignee_id", id.fixed().cloned(), &[ActivityType::TicketAssigned]);
            }
            Some(To::Strategy { .. }) => {
                let queued = matches!(when_none, Otherwise::Queue).then_some(ActivityType::TicketQueued);
                let emits: Vec<_> = [ActivityType::TicketAssigned].into_iter().chain(queued).collect();
                place.writes(&[], "assignee_id", None, &emits);
            }
        }
        if raw.team.is_some() {
            place.writes(&["team"], "team_id", team.fixed().cloned(), &[ActivityType::TicketAssigned]);
        }
        Some(Assign { team, to, when_none })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Assignment, String> {
        let to = match &self.to {
            None => None,
            Some(To::Agent(id)) => Some(AssignTo::Agent(id.text(facts)?)),
            Some(To::Strategy { strategy, only_online, max_open, skills }) => Some(AssignTo::Strategy {
                strategy: *strategy,
                only_online: *only_online,
                max_open: *max_open,
                skills: needed(skills, facts)?,
            }),
        };
        let when_none = match &self.when_none {
            Otherwise::Leave => WhenNone::Leave,
            Otherwise::Queue => WhenNone::Queue,
            Otherwise::To(id) => WhenNone::To(id.text(facts)?),
        };
        Ok(Assignment { team: self.team.text(facts)?, to, when_none })
    }

    fn would(Assignment { team, to, when_none }: &Assignment) -> String {
        let of = if team.is_empty() { "the ticket's team".to_owned() } else { format!("team {}", quoted(team)) };
        let into = if team.is_empty() { String::new() } else { format!(" into {of}") };
        match to {
            None => format!("move{into}"),
            Some(AssignTo::Agent(id)) if id.is_empty() => format!("take the assignee away{into}"),
            Some(AssignTo::Agent(id)) => format!("assign to {}{into}", quoted(id)),
            Some(AssignTo::Strategy { strategy, skills, only_online, max_open }) => {
                let with =
                    if skills.is_empty() { String::new() } else { format!(" with {}", several("skill", skills)) };
                let online = if *only_online { " who are online" } else { "" };
                let open = max_open.map(|most| format!(" with fewer than {most} open tickets")).unwrap_or_default();
                let none = match when_none {
                    WhenNone::Leave => String::new(),
                    WhenNone::Queue => ", or queue the ticket".to_owned(),
                    WhenNone::To(id) => format!(", or to {}", quoted(id)),
                };
                format!("assign in {of}{with}{online}{open} by {}{none}", strategy.word())
            }
        }
    }
}

/// `None`: findings were noted.
fn otherwise(written: Option<&RawWhenNone>, place: &mut Place<'_>) -> Option<Otherwise> {
    match written {
        None => Some(Otherwise::Leave),
        Some(RawWhenNone::Word(word)) if word == LEAVE => Some(Otherwise::Leave),
        Some(RawWhenNone::Word(word)) if word == QUEUE => Some(Otherwise::Queue),
        Some(RawWhenNone::Word(word)) => {
            let message = format!("`{word}` is no answer to when_none");
            place.error(&["when_none"], "unknown-word", message, "leave, queue, or {to: <agent id>}");
            None
        }
        Some(RawWhenNone::To(to)) => place.named(NamedKind::Agent, &["when_none", "to"], to).map(Otherwise::To),
    }
}

/// Refuses keys that only a strategy has a use for.
fn belongs_to_a_strategy(raw: &Raw, place: &mut Place<'_>) -> Option<()> {
    let others = [
        ("only_online", raw.only_online.is_some()),
        ("max_open", raw.max_open.is_some()),
        ("skills", raw.skills.is_some()),
    ];
    if let Some((key, _)) = others.into_iter().find(|(_, there)| *there) {
        place.error_at_key(&[key], "grammar", format!("`{key}` belongs to a strategy"), "remove it");
        return None;
    }
    Some(())
}

fn agent(to: &str, raw: &Raw, place: &mut Place<'_>) -> Option<To> {
    belongs_to_a_strategy(raw, place)?;
    place.named(NamedKind::Agent, &["to"], to).map(To::Agent)
}

fn by_strategy(word: &str, raw: &Raw, place: &mut Place<'_>) -> Option<To> {
    let Some(strategy) = Strategy::read(word) else {
        let hint = suggest(word, Strategy::ALL.iter().map(|strategy| strategy.word()));
        place.error(&["strategy"], "unknown-word", format!("there is no strategy `{word}`"), &hint);
        return None;
    };
    if raw.max_open.is_some_and(|max| max < 1) {
        place.error(&["max_open"], "grammar", "max_open counts from 1".into(), "leave it out for no limit");
        return None;
    }
    let skills = skills(raw.skills.as_ref().map(|skills| skills.0.as_slice()), place)?;
    place.preload(Preload::Team);
    Some(To::Strategy { strategy, only_online: raw.only_online.unwrap_or(false), max_open: raw.max_open, skills })
}

/// `None`: findings were noted.
fn skills(written: Option<&[String]>, place: &mut Place<'_>) -> Option<Vec<Template>> {
    const KEY: &[&str] = &["skills"];
    let Some(written) = written else { return Some(Vec::new()) };
    if written.is_empty() {
        place.error(KEY, "grammar", "`skills` names none".into(), "name one, or leave it out");
        return None;
    }
    let mut templates = Vec::with_capacity(written.len());
    for (index, text) in written.iter().enumerate() {
        match text.trim() {
            "" => place.item_error(KEY, index, "grammar", "an empty skill".into(), "remove it"),
            _ => templates.extend(place.item_template(KEY, index, text)),
        }
    }
    (templates.len() == written.len()).then_some(templates)
}

/// Each skill once; a template that comes to nothing asks for none.
fn needed(skills: &[Template], facts: &Facts<'_>) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for template in skills {
        all.extend(template.texts(facts)?.into_iter().map(|skill| skill.trim().to_owned()));
    }
    Ok(Words::unique_folded(all.into_iter().filter(|skill| !skill.is_empty())).0)
}

impl<'de> Deserialize<'de> for RawWhenNone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RawWhenNone, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct To {
            to: String,
        }
        struct Of;
        impl<'de> Visitor<'de> for Of {
            type Value = RawWhenNone;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("leave, or {to: <agent id>}")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawWhenNone, E> {
                Ok(RawWhenNone::Word(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawWhenNone, A::Error> {
                let to = To::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawWhenNone::To(to.to))
            }
        }
        deserializer.deserialize_any(Of)
    }
}
