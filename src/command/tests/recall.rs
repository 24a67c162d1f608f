//! Rules that are asked again about what the log has say what they said.

use std::collections::HashMap;

use proptest::prelude::*;

use super::desk::*;
use super::histories::{call, events};
use super::*;
use crate::command::recall::Recall;
use crate::model::audience::Audience;
use crate::model::image::ActivityRow;
use crate::workflow::Rule;
use crate::workflow::cel::Unknowns;

/// Rules that answer types, families and each other, that end events, read what changed and what was before, and judge. Each
/// does one thing: a run that does several is one step in the log, and several changes to before-rules.
const RULES: &[&str] = &[
    "name: a-hot\norder: 1\non: ticket.updated\nif: ticket.priority in ['HIGH', 'URGENT']\ndo: [{tag: {add: [hot]}}]\n",
    "name: b-waits\norder: 2\non: ticket.updated\nif: \"'hot' in ticket.tags && ticket.category != 'hot'\"\ndo: [{set: {category: hot}}]\n",
    "name: c-ends\norder: 3\non: [ticket.updated, ticket.tag_added]\nif: ticket.category == 'hot' && changed('category')\nstop: true\ndo: []\n",
    "name: d-late\norder: 4\non: [ticket.updated, ticket.tag_added, ticket.status_changed]\nif: size(ticket.tags) > 1\ndo: [{tag: {add: [late]}}]\n",
    "name: e-cools\norder: 5\non: ticket.status_changed\nif: before.status == 'OPEN' && event.ticket.status != 'OPEN'\ndo: [{tag: {remove: [hot]}}]\n",
    "name: f-answers\norder: 6\non: ticket.message_added\nif: message.body == 'Well?'\ndo: [{message: {body: Soon, visibility: INTERNAL}}]\n",
    "name: g-slips\norder: 7\non: ticket.updated\nif: organization.tier == 'gold'\ndo: [{tag: {add: [gold]}}]\n",
    "name: h-breaches\norder: 8\non: [sla.breached, sla.warning, 'ticket.note_added']\ndo: [{set: {priority: URGENT}}]\n",
    "name: i-judges\non: [ticket.updating, ticket.messaging]\nif: changed('priority', 'MEDIUM', 'LOW')\ndo: [{deny: {message: no}}]\n",
    "name: j-slips\non: [ticket.resolving, ticket.reopening]\nfailure_policy: ignore\nif: before.status != 'CLOSED' && organization.tier == 'x'\ndo: [{deny: {message: no}}]\n",
];

/// What each rule said of a command, in the order in which they were asked, and after it was written.
type Said = Vec<(usize, bool, bool)>;

fn as_told(verdict: RunVerdict) -> (bool, bool) {
    // What was done of it, or why it was not, is another matter.
    (!matches!(verdict, RunVerdict::NotMatched | RunVerdict::Error), verdict == RunVerdict::Error)
}

fn told(world: &World, rules: &RuleSet, from: usize, before: bool) -> Said {
    let asked = |place: &usize| rules.rules().get(*place).is_some_and(|rule| rule.before == before);
    let all = world.tally.iter().skip(from).filter(|(place, _)| asked(place));
    all.map(|(place, verdict)| (*place, as_told(*verdict).0, as_told(*verdict).1)).collect()
}

/// Asks again about the activities behind `from`, as they are stored, with the ticket as it was before them.
fn again(house: &House, from: usize, ticket: &Arc<Ticket>) -> (Said, Said) {
    let stored =
        house.world.activities.iter().skip(from).map(|it| ActivityRow::of(it).into_activity().expect("an activity"));
    let recall = Recall::new(stored.collect(), HashMap::from([(ticket.id, ticket.clone())]));
    let (mut after, mut before) = (Said::new(), Said::new());
    for at in 0..recall.activities().len() {
        for waiting in recall.answering(&house.rules, at) {
            let question = recall.question(at, waiting.family).expect("a question");
            let now = recall.ticket_for(at, waiting.place, |name| house.rules.place(name));
            let (matched, failed) = ask(house, &question, waiting.rule, waiting.place, now.as_deref());
            after.push((waiting.place, matched, failed));
            if waiting.rule.stop && matched {
                break;
            }
        }
        let mut done = Vec::new();
        for (event, question) in recall.before(at) {
            for waiting in
                house.rules.before(event).filter(|waiting| !done.contains(&waiting.place)).collect::<Vec<_>>()
            {
                done.push(waiting.place);
                let (matched, failed) = ask(house, &question, waiting.rule, waiting.place, None);
                before.push((waiting.place, matched, failed));
            }
        }
    }
    (after, before)
}

fn ask(
    house: &House,
    question: &crate::command::recall::Question,
    rule: &Rule,
    place: usize,
    ticket: Option<&Ticket>,
) -> (bool, bool) {
    let (audience, doubts) = (Audience::default(), question.doubts(&house.rules, place));
    let said = question.with_facts(&house.world, rule, ticket, (&audience, doubts), |facts, unknowns: &Unknowns| {
        assert!(unknowns.is_empty(), "{}: {unknowns:?}", rule.name);
        rule.explain(facts, unknowns).verdict.expect("a verdict")
    });
    as_told(said.expect("nothing is missing"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn rules_say_again_what_they_said(history in events()) {
        let mut desk = Desk::without();
        desk.promise("any", PolicyEdit { first_response_minutes: Some(Some(30)), ..resolution(600) });
        desk.create("2026-09-14T10:00-04");
        desk.house.rules = rule_set(RULES);
        for (seconds, event) in &history {
            let ticket = desk.is();
            let (activities, asked) = (desk.house.world.activities.len(), desk.house.world.tally.len());
            let (who, action) = call(&ticket, event);
            desk.house.now = desk.house.now.plus_micros(seconds * 1_000_000);
            if desk.house.submit(&command(&who, action)).is_err() {
                continue;
            }
            let (after, before) = again(&desk.house, activities, &ticket);
            prop_assert_eq!(after, told(&desk.house.world, &desk.house.rules, asked, false), "{:?}", event);
            // A late message is asked about on a ticket on which it leaves nothing.
            if desk.house.world.activities.iter().skip(activities).any(|it| it.ticket_id != Some(ticket.id)) {
                continue;
            }
            let sorted = |mut said: Said| { said.sort_unstable(); said };
            let was = told(&desk.house.world, &desk.house.rules, asked, true);
            prop_assert_eq!(sorted(before), sorted(was), "{:?}", event);
        }
    }
}
