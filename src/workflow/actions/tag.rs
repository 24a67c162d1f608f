//! `tag`: adds and removes tags.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::action::Action;
use super::wording::several;
use crate::model::activity_type::ActivityType;
use crate::workflow::facts::Facts;
use crate::workflow::form::{Key, Takes, key};
use crate::workflow::needs::{NamedKind, Preload, TAGS};
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

const ADD: &str = "add";

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
        if raw.add.0.is_empty() && raw.remove.0.is_empty() {
            place.error(&[], "grammar", "tag takes `add` or `remove`".into(), Tag::EXAMPLE);
            return None;
        }
        let add = templates(ADD, &raw.add, place);
        let remove = templates("remove", &raw.remove, place);
        let (add, remove) = (add?, remove?);
        for (key, tags, kind) in
            [(ADD, &add, ActivityType::TicketTagAdded), ("remove", &remove, ActivityType::TicketTagRemoved)]
        {
            if !tags.is_empty() {
                let fixed: Option<Vec<Json>> = tags.iter().map(|tag| tag.fixed().cloned()).collect();
                place.writes(&[key], TAGS, fixed.map(|tags| json!({ key: tags })), &[kind]);
            }
        }
        Some(Tag { add, remove })
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<TagEdit, String> {
        Ok(TagEdit { add: texts(&self.add, facts)?, remove: texts(&self.remove, facts)? })
    }

    fn would(TagEdit { add, remove }: &TagEdit) -> String {
        let lists = [("add tag", add), ("remove tag", remove)];
        let told = lists.into_iter().filter(|(_, tags)| !tags.is_empty()).map(|(what, tags)| several(what, tags));
        told.collect::<Vec<_>>().join(", ")
    }
}

fn templates(key: &str, raw: &Strings, place: &mut Place<'_>) -> Option<Vec<Template>> {
    let mut templates = Vec::with_capacity(raw.0.len());
    for (index, text) in raw.0.iter().enumerate() {
        if text.trim().is_empty() {
            place.item_error(&[key], index, "grammar", "an empty tag".into(), "remove it");
        } else {
            templates.extend(match key {
                ADD => place.item_named(NamedKind::Tag, &[key], index, text),
                // A tag that nobody can have is removed in vain, and that is all.
                _ => place.item_template(&[key], index, text),
            });
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
