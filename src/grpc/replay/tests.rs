//! What the log holds is what was answered. The activities go through their stored form first, as the log does.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Activity, ActivityRow, Audience, Held, Request, Resource, activities, rebuild, shows};
use crate::model::activity::{Cause, Change};
use crate::model::directory::{Agent, Team};
use crate::model::message::Message;
use crate::model::tenant::Tenant;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::*;
use crate::model::{fixture, id};

const AT: Instant = Instant(1_760_000_000_000_000);

fn ticket(number: i64, position: i64, described_at: i64) -> Ticket {
    Ticket {
        rule_runs: Default::default(),
        queued_at: None,
        queue: Default::default(),
        tenant_id: "acme".into(),
        id: Uuid::from_u128(number as u128),
        number,
        subject: format!("subject {number}"),
        description: String::new(),
        kind: TicketType::Incident,
        status: Status::Open,
        priority: Priority::Medium,
        category: "general".into(),
        channel: Channel::Api,
        tags: Words::default(),
        custom: json!({}),
        requester_id: String::new(),
        requester_email: String::new(),
        requester_name: String::new(),
        assignee_id: String::new(),
        team_id: String::new(),
        organization_id: String::new(),
        deal_id: String::new(),
        related_asset_id: String::new(),
        related_vulnerability_id: String::new(),
        sla_policy_id: None,
        first_response_due_at: None,
        due_at: None,
        breached_at: None,
        asked_at: None,
        clocks: Default::default(),
        sla_next_at: None,
        fired: Default::default(),
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        escalated_at: None,
        reopened_at: None,
        escalation_level: 0,
        reopen_count: 0,
        satisfaction: None,
        satisfaction_comment: String::new(),
        message_count: 0,
        public_message_count: 0,
        last_message_at: None,
        last_public_message_at: None,
        follow_up_of: None,
        merged_into: None,
        version: 1,
        described_at,
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: AT,
        created_by: "ann".into(),
        updated_at: AT,
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position,
    }
}

fn message() -> Message {
    Message {
        tenant_id: "acme".into(),
        id: Uuid::from_u128(9),
        ticket_id: Uuid::from_u128(1),
        body: "hello".into(),
        visibility: Visibility::Public,
        author_id: "ann".into(),
        author_email: String::new(),
        author_kind: AuthorKind::Agent,
        workflow: String::new(),
        mentions: Words::default(),
        app_id: String::new(),
        source: "docket".into(),
        source_type: SourceType::Api,
        created_at: AT,
        created_by: "ann".into(),
        updated_at: AT,
        updated_by: "ann".into(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: 1,
        etag_version: 1,
        position: 11,
    }
}

fn activity(position: i64, kind: &str, ticket: Option<Ticket>) -> Activity {
    Activity {
        ticket_id: ticket.as_ref().map(|ticket| ticket.id),
        ticket_version: 1,
        ticket: ticket.map(Arc::new),
        ..fixture::activity("acme", position, kind, AT)
    }
}

fn described(mut activity: Activity, text: &str) -> Activity {
    let new_value = Value::from(text);
    activity.changes.push(Change { field: "description".into(), old_value: Value::Null, new_value });
    activity
}

fn by_rule(mut activity: Activity) -> Activity {
    let (workflow, run_id) = ("triage".into(), Uuid::nil());
    activity.cause = Some(Cause { root_position: 1, parent_position: 1, depth: 1, workflow, run_id });
    activity
}

fn request(resource_id: &str, resource_position: i64, first_position: i64, position: i64) -> Request {
    let (key, fingerprint) = (Uuid::nil(), Uuid::nil());
    let (tenant_id, resource_id) = ("acme".into(), resource_id.into());
    Request { tenant_id, key, fingerprint, resource_id, resource_position, first_position, position, created_at: AT }
}

fn rebuilt(held: Held, request: &Request, log: &[Activity]) -> Option<Resource> {
    let stored: Vec<Activity> = activities(log.iter().map(ActivityRow::of)).expect("they read back");
    let resource = rebuild::resource(held, request, stored.clone())?;
    rebuild::describe(resource, &stored)
}

#[test]
fn a_batch_is_its_callers_tickets_as_the_write_left_them() {
    let assigned = Ticket { assignee_id: "bob".into(), version: 2, ..ticket(1, 6, 5) };
    let log = [
        described(activity(5, "ticket.created", Some(ticket(1, 5, 5))), "first"),
        by_rule(activity(6, "ticket.assigned", Some(assigned.clone()))),
        activity(7, "ticket.created", Some(ticket(2, 7, 7))),
        by_rule(activity(8, "ticket.created", Some(ticket(3, 8, 8)))),
    ];
    let Some(Resource::Tickets(tickets)) = rebuilt(Held::Tickets, &request("", 8, 5, 8), &log) else {
        panic!("no tickets");
    };
    assert_eq!(*tickets[0], Ticket { description: "first".into(), ..assigned });
    assert_eq!(*tickets[1], ticket(2, 7, 7));
    assert_eq!(tickets.len(), 2, "a rule's own ticket is not answered");
}

#[test]
fn a_description_written_long_before_is_found() {
    let moved = Ticket { status: Status::Resolved, ..ticket(1, 40, 5) };
    let then = vec![activity(40, "ticket.resolved", Some(moved.clone()))];
    let resource = rebuild::resource(Held::One(Resource::logged::<Ticket>), &request("tkt", 40, 40, 40), then)
        .expect("the ticket");
    let told = |log: &[Activity]| rebuild::describe(resource.clone(), log);

    let Some(Resource::Ticket(found)) = told(&[described(activity(5, "ticket.created", None), "long ago")]) else {
        panic!("no ticket");
    };
    assert_eq!(*found, Ticket { description: "long ago".into(), ..moved });
    assert!(told(&[]).is_none(), "a description that is not there is not made up");
}

#[test]
fn a_message_comes_with_its_ticket_as_the_write_left_it() {
    let message = message();
    let added =
        Activity { message: Some(message.clone()), ..activity(11, "ticket.message_added", Some(ticket(1, 11, 10))) };
    let tagged = Ticket { tags: Words(vec!["replied".into()]), ..ticket(1, 12, 10) };
    let log = [
        described(activity(10, "ticket.updated", Some(ticket(1, 10, 10))), "text"),
        added,
        by_rule(activity(12, "ticket.tag_added", Some(tagged.clone()))),
        activity(13, "issue.created", Some(ticket(2, 13, 13))),
    ];
    let shown = id::show(id::MESSAGE, message.id);
    let Some(Resource::Message(found, of)) = rebuilt(Held::Message, &request(&shown, 11, 11, 13), &log) else {
        panic!("no message");
    };
    assert_eq!((*found).clone(), message);
    assert_eq!(*of, Ticket { description: "text".into(), ..tagged });
    assert!(rebuilt(Held::Message, &request("msg_other", 11, 11, 13), &log).is_none());
}

#[test]
fn an_answer_is_shown_to_whoever_may_see_it_now() {
    let audience = |requester: Option<&str>, app: Option<&str>| Audience {
        app_id: app.map(str::to_owned),
        requester: requester.map(str::to_owned),
    };
    let hers = || Arc::new(Ticket { requester_id: "rita".into(), ..ticket(1, 5, 5) });
    let note = |visibility| Arc::new(Message { visibility, ..message() });
    let (mine, others) = (Resource::Ticket(hers()), Resource::Ticket(Arc::new(ticket(2, 6, 6))));
    let batch = Resource::Tickets(vec![hers(), Arc::new(ticket(2, 6, 6))]);
    let (public, internal) = (Visibility::Public, Visibility::Internal);
    let (said, noted) = (Resource::Message(note(public), hers()), Resource::Message(note(internal), hers()));
    let team = Resource::Team(Arc::new(Team::default()));
    for (resource, to_rita) in
        [(&mine, true), (&said, true), (&others, false), (&batch, false), (&noted, false), (&team, false)]
    {
        assert!(shows(&audience(None, None), resource), "{resource:?}");
        assert_eq!(shows(&audience(Some("rita"), None), resource), to_rita, "{resource:?}");
    }
    assert!(!shows(&audience(None, Some("crm")), &mine));
}

#[test]
fn a_row_of_the_directory_comes_out_of_its_activitys_data() {
    let data = json!({
        "id": "bob", "name": "Bob", "email": "bob@example.com", "status": "AWAY", "capacity": 5,
        "skills": ["rust"], "weight": 2, "open_count": 3, "tenant_id": "acme", "app_id": "", "source": "docket",
        "source_type": "API", "created_at": AT.to_string(), "created_by": "root",
        "updated_at": AT.plus_micros(1).to_string(), "updated_by": "ann", "schema_version": 1, "etag": "1f",
    });
    let log = [Activity { data: Some(data), ..activity(3, "agent.changed", None) }];
    let Some(Resource::Agent(agent)) = rebuilt(Held::One(Resource::logged::<Agent>), &request("bob", 3, 3, 3), &log)
    else {
        panic!("no agent");
    };
    assert_eq!((agent.status, agent.capacity, agent.weight, agent.open_count), (AgentStatus::Away, 5, 2, 3));
    assert_eq!((agent.skills.0.as_slice(), agent.etag_version, agent.position), (&["rust".to_owned()][..], 31, 3));
    assert_eq!((agent.created_at, agent.updated_at), (AT, AT.plus_micros(1)));
    assert!(rebuilt(Held::One(Resource::logged::<Team>), &request("bob", 3, 3, 3), &log).is_none(), "it is no team");
}

#[test]
fn settings_come_out_of_their_activity_as_they_went_in() {
    let data = json!({
        "id": "acme", "reopen_agent": "REJECT", "reopen_requester": "IN_PLACE", "push_back_window": "90.5s",
        "requester_reply_reopens_pending": false, "tag_mode": "REGISTERED", "categories": ["billing"],
        "attributes": {"plan": "pro"}, "tenant_id": "acme", "app_id": "", "source": "docket", "source_type": "API",
        "created_at": AT.to_string(), "created_by": "root", "updated_at": AT.to_string(), "updated_by": "root",
        "schema_version": 1, "etag": "2",
    });
    let log = [Activity { data: Some(data), ..activity(3, "tenant.changed", None) }];
    let Some(Resource::Tenant(tenant)) =
        rebuilt(Held::One(Resource::logged::<Tenant>), &request("acme", 3, 3, 3), &log)
    else {
        panic!("no settings");
    };
    assert_eq!((tenant.reopen_agent, tenant.reopen_requester), (ReopenMode::Reject, ReopenMode::InPlace));
    assert_eq!((tenant.push_back_micros, tenant.requester_reply_reopens_pending), (90_500_000, false));
    assert_eq!((tenant.tag_mode, tenant.categories.0.as_slice()), (TagMode::Registered, &["billing".to_owned()][..]));
    assert_eq!((&tenant.attributes["plan"], tenant.etag_version, tenant.position), (&json!("pro"), 2, 3));
}

#[test]
fn a_batch_of_entries_comes_in_its_order_from_wherever_the_log_has_them() {
    let team = |id: &str, position| {
        let data = json!({
            "id": id, "name": id, "member_ids": [], "tenant_id": "acme", "app_id": "", "source": "docket",
            "source_type": "API", "created_at": AT.to_string(), "created_by": "root", "updated_at": AT.to_string(),
            "updated_by": "root", "schema_version": 1, "etag": "1",
        });
        Activity { data: Some(data), ..activity(position, "team.changed", None) }
    };
    // The second one was not changed by the write: its activity is older.
    let log = [team("old", 3), team("one", 8), team("two", 9)];
    let Some(Resource::All(rows)) = rebuilt(Held::Each(Resource::logged::<Team>), &request("8,3,9", 9, 8, 9), &log)
    else {
        panic!("no batch")
    };
    let ids: Vec<&str> = rows.iter().map(|row| if let Resource::Team(team) = row { &*team.id } else { "" }).collect();
    assert_eq!(ids, ["one", "old", "two"]);
    assert!(
        rebuilt(Held::Each(Resource::logged::<Team>), &request("8,4", 9, 8, 9), &log).is_none(),
        "what is not there is not made up"
    );
}
