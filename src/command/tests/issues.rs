//! Issues: status changes, activities, and links from both sides.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::command::action::{IssueEdit, NewIssue};
use crate::model::id;
use crate::model::issue::Issue;

pub(super) fn new_issue(title: &str) -> NewIssue {
    NewIssue {
        title: title.into(),
        description: String::new(),
        kind: IssueType::Task,
        priority: Priority::Medium,
        reporter_id: String::new(),
        assignee_id: String::new(),
        project: String::new(),
        external_url: String::new(),
        metadata: Value::Object(Map::new()),
        tickets: Vec::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
    }
}

fn issue_of(outcome: Outcome) -> Arc<Issue> {
    match outcome.resource {
        Resource::Issue(issue) => issue,
        other => panic!("no issue: {other:?}"),
    }
}

fn issue(house: &mut House, title: &str) -> Arc<Issue> {
    issue_of(house.run(&agent(), CreateIssue(new_issue(title))).expect("an issue"))
}

fn update(issue: &Issue, edit: IssueEdit) -> UpdateIssue {
    UpdateIssue { issue: issue.id, etag: String::new(), edit }
}

#[test]
fn every_move_of_an_issue_tells_what_it_was() {
    use IssueStatus::*;
    for (from, to, kind) in [
        (Open, Open, None),
        (Open, InProgress, Some("issue.updated")),
        (Open, Resolved, Some("issue.resolved")),
        (InProgress, Open, Some("issue.updated")),
        (InProgress, InProgress, None),
        (InProgress, Resolved, Some("issue.resolved")),
        (Resolved, Open, Some("issue.reopened")),
        (Resolved, InProgress, Some("issue.reopened")),
        (Resolved, Resolved, None),
    ] {
        let mut house = House::new();
        let made = issue(&mut house, "x");
        let to_status = |status| update(&made, IssueEdit { status: Some(status), ..IssueEdit::default() });
        house.run(&agent(), to_status(from)).expect("on the way");
        let at = house.next();
        let after = issue_of(house.run(&agent(), to_status(to)).expect("moved"));
        assert_eq!(house.kinds(at), kind.into_iter().collect::<Vec<_>>(), "{from} to {to}");
        assert_eq!((after.status, after.resolved_at.is_some()), (to, to == Resolved), "{from} to {to}");
    }
}

#[test]
fn an_update_and_a_move_are_two_activities_and_the_answer_is_the_last() {
    let mut house = House::new();
    let made = issue(&mut house, "x");
    let edit = IssueEdit { title: Some("y".into()), status: Some(IssueStatus::Resolved), ..IssueEdit::default() };
    let outcome = house.run(&agent(), update(&made, edit)).expect("done");
    let position = outcome.position;
    let after = issue_of(outcome);
    assert_eq!((after.title.as_str(), after.position, after.etag_version), ("y", position, 3));
    assert_eq!(house.kinds(2), ["issue.updated", "issue.resolved"]);
}

#[test]
fn requesters_and_other_apps_have_no_issues() {
    let mut house = House::new();
    let made = issue(&mut house, "x");
    let edit = || update(&made, IssueEdit { title: Some("y".into()), ..IssueEdit::default() });
    assert!(matches!(house.refused(&requester(), edit()), Refusal::Forbidden { .. }));
    let app = caller("svc", &[Role::Service], Some("crm"));
    assert!(matches!(house.refused(&app, edit()), Refusal::NotFound { .. }));
}

#[test]
fn an_issue_out_of_a_ticket_is_linked_to_it() {
    let mut house = House::new();
    let ticket = house.ticket(&agent(), create(NewTicket { description: "it smokes".into(), ..new_ticket("Printer") }));
    let with = IssueEdit { kind: Some(IssueType::Bug), ..IssueEdit::default() };
    let action = ConvertToIssue { ticket: TicketRef::Number(1), etag: ticket.etag(), with };
    let made = issue_of(house.run(&agent(), action).expect("made"));
    assert_eq!((made.title.as_str(), made.description.as_str(), made.kind), ("Printer", "it smokes", IssueType::Bug));
    assert_eq!(
        (made.reporter_id.as_str(), made.ticket_ids.0.as_slice()),
        ("rita", &[id::show(id::TICKET, ticket.id)][..])
    );
    assert_eq!(house.kinds(2), ["issue.created"]);
}

/// Which issue is linked to which ticket, as each of the three places has it.
fn links(house: &House, issues: &[Arc<Issue>], tickets: &[Arc<Ticket>]) -> [BTreeSet<(Uuid, Uuid)>; 3] {
    let mut of_issues = BTreeSet::new();
    for made in issues {
        let now = house.world.issues.get(&made.id).flatten().expect("the issue");
        of_issues.extend(now.ticket_ids.iter().filter_map(|shown| id::parse(id::TICKET, shown)).map(|t| (t, made.id)));
    }
    let mut of_tickets = BTreeSet::new();
    for ticket in tickets {
        let linked = house.world.ticket_issues.get(&ticket.id).flatten().expect("a list");
        of_tickets.extend(linked.iter().map(|issue| (ticket.id, *issue)));
    }
    let rows = house.world.issue_tickets.inserts().map(|row| (row.ticket_id, row.issue_id)).collect();
    [of_issues, of_tickets, rows]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_ends_of_a_link_and_its_row_agree(
        steps in proptest::collection::vec((0..3usize, 0..2usize, any::<bool>(), proptest::bool::weighted(0.2)), 1..30),
    ) {
        let mut house = House::new();
        let tickets: Vec<_> = (0..3).map(|_| house.ticket(&agent(), create(new_ticket("t")))).collect();
        let issues: Vec<_> = (0..2).map(|_| issue(&mut house, "i")).collect();
        let mut expected = BTreeSet::new();
        for (ticket, issue, tie, trial) in steps {
            let pair = (tickets[ticket].id, issues[issue].id);
            let (of, issue, etag) = (TicketRef::Id(pair.0), pair.1, String::new());
            let action = match tie {
                true => whichever(LinkIssue { issue, ticket: of, etag }),
                false => whichever(UnlinkIssue { issue, ticket: of, etag }),
            };
            let (before, known) = (house.next(), expected.contains(&pair));
            house.submit(&Command { validate_only: trial, ..command(&agent(), action) }).expect("done");
            if !trial {
                if tie { expected.insert(pair) } else { expected.remove(&pair) };
            }
            // The ticket that is no longer linked is told, too.
            let changes = !trial && known != tie;
            prop_assert_eq!(house.since(before).any(|a| a.ticket_id == Some(pair.0)), changes);
            for place in links(&house, &issues, &tickets) {
                prop_assert_eq!(&place, &expected);
            }
        }
    }
}
