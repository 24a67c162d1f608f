//! What a rule waits for, so that two rules can be compared.

use std::collections::BTreeSet;

use crate::model::activity_type::ActivityType;
use crate::workflow::event::EventName;
use crate::workflow::rule::Rule;
use crate::workflow::trigger::Trigger;

/// Every event by itself: a family is its types.
pub fn heard(rule: &Rule) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = rule.triggers.iter().map(Trigger::key).collect();
    for event in &rule.events {
        all.insert(event.as_str().to_owned());
        if let EventName::After(family) = event {
            all.extend(members(*family).map(|kind| kind.word().to_owned()));
        }
    }
    all
}

fn members(family: ActivityType) -> impl Iterator<Item = ActivityType> {
    ActivityType::ALL.iter().copied().filter(move |kind| kind.families(true, true).contains(&family))
}
