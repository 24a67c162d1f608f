//! Files of cases, and what they come to.

use super::*;

const RULES: &str = "\
name: vip\non: ticket.created\nif: \"'vip' in ticket.tags\"\ndo: [{set: {priority: URGENT}}, {message: {body: Welcome, visibility: INTERNAL}}]\n\
---\nname: no-eve\non: ticket.assigning\nif: ticket.assignee_id == 'eve'\ndo: [{deny: {message: Eve is on leave}}]\n\
---\nname: tells\non: ticket.escalated\ndo: [{emit: {type: custom.up, data: {by: \"${actor.id}\"}}}, \
{webhook: {endpoint: chat, payload: {n: 1}}}, {dispatch_agent: {agent: scribe, prompt: Sum up}}]\n\
---\nname: late\non: {sla: resolution, at: breach}\ndo: [{tag: {add: [late]}}]\n";

/// What the cases, in YAML, come to: of each its differences; or what is wrong with the file.
fn tried(head: &str, cases: &str) -> Result<Vec<Vec<String>>, Vec<String>> {
    let rules = RuleSet::from_sources(vec![("rules.yaml".into(), RULES.into())]).expect("good rules");
    let source = format!("{head}\nnow: 2026-09-18T08:00:00Z\n{cases}");
    let report = tested(Path::new("DIR"), &rules, &[("a.test.yaml".into(), source)], false).expect("a report");
    let file = report.files.into_iter().next().expect("the file");
    match file.broken.is_empty() {
        true => Ok(file.cases.into_iter().map(|case| case.differences).collect()),
        false => Err(file.broken),
    }
}

fn differences(cases: &str) -> Vec<String> {
    tried("workflow: vip", &format!("cases:\n  - {{name: a, {cases}}}")).expect("a good file").concat()
}

const VIP: &str = "event: {type: ticket.created, ticket: {subject: Help, tags: [vip]}}";

#[test]
fn an_effect_is_named_in_the_list_or_by_the_field_that_it_set() {
    assert_eq!(differences(&format!("{VIP}, expect: {{ticket: {{priority: URGENT}}, effects: [message]}}")), [""; 0]);
    let both = "effects: [set, {message: {body: Welcome, visibility: internal}}]";
    assert_eq!(differences(&format!("{VIP}, expect: {{verdict: MATCHED, {both}}}")), [""; 0]);
    assert_eq!(
        differences(&format!("{VIP}, expect: {{ticket: {{priority: HIGH}}}}")),
        [
            "ticket.priority: expected \"HIGH\", and it is \"URGENT\"",
            "no expectation names what vip did: message {body: \"Welcome\", visibility: \"INTERNAL\"}",
        ]
    );
    assert_eq!(
        differences(&format!("{VIP}, expect: {{effects: [set, message, message, {{message: {{body: Bye}}}}]}}")),
        [
            "effects: expected \"message\", and there is none",
            "effects: expected {\"message\":{\"body\":\"Bye\"}}, and there is none",
        ]
    );
}

#[test]
fn what_a_rule_makes_for_others_is_an_effect() {
    let cases = |effects: &str| {
        let case = "event: {type: ticket.escalated, ticket: {subject: Help}, actor: {id: ann}}";
        tried("workflow: tells", &format!("cases:\n  - {{name: a, {case}, expect: {{effects: {effects}}}}}"))
    };
    let all = "[{emit: {type: custom.up, data: {by: ann}}}, {webhook: {endpoint: chat, payload: {n: 1}}}, \
                   {dispatch_agent: {agent: scribe, prompt: Sum up}}]";
    assert_eq!(cases(all).expect("a good file").concat(), [""; 0]);
    let few = cases("[emit, {webhook: {endpoint: bell}}]").expect("a good file").concat();
    assert_eq!(few.len(), 3, "{few:?}");
    assert!(
        few[0].starts_with("effects: expected {\"webhook\":{\"endpoint\":\"bell\"}}, and there is webhook"),
        "{few:?}"
    );
}

#[test]
fn a_rule_that_is_not_asked_did_not_match() {
    let seen = differences("event: {type: ticket.resolved, ticket: {tags: [vip]}}, expect: {verdict: MATCHED}");
    assert_eq!(seen, ["verdict of vip: expected MATCHED, and it is NOT_MATCHED; it was not asked"]);
    let plain = "event: {type: ticket.created, ticket: {subject: Help}}";
    assert_eq!(
        differences(&format!("{plain}, expect: {{verdict: NOT_MATCHED, ticket: {{priority: MEDIUM}}}}")),
        [""; 0]
    );
}

#[test]
fn a_refusal_is_expected_or_fails_the_case() {
    let given = "workflow: no-eve\ngiven: {agents: [{id: eve}, {id: ann}]}";
    let case = |to: &str, expect: &str| {
        let event =
            format!("event: {{type: ticket.assigned, ticket: {{assignee_id: ann}}, changes: {{assignee_id: {to}}}}}");
        tried(given, &format!("cases: [{{name: a, {event}, expect: {{{expect}}}}}]")).expect("a good file").concat()
    };
    assert_eq!(case("eve", "verdict: MATCHED, refused: Eve is on leave, ticket: {assignee_id: ann}"), [""; 0]);
    let seen = case("eve", "");
    assert!(matches!(&seen[..], [one] if one.contains("is refused") && one.contains("Eve is on leave")), "{seen:?}");
    let seen = case("''", "refused: on leave");
    assert_eq!(seen, ["refused: expected \"on leave\", and the call succeeds"]);
}

#[test]
fn time_passes_and_clocks_tell_what_is_due() {
    let given = "workflow: [late, vip]\ngiven: {policies: [{name: All, resolution_minutes: 60}]}";
    let steps = "steps: [{type: ticket.created, ticket: {subject: Help}}, {advance: 59m}";
    let case = |more: &str, expect: &str| {
        let case = format!("cases: [{{name: a, {steps}{more}], expect: {{{expect}}}}}]");
        tried(given, &case).expect("a good file").concat()
    };
    assert_eq!(case("", "verdict: {late: NOT_MATCHED}, ticket: {tags: []}"), [""; 0]);
    assert_eq!(case(", {advance: 2m}", "verdict: {late: MATCHED}, ticket: {tags: [late]}"), [""; 0]);
    let seen =
        case(", {type: ticket.resolved}, {advance: 3d}", "verdict: {late: NOT_MATCHED}, ticket: {status: resolved}");
    assert_eq!(seen, [""; 0]);
    assert_eq!(case(", {advance: soon}", ""), ["advance: expected a duration like 48h or 15m"]);
}

#[test]
fn what_is_wrong_with_a_file_is_told_before_any_case_runs() {
    let told = |head: &str, cases: &str| tried(head, cases).expect_err("a bad file").join("\n");
    assert!(told("workflow: vipp", "cases: [{name: a}]").contains("did you mean `vip`?"));
    assert!(told("set: all\nworkflow: vip", "cases: [{name: a}]").contains("exclude each other"));
    assert!(told("", "cases: [{name: a}]").contains("name the rules under test"));
    assert!(told("workflow: vip", "cases: []").contains("at least one"));
    assert!(told("workflow: vip", "cases:\n  - {name: a, expct: {}}").contains("unknown field `expct`"));
    assert!(told("workflow: vip", "cases: [").contains("a.test.yaml:"));
    assert!(told("workflow: &a vip", "cases: [{name: *a}]").contains("anchor"));
}

#[test]
fn a_folder_without_tests_is_told_of() {
    let report = tested(Path::new("DIR"), &RuleSet::default(), &[], false).expect("a report");
    assert_eq!((report.failed(), report.files[0].file.as_str()), (1, "DIR"));
    assert!(report.files[0].broken[0].starts_with("there are no tests in this folder"));
}

#[test]
fn what_cannot_be_is_told_by_its_case() {
    let told = |case: &str| differences(case).join("\n");
    assert!(told("expect: {}").contains("`event`, or `steps`"));
    assert!(told("event: {type: ticket.flown, ticket: {}}").contains("no call makes `ticket.flown`"));
    assert!(told("event: {type: ticket.creatd, ticket: {}}").contains("did you mean `ticket.created`?"));
    assert!(told("event: {call: UpdateAgent, ticket: {}}").contains("does not write: one of: "));
    assert!(told("event: {call: UpdateAgent, ticket: {}}").contains("UpsertAgent"));
    let filter = "event: {call: RunWorkflow, ticket: {}, request: {workflow: vip, filter: 'true'}}";
    assert!(told(filter).contains("is not looked up here"), "{}", told(filter));
    assert_eq!(told(&format!("{VIP}, expect: {{ticket: {{queued_at: null}}, effects: [set, message]}}")), "");
    let none =
        told(&format!("{VIP}, expect: {{ticket: {{queued_at: '2026-09-18T08:00:00Z'}}, effects: [set, message]}}"));
    assert_eq!(none, "ticket.queued_at: expected \"2026-09-18T08:00:00Z\", and it has none");
    assert!(told("event: {type: ticket.resolved}").contains("needs a ticket"));
    assert!(told("event: {call: GetTicket, request: {id: $ticket}, ticket: {}}").contains("GetTicket does not write"));
    assert!(told("event: {type: ticket.created, ticket: {subjct: x}}").contains("subjct"));
    assert!(told("event: {type: ticket.created, ticket: {subject: x}, actor: {roles: [king]}}").contains("king"));
    let unknown = format!("{VIP}, expect: {{ticket: {{prioritty: URGENT}}, effects: [set, message]}}");
    assert_eq!(told(&unknown), "ticket: there is no field `prioritty`: did you mean `priority`?");
}

#[test]
fn a_policy_counts_the_hours_of_a_calendar_that_is_given() {
    let given = "workflow: late\ngiven:\n  calendars: [{name: Office, time_zone: UTC, weekly: [{day: FRIDAY, open: '09:00', close: '17:00'}]}]\n  \
            policies: [{name: All, resolution_minutes: 60, business_hours_only: true, calendar: Office}]";
    let case = |advance: &str, tags: &str| {
        let steps = format!("steps: [{{type: ticket.created, ticket: {{subject: Help}}}}, {{advance: {advance}}}]");
        let case = format!("cases: [{{name: a, {steps}, expect: {{ticket: {{tags: {tags}}}}}}}]");
        tried(given, &case).expect("a good file").concat()
    };
    // The clock begins on Friday at 8:00, and runs from 9:00.
    assert_eq!(case("119m", "[]"), [""; 0]);
    assert_eq!(case("121m", "[late]"), [""; 0]);
}

#[test]
fn a_rule_answers_out_of_the_hours_of_a_calendar_that_is_given() {
    const AWAY: &str = "name: away\non: ticket.created\nif: \"!in_hours('Office')\"\n\
do: [{message: {body: We are back in the morning, visibility: PUBLIC}}]\n---\n\
name: slow\non: ticket.resolved\nif: business_minutes(ticket.created_at, now, 'office') >= 60\ndo: [{tag: {add: [slow]}}]\n";
    let rules = RuleSet::from_sources(vec![("rules.yaml".into(), AWAY.into())]).expect("good rules");
    let told = |head: &str, steps: &str, expect: &str| {
        let source = format!("set: all\n{head}\ncases: [{{name: a, steps: [{steps}], expect: {{{expect}}}}}]");
        let report = tested(Path::new("DIR"), &rules, &[("a.test.yaml".into(), source)], false).expect("a report");
        let cases = report.files.into_iter().flat_map(|file| file.cases);
        cases.flat_map(|case| case.differences).collect::<Vec<_>>()
    };
    let hours = "given: {calendars: [{name: Office, time_zone: Europe/Berlin, weekly: [{day: FRIDAY, open: '09:00', close: '17:00'}], \
            holidays: [{date: 2026-12-25}]}]}";
    let created = "{type: ticket.created, ticket: {subject: Help}}";
    let resolved = "{type: ticket.resolved}";
    // Berlin is two hours ahead in September: 17:00 there is no hour of work any more.
    let open = format!("now: 2026-09-18T14:59:59Z\n{hours}");
    let shut = format!("now: 2026-09-18T15:00:00Z\n{hours}");
    assert_eq!(told(&open, created, "verdict: {away: NOT_MATCHED}"), [""; 0]);
    assert_eq!(told(&shut, created, "effects: [{message: {visibility: PUBLIC}}]"), [""; 0]);
    let holiday = format!("now: 2026-12-25T10:00:00Z\n{hours}");
    assert_eq!(told(&holiday, created, "effects: [message]"), [""; 0]);
    // A second of this Friday, and the rest of the hour a week later.
    let week = |and: &str| format!("{created}, {{advance: {and}}}, {resolved}");
    assert_eq!(told(&open, &week("160h59m"), "verdict: {slow: NOT_MATCHED}"), [""; 0]);
    assert_eq!(told(&open, &week("161h"), "ticket: {status: RESOLVED, tags: [slow]}"), [""; 0]);
    let none = told("now: 2026-09-18T15:00:00Z", created, "verdict: {away: ERROR}");
    assert_eq!(none, [""; 0], "a tenant without the calendar");
}

#[test]
fn any_call_can_be_the_event() {
    let call = "event: {call: EscalateTicket, ticket: {subject: Help}, request: {id: $ticket, reason: now}}";
    assert_eq!(differences(&format!("{call}, expect: {{ticket: {{status: ESCALATED}}}}")), [""; 0]);
}

#[test]
fn coverage_tells_of_each_condition_of_a_list_and_of_single_actions() {
    const LISTED: &str = "name: listed\non: ticket.created\nif: [\"ticket.priority == 'HIGH'\", \"'vip' in ticket.tags\"]\n\
do: [{if: ticket.number > 0, tag: {add: [one]}}, {id: two, if: [ticket.number > 0, ticket.number > 9], tag: {add: [two]}}]\n\
---\nname: door\non: ticket.creating\ndo: [{if: \"ticket.subject == 'no'\", deny: {message: no}}]\n";
    let rules = RuleSet::from_sources(vec![("r.yaml".into(), LISTED.into())]).expect("good rules");
    let case = |subject: &str, priority: &str, tags: &str, expect: &str| {
        format!(
            "  - {{name: a, event: {{type: ticket.created, ticket: {{subject: {subject}, priority: {priority}, tags: [{tags}]}}}}, expect: {{{expect}}}}}\n"
        )
    };
    let told = |cases: &[String]| {
        let source = format!("set: all\nnow: 2026-09-18T08:00:00Z\ncases:\n{}", cases.concat());
        let report = tested(Path::new("DIR"), &rules, &[("a.test.yaml".into(), source)], true).expect("a report");
        assert_eq!(report.failed(), 0, "{:?}", report.files[0].broken);
        report.uncovered.unwrap_or_default()
    };
    let hit = case("x", "HIGH", "vip", "ticket: {tags: [vip, one]}");
    let (low, plain) = (case("x", "LOW", "vip", ""), case("x", "HIGH", "", ""));
    assert_eq!(
        told(&[hit.clone(), low.clone()]),
        [
            "door (r.yaml:6): do[0] (deny): if was never true",
            "listed (r.yaml:1): if[1] was never false",
            "listed (r.yaml:1): do[0] (tag): if was never false",
            "listed (r.yaml:1): two (tag): if[0] was never false",
            "listed (r.yaml:1): two (tag): if[1] was never true",
        ]
    );
    let denied = case("no", "LOW", "", "refused: no");
    let told = told(&[hit, low, plain, denied]);
    assert!(!told.iter().any(|line| line.starts_with("door") || line.contains(":1): if[1]")), "{told:?}");
}

#[test]
fn coverage_tells_which_conditions_were_never_true_or_never_false() {
    let rules = RuleSet::from_sources(vec![("rules.yaml".into(), RULES.into())]).expect("good rules");
    let source = format!(
        "set: all\nnow: 2026-09-18T08:00:00Z\ncases: [{{name: a, {VIP}, expect: {{effects: [set, message]}}}}]"
    );
    let report = tested(Path::new("DIR"), &rules, &[("a.test.yaml".into(), source)], true).expect("a report");
    assert_eq!(
        report.uncovered.as_deref().unwrap_or_default(),
        [
            "late (rules.yaml:15): no case asks it",
            "no-eve (rules.yaml:6): no case asks it",
            "tells (rules.yaml:11): no case asks it",
            "vip (rules.yaml:1): its condition was never false"
        ]
    );
}
