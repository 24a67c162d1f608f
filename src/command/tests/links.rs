//! `link` of rules: between tickets and issues, by whoever may.

use super::*;
use crate::command::action::NewIssue;

const KNOWN: &str = "name: known\non: ticket.created\nif: has(ticket.custom.issue)\ndo:\n  - link: {issue: \"${ticket.custom.issue}\"}\n  - tag: {add: [known]}\n";

fn issue(house: &mut House, who: &Caller, title: &str) -> String {
    let new = NewIssue { title: title.into(), reporter_id: "rita".into(), ..NewIssue::default() };
    match house.run(who, CreateIssue(new)).expect("an issue").resource {
        Resource::Issue(issue) => crate::model::id::show(crate::model::id::ISSUE, issue.id),
        other => panic!("no issue: {other:?}"),
    }
}

fn about(issue: &str) -> NewTicket {
    NewTicket { custom: serde_json::json!({ "issue": issue }), ..new_ticket("x") }
}

#[test]
fn a_ticket_is_linked_to_the_issue_that_it_names_and_to_no_other() {
    let mut house = House::with(&[KNOWN]);
    let known = issue(&mut house, &agent(), "A known bug");
    let next = house.next();
    let ticket = house.ticket(&agent(), create(about(&known)));
    assert_eq!(house.kinds(next), ["ticket.created", "issue.updated", "ticket.tag_added"]);
    assert_eq!(house.world.issues_of(ticket.id).expect("known").len(), 1);
    assert_eq!(house.since(next).nth(1).and_then(|it| it.cause.clone()).expect("a cause").workflow, "known");

    for lost in ["iss_0000000000000000000000000z", "12", "' OR 1=1"] {
        let ticket = house.ticket(&agent(), create(about(lost)));
        assert!(ticket.tags.is_empty(), "a refused action undoes the others");
        let run = house.world.runs.last().expect("a run");
        assert_eq!((run.verdict, run.ticket_id), (RunVerdict::Failed, Some(ticket.id)));
        assert!(run.reason.contains(lost), "{}", run.reason);
    }
}

#[test]
fn an_application_reaches_no_issue_of_another_by_a_rule() {
    let mut house = House::with(&[KNOWN]);
    let (shop, bank) = (caller("shop", &[Role::Service], Some("shop")), caller("bank", &[Role::Service], Some("bank")));
    let (theirs, own) = (issue(&mut house, &bank, "Theirs"), issue(&mut house, &shop, "Own"));
    assert!(house.ticket(&shop, create(about(&theirs))).tags.is_empty());
    assert_eq!(house.world.runs.last().map(|run| run.verdict), Some(RunVerdict::Failed));
    assert_eq!(house.ticket(&shop, create(about(&own))).tags.0, ["known"]);
}

#[test]
fn an_issue_of_many_tickets_takes_one_more_and_answers_link_it_to_a_ticket() {
    let incident = "name: incident\non: issue.created\nif: ticket == null\ndo:\n  - link: {ticket: \"1\"}\n";
    let mut house = House::with(&[KNOWN, incident]);
    let first = house.ticket(&agent(), create(new_ticket("the first")));
    let known = issue(&mut house, &agent(), "A known bug");
    assert_eq!(house.world.issues_of(first.id).expect("known").len(), 1, "by its number");
    for _ in 0..105 {
        // The last ones tell more than a hundred tickets, and of their own only once.
        house.ticket(&agent(), create(about(&known)));
    }
    let linked = house.world.issues.get(&house.world.issues_of(first.id).expect("known")[0]).flatten().cloned();
    assert_eq!(linked.expect("the issue").ticket_ids.len(), 106);
    assert!(house.world.runs.is_empty(), "{:?}", house.world.runs.last());
}
