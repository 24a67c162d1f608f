//! Clocks follow from the ticket's state: questions that wait, policies that go and come back, and what has ended.

use super::desk::{Desk, at, due, resolution};
use super::*;
use crate::model::directory::Organization;
use crate::model::sla::clock::Clock;

fn responses(first: Option<i32>, next: Option<i32>) -> PolicyEdit {
    PolicyEdit {
        first_response_minutes: Some(first),
        next_response_minutes: Some(next),
        business_hours_only: Some(false),
        ..PolicyEdit::default()
    }
}

fn high(edit: PolicyEdit) -> PolicyEdit {
    PolicyEdit { priority: Some(Some(Priority::High)), ..edit }
}

fn every_hour(minutes: i32) -> PolicyEdit {
    PolicyEdit { business_hours_only: Some(false), ..resolution(minutes) }
}

fn of_ticket(desk: &Desk, edited: TicketEdit) -> UpdateTicket {
    edit(&desk.is(), edited)
}

fn in_team(team: &str) -> TicketEdit {
    TicketEdit { team_id: Some(team.into()), ..TicketEdit::default() }
}

fn tagged(tags: &[&str]) -> TicketEdit {
    TicketEdit { tags: Some(Words(tags.iter().map(|tag| (*tag).to_owned()).collect())), ..TicketEdit::default() }
}

impl Desk {
    fn now_in(&self, metric: SlaMetric) -> Option<Clock> {
        self.is().clocks.of(metric).cloned()
    }

    fn edit_ticket(&mut self, when: &str, edited: TicketEdit) {
        let action = of_ticket(self, edited);
        self.act(when, &agent(), action);
    }

    fn edit_policy(&mut self, when: &str, name: &str, edit: PolicyEdit) {
        let policy = PolicyRef::Name(name.into());
        self.act(when, &admin(), UpdateSlaPolicy { policy, etag: String::new(), edit });
        self.tick(when);
    }
}

#[test]
fn a_question_that_reopens_the_ticket_waits_for_its_answer() {
    let mut desk = Desk::new(responses(Some(60), Some(60)));
    desk.create("2026-09-14T09:00Z");
    desk.say("2026-09-14T09:10Z", &agent());
    desk.go("2026-09-14T10:00Z", Transition::Resolve, Status::Resolved);
    let reopened = desk.say("2026-09-14T12:00Z", &requester());
    assert_eq!(reopened.status, Status::Reopened);
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.state, clock.due), (ClockState::Running, due("2026-09-14T13:00Z")));
}

#[test]
fn a_policy_that_comes_later_finds_the_question_that_waits() {
    let mut desk = Desk::without();
    desk.create("2026-09-14T09:00Z");
    desk.say("2026-09-14T09:10Z", &agent());
    desk.say("2026-09-14T10:00Z", &requester());
    desk.house.now = at("2026-09-14T10:05Z");
    desk.promise("late", responses(None, Some(60)));
    desk.tick("2026-09-14T10:05:01Z");
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.due, clock.asked_at), (due("2026-09-14T11:05:01Z"), due("2026-09-14T10:00Z")));
    desk.say("2026-09-14T10:30Z", &agent());
    assert_eq!((desk.clock(SlaMetric::NextResponse).state, desk.is().asked_at), (ClockState::Fulfilled, None));
}

#[test]
fn a_question_waits_behind_the_first_response_and_no_longer() {
    let mut desk = Desk::new(responses(Some(60), Some(30)));
    desk.create("2026-09-14T09:00Z");
    desk.say("2026-09-14T09:10Z", &requester());
    assert_eq!(desk.now_in(SlaMetric::NextResponse), None);
    desk.edit_policy("2026-09-14T09:20Z", "standard", responses(None, Some(30)));
    assert_eq!(desk.clock(SlaMetric::FirstResponse).state, ClockState::Voided);
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-14T09:50Z"));
    desk.edit_policy("2026-09-14T09:30Z", "standard", responses(Some(60), Some(30)));
    assert_eq!(desk.clock(SlaMetric::NextResponse).state, ClockState::Voided, "the first response runs again");
    desk.edit_policy("2026-09-14T09:40Z", "standard", responses(None, Some(30)));
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-14T10:00Z"), "ten minutes were used");
}

/// A ticket that has the policy for 59 minutes, lacks it for 30 seconds, and has it again.
fn lapsed(policy: PolicyEdit, gone: impl FnOnce(&mut Desk, &str), back: impl FnOnce(&mut Desk, &str)) -> Desk {
    let mut desk = Desk::without();
    desk.promise("gold", PolicyEdit { next_response_minutes: Some(Some(60)), ..policy });
    desk.create_with("2026-09-14T08:00Z", Priority::High);
    desk.edit_ticket("2026-09-14T09:00Z", TicketEdit { team_id: Some("core".into()), ..tagged(&["vip"]) });
    desk.say("2026-09-14T09:00Z", &agent());
    desk.say("2026-09-14T10:00Z", &requester());
    desk.tick("2026-09-14T10:00Z");
    gone(&mut desk, "2026-09-14T10:59Z");
    for metric in [SlaMetric::NextResponse, SlaMetric::Resolution] {
        assert_eq!(desk.clock(metric).state, ClockState::Voided, "{metric}");
    }
    assert_eq!((desk.due(), desk.is().sla_next_at), (None, None));
    back(&mut desk, "2026-09-14T10:59:30Z");
    desk
}

#[test]
fn a_lapse_forgets_nothing_in_whichever_way_the_policy_goes() {
    let whole = || every_hour(180);
    let prioritized = |to| move |desk: &mut Desk, when: &str| drop(desk.prioritize(when, to));
    let moved = |team: &'static str| move |desk: &mut Desk, when: &str| desk.edit_ticket(when, in_team(team));
    let spelt = |tags: &'static [&'static str]| move |desk: &mut Desk, when: &str| desk.edit_ticket(when, tagged(tags));
    let is = |status| {
        move |desk: &mut Desk, when: &str| {
            desk.edit_policy(when, "gold", PolicyEdit { status: Some(status), ..PolicyEdit::default() });
        }
    };
    let team = PolicyEdit { team_id: Some("core".into()), ..whole() };
    let vip = PolicyEdit { condition: Some("'vip' in ticket.tags".into()), ..whole() };
    let all = [
        lapsed(high(whole()), prioritized(Priority::Low), prioritized(Priority::High)),
        lapsed(team, moved("desk"), moved("core")),
        lapsed(vip, spelt(&[]), spelt(&["vip"])),
        lapsed(whole(), is(SlaPolicyStatus::Inactive), is(SlaPolicyStatus::Active)),
    ];
    for (way, desk) in all.iter().enumerate() {
        let next = desk.clock(SlaMetric::NextResponse);
        assert_eq!((next.cycle, next.due), (1, due("2026-09-14T11:00:30Z")), "{way}: one minute was left");
    }
    // Of the resolution the 179 minutes since 08:00, or those since the team or the tag came at 09:00.
    let left: Vec<Option<Instant>> = all.iter().map(Desk::due).collect();
    let (since_eight, since_nine) = (due("2026-09-14T11:00:30Z"), due("2026-09-14T12:00:30Z"));
    assert_eq!(left, [since_eight, since_nine, since_nine, since_eight]);
}

#[test]
fn restart_alone_forgets_and_governs_team_and_type() {
    let restart = |edit: PolicyEdit| PolicyEdit { on_priority_change: Some(OnPriorityChange::Restart), ..edit };
    let mut desk = Desk::without();
    desk.promise("any", restart(every_hour(60)));
    desk.promise("core", restart(PolicyEdit { team_id: Some("core".into()), ..every_hour(30) }));
    let problem = Some(Words(vec!["PROBLEM".into()]));
    desk.promise(
        "problem",
        restart(PolicyEdit { applies_to: problem, team_id: Some("core".into()), ..every_hour(90) }),
    );
    desk.create("2026-09-14T10:00Z");
    desk.edit_ticket("2026-09-14T10:20Z", in_team("core"));
    assert_eq!(desk.due(), due("2026-09-14T10:50Z"), "team");
    desk.edit_ticket("2026-09-14T10:40Z", TicketEdit { kind: Some(TicketType::Problem), ..TicketEdit::default() });
    assert_eq!(desk.due(), due("2026-09-14T12:10Z"), "type");

    let flip = |desk: &mut Desk| {
        desk.create_with("2026-09-14T10:00Z", Priority::High);
        desk.prioritize("2026-09-14T10:59Z", Priority::Low);
        desk.prioritize("2026-09-14T11:10Z", Priority::High);
        desk.due()
    };
    let mut desk = Desk::without();
    desk.promise("high", restart(high(every_hour(60))));
    assert_eq!(flip(&mut desk), due("2026-09-14T12:10Z"));
}

#[test]
fn what_has_ended_shows_no_deadline() {
    let mut desk = Desk::new(PolicyEdit { first_response_minutes: Some(Some(30)), ..every_hour(60) });
    desk.create("2026-09-14T10:00Z");
    assert_eq!(desk.say("2026-09-14T10:10Z", &agent()).first_response_due_at, None);
    assert_eq!(desk.go("2026-09-14T10:30Z", Transition::Resolve, Status::Resolved).due_at, None);
    let without = PolicyEdit { resolution_minutes: Some(None), ..PolicyEdit::default() };
    desk.edit_policy("2026-09-14T10:40Z", "standard", without);
    let reopened = desk.go("2026-09-14T12:00Z", Transition::Reopen, Status::Reopened);
    assert_eq!((reopened.due_at, reopened.sla_next_at, reopened.breached_at), (None, None, None));
    desk.edit_policy("2026-09-14T12:10Z", "standard", every_hour(60));
    assert_eq!(desk.due(), due("2026-09-14T12:40Z"), "half an hour was used");
}

#[test]
fn a_new_cycle_forgets_though_no_policy_saw_the_reopening() {
    let mut desk = Desk::without();
    desk.promise("high", PolicyEdit { on_reopen: Some(OnReopen::NewCycle), ..high(every_hour(60)) });
    desk.create_with("2026-09-14T10:00Z", Priority::High);
    desk.prioritize("2026-09-14T10:30Z", Priority::Low);
    desk.go("2026-09-14T10:40Z", Transition::Resolve, Status::Resolved);
    desk.go("2026-09-14T10:50Z", Transition::Reopen, Status::Reopened);
    desk.prioritize("2026-09-14T11:00Z", Priority::High);
    let clock = desk.clock(SlaMetric::Resolution);
    assert_eq!((clock.cycle, clock.due), (2, due("2026-09-14T12:00Z")));
}

#[test]
fn a_missed_deadline_stays_in_history_and_what_is_held_is_not_overdue() {
    let mut desk = Desk::new(every_hour(60));
    desk.create("2026-09-14T10:00Z");
    desk.tick("2026-09-14T11:00:01Z");
    assert_eq!((desk.is().breached_at, desk.due()), (due("2026-09-14T11:00Z"), due("2026-09-14T11:00Z")));
    let held = desk.go("2026-09-14T12:00Z", Transition::Hold, Status::OnHold);
    assert_eq!((held.breached_at, held.due_at), (due("2026-09-14T11:00Z"), None));
    desk.edit_policy(
        "2026-09-14T12:30Z",
        "standard",
        PolicyEdit { status: Some(SlaPolicyStatus::Inactive), ..PolicyEdit::default() },
    );
    assert_eq!(desk.is().breached_at, due("2026-09-14T11:00Z"), "also when the policy is gone");
}

#[test]
fn a_breach_that_a_change_makes_counts_when_it_was_made() {
    let mut desk = Desk::new(every_hour(200 * 60));
    desk.create("2026-09-25T10:00Z");
    desk.edit_policy("2026-10-02T10:00Z", "standard", every_hour(60));
    let [missed] = desk.house.world.outcomes.as_slice() else { panic!("one is missed") };
    assert_eq!((missed.breached_at, missed.counted_at), (due("2026-09-25T11:00Z"), due("2026-10-02T10:00Z")));
    assert_eq!(missed.late, 0, "nobody could tell it before");
    assert_eq!(desk.is().breached_at, due("2026-09-25T11:00Z"));

    // One that a timer tells late was missed at its deadline.
    let mut late = Desk::new(every_hour(60));
    late.create("2026-09-25T10:00Z");
    late.tick("2026-10-02T10:00Z");
    let [missed] = late.house.world.outcomes.as_slice() else { panic!("one is missed") };
    assert_eq!((missed.breached_at, missed.counted_at), (due("2026-09-25T11:00Z"), due("2026-09-25T11:00Z")));
}

#[test]
fn an_internal_note_moves_no_clock() {
    let mut desk = Desk::without();
    desk.promise("gold", PolicyEdit { condition: Some("organization.tier == 'gold'".into()), ..every_hour(60) });
    let tier = |tier: &str| {
        let row = Organization { id: "acme".into(), name: "Acme".into(), tier: tier.into(), ..Organization::default() };
        UpsertEntry { row, etag: String::new() }
    };
    desk.act("2026-09-14T08:00Z", &admin(), tier("silver"));
    desk.create("2026-09-14T09:00Z");
    desk.edit_ticket("2026-09-14T09:00Z", TicketEdit { organization_id: Some("acme".into()), ..TicketEdit::default() });
    desk.act("2026-09-14T10:00Z", &admin(), tier("gold"));
    let from = desk.house.next();
    let note = say(&desk.is(), "They paid", Visibility::Internal);
    desk.act("2026-09-14T10:01Z", &agent(), note);
    assert_eq!((desk.house.kinds(from), desk.due()), (vec!["ticket.note_added"], None));
    desk.tick("2026-09-14T10:02Z");
    assert_eq!(desk.due(), due("2026-09-14T11:02Z"), "the walk moves it");
    let note = say(&desk.is(), "They pay no more", Visibility::Internal);
    desk.act("2026-09-14T10:03Z", &admin(), tier("silver"));
    desk.act("2026-09-14T10:04Z", &agent(), note);
    assert_eq!(desk.due(), due("2026-09-14T11:02Z"));
}

#[test]
fn an_old_answer_that_is_reworded_answers_nothing() {
    let mut desk = Desk::new(responses(Some(60), Some(60)));
    desk.create("2026-09-14T09:00Z");
    let action = say(&desk.is(), "We luk", Visibility::Public);
    let Resource::Message(answer, _) = desk.act("2026-09-14T09:10Z", &agent(), action).resource else { panic!() };
    desk.say("2026-09-14T10:00Z", &requester());
    desk.act("2026-09-14T10:10Z", &agent(), reword(&answer, "We look"));
    assert_eq!(desk.clock(SlaMetric::NextResponse).state, ClockState::Running);
}

#[test]
fn a_named_policy_is_used_while_it_fits() {
    let mut desk = Desk::without();
    let fast = desk.promise("Fast", high(PolicyEdit { condition: Some("false".into()), ..every_hour(60) }));
    desk.promise("slow", every_hour(120));
    let new = NewTicket { policy_name: "fast".into(), ..new_ticket("a") };
    let made = desk.act("2026-09-14T10:00Z", &agent(), create(new));
    let Resource::Ticket(ticket) = made.resource else { panic!("no ticket") };
    desk.ticket = Some(ticket);
    assert_eq!((desk.is().sla_policy_id, desk.due()), (Some(fast.id), due("2026-09-14T12:00Z")));
    let why = "SLA policy \"Fast\" is for priority HIGH, and the ticket is MEDIUM";
    assert_eq!(fast.misfit(&desk.is()).as_deref(), Some(why));
    assert_ne!(desk.is().clocks.policy_id, Some(fast.id));
    desk.prioritize("2026-09-14T10:10Z", Priority::High);
    assert_eq!(desk.due(), due("2026-09-14T11:00Z"), "its condition is not asked");
    assert_eq!((desk.is().clocks.policy_id, fast.misfit(&desk.is())), (Some(fast.id), None));
    desk.promise("gone", PolicyEdit { status: Some(SlaPolicyStatus::Inactive), ..every_hour(1) });
    for policy_name in ["platinum", "gone"] {
        let new = NewTicket { policy_name: policy_name.into(), ..new_ticket("b") };
        assert!(matches!(desk.house.refused(&agent(), create(new)), Refusal::Invalid { .. }), "{policy_name}");
    }
}

#[test]
fn a_hold_keeps_its_reason_and_who_held() {
    let mut desk = Desk::new(every_hour(60));
    desk.create("2026-09-14T10:00Z");
    let step = Step { reason: "waiting for the vendor".into(), ..Step::of(Transition::Hold, Status::OnHold) };
    let hold = MoveTicket { ticket: TicketRef::Id(desk.is().id), etag: String::new(), step };
    desk.act("2026-09-14T10:10Z", &agent(), hold);
    let ledger = desk.ledger();
    let pause = ledger.last().expect("a row");
    assert_eq!((pause.kind, pause.by.as_str()), (LedgerKind::Pause, "ann"));
    assert_eq!(pause.reason, "status ON_HOLD: waiting for the vendor");
}

#[test]
fn a_question_that_is_taken_back_waits_no_longer() {
    let mut desk = Desk::new(responses(None, Some(60)));
    desk.create("2026-09-14T09:00Z");
    let ask = |desk: &mut Desk, when: &str| {
        let action = say(&desk.is(), "Well?", Visibility::Public);
        let Resource::Message(message, _) = desk.act(when, &requester(), action).resource else { panic!("a message") };
        message
    };
    let (first, second) = (ask(&mut desk, "2026-09-14T10:00Z"), ask(&mut desk, "2026-09-14T10:10Z"));
    desk.act("2026-09-14T10:20Z", &requester(), take_back(&first));
    assert_eq!(desk.is().asked_at, due("2026-09-14T10:10Z"));
    assert_eq!(desk.clock(SlaMetric::NextResponse).due, due("2026-09-14T11:00Z"), "a question waits still");
    desk.act("2026-09-14T10:30Z", &requester(), take_back(&second));
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.state, desk.is().asked_at), (ClockState::Voided, None));
    ask(&mut desk, "2026-09-14T12:00Z");
    let clock = desk.clock(SlaMetric::NextResponse);
    assert_eq!((clock.cycle, clock.due), (2, due("2026-09-14T13:00Z")));
}
