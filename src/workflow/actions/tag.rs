//! `tag`: adds and removes tags.

use serde::Deserialize;

use super::action::Action;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key};
use crate::workflow::needs::Preload;
use crate::workflow::place::Place;
use crate::workflow::shapes::Strings;
use crate::workflow::template::Template;

/// Without doubles; adding what is there and removing what is not changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagEdit {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    #[serde(default)]
    add: Strings,
    #[serde(default)]
    remove: Strings,
}

pub struct Tag {
    add: Vec<Template>,
    remove: Vec<Template>,
}

impl Action for Tag {
    const NAME: &'static str = "tag";
    const KEYS: &'static [Key] =
        &[key("add", Takes::Texts, "Tags to add."), key("remove", Takes::Texts, "Tags to remove.")];
    const EXAMPLE: &'static str = "tag: {add: [vip]}";
    const ABOUT: &'static str = "Adds tags to the ticket, and removes tags from it.";
    type Raw = Raw;
    type Effect = TagEdit;

    fn check(raw: Raw, place: &mut Place<'_>) -> Option<Tag> {
        // Which tags the tenant takes is its setting.
        place.preload(Preload::Settings);
        let add = templates("add", &raw.add, place);
        let remove = templates("remove", &raw.remove, place);
        Some(Tag { add: add?, remove: remove? })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<TagEdit, String> {
        Ok(TagEdit { add: texts(&self.add, facts)?, remove: texts(&self.remove, facts)? })
    }
}

fn templates(key: &str, raw: &Strings, place: &mut Place<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::with_capacity(raw.0.len());
    for (index, text) in raw.0.iter().enumerate() {
        if text.trim().is_empty() {
            place.item_error(&[key], index, "grammar", "an empty tag".into(), "remove it");
        } else {
            templates.extend(place.item_template(&[key], index, text));
        }
    }
    (templates.len() == raw.0.len()).then_some(templates)
}

fn texts(templates: &[Template], facts: &Facts<'_>) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for template in templates {
        for text in template.texts(facts)? {
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    Ok(all)
}
