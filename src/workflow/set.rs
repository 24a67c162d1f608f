//! Rule set: all rules of an installation, checked together, with a content hash.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest;

use super::compile;
use super::diagnostic::{Diagnostic, Severity};
use super::event::{self, BeforeEvent};
use super::facts::Facts;
use super::place::File;
use super::rule::Rule;
use super::trigger::{Mark, Trigger};
use super::{grammar, yaml};
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;

/// Each is kept with every clock that has still to come to it.
const MAX_MARKS: usize = 50;

/// Files that are not rules: they test them.
const TESTS: &str = ".test.yaml";

/// A rule that waits for an event.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// In the set: rules run in this order.
    pub place: usize,
    pub rule: &'a Rule,
    /// The family that it waits for; `None`: the type itself.
    pub family: Option<ActivityType>,
}

#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// In the order in which they run.
    rules: Vec<Rule>,
    /// Event or family to places in `rules`, enabled ones, ascending.
    by_event: HashMap<String, Vec<usize>>,
    /// Places in `rules` of those, enabled ones, that wait for marks of clocks.
    marking: Vec<usize>,
    marks_hash: String,
    hash: String,
    sources: Vec<(String, String)>,
    warnings: Vec<Diagnostic>,
}

impl RuleSet {
    /// Reads and checks `(file name, source)` pairs; test files are left out.
    ///
    /// # Errors
    /// Every finding of every file, warnings among them; nothing of such a set is taken.
    pub fn from_sources(mut sources: Vec<(String, String)>) -> Result<RuleSet, Vec<Diagnostic>> {
        sources.retain(|(file, _)| !file.ends_with(TESTS));
        sources.sort();
        let mut found = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        for (file, source) in &sources {
            for rule in read_file(File { name: file, source }, &mut found) {
                if let Some(other) = rules.iter().find(|other| other.name == rule.name) {
                    found.push(twice(&rule, other));
                }
                rules.push(rule);
            }
        }
        found.extend(too_many_marks(&rules));
        found.extend(make_the_same_issue(&rules));
        if found.iter().any(|d| d.severity == Severity::Error) {
            return Err(found);
        }
        rules.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        let mut by_event: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.enabled) {
            for event in
                rule.events.iter().map(|event| event.as_str().to_owned()).chain(rule.triggers.iter().map(Trigger::key))
            {
                let at = by_event.entry(event).or_default();
                if at.last() != Some(&index) {
                    at.push(index);
                }
            }
        }
        let marks = |index: &usize| rules[*index].enabled && rules[*index].marks().next().is_some();
        let marking: Vec<usize> = (0..rules.len()).filter(marks).collect();
        let mut asked: Vec<(String, String)> = marking.iter().map(|index| rules[*index].asks_clocks()).collect();
        // Names and order of the rules do not matter.
        asked.sort_unstable();
        asked.dedup();
        let marks_hash = if asked.is_empty() { String::new() } else { hash(&asked) };
        Ok(RuleSet { hash: hash(&sources), rules, by_event, marking, marks_hash, sources, warnings: found })
    }

    /// Reads every `*.yaml` under `folder`, at any depth. File names are relative to it, with `/`.
    ///
    /// # Errors
    /// As [`RuleSet::from_sources`]; or what could not be read.
    pub fn load_dir(folder: &Path) -> Result<RuleSet, Vec<Diagnostic>> {
        RuleSet::from_sources(RuleSet::read_dir(folder)?)
    }

    /// The `(file name, source)` pairs of a folder, sorted, unchecked.
    ///
    /// # Errors
    /// Every file and folder that could not be read.
    pub fn read_dir(folder: &Path) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
        let mut sources = Vec::new();
        let mut found = Vec::new();
        walk(folder, "", 0, &mut sources, &mut found);
        sources.sort();
        if found.is_empty() { Ok(sources) } else { Err(found) }
    }

    /// The rules that wait for activities of this type, not for a family of theirs, in the order in which they run.
    pub fn after(&self, kind: ActivityType) -> Vec<&Rule> {
        self.waiting(kind.word()).iter().map(|at| &self.rules[*at]).collect()
    }

    /// The rules to ask about this activity, in the order in which they run: those that wait for its type or for what it tells
    /// of a clock, and those that wait for a family of it that `ends` here. A family is one event, however many activities
    /// of it one step makes.
    pub fn answering(&self, activity: &Activity, ends: impl Fn(ActivityType) -> bool) -> Vec<Waiting<'_>> {
        let kind = activity.kind.as_str();
        let custom = kind.starts_with("custom.").then_some(event::ANY_CUSTOM);
        let trigger = Trigger::key_of(activity);
        let own = activity.is_plain().then_some(kind);
        let names = own.into_iter().chain(custom).chain(trigger.as_deref());
        let mut all: Vec<(usize, Option<ActivityType>)> =
            names.flat_map(|name| self.waiting(name)).map(|at| (*at, None)).collect();
        for family in activity.all_families() {
            let waiting = self.waiting(family.word());
            if !waiting.is_empty() && ends(family) {
                all.extend(waiting.iter().map(|at| (*at, Some(family))));
            }
        }
        // A rule is asked once: about the widest of what it waits for.
        all.sort_by_key(|(at, family)| {
            (*at, family.map_or(2, |family| u8::from(family != ActivityType::TicketUpdated)))
        });
        all.dedup_by_key(|(at, _)| *at);
        all.into_iter().map(|(place, family)| Waiting { place, rule: &self.rules[place], family }).collect()
    }

    /// Places of the rules that wait for an event of this name, ascending.
    fn waiting(&self, name: &str) -> &[usize] {
        self.by_event.get(name).map_or(&[], Vec::as_slice)
    }

    /// The rules that wait for a before-event, in the order in which they run.
    pub fn before(&self, event: BeforeEvent) -> impl Iterator<Item = Waiting<'_>> {
        let waiting = self.waiting(event.word()).iter();
        waiting.map(|at| Waiting { place: *at, rule: &self.rules[*at], family: None })
    }

    /// The marks that the clocks of a tenant have for its rules, in an order of their own, each once. The tenant's settings
    /// matter only where [`RuleSet::marks_by_tenant`].
    pub fn marks(&self, tenant: &Facts<'_>) -> Vec<Mark> {
        let mut marks: Vec<Mark> =
            self.marking().filter(|rule| rule.is_for(tenant)).flat_map(|rule| rule.marks()).collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// Whether it depends on the tenant which marks its clocks have.
    pub fn marks_by_tenant(&self) -> bool {
        self.marking().any(Rule::is_selective)
    }

    /// Whether any clocks have marks for rules.
    pub fn has_marks(&self) -> bool {
        !self.marking.is_empty()
    }

    /// The same for two sets that ask the same of the clocks of every tenant; '' for one that asks nothing.
    pub fn marks_hash(&self) -> &str {
        &self.marks_hash
    }

    fn marking(&self) -> impl Iterator<Item = &Rule> {
        self.marking.iter().map(|at| &self.rules[*at])
    }

    /// Every rule, the disabled ones too, in the order in which they run.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Hex of SHA-256 over the sources; '' for [`RuleSet::default`], which has no rules.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// `(file name, source)`, sorted by name: what [`RuleSet::from_sources`] made this of.
    pub fn sources(&self) -> &[(String, String)] {
        &self.sources
    }

    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

fn too_many_marks(rules: &[Rule]) -> Option<Diagnostic> {
    let mut marks: BTreeSet<Mark> = BTreeSet::new();
    let rule = rules.iter().filter(|rule| rule.enabled).find(|rule| {
        marks.extend(rule.marks());
        marks.len() > MAX_MARKS
    })?;
    Some(Diagnostic {
        severity: Severity::Error,
        code: "too-many-marks",
        message: format!("the rules wait for more than {MAX_MARKS} marks of SLA clocks"),
        hint: "let several rules wait for the same mark".into(),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    })
}

/// Of several rules, the one that comes first makes the only issue of a ticket.
fn make_the_same_issue(rules: &[Rule]) -> Vec<Diagnostic> {
    let mut all = rules.iter().filter(|rule| rule.makes_the_issue());
    let Some(first) = all.next() else { return Vec::new() };
    let warning = |rule: &Rule| Diagnostic {
        severity: Severity::Warning,
        code: "same-issue",
        message: format!("`{}` and `{}` make one issue for a ticket between them", first.name, rule.name),
        hint: format!("write once: {{key: {}}} where both are to make one", rule.name),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    };
    all.map(warning).collect()
}

fn twice(rule: &Rule, other: &Rule) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "name",
        message: format!("the name `{}` is taken by {}:{}", rule.name, other.file, other.line),
        hint: "give one of them another name".into(),
        file: rule.file.clone(),
        line: rule.line,
        column: 1,
    }
}

/// The rules of one file; findings are added to `found`.
fn read_file(file: File<'_>, found: &mut Vec<Diagnostic>) -> Vec<Rule> {
    let nodes = match yaml::read(file.name, file.source) {
        Ok(nodes) => nodes,
        Err(diagnostics) => {
            found.extend(diagnostics);
            return Vec::new();
        }
    };
    let mut values = Vec::new();
    for document in serde_yaml::Deserializer::from_str(file.source) {
        match <serde_yaml::Value as serde::Deserialize>::deserialize(document) {
            Ok(serde_yaml::Value::Null) => {}
            Ok(value) => values.push(value),
            Err(error) => {
                let place = error.location();
                found.push(Diagnostic {
                    severity: Severity::Error,
                    code: "yaml",
                    message: format!("this is no YAML: {error}"),
                    hint: "look at the indentation and the quotes around here".into(),
                    file: file.name.to_owned(),
                    line: place.as_ref().map_or(1, |place| place.line() as u32),
                    column: place.as_ref().map_or(1, |place| place.column() as u32),
                });
                return Vec::new();
            }
        }
    }
    if values.len() != nodes.len() {
        found.push(Diagnostic {
            severity: Severity::Error,
            code: "yaml",
            message: "the documents of this file cannot be told apart".into(),
            hint: "separate them with a line of ---".into(),
            file: file.name.to_owned(),
            line: 1,
            column: 1,
        });
        return Vec::new();
    }
    let mut rules = Vec::new();
    for (node, value) in nodes.iter().zip(values) {
        match grammar::read(file.name, node, value) {
            Ok(raw) => rules.extend(compile::rule(file, node, raw, found)),
            Err(diagnostics) => found.extend(diagnostics),
        }
    }
    rules
}

/// Deeper than any sane tree, and the end of a loop of links.
const MAX_FOLDERS: usize = 16;

fn walk(folder: &Path, prefix: &str, depth: usize, sources: &mut Vec<(String, String)>, found: &mut Vec<Diagnostic>) {
    let mut unreadable = |file: String, message: String| {
        let hint = "see that it exists, is UTF-8 and may be read".to_owned();
        found.push(Diagnostic { severity: Severity::Error, code: "file", message, hint, file, line: 0, column: 0 });
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let shown = if prefix.is_empty() { folder.display().to_string() } else { prefix.to_owned() };
            return unreadable(shown, format!("cannot read the folder: {error}"));
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            if depth < MAX_FOLDERS {
                walk(&path, &format!("{name}/"), depth + 1, sources, found);
            }
        } else if name.ends_with(".yaml") && !name.ends_with(TESTS) {
            match read_source(&path) {
                Ok(source) => sources.push((name, source)),
                Err(error) => {
                    let hint = "see that it exists, is UTF-8 and may be read".to_owned();
                    let message = format!("cannot read the file: {error}");
                    found.push(Diagnostic {
                        severity: Severity::Error,
                        code: "file",
                        message,
                        hint,
                        file: name,
                        line: 0,
                        column: 0,
                    });
                }
            }
        }
    }
}

/// At most one byte more than the bound, which the reader then refuses.
fn read_source(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut source = String::new();
    std::fs::File::open(path)?.take(yaml::MAX_BYTES as u64 + 1).read_to_string(&mut source)?;
    Ok(source)
}

/// Lengths stand before the parts, so that no two sets of files give the same bytes.
fn hash(sources: &[(String, String)]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in sources.iter().flat_map(|(file, source)| [file, source]) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
