//! Values of actions that are JSON with templates inside, at any depth.

use serde_json::Value as Json;

use super::cel::MAX_TEXT;
use super::facts::Facts;
use super::place::Place;
use super::template::{Template, Want};

pub enum JsonTemplate {
    One(Template),
    List(Vec<JsonTemplate>),
    Map(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// Checks the value under `key`. `None`: findings were noted.
    pub fn compile(key: &str, value: &Json, place: &mut Place<'_>) -> Option<JsonTemplate> {
        JsonTemplate::read(value, &mut place.under(key))
    }

    fn read(value: &Json, place: &mut Place<'_>) -> Option<JsonTemplate> {
        match value {
            Json::String(text) => place.template(&[], text, Want::Json).map(JsonTemplate::One),
            Json::Array(items) => {
                let read = |(index, item)| JsonTemplate::read(item, &mut place.item(index));
                let all: Vec<JsonTemplate> = items.iter().enumerate().filter_map(read).collect();
                (all.len() == items.len()).then_some(JsonTemplate::List(all))
            }
            Json::Object(fields) => {
                let all: Vec<(String, JsonTemplate)> = fields
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), JsonTemplate::read(value, &mut place.under(key))?)))
                    .collect();
                (all.len() == fields.len()).then_some(JsonTemplate::Map(all))
            }
            plain => Some(JsonTemplate::One(Template::Fixed(plain.clone()))),
        }
    }

    /// # Errors
    /// The first template that has no value, and why; or that all of them have more than a text may.
    pub fn json(&self, facts: &Facts<'_>) -> Result<Json, String> {
        self.within(&mut { MAX_TEXT }, facts)
    }

    /// `left`: bytes that it may still have.
    fn within(&self, left: &mut usize, facts: &Facts<'_>) -> Result<Json, String> {
        Ok(match self {
            JsonTemplate::One(template) => {
                let json = template.json(facts)?;
                let size = json.as_str().map_or_else(|| json.to_string().len(), str::len);
                *left = left.checked_sub(size).ok_or_else(|| "a value of more than 64 KiB".to_owned())?;
                json
            }
            JsonTemplate::List(items) => {
                Json::Array(items.iter().map(|item| item.within(left, facts)).collect::<Result<_, _>>()?)
            }
            JsonTemplate::Map(fields) => {
                let field = |(key, value): &(String, JsonTemplate)| Ok((key.clone(), value.within(left, facts)?));
                Json::Object(fields.iter().map(field).collect::<Result<_, String>>()?)
            }
        })
    }
}
