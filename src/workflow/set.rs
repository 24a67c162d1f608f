//! Rule set: all rules of an installation, checked together, with a content hash.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest;

use super::bounds;
use super::diagnostic::{Diagnostic, Severity};
use super::document::document_at;
use super::event::{self, BeforeEvent};
use super::facts::Facts;
use super::folder::{self, Holds};
use super::lint;
use super::place::File;
use super::rule::Rule;
use super::schedule::Schedule;
use super::source::read_file;
use super::timer::Timer;
use super::trigger::{Mark, Trigger};
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::time::Instant;

/// Where more was found, the remaining files are not read.
const MAX_FINDINGS: usize = 1_000;

/// A rule that waits for an event.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// In the set: rules run in this order.
    pub place: usize,
    pub rule: &'a Rule,
    /// The family that it waits for; `None`: the type itself.
    pub family: Option<ActivityType>,
}

/// A timer or a schedule, and the rule that it is of.
#[derive(Debug)]
pub struct Timed<'a, T> {
    /// In the set: rules run in this order.
    pub place: usize,
    pub rule: &'a Rule,
    pub by: &'a T,
}

impl<T> Copy for Timed<'_, T> {}

impl<T> Clone for Timed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

fn timed<'a, T: 'a>(
    rules: &'a [Rule],
    places: &'a [usize],
    of: impl Fn(&'a Rule) -> &'a Vec<T> + Copy,
) -> impl Iterator<Item = Timed<'a, T>> {
    places.iter().flat_map(move |place| {
        of(&rules[*place]).iter().map(move |by| Timed { place: *place, rule: &rules[*place], by })
    })
}

#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// In the order in which they run.
    rules: Vec<Rule>,
    /// Event or family to places in `rules`, enabled ones, ascending.
    by_event: HashMap<String, Vec<usize>>,
    /// Places in `rules` of those, enabled ones, that wait for marks of clocks.
    marking: Vec<usize>,
    /// The same of those that have timers, and of those that have schedules.
    timing: Vec<usize>,
    scheduling: Vec<usize>,
    marks_hash: String,
    /// Since when each timer and schedule is active, by its id; `None`: since ever.
    active_since: Option<BTreeMap<String, Instant>>,
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
        sources.retain(|(file, _)| Holds::by_name(file) != Some(Holds::Tests));
        sources.sort();
        let mut found = Vec::new();
        let mut rules: Vec<Rule> = Vec::new();
        let mut named: HashMap<String, usize> = HashMap::new();
        for (file, source) in &sources {
            if found.len() > MAX_FINDINGS {
                found.push(too_many(file));
                break;
            }
            let looks = Cell::new(lint::LOOKS_IN_FILE);
            for rule in read_file(File { name: file, source, looks: &looks }, &mut found) {
                if let Some(other) = named.get(&rule.name).and_then(|at| rules.get(*at)) {
                    found.push(twice(&rule, other));
                }
                named.entry(rule.name.clone()).or_insert(rules.len());
                rules.push(rule);
            }
        }
        found.extend(bounds::exceeded(&rules));
        if found.iter().any(|d| d.severity == Severity::Error) {
            return Err(found);
        }
        rules.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        found.extend(lint::across(&rules));
        Ok(RuleSet { hash: hash(&sources), sources, warnings: found, ..RuleSet::of(rules) })
    }

    /// The rules that `keep` takes, as a set without sources.
    pub fn only(&self, keep: impl Fn(&Rule) -> bool) -> RuleSet {
        RuleSet::of(self.rules.iter().filter(|rule| keep(rule)).cloned().collect())
    }

    /// The rules of this set with others in the places of those of their names, and without those that are removed; a set without
    /// sources.
    pub fn with(&self, others: &RuleSet, removed: &[String]) -> RuleSet {
        let stays = |rule: &&Rule| others.rule(&rule.name).is_none() && !removed.contains(&rule.name);
        let mut rules: Vec<Rule> = self.rules.iter().filter(stays).chain(&others.rules).cloned().collect();
        rules.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        RuleSet { active_since: self.active_since.clone(), ..RuleSet::of(rules) }
    }

    /// Where a rule stands among the others.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.name == name)
    }

    /// One rule by itself, as if it were enabled.
    pub fn alone(&self, name: &str) -> Option<RuleSet> {
        self.rule(name).map(|rule| RuleSet::of(vec![Rule { enabled: true, ..rule.clone() }]))
    }

    /// In the order in which they run.
    fn of(rules: Vec<Rule>) -> RuleSet {
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
        let those = |has: fn(&Rule) -> bool| -> Vec<usize> {
            (0..rules.len()).filter(|index| rules[*index].enabled && has(&rules[*index])).collect()
        };
        let marking = those(|rule| rule.marks().next().is_some());
        let (timing, scheduling) = (those(|rule| !rule.timers.is_empty()), those(|rule| !rule.schedules.is_empty()));
        let asking = marking.iter().chain(&timing);
        let mut asked: Vec<(String, String)> = asking.map(|index| rules[*index].asks_clocks()).collect();
        // Names and order of the rules do not matter.
        asked.sort_unstable();
        asked.dedup();
        let marks_hash = if asked.is_empty() { String::new() } else { hash(&asked) };
        RuleSet { rules, by_event, marking, timing, scheduling, marks_hash, ..RuleSet::default() }
    }

    /// Reads the rules under `folder`, at any depth. File names are relative to it, with `/`.
    ///
    /// # Errors
    /// As [`RuleSet::from_sources`]; or what could not be read.
    pub fn load_dir(folder: &Path) -> Result<RuleSet, Vec<Diagnostic>> {
        RuleSet::from_sources(RuleSet::read_dir(folder)?)
    }

    /// The `(file name, source)` pairs of a folder's rules, sorted, unchecked.
    ///
    /// # Errors
    /// Every file and folder that cannot be read, and the first bound that does not hold.
    pub fn read_dir(folder: &Path) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
        folder::read(folder, Holds::Rules)
    }

    /// The same of the files that test rules.
    ///
    /// # Errors
    /// As [`RuleSet::read_dir`].
    pub fn read_tests(folder: &Path) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
        folder::read(folder, Holds::Tests)
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
        let trigger = Trigger::key_of(activity);
        let own = activity.is_plain().then(|| event::names_of(kind));
        let names = own.into_iter().flatten().chain(trigger.as_deref());
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

    /// Whether it depends on the tenant which marks its clocks have, or which timers its tickets.
    pub fn marks_by_tenant(&self) -> bool {
        self.marking().any(Rule::is_selective) || self.timers().any(|timed| timed.rule.is_selective())
    }

    /// Whether any clocks have marks for rules.
    pub fn has_marks(&self) -> bool {
        !self.marking.is_empty()
    }

    /// The same for two sets that ask the same of the clocks of every tenant; '' for one that asks nothing.
    pub fn marks_hash(&self) -> &str {
        &self.marks_hash
    }

    /// The timers of tickets, in the order in which their rules run.
    pub fn timers(&self) -> impl Iterator<Item = Timed<'_, Timer>> {
        timed(&self.rules, &self.timing, |rule| &rule.timers)
    }

    /// Whether tickets have any.
    pub fn has_timers(&self) -> bool {
        !self.timing.is_empty()
    }

    /// The schedules of tenants, in the order in which their rules run.
    pub fn schedules(&self) -> impl Iterator<Item = Timed<'_, Schedule>> {
        timed(&self.rules, &self.scheduling, |rule| &rule.schedules)
    }

    /// The ids of all timers and schedules.
    pub fn timed_ids(&self) -> impl Iterator<Item = &str> {
        let schedules = self.schedules().map(|timed| timed.by.id.as_str());
        self.timers().map(|timed| timed.by.id.as_str()).chain(schedules)
    }

    /// With the instants from which its timers and schedules are active, by their ids.
    pub fn active_since(self, active_since: BTreeMap<String, Instant>) -> RuleSet {
        RuleSet { active_since: Some(active_since), ..self }
    }

    /// From when on a timer or a schedule is active; `None`: it is not, as far as is known here.
    pub fn since(&self, id: &str) -> Option<Instant> {
        match &self.active_since {
            None => Some(Instant(i64::MIN)),
            Some(all) => all.get(id).copied(),
        }
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

    /// The document of a rule of this set, as its file has it.
    pub fn document(&self, rule: &Rule) -> String {
        let source = self.sources.iter().find(|(file, _)| *file == rule.file).map(|(_, source)| source.as_str());
        document_at(source.unwrap_or_default(), rule.line)
    }

    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

fn too_many(file: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: "too-many",
        message: format!("more than {MAX_FINDINGS} findings: this file and those after it are not read"),
        hint: "mend those before it first".into(),
        file: file.to_owned(),
        line: 0,
        column: 0,
    }
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
