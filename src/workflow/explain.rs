//! Why a rule matches some facts or does not, with the value of every part of its conditions.

use super::actions::Step;
use super::cel::ast::Expr;
use super::cel::{Outcome, Traced, Tracer, Unknowns};
use super::facts::Facts;
use super::rule::Rule;
use crate::model::words::RunVerdict;

/// What a rule said, and why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// `None`: what it needs to know is unknown.
    pub verdict: Option<RunVerdict>,
    pub reason: String,
    /// Every condition of the rule, in order.
    pub tree: Vec<Branch>,
    /// What its actions want, in words, where it matches.
    pub effects: Vec<String>,
}

impl Explained {
    /// The reason with what decides, and the values that it has: `if is false: ticket.number > 50, where ticket.number is 42`.
    pub fn in_words(&self) -> String {
        let Some(decides) = self.tree.iter().find_map(|branch| branch.traced.deciding()) else {
            return self.reason.clone();
        };
        let values: Vec<String> = decides.below.iter().filter_map(Traced::in_words).take(MOST_VALUES).collect();
        let values = if values.is_empty() { String::new() } else { format!(", where {}", values.join(" and ")) };
        format!("{}: {}{values}", self.reason, decides.expression)
    }
}

/// Values that a reason names.
const MOST_VALUES: usize = 4;

/// One condition of a rule.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Where it stands: `tenants`, `if[1]`, `do[0].if`.
    pub key: String,
    pub traced: Traced,
}

impl Rule {
    /// What the rule says about these facts. What is unknown of them decides nothing.
    pub fn explain(&self, facts: &Facts<'_>, unknowns: &Unknowns) -> Explained {
        let mut tracer = Tracer::new(unknowns);
        let mut branches = |key: &str, all: &[Expr]| branches(&mut tracer, key, all, facts);
        let mut tenants = branches("tenants", &self.tenants);
        let mut conditions = branches("if", &self.conditions);
        let mut steps = Vec::new();
        let all = self.steps.iter().map(Step::asked).chain(self.before_steps.iter().map(Step::asked));
        for (at, (id, asked)) in all.enumerate() {
            let label = if id.is_empty() { format!("do[{at}].if") } else { format!("do.{id}.if") };
            steps.extend(branches(&label, asked));
        }
        let (verdict, reason) = self.judge(facts, &mut tenants, &mut conditions);
        let (verdict, reason, effects) = match verdict {
            Some(RunVerdict::Matched) => self.wanted(facts, unknowns, reason),
            other => (other, reason, Vec::new()),
        };
        Explained { verdict, reason, tree: [tenants, conditions, steps].concat(), effects }
    }

    /// What decides, which is pointed at.
    fn judge(
        &self,
        facts: &Facts<'_>,
        tenants: &mut [Branch],
        conditions: &mut [Branch],
    ) -> (Option<RunVerdict>, String) {
        // A selector without a value selects nobody.
        let fails = |branch: &&mut Branch| {
            branch.traced.outcome.is(false) || matches!(branch.traced.outcome, Outcome::Fault(_))
        };
        if let Some(branch) = tenants.iter_mut().find(fails) {
            branch.traced.point();
            let what = format!("the rule is not this tenant's: {} does not hold", branch.key);
            return (Some(RunVerdict::NotMatched), what);
        }
        if let Some(unknown) = unknown_of(tenants) {
            return (None, unknown);
        }
        if !self.rollout.includes(&self.name, facts) {
            let what = format!("the ticket is not in the share that the rule acts on: rollout {}", self.rollout);
            return (Some(RunVerdict::NotMatched), what);
        }
        if let Some(branch) = conditions.iter_mut().find(|branch| branch.traced.outcome.is(false)) {
            branch.traced.point();
            return (Some(RunVerdict::NotMatched), format!("{} is false", branch.key));
        }
        if let Some(unknown) = unknown_of(conditions) {
            return (None, unknown);
        }
        let none = conditions.is_empty();
        let fault = conditions.iter_mut().find_map(|branch| match &branch.traced.outcome {
            Outcome::Fault(why) => Some((format!("{}: {why}", branch.key), branch)),
            _ => None,
        });
        match fault {
            Some((why, branch)) => {
                branch.traced.decides = true;
                (Some(RunVerdict::Error), why)
            }
            None if none => (Some(RunVerdict::Matched), "the rule has no condition".to_owned()),
            None => (Some(RunVerdict::Matched), "every condition holds".to_owned()),
        }
    }

    fn wanted(
        &self,
        facts: &Facts<'_>,
        unknowns: &Unknowns,
        reason: String,
    ) -> (Option<RunVerdict>, String, Vec<String>) {
        let verdict = if self.rollout.is_shadow() { RunVerdict::Shadow } else { RunVerdict::Matched };
        if let Some(why) = unknowns.first(|root| self.needs(root)) {
            return (Some(verdict), format!("{reason}; what its actions say is not told: {why}"), Vec::new());
        }
        match self.tell_all(facts) {
            Ok(effects) => (Some(verdict), reason, effects),
            Err(why) => (Some(RunVerdict::Error), why, Vec::new()),
        }
    }
}

/// The conditions of a key, by their places where there are several.
pub(super) fn branches(tracer: &mut Tracer<'_>, key: &str, all: &[Expr], facts: &Facts<'_>) -> Vec<Branch> {
    let one = all.len() == 1;
    let key = |at: usize| if one { key.to_owned() } else { format!("{key}[{at}]") };
    all.iter().enumerate().map(|(at, expr)| Branch { key: key(at), traced: tracer.trace(expr, facts) }).collect()
}

fn unknown_of(branches: &[Branch]) -> Option<String> {
    branches.iter().find_map(|branch| match &branch.traced.outcome {
        Outcome::Unknown(why) => Some(format!("{} cannot be told: {why}", branch.key)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::RuleSet;
    use crate::workflow::fixture;
    use crate::workflow::schema::Root;

    fn explained(conditions: &str, unknowns: &Unknowns) -> Explained {
        let source = format!("name: a\non: ticket.escalated\n{conditions}\ndo:\n  - tag: {{add: [hot]}}\n");
        let set = RuleSet::from_sources(vec![("a.yaml".into(), source)]).expect("a rule");
        let activity = fixture::activity("ticket.escalated", fixture::ticket());
        set.rule("a").expect("is there").explain(&Facts::of(&activity), unknowns)
    }

    /// Each expression with its value, indented, and `<` where it points.
    fn drawn(explained: &Explained) -> Vec<String> {
        fn draw(traced: &Traced, depth: usize, into: &mut Vec<String>) {
            let value = match &traced.outcome {
                Outcome::Value(value) => value.to_string(),
                Outcome::Fault(why) => format!("! {why}"),
                Outcome::Unknown(why) => format!("? {why}"),
            };
            let point = if traced.decides { " <" } else { "" };
            into.push(format!("{}{} = {value}{point}", " ".repeat(depth), traced.expression));
            traced.below.iter().for_each(|below| draw(below, depth + 1, into));
        }
        let mut all = Vec::new();
        explained.tree.iter().for_each(|branch| draw(&branch.traced, 0, &mut all));
        all
    }

    #[test]
    fn the_first_part_that_is_false_is_pointed_at() {
        let it = explained(
            "if: ticket.priority == 'MEDIUM' && ('eu' in ticket.tags && ticket.number > 42)",
            &Unknowns::default(),
        );
        assert_eq!(it.verdict, Some(RunVerdict::NotMatched));
        assert_eq!(it.reason, "if is false");
        assert_eq!(
            drawn(&it),
            [
                "ticket.priority == 'MEDIUM' && 'eu' in ticket.tags && ticket.number > 42 = false",
                " ticket.priority == 'MEDIUM' = true",
                "  ticket.priority = \"MEDIUM\"",
                " 'eu' in ticket.tags = true",
                "  ticket.tags = [\"vip\",\"eu\"]",
                " ticket.number > 42 = false <",
                "  ticket.number = 42",
            ]
        );
    }

    #[test]
    fn what_decides_is_told_in_words() {
        let it = explained("if: ticket.priority == 'MEDIUM' && ticket.number > 50", &Unknowns::default());
        assert_eq!(it.in_words(), "if is false: ticket.number > 50, where ticket.number is 42");
        let it = explained("if: \"'new' in ticket.tags\"", &Unknowns::default());
        assert_eq!(it.in_words(), "if is false: 'new' in ticket.tags, where ticket.tags is [\"vip\",\"eu\"]");
        let it = explained("if: ticket.number > 1", &Unknowns::default());
        assert_eq!(it.in_words(), "every condition holds");
    }

    #[test]
    fn what_matches_says_what_it_wants() {
        let it = explained("if: ticket.tags.exists(t, t == 'vip')", &Unknowns::default());
        assert_eq!((it.verdict, it.effects), (Some(RunVerdict::Matched), vec!["add tag hot".to_owned()]));
    }

    #[test]
    fn an_error_and_what_is_unknown_decide_nothing_where_something_else_does() {
        let mut unknowns = Unknowns::default();
        unknowns.add(Root::Organization, "it was changed since".into());
        let asks = |condition: &str| explained(&format!("if: \"{condition}\""), &unknowns);
        let it = asks("organization.tier == 'gold' && ticket.number == 1");
        assert_eq!(it.verdict, Some(RunVerdict::NotMatched));
        let it = asks("organization.tier == 'gold' && ticket.number == 42");
        assert_eq!((it.verdict, it.reason.as_str()), (None, "if cannot be told: it was changed since"));
        let it = asks("organization.tier == 'gold' || ticket.number == 42");
        assert_eq!(it.verdict, Some(RunVerdict::Matched));
        let it = asks("team.name == 'x' && ticket.number == 42");
        assert_eq!((it.verdict, it.reason.as_str()), (Some(RunVerdict::Error), "if: team.name is absent"));
        let it = asks("ticket.tags.exists(t, t == organization.tier)");
        assert_eq!(it.verdict, None);
        let mut calendars = Unknowns::default();
        calendars.add_calendar("us", "its hours were changed since".into());
        let it = explained("if: \"ticket.number == 42 && in_hours('us')\"", &calendars);
        assert_eq!((it.verdict, it.reason.as_str()), (None, "if cannot be told: its hours were changed since"));
        let it = asks("(ticket.number == 42 ? 1 : size(organization.tier)) == 1");
        assert_eq!(it.verdict, Some(RunVerdict::Matched));
    }

    #[test]
    fn a_rule_of_other_tenants_and_one_for_a_share_say_so() {
        let it = explained("tenants: tenant.id == 'globex'", &Unknowns::default());
        assert_eq!(it.reason, "the rule is not this tenant's: tenants does not hold");
        assert!(drawn(&it)[0].ends_with("= false <"), "{:?}", drawn(&it));
        let it = explained("rollout: {percent: 0}", &Unknowns::default());
        assert!(it.reason.ends_with("rollout {percent: 0}"), "{}", it.reason);
    }

    #[test]
    fn a_large_rule_is_told_as_far_as_an_answer_goes() {
        let long = format!("    - ticket.description.contains('{}')\n", "x".repeat(900)).repeat(100);
        let it = explained(&format!("if:\n{long}"), &Unknowns::default());
        assert_eq!(it.tree.len(), 100);
        assert!(drawn(&it).concat().len() < 512 * 1024);
    }
}
