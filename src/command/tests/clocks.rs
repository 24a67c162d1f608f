//! Worked examples of SLA clocks, named by letters.

use super::desk::*;
use super::*;
use crate::model::activity_type::ActivityType;
use crate::model::sla::calendar::CalendarRef;
use crate::model::sla::hours::Holiday;

#[test]
fn a_to_d_a_new_ticket_is_due_in_business_time() {
    for (minutes, created, wanted) in [
        (60, "2026-09-18T16:30-04", "2026-09-21T09:30-04"),
        (120, "2026-09-16T07:00-04", "2026-09-16T11:00-04"),
        (480, "2026-11-25T16:00-05", "2026-11-27T16:00-05"),
    ] {
        let mut desk = Desk::new(resolution(minutes));
        assert_eq!(desk.create(created).due_at, due(wanted), "{minutes} from {created}");
    }
    for (created, wanted) in
        [("2026-03-07T22:00-05", "2026-03-08T07:00-04"), ("2026-10-31T22:00-04", "2026-11-01T05:00-05")]
    {
        let mut desk = Desk::new(PolicyEdit { business_hours_only: Some(false), ..resolution(480) });
        assert_eq!(desk.create(created).due_at, due(wanted), "every hour from {created}");
    }
}

#[test]
fn a_new_ticket_tells_its_clocks_in_one_activity() {
    let mut desk = Desk::new(PolicyEdit { first_response_minutes: Some(Some(30)), ..resolution(60) });
    let from = desk.house.next();
    let ticket = desk.create("2026-09-14T10:00-04");
    assert_eq!(desk.house.kinds(from), ["ticket.created"]);
    assert_eq!(desk.house.since(from).next().expect("it").families.all(), [ActivityType::SlaApplied]);
    assert_eq!(ticket.first_response_due_at, due("2026-09-14T10:30-04"));
    assert_eq!(ticket.sla_next_at.map(|it| it.0 / 1_000_000), due("2026-09-14T10:30-04").map(|it| it.0 / 1_000_000));
}

#[test]
fn e_a_hold_pauses_and_w_a_warning_is_in_business_time() {
    for (minutes, created, held, resumed, wanted) in [
        (480, "2026-09-14T10:00-04", "2026-09-14T13:00-04", "2026-09-15T11:00-04", "2026-09-15T16:00-04"),
        (480, "2026-09-18T15:00-04", "2026-09-18T16:00-04", "2026-09-21T10:00-04", "2026-09-21T17:00-04"),
        (960, "2026-11-24T10:00-05", "2026-11-25T12:00-05", "2026-11-30T11:00-05", "2026-11-30T17:00-05"),
    ] {
        let mut desk = Desk::new(PolicyEdit { warn_at: Some(Words(vec!["80%".into()])), ..resolution(minutes) });
        desk.create(created);
        let paused = desk.go(held, Transition::Hold, Status::OnHold);
        assert_eq!((paused.due_at, paused.sla_next_at), (None, None), "a paused clock is not due");
        desk.go(resumed, Transition::Start, Status::InProgress);
        assert_eq!(desk.due(), due(wanted));
        if minutes == 480 && created.starts_with("2026-09-14") {
            assert_eq!(desk.is().sla_next_at, due("2026-09-15T14:24-04"), "W1");
            let from = desk.house.next();
            desk.tick("2026-09-15T14:24-04");
            desk.tick("2026-09-15T14:25-04");
            assert_eq!(desk.told(from), [("sla.warning".into(), at("2026-09-15T14:24-04").to_string())]);
        }
    }
}

/// MEDIUM 1440, and something else for URGENT.
fn by_priority(urgent: PolicyEdit) -> Desk {
    let mut desk = Desk::without();
    desk.promise("medium", PolicyEdit { priority: Some(Some(Priority::Medium)), ..resolution(1440) });
    desk.promise("urgent", PolicyEdit { priority: Some(Some(Priority::Urgent)), ..urgent });
    desk.create("2026-09-14T09:00-04");
    desk.go("2026-09-14T10:00-04", Transition::Hold, Status::OnHold);
    desk
}

#[test]
fn f_used_time_is_never_lost() {
    let retargeted = |urgent| {
        let mut desk = by_priority(urgent);
        desk.go("2026-09-14T12:00-04", Transition::Start, Status::InProgress);
        desk.prioritize("2026-09-14T14:00-04", Priority::Urgent);
        desk
    };
    assert_eq!(retargeted(resolution(240)).due(), due("2026-09-14T15:00-04"), "F1");

    let breached = retargeted(resolution(120));
    assert_eq!(breached.due(), due("2026-09-14T13:00-04"), "F2");
    assert_eq!(breached.clock(SlaMetric::Resolution).breached_at, due("2026-09-14T13:00-04"), "F2, at once");

    let restart = PolicyEdit { on_priority_change: Some(OnPriorityChange::Restart), ..resolution(240) };
    assert_eq!(retargeted(restart).due(), due("2026-09-15T10:00-04"), "F4");

    let mut held = by_priority(resolution(240));
    held.prioritize("2026-09-14T11:00-04", Priority::Urgent);
    let clock = held.clock(SlaMetric::Resolution);
    assert_eq!((clock.state, clock.due), (ClockState::Paused, None), "F5");
    held.go("2026-09-14T12:00-04", Transition::Start, Status::InProgress);
    assert_eq!(held.due(), due("2026-09-14T15:00-04"), "F5: 180 were left");
}

#[test]
fn g_reopening_goes_on_or_begins_anew() {
    let reopened = |on_reopen| {
        let mut desk = Desk::new(PolicyEdit { on_reopen: Some(on_reopen), ..resolution(480) });
        desk.create("2026-09-14T09:00-04");
        let resolved = desk.go("2026-09-14T14:00-04", Transition::Resolve, Status::Resolved);
        assert_eq!(resolved.sla_next_at, None);
        desk.go("2026-09-16T10:00-04", Transition::Reopen, Status::Reopened);
        desk
    };
    let goes_on = reopened(OnReopen::Continue);
    assert_eq!((goes_on.due(), goes_on.clock(SlaMetric::Resolution).cycle), (due("2026-09-16T13:00-04"), 1), "G1");
    let anew = reopened(OnReopen::NewCycle);
    assert_eq!((anew.due(), anew.clock(SlaMetric::Resolution).cycle), (due("2026-09-17T10:00-04"), 2), "G2");
    let first: Vec<LedgerKind> = anew.ledger().iter().filter(|row| row.cycle == 1).map(|row| row.kind).collect();
    assert_eq!(first, [LedgerKind::Start, LedgerKind::Fulfil], "G2: cycle 1 stays fulfilled");
}

#[test]
fn n_the_oldest_unanswered_message_waits() {
    let promises = PolicyEdit {
        first_response_minutes: Some(Some(60)),
        next_response_minutes: Some(Some(60)),
        ..PolicyEdit::default()
    };
    let mut desk = Desk::new(promises);
    desk.create("2026-09-18T09:00-04");
    desk.say("2026-09-18T09:10-04", &requester());
    assert!(desk.is().clocks.of(SlaMetric::NextResponse).is_none(), "not while the first response runs");
    desk.say("2026-09-18T09:20-04", &agent());
    assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Fulfilled);
    desk.say("2026-09-18T16:50-04", &requester());
    desk.say("2026-09-18T16:55-04", &requester());
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-21T09:50-04"));
    desk.say("2026-09-21T09:30-04", &agent());
    assert_eq!(desk.clock(SlaMetric::NextResponse).state, ClockState::Fulfilled);
    desk.say("2026-09-21T10:00-04", &requester());
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.cycle, clock.due), (2, due("2026-09-21T11:00-04")));
}

#[test]
fn a_resolve_a_second_late_cannot_hide_the_breach() {
    let mut desk = Desk::new(resolution(60));
    desk.create("2026-09-14T10:00-04");
    let from = desk.house.next();
    desk.go("2026-09-14T11:00:01-04", Transition::Resolve, Status::Resolved);
    assert_eq!(desk.house.kinds(from), ["sla.breached", "ticket.resolved", "sla.fulfilled"]);
    let breach = desk.house.since(from).next().expect("it").clone();
    assert_eq!((breach.actor.kind, breach.occurred_at), (ActorKind::System, at("2026-09-14T11:00:01-04")));
    let told = &breach.data.expect("data")["clocks"][0];
    assert_eq!((told["at"].as_str(), told["late_by"].as_str()), (Some("2026-09-14T15:00:00Z"), Some("1s")));
    let clock = desk.clock(SlaMetric::Resolution);
    assert_eq!((clock.state, clock.breached_at), (ClockState::Fulfilled, due("2026-09-14T11:00-04")));

    let mut prompt = Desk::new(resolution(60));
    prompt.create("2026-09-14T10:00-04");
    prompt.go("2026-09-14T11:00-04", Transition::Resolve, Status::Resolved);
    assert_eq!(prompt.clock(SlaMetric::Resolution).breached_at, None, "at the deadline is in time");
}

#[test]
fn each_warning_and_breach_is_told_once_and_a_breach_stays() {
    let mut desk = by_priority(resolution(120));
    desk.go("2026-09-14T12:00-04", Transition::Start, Status::InProgress);
    desk.prioritize("2026-09-14T14:00-04", Priority::Urgent);
    let from = desk.house.next();
    desk.tick("2026-09-14T15:00-04");
    assert_eq!(desk.told(from), [], "it was told at once");
    desk.prioritize("2026-09-14T16:00-04", Priority::Medium);
    let clock = desk.clock(SlaMetric::Resolution);
    assert_eq!(clock.breached_at, due("2026-09-14T13:00-04"), "never taken back");
    assert!(!clock.told && clock.due > due("2026-09-14T16:00-04"));
}

#[test]
fn a_deleted_ticket_waits_and_a_policy_that_is_gone_voids() {
    let mut desk = Desk::new(resolution(480));
    let ticket = desk.create("2026-09-14T10:00-04");
    let name = TicketRef::Id(ticket.id);
    desk.act("2026-09-14T11:00-04", &admin(), DeleteTicket { ticket: name.clone(), etag: String::new() });
    assert_eq!(desk.clock(SlaMetric::Resolution).state, ClockState::Paused);
    desk.act("2026-09-14T12:00-04", &admin(), UndeleteTicket { ticket: name, etag: String::new() });
    assert_eq!(desk.due(), due("2026-09-15T11:00-04"));
    let policy = PolicyRef::Name("standard".into());
    desk.act("2026-09-14T13:00-04", &admin(), DeleteSlaPolicy { policy, etag: String::new() });
    let from = desk.house.next();
    desk.tick("2026-09-14T13:01-04");
    assert_eq!(desk.house.kinds(from), ["sla.voided"]);
    assert_eq!((desk.due(), desk.is().sla_next_at), (None, None));
}

#[test]
fn an_edit_of_policy_or_calendar_moves_an_open_clock_and_says_why() {
    let mut desk = Desk::new(resolution(480));
    desk.create("2026-09-14T10:00-04");
    let policy = PolicyRef::Name("standard".into());
    let edit = resolution(240);
    desk.act("2026-09-14T11:00-04", &admin(), UpdateSlaPolicy { policy, etag: String::new(), edit });
    let from = desk.house.next();
    desk.tick("2026-09-14T11:01-04");
    assert_eq!(desk.due(), due("2026-09-14T14:00-04"));
    let holidays = vec![Holiday { date: "2026-09-14".into(), name: String::new() }];
    let edit = CalendarEdit { holidays: Some(holidays), ..CalendarEdit::default() };
    let calendar = CalendarRef::Id(desk.calendar.id);
    desk.act("2026-09-14T11:02-04", &admin(), UpdateCalendar { calendar, etag: String::new(), edit });
    desk.tick("2026-09-14T11:03-04");
    assert_eq!(desk.due(), due("2026-09-15T13:00-04"));
    let moved = desk.house.since(from).filter(|it| it.kind.as_str() == "sla.retargeted");
    let reasons: Vec<String> =
        moved.map(|it| it.data.as_ref().expect("data")["clocks"][0]["reason"].as_str().expect("why").into()).collect();
    assert_eq!(reasons, ["policy version 1 to 2", "calendar version 1 to 2"]);
}
