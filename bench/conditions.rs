//! Benchmark of conditions of rules that do not hold, on one core: the median time of each against a goal. Part of `make bench`; exits
//! with 1 if a goal is missed.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant as Clock;

use docket::model::activity_type::ActivityType;
use docket::model::ticket::Ticket;
use docket::model::time::Instant;
use docket::workflow::{Facts, RuleSet, Verdict};

/// 2026-01-01T00:00:00Z.
const NOW: Instant = Instant(1_767_225_600_000_000);
const GOAL: u128 = 1_000;
/// Conditions are timed in groups, because reading the clock takes about as long as one of them.
const GROUPS: usize = 10_001;
const GROUP: u32 = 20;

/// Conditions as rules have them; none holds for [`ticket`].
const CONDITIONS: [(&str, &str); 7] = [
    ("a word that differs", "ticket.category == 'billing'"),
    ("priority and type", "ticket.priority == 'URGENT' && ticket.type == 'INCIDENT'"),
    ("a tag that is not there", "'vip' in ticket.tags || 'enterprise' in ticket.tags"),
    ("a custom field", "has(ticket.custom.region) && ticket.custom.region == 'EU'"),
    ("a text within the subject", "ticket.subject.contains('invoice') || ticket.subject.startsWith('URGENT')"),
    ("an instant", "ticket.created_at < now - duration('24h')"),
    ("a pattern", "ticket.subject.matches(r'(?i)\\b(invoices?|refunds?)\\b')"),
];

fn ticket() -> Ticket {
    Ticket {
        tenant_id: "acme".to_owned(),
        subject: "Paper jam in printer 7".to_owned(),
        description: "The third tray takes two sheets at once.".to_owned(),
        category: "general".to_owned(),
        created_at: NOW,
        updated_at: NOW,
        ..Ticket::default()
    }
}

/// The median time of one evaluation in nanoseconds; fails if the condition holds.
fn measure(condition: &str, facts: &Facts<'_>) -> Result<u128, String> {
    let source = format!(
        "name: timed\non: ticket.created\nif: \"{}\"\ndo:\n  - tag: {{add: [seen]}}\n",
        condition.replace('\\', "\\\\")
    );
    let set = RuleSet::from_sources(vec![("timed.yaml".to_owned(), source)]).map_err(|found| format!("{found:?}"))?;
    let rules = set.after(ActivityType::TicketCreated);
    let [rule] = rules[..] else { return Err("not one rule".to_owned()) };
    if rule.matches(facts) != Verdict::NotMatched {
        return Err(format!("{condition}: {:?}", rule.matches(facts)));
    }
    let mut groups: Vec<u128> = (0..GROUPS)
        .map(|_| {
            let begun = Clock::now();
            for _ in 0..GROUP {
                black_box(rule.matches(black_box(facts)));
            }
            begun.elapsed().as_nanos() / u128::from(GROUP)
        })
        .collect();
    groups.sort_unstable();
    Ok(groups[GROUPS / 2])
}

fn main() -> ExitCode {
    let ticket = ticket();
    let facts = Facts { ticket: Some(&ticket), ..Facts::at(NOW, "acme") };
    println!("{:46} {:>11} {:>11}", "condition that does not hold", "p50, ns", "goal, ns");
    let mut all = true;
    for (what, condition) in CONDITIONS {
        match measure(condition, &facts) {
            Ok(nanos) => {
                all &= nanos <= GOAL;
                println!("{what:46} {nanos:>11} {GOAL:>11} {}", if nanos <= GOAL { "ok" } else { "miss" });
            }
            Err(error) => {
                all = false;
                println!("{what:46} {error}");
            }
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
