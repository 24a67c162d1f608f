//! The files: rules under test, what is given, and cases.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A `*.test.yaml` file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The rules that run, alone.
    #[serde(default)]
    pub workflow: Names,
    /// `set: all` instead: every rule of the folder runs.
    #[serde(default)]
    pub set: Option<WholeSet>,
    /// When the first step happens: RFC 3339.
    pub now: String,
    #[serde(default)]
    pub given: Given,
    pub cases: Vec<Case>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WholeSet {
    All,
}

/// One name, or a list of them.
#[derive(Debug, Default)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Names, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "the name of a rule, or a list of names")]
        enum Form {
            One(String),
            Several(Vec<String>),
        }
        Ok(Names(match Form::deserialize(deserializer)? {
            Form::One(name) => vec![name],
            Form::Several(names) => names,
        }))
    }
}

pub type Fields = Map<String, Value>;

/// The fields of what is an object; of anything else, none.
pub fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// What the tenant has before the first step, as the API's requests have it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// Its settings, and its `id`.
    pub tenant: Fields,
    /// As the API has them, and `team`, which they are members of, and `open`, how many tickets they have.
    pub agents: Vec<Fields>,
    pub teams: Vec<Fields>,
    pub organizations: Vec<Fields>,
    pub contacts: Vec<Fields>,
    pub deals: Vec<Fields>,
    pub assets: Vec<Fields>,
    pub tags: Vec<Fields>,
    pub canned_responses: Vec<Fields>,
    pub calendars: Vec<Fields>,
    /// As the API has them, and `calendar`, the name of one that is given.
    pub policies: Vec<Fields>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub event: Option<Event>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an event, or `advance` and a duration such as 48h")]
pub enum Step {
    Advance(Advance),
    Event(Box<Event>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    pub advance: String,
}

/// What a caller does. Of `type` and `call` it has one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Event {
    /// `ticket.escalated`: the call that makes this.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of an RPC that writes; `request` is its request.
    pub call: String,
    pub request: Fields,
    /// Of `ticket.created`, the new one; else the ticket as it is before the call. Absent: that of the step before.
    pub ticket: Option<Fields>,
    /// The fields that the call changes.
    pub changes: Fields,
    pub tags: Vec<String>,
    pub message: Fields,
    pub reason: String,
    /// Of `issue.*`, and of `organization.changed` and the like.
    pub issue: Fields,
    pub entry: Fields,
    /// Of `manual`: the rule that is run; the one under test where there is only one.
    pub workflow: String,
    pub actor: Actor,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Actor {
    pub id: String,
    pub roles: Vec<String>,
    pub app: Option<String>,
}

impl Default for Actor {
    fn default() -> Actor {
        Actor { id: "tester".into(), roles: vec!["agent".into()], app: None }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Of the only rule; with several, by their names.
    pub verdict: Option<Verdicts>,
    /// Fields of the ticket at the end.
    pub ticket: Fields,
    /// Names of actions, or each with some of what it did.
    pub effects: Vec<Value>,
    /// Part of the refusal that the last call ends in.
    pub refused: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a verdict, or verdicts by rule")]
pub enum Verdicts {
    Only(String),
    ByRule(std::collections::BTreeMap<String, String>),
}
