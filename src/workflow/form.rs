//! The form of rules as data: each key, what it takes and what it is for. The JSON Schema for editors is made of it, and a test
//! holds it against the keys that the grammar reads.

use super::schema::Enumeration;

/// A key and its value.
pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    pub required: bool,
    /// One sentence for people.
    pub about: &'static str,
}

/// What stands under a key.
pub enum Takes {
    /// Text; `${…}` in the text of an action is CEL.
    Text,
    /// One text or a list of them.
    Texts,
    /// CEL, or a plain `true` or `false`; one or a list.
    Conditions,
    Bool,
    Whole {
        least: i64,
        most: i64,
    },
    /// One of the words in any spelling, or `${…}`.
    Word(&'static Enumeration),
    /// One of these words and nothing else.
    Choice(fn() -> Vec<String>),
    /// Text of this form: a regular expression.
    Pattern(&'static str),
    /// Whatever JSON holds.
    Json,
    /// Names of labels, each with a text.
    Labels,
    /// These keys and no others.
    Keys(&'static [Key]),
    OneOf(&'static [Takes]),
    /// Events and triggers, one or a list.
    Waits,
    /// A list of actions.
    Steps,
    /// Names of one's own, each with CEL.
    Variables,
}

/// A key that may be left out.
pub const fn key(name: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { name, takes, required: false, about }
}

/// A key that may not.
pub const fn required(name: &'static str, takes: Takes, about: &'static str) -> Key {
    Key { name, takes, required: true, about }
}

/// The words of a list.
pub fn words<'a>(all: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    all.into_iter().map(str::to_owned).collect()
}
