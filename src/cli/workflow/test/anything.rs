//! Tests of rules that something went wrong with: whatever they say, they end, and nothing panics.

use std::time::{Duration, Instant};

use proptest::test_runner::{Config, TestRunner};

use super::{read, run};
use crate::grpc::sandbox::Sandboxes;
use crate::workflow::RuleSet;
use crate::workflow::mutations::{mutated, mutations};

const RULES: &str = "\
name: close\non: {after: 48h, since: ticket.resolved_at, while: ticket.status == 'RESOLVED'}\ndo: [{transition: {verb: close}}]\n\
---\nname: weekly\non: {schedule: '0 9 * * MON', for: ticket.status == 'OPEN'}\ndo: [{message: {body: Still open}}]\n\
---\nname: calm\non: manual\ndo: [{set: {priority: LOW}}]\n";

const TESTS: &str = "\
set: all
now: 2026-09-18T20:30:00Z
given:
  tenant: {id: acme}
  agents: [{id: ann, team: support, open: 3}]
  calendars: [{name: us, time_zone: America/New_York, weekly: [{day: MONDAY, open: '09:00', close: '17:00'}]}]
  policies: [{name: All, resolution_minutes: 60, calendar: us}]
cases:
  - name: it closes
    steps:
      - {type: ticket.created, ticket: {subject: Login broken, priority: HIGH}}
      - {type: ticket.resolved, reason: done}
      - advance: 49h
    expect: {verdict: {close: MATCHED}, ticket: {status: CLOSED}, effects: [transition, {message: {body: Still open}}]}
  - name: by hand
    event: {type: manual, workflow: calm, ticket: {subject: x, status: PENDING}, actor: {id: bob, roles: [lead]}}
    expect: {ticket: {priority: LOW}}
  - name: any call
    event: {call: EscalateTicket, ticket: {subject: Help}, request: {id: $ticket, reason: now}}
    expect: {refused: no}
";

/// What one file may take, without optimizations and beside other tests.
const IN_TIME: Duration = Duration::from_secs(60);

#[test]
fn a_file_of_tests_that_was_changed_here_and_there() {
    assert_eq!(read("a.test.yaml", TESTS).map(|suite| suite.cases.len()).ok(), Some(3));
    let rules = RuleSet::from_sources(vec![("r.yaml".into(), RULES.into())]).expect("good rules");
    let sandboxes = Sandboxes::new().expect("tenants in memory");
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&mutations(), |changes| {
        let (source, began) = (mutated(TESTS, &changes), Instant::now());
        match read("a.test.yaml", &source) {
            Err(problems) => assert!(!problems.is_empty() && problems.iter().all(|it| !it.is_empty())),
            Ok(suite) => {
                if let Ok(chosen) = run::rules_of(&suite, &rules) {
                    suite.cases.iter().for_each(|case| drop(run::case(&sandboxes, &suite, &chosen, case)));
                }
            }
        }
        assert!(began.elapsed() < IN_TIME, "{:?} for {source}", began.elapsed());
        Ok(())
    });
    tried.expect("nothing panics");
}
