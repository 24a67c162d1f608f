//! Two sets of rules asked about the same part of a log: what the one wants and the other does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use super::recall::{Question, Recall};
use crate::command::{Stop, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::audience::Audience;
use crate::model::words::RunVerdict;
use crate::workflow::cel::Unknowns;
use crate::workflow::{BeforeEvent, Facts, Rule, RuleSet, Verdict, Waiting};

/// Rules as they are, and as they would be. Those of one name are one rule.
#[derive(Debug)]
pub struct Sides {
    is: Side,
    would: Side,
}

/// The rules that are asked, and the set that they are of.
#[derive(Debug)]
struct Side {
    asked: RuleSet,
    whole: Arc<RuleSet>,
}

impl Side {
    fn of(whole: Arc<RuleSet>, names: &BTreeSet<&str>) -> Side {
        Side { asked: whole.only(|rule| names.contains(rule.name.as_str())), whole }
    }
}

/// What a rule says of one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Matched, Shadow or Error; `None`: it depends on what was not recorded.
    pub verdict: Option<RunVerdict>,
    /// What its actions want, in words; or why there is no verdict.
    pub told: Vec<String>,
}

/// What became of a rule over a part of a log.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// Activities that it matches, in shadow too.
    pub matched_is: i64,
    pub matched_would: i64,
    pub newly: i64,
    pub no_longer: i64,
    /// Matches that want something else.
    pub other: i64,
    pub errors_is: i64,
    pub errors_would: i64,
    /// Activities of which one side or the other cannot tell.
    pub unknown: i64,
    pub examples: Vec<Example>,
}

/// An activity of which the two say different things; `None`: the rule does not match.
#[derive(Clone, Debug)]
pub struct Example {
    pub position: i64,
    pub ticket_id: Option<Uuid>,
    pub is: Option<Said>,
    pub would: Option<Said>,
}

/// A match, or an error, under the rules that would be.
#[derive(Clone, Debug)]
pub struct Match {
    pub workflow: String,
    pub position: i64,
    pub ticket_id: Option<Uuid>,
    pub said: Said,
}

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By the names of the rules.
    pub differences: BTreeMap<String, Difference>,
    /// The first of them.
    pub matches: Vec<Match>,
}

/// Examples of each rule, and matches, that are kept.
const EXAMPLES: usize = 10;
const MATCHES: usize = 200;
/// Why nobody can tell, and texts of actions: characters and lines that are kept of one.
const TOLD: usize = 20;

impl Sides {
    /// The active rules, and the same with these in the places of those of their names, and without those that are removed.
    pub fn new(active: Arc<RuleSet>, source: &RuleSet, removed: &[String]) -> Sides {
        let names = source.rules().iter().map(|rule| &rule.name).chain(removed).map(String::as_str).collect();
        let would = Arc::new(active.with(source, removed));
        Sides { is: Side::of(active, &names), would: Side::of(would, &names) }
    }

    /// The whole set as it would be.
    pub fn would(&self) -> Arc<RuleSet> {
        self.would.whole.clone()
    }

    /// Whether something of either is asked before a change, or reads the ticket as it was before.
    pub fn needs_before(&self) -> bool {
        self.any(|rule| rule.before || rule.needs(crate::workflow::schema::Root::Before))
    }

    pub fn needs_descriptions(&self) -> bool {
        self.any(Rule::needs_descriptions)
    }

    fn any(&self, holds: impl Fn(&Rule) -> bool) -> bool {
        self.is.asked.rules().iter().chain(self.would.asked.rules()).any(holds)
    }

    /// Asks both about every activity, each rule by itself.
    ///
    /// # Errors
    /// Everything that is to be looked up first.
    pub fn compare(&self, world: &World, recall: &Recall, audience: &Audience) -> Result<Found, Stop> {
        let mut asking = Asking { world, audience, missing: Vec::new() };
        let mut found = Found::default();
        let before = self.any(|rule| rule.before);
        for at in 0..recall.activities().len() {
            let mut said: BTreeMap<&str, [Option<Said>; 2]> = BTreeMap::new();
            let asked = [Some(self.after(recall, at)), before.then(|| self.before(recall, at))];
            for Asked { questions, rules } in asked.into_iter().flatten() {
                for (side, rule, place) in rules {
                    if let Some(question) = questions.get(place) {
                        put(&mut said, rule, std::ptr::eq(side, &self.would), asking.ask(question, side, rule)?);
                    }
                }
            }
            if let Some(activity) = recall.activities().get(at) {
                found.take((activity.position, activity.ticket_id), said);
            }
        }
        match asking.missing.is_empty() {
            true => Ok(found),
            false => Err(Stop::Missing(asking.missing)),
        }
    }

    /// What the rules of both are asked after the change.
    fn after(&self, recall: &Recall, at: usize) -> Asked<'_> {
        let mut asked = Asked::default();
        let mut known: Vec<Option<ActivityType>> = Vec::new();
        for of in [&self.is, &self.would] {
            for Waiting { rule, family, .. } in recall.answering(&of.asked, at) {
                if !known.contains(&family)
                    && let Some(question) = recall.question(at, family)
                {
                    known.push(family);
                    asked.questions.push(question);
                }
                let place = known.iter().position(|other| *other == family);
                asked.rules.extend(place.map(|place| (of, rule, place)));
            }
        }
        asked
    }

    /// And before it, each rule once.
    fn before(&self, recall: &Recall, at: usize) -> Asked<'_> {
        let (events, questions): (Vec<BeforeEvent>, Vec<Question>) = recall.before(at).into_iter().unzip();
        let mut asked = Asked { questions, rules: Vec::new() };
        for of in [&self.is, &self.would] {
            let mut done: Vec<usize> = Vec::new();
            for (question, event) in events.iter().enumerate() {
                for Waiting { place, rule, .. } in of.asked.before(*event) {
                    if !done.contains(&place) {
                        done.push(place);
                        asked.rules.push((of, rule, question));
                    }
                }
            }
        }
        asked
    }
}

/// Questions, and the rules that are asked them, by their places.
#[derive(Default)]
struct Asked<'s> {
    questions: Vec<Question>,
    rules: Vec<(&'s Side, &'s Rule, usize)>,
}

fn put<'s>(said: &mut BTreeMap<&'s str, [Option<Said>; 2]>, rule: &'s Rule, would: bool, what: Option<Said>) {
    if what.is_some() {
        let [is, other] = said.entry(&rule.name).or_default();
        *(if would { other } else { is }) = what;
    }
}

/// Whom the questions are asked for, and what they miss.
struct Asking<'w> {
    world: &'w World,
    audience: &'w Audience,
    missing: Vec<Want>,
}

impl Asking<'_> {
    /// `None`: the rule does not match, or something is to be looked up first.
    fn ask(&mut self, question: &Question, side: &Side, rule: &Rule) -> Result<Option<Said>, Stop> {
        let ticket = question.activity().ticket.as_deref();
        let doubts = match question.is_before() {
            true => question.doubts(&side.whole, side.whole.place(&rule.name).unwrap_or_default()),
            false => Unknowns::default(),
        };
        let asked = question.with_facts(self.world, rule, ticket, (self.audience, doubts), |facts, unknowns| {
            said(rule, facts, unknowns)
        });
        match asked {
            Ok(said) => Ok(said),
            // What the others miss is asked for at once.
            Err(Stop::Missing(wants)) => {
                self.missing.extend(wants);
                Ok(None)
            }
            Err(refused) => Err(refused),
        }
    }
}

fn said(rule: &Rule, facts: &Facts<'_>, unknowns: &Unknowns) -> Option<Said> {
    if !unknowns.is_empty() {
        let explained = rule.explain(facts, unknowns);
        return match explained.verdict {
            Some(RunVerdict::NotMatched) => None,
            Some(RunVerdict::Error) | None => Some(Said { verdict: explained.verdict, told: vec![explained.reason] }),
            verdict => Some(Said { verdict, told: shortened(explained.effects) }),
        };
    }
    let told = match rule.matches(facts) {
        Verdict::NotMatched => return None,
        Verdict::Error(why) => Err(why),
        Verdict::Matched => rule.tell_all(facts),
    };
    let matched = if rule.rollout.is_shadow() { RunVerdict::Shadow } else { RunVerdict::Matched };
    Some(match told {
        Ok(told) => Said { verdict: Some(matched), told: shortened(told) },
        Err(why) => Said { verdict: Some(RunVerdict::Error), told: vec![why] },
    })
}

fn shortened(mut told: Vec<String>) -> Vec<String> {
    if told.len() > TOLD {
        let more = format!("and {} more", told.len() - TOLD);
        told.truncate(TOLD);
        told.push(more);
    }
    told
}

impl Found {
    fn take(&mut self, (position, ticket_id): (i64, Option<Uuid>), said: BTreeMap<&str, [Option<Said>; 2]>) {
        for (name, [is, would]) in said {
            if is.is_none() && would.is_none() {
                continue;
            }
            let all = self.differences.entry(name.to_owned()).or_default();
            all.count(&is, &would);
            if let Some(said) = would.as_ref().filter(|_| self.matches.len() < MATCHES) {
                self.matches.push(Match { workflow: name.to_owned(), position, ticket_id, said: said.clone() });
            }
            if is != would && all.examples.len() < EXAMPLES {
                all.examples.push(Example { position, ticket_id, is, would });
            }
        }
    }

    /// Adds what was found behind it.
    pub fn add(&mut self, later: Found) {
        for (name, difference) in later.differences {
            self.differences.entry(name).or_default().add(difference);
        }
        self.matches.extend(later.matches);
        self.matches.truncate(MATCHES);
    }
}

impl Difference {
    fn count(&mut self, is: &Option<Said>, would: &Option<Said>) {
        let verdict = |said: &Option<Said>| said.as_ref().map(|said| said.verdict);
        if verdict(is) == Some(None) || verdict(would) == Some(None) {
            self.unknown += 1;
            return;
        }
        let matches =
            |said: &Option<Said>| matches!(verdict(said), Some(Some(RunVerdict::Matched | RunVerdict::Shadow)));
        let fails = |said: &Option<Said>| verdict(said) == Some(Some(RunVerdict::Error));
        self.matched_is += i64::from(matches(is));
        self.matched_would += i64::from(matches(would));
        self.errors_is += i64::from(fails(is));
        self.errors_would += i64::from(fails(would));
        match (matches(is), matches(would)) {
            (false, true) => self.newly += 1,
            (true, false) => self.no_longer += 1,
            (true, true) => self.other += i64::from(is != would),
            (false, false) => {}
        }
    }

    fn add(&mut self, later: Difference) {
        let Difference {
            matched_is,
            matched_would,
            newly,
            no_longer,
            other,
            errors_is,
            errors_would,
            unknown,
            examples,
        } = later;
        self.matched_is += matched_is;
        self.matched_would += matched_would;
        self.newly += newly;
        self.no_longer += no_longer;
        self.other += other;
        self.errors_is += errors_is;
        self.errors_would += errors_would;
        self.unknown += unknown;
        self.examples.extend(examples);
        self.examples.truncate(EXAMPLES);
    }
}
