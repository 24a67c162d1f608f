//! Tests of the layer, through what the layers above use.

mod actions;
mod activities_page;
mod anything;
mod conditions;
mod counted;
mod files;
mod findings;
mod folder;
mod images;
mod lengths;
mod rollout;
mod shipped;
mod slips;
mod triggers;
mod variables;
mod warnings;

use super::{Rule, RuleSet};
use crate::model::activity::Activity;

/// The rules that are asked about an activity that is a step by itself.
fn answering<'a>(set: &'a RuleSet, activity: &Activity) -> Vec<&'a Rule> {
    set.answering(activity, |_| true).into_iter().map(|waiting| waiting.rule).collect()
}
