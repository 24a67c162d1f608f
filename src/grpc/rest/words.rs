//! Names and enum words as people write them.

use prost_reflect::EnumDescriptor;

use crate::command::refusal::Violation;

/// Names are compared without case and `_`: `isInternalNote` is `is_internal_note`.
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The enum's value for a word, bare or not, in any case.
pub fn word(words: &EnumDescriptor, text: &str) -> Result<String, String> {
    let wanted = fold(text);
    let stands = |name: &str| fold(name) == wanted || fold(bare(words, name)) == wanted;
    if let Some(value) = words.values().find(|value| stands(value.name())) {
        return Ok(value.name().to_owned());
    }
    let names: Vec<String> = words.values().filter(|value| value.number() != 0).map(|v| v.name().to_owned()).collect();
    let choices: Vec<&str> = names.iter().map(|name| bare(words, name)).collect();
    Err(format!("{text:?} is no {}; use one of: {}", words.name(), choices.join(", ")))
}

/// A value's name without its enum's: `OPEN` for `TICKET_STATUS_OPEN`.
pub fn bare<'a>(words: &EnumDescriptor, name: &'a str) -> &'a str {
    let mut prefix = String::new();
    for c in words.name().chars() {
        if c.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(c.to_ascii_uppercase());
    }
    prefix.push('_');
    name.strip_prefix(&prefix).unwrap_or(name)
}

pub fn violation(field: &str, description: String) -> Violation {
    Violation { field: field.to_owned(), description }
}
