//! Reads the file, the environment and the flags into settings, and records where each was set.

use std::collections::HashMap;
use std::path::PathBuf;

use super::keys::{self, Setting};
use super::{Place, Problem, Settings};
use crate::workflow::suggest;
use crate::workflow::yaml::{self, Content, Node};

/// Sources of a configuration, in ascending precedence.
#[derive(Default)]
pub struct Sources {
    pub file: Option<PathBuf>,
    /// All variables; those of other programs are ignored.
    pub environment: Vec<(String, String)>,
    /// Keys and values, in the order of the command line.
    pub flags: Vec<(String, String)>,
}

/// The settings, and where each was given, by its key.
#[derive(Default)]
pub struct Parsed {
    pub settings: Settings,
    pub places: HashMap<&'static str, Place>,
    pub problems: Vec<Problem>,
}

/// Environment variables of Docket's other commands.
const OTHERS: [&str; 12] = [
    "DOCKET_ADDRESS",
    "DOCKET_BIN",
    "DOCKET_CA",
    "DOCKET_CLIENT_CERT",
    "DOCKET_CLIENT_KEY",
    "DOCKET_CONFIG",
    "DOCKET_DATA_DIR",
    "DOCKET_LANES",
    "DOCKET_POSTGRES_BIN",
    "DOCKET_PROFILE",
    "DOCKET_PROFILES",
    "DOCKET_TOKEN",
];

/// Settings of `docket dev` and likely guesses, each with the hint that leads to the right one.
const ELSEWHERE: [(&str, &str); 5] = [
    ("data_dir", "`docket dev` keeps its own database there; `docket serve` takes `database.url`"),
    ("lanes", "write `journal.lanes`"),
    ("database_url", "write `database.url`"),
    ("port", "write `listen: 0.0.0.0:50051`"),
    ("tls.ca", "write `tls.client_ca`"),
];

impl Sources {
    pub fn read(&self) -> Parsed {
        let mut parsed = Parsed::default();
        if let Some(path) = &self.file {
            let name = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => parsed.file(&name, &text),
                Err(error) => {
                    let place = Place::File { path: name, line: 0, column: 0 };
                    parsed.problems.push(Problem::new(Some(place), format!("the file cannot be read: {error}"), ""));
                }
            }
        }
        parsed.environment(&self.environment);
        for (key, value) in &self.flags {
            let place = Place::Flag(format!("--set {key}"));
            match keys::find(key) {
                Some(setting) => parsed.set(setting, value, place),
                None => parsed.unknown(key, Some(place)),
            }
        }
        parsed
    }
}

impl Parsed {
    fn file(&mut self, name: &str, text: &str) {
        let place = |line, column| Place::File { path: name.to_owned(), line, column };
        let documents = match yaml::read(name, text) {
            Ok(documents) => documents,
            Err(found) => {
                let problem =
                    |d: crate::workflow::Diagnostic| Problem::new(Some(place(d.line, d.column)), d.message, d.hint);
                self.problems.extend(found.into_iter().map(problem));
                return;
            }
        };
        if let Some(second) = documents.get(1) {
            let place = place(second.line, second.column);
            self.problems.push(Problem::new(
                Some(place),
                "the file has a second YAML document",
                "keep all settings in one document",
            ));
        }
        match documents.first() {
            None => {}
            Some(Node { content: Content::Map(entries), .. }) => self.section(name, "", entries),
            Some(node) => {
                let place = place(node.line, node.column);
                self.problems.push(Problem::new(
                    Some(place),
                    "the file must be a mapping: write settings as `key: value`",
                    "",
                ));
            }
        }
    }

    fn section(&mut self, file: &str, above: &str, entries: &[(Node, Node)]) {
        for (name, value) in entries {
            let key = [above, name.text().unwrap_or_default()].concat();
            let at = |node: &Node| Place::File { path: file.to_owned(), line: node.line, column: node.column };
            match (&value.content, keys::find(&key)) {
                (Content::Map(entries), None) if keys::is_section(&key) => {
                    self.section(file, &format!("{key}."), entries);
                }
                (_, Some(_)) if value.is_empty() => {
                    let problem =
                        Problem::new(Some(at(name)), format!("`{key}` has no value"), "set one, or remove the key");
                    self.problems.push(problem);
                }
                (Content::Scalar { text, .. }, Some(setting)) => self.set(setting, text, at(value)),
                (Content::List(items), Some(setting)) if setting.kind.starts_with("list") => {
                    let texts: Vec<&str> = items.iter().filter_map(Node::text).collect();
                    self.set(setting, &texts.join(","), at(value));
                }
                (Content::Map(entries), Some(setting)) if setting.kind.starts_with("map") => {
                    let pair = |(word, value): &(Node, Node)| Some(format!("{}={}", word.text()?, value.text()?));
                    let pairs: Option<Vec<String>> = entries.iter().map(pair).collect();
                    self.set(setting, &pairs.unwrap_or_default().join(","), at(value));
                }
                (Content::List(_) | Content::Map(_), Some(setting)) => {
                    let hint = format!("the type of `{key}` is {}", setting.kind);
                    self.problems.push(Problem::new(Some(at(value)), format!("`{key}` takes a single value"), hint));
                }
                (_, None) if keys::is_section(&key) => {
                    let below = keys::all().iter().find_map(|s| s.key.strip_prefix(&format!("{key}.")));
                    let hint = format!("write settings below it, such as `{}:`", below.unwrap_or_default());
                    self.problems.push(Problem::new(
                        Some(at(value)),
                        format!("`{key}` is a section, not a setting"),
                        hint,
                    ));
                }
                (_, None) => self.unknown(&key, Some(at(name))),
            }
        }
    }

    fn environment(&mut self, environment: &[(String, String)]) {
        let names: Vec<(String, &Setting)> =
            keys::all().iter().map(|setting| (setting.environment(), setting)).collect();
        for (name, value) in environment.iter().filter(|(name, value)| name.starts_with("DOCKET_") && !value.is_empty())
        {
            match names.iter().find(|(known, _)| known == name) {
                Some((_, setting)) => self.set(setting, value, Place::Environment(name.clone())),
                None if OTHERS.contains(&name.as_str()) => {}
                // Orchestrators set variables with this prefix, too; only one that resembles a setting is a typo.
                None => {
                    let hint = suggest(name, names.iter().map(|(known, _)| known.as_str()));
                    if hint.starts_with("did you mean") {
                        let place = Place::Environment(name.clone());
                        self.problems.push(Problem::new(Some(place), "unknown setting", hint));
                    }
                }
            }
        }
    }

    fn set(&mut self, setting: &'static Setting, text: &str, place: Place) {
        if let Place::File { .. } = place
            && self.places.contains_key(setting.key)
        {
            let message = format!("`{}` is set twice", setting.key);
            self.problems.push(Problem::new(Some(place), message, "remove one"));
            return;
        }
        match setting.set(&mut self.settings, text) {
            Ok(()) => drop(self.places.insert(setting.key, place)),
            Err(hint) => {
                // A URL may hold a password.
                let shown = if setting.key == "database.url" { String::new() } else { format!(" \"{text}\"") };
                let message = format!("invalid value{shown} for `{}`", setting.key);
                self.problems.push(Problem::new(Some(place), message, hint));
            }
        }
    }

    fn unknown(&mut self, key: &str, place: Option<Place>) {
        let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == key).map(|(_, hint)| (*hint).to_owned());
        let hint = elsewhere.unwrap_or_else(|| near(key));
        self.problems.push(Problem::new(place, format!("unknown setting `{key}`"), hint));
    }
}

/// Suggests a setting with a similar key or the same last word; otherwise says where all settings are listed.
fn near(key: &str) -> String {
    let all = keys::all().iter().map(|setting| setting.key);
    let hint = suggest(key, all);
    if hint.starts_with("did you mean") {
        return hint;
    }
    let last = key.rsplit('.').next().unwrap_or(key);
    let same: Vec<String> = keys::all()
        .iter()
        .filter(|setting| setting.key.rsplit('.').next() == Some(last))
        .map(|setting| format!("`{}`", setting.key))
        .collect();
    match same.is_empty() {
        false => format!("did you mean {}?", same.join(" or ")),
        true => "`docket config reference` lists all settings".into(),
    }
}
