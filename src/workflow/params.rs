//! Parameters of a filter: values that stand beside its text, read as `params.name`.
//!
//! A parameter is a literal that is not written out: it is checked as one, and bound as one.

use std::collections::BTreeMap;

use super::cel::ast::Literal;

/// The values by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(BTreeMap<String, Param>);

#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    One(Literal),
    Many(Vec<Literal>),
}

impl Params {
    pub fn new(values: BTreeMap<String, Param>) -> Params {
        Params(values)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get_key_value(&self, name: &str) -> Option<(&str, &Param)> {
        self.0.get_key_value(name).map(|(name, param)| (name.as_str(), param))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a parameter can have this name: an identifier of CEL.
    pub fn is_name(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }

    /// The same bytes for the same values, and for no others.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.is_empty() { Vec::new() } else { format!("{:?}", self.0).into_bytes() }
    }
}
