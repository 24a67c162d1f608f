//! Reopening by every caller, from every status, at every age, under all settings.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Requester,
    /// A service that posts in the requester's name.
    ForRequester,
    Desk(Role),
}
use Who::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Move,
    /// The verb with a mode of the caller's.
    In,
    After,
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// REOPENED, the same ticket.
    Back,
    FollowUp,
    /// PENDING becomes OPEN.
    Opens,
    Stays,
    /// As the settings say: one of the above, or refused.
    ByRequester,
    ByAgent,
    Refused(&'static str),
}
use What::*;

/// lifecycle, row by row: from this state, by the requester's verb and message, and by the desk's verb, IN_PLACE,
/// FOLLOW_UP and message. The first RESOLVED is within the push-back window, the second after it.
#[rustfmt::skip]
const TABLE: &[(&str, [What; 6])] = &[
    //               requester                             desk
    //               verb                message           verb                IN_PLACE            FOLLOW_UP            message
    ("OPEN",        [Refused("illegal"), Stays,            Refused("illegal"), Refused("illegal"), Refused("not done"), Stays]),
    ("PENDING",     [Refused("illegal"), Opens,            Refused("illegal"), Refused("illegal"), Refused("not done"), Stays]),
    ("IN_PROGRESS", [Refused("illegal"), Stays,            Refused("illegal"), Refused("illegal"), Refused("not done"), Stays]),
    ("ON_HOLD",     [Refused("illegal"), Stays,            Refused("illegal"), Refused("illegal"), Refused("not done"), Stays]),
    ("ESCALATED",   [Refused("illegal"), Stays,            Refused("illegal"), Refused("illegal"), Refused("not done"), Stays]),
    ("RESOLVED",    [Back,               Back,             Back,               Back,               FollowUp,            Stays]),
    ("RESOLVED",    [ByRequester,        ByRequester,      Back,               Back,               FollowUp,            Stays]),
    ("CLOSED",      [ByRequester,        ByRequester,      ByAgent,            Back,               FollowUp,            Refused("closed")]),
    ("REOPENED",    [Stays,              Stays,            Stays,              Stays,              Refused("not done"), Stays]),
];

fn expected(case: &Case) -> What {
    let mut rows = TABLE.iter().filter(|(state, _)| *state == case.state.word());
    let late = case.state == Status::Resolved && (case.window == 0 || case.age > case.window);
    let (_, row) = if late { rows.nth(1) } else { rows.next() }.expect("a row");
    let what = match (case.who, case.act) {
        (Requester, Act::In | Act::After) => Refused("forbidden"),
        (Requester, Act::Move) => row[0],
        (Requester | ForRequester, Act::Message) => row[1],
        (_, Act::Move) => row[2],
        (_, Act::In) => row[3],
        (_, Act::After) => row[4],
        (Desk(_), Act::Message) => row[5],
    };
    let setting = match what {
        ByRequester => case.reopen_requester,
        ByAgent => case.reopen_agent,
        Opens if !case.reply => return Stays,
        what => return what,
    };
    match setting {
        ReopenMode::InPlace => Back,
        ReopenMode::FollowUp => FollowUp,
        ReopenMode::Reject => Refused("rejected"),
    }
}

#[derive(Clone, Debug)]
struct Case {
    who: Who,
    act: Act,
    state: Status,
    reopen_agent: ReopenMode,
    reopen_requester: ReopenMode,
    window: i64,
    /// Since it came to that state.
    age: i64,
    reply: bool,
}

const ROLES: [Role; 5] = [Role::Agent, Role::Lead, Role::Admin, Role::Service, Role::Importer];

fn cases() -> impl Strategy<Value = Case> {
    let who = prop_oneof![
        3 => Just(Requester),
        1 => Just(ForRequester),
        3 => select(&ROLES[..]).prop_map(Desk),
    ];
    let act = select(&[Act::Move, Act::In, Act::After, Act::Message][..]);
    // Those that the settings speak of more often.
    let state = prop_oneof![select(Status::ALL), select(&[Status::Resolved, Status::Closed, Status::Pending][..])];
    let mode = || select(ReopenMode::ALL);
    let window = prop_oneof![Just(0), Just(DAY), Just(7 * DAY), 1..30 * DAY];
    let age = prop_oneof![Just(0), 1..30 * DAY];
    // Often on the very edge of the window.
    let edge = prop_oneof![3 => Just(None), 1 => (-1..=1i64).prop_map(Some)];
    (who, act, state, mode(), mode(), (window, age, edge), any::<bool>()).prop_map(
        |(who, act, state, reopen_agent, reopen_requester, (window, age, edge), reply)| {
            let age = edge.map_or(age, |by| (window + by).max(0));
            Case { who, act, state, reopen_agent, reopen_requester, window, age, reply }
        },
    )
}

fn action(case: &Case, ticket: &Ticket) -> Any {
    let verb = |mode| {
        whichever(MoveTicket {
            ticket: TicketRef::Id(ticket.id),
            etag: String::new(),
            step: Step { mode, ..Step::of(Transition::Reopen, Status::Reopened) },
        })
    };
    match case.act {
        Act::Move => verb(None),
        Act::In => verb(Some(ReopenMode::InPlace)),
        Act::After => verb(Some(ReopenMode::FollowUp)),
        Act::Message => {
            let mut post = say(ticket, "hello", Visibility::Public);
            if case.who == ForRequester {
                post.message.author_id = "rita".into();
            }
            whichever(post)
        }
    }
}

/// What became of it, and that both ends know where there are two.
fn happened(house: &mut House, case: &Case, ticket: &Ticket) -> What {
    let who = match case.who {
        Requester => requester(),
        ForRequester => caller("mailgate", &[Role::Service], None),
        Desk(role) => caller("ann", &[role], None),
    };
    house.now = house.now.plus_micros(case.age);
    let first = house.next();
    let outcome = match house.submit(&command(&who, action(case, ticket))) {
        Ok(Verdict::Done(outcome)) => outcome,
        Ok(Verdict::Replay(_)) => panic!("a replay"),
        Err(Refusal::IllegalTransition { .. }) => return Refused("illegal"),
        Err(Refusal::NotDone { .. }) => return Refused("not done"),
        Err(Refusal::ReopenRejected { .. }) => return Refused("rejected"),
        Err(Refusal::TicketClosed { .. }) => return Refused("closed"),
        Err(Refusal::Forbidden { .. }) => return Refused("forbidden"),
        Err(other) => panic!("{other}"),
    };
    let (Resource::Ticket(after) | Resource::Message(_, after)) = outcome.resource else { panic!("no ticket") };
    if after.id != ticket.id {
        assert_eq!((after.follow_up_of, after.status, after.reopen_count), (Some(ticket.id), Status::Open, 0));
        assert_eq!(
            (&after.subject, &after.requester_id, &after.tags),
            (&ticket.subject, &ticket.requester_id, &ticket.tags)
        );
        let original = house.now_is(ticket);
        assert_eq!((original.status, original.etag()), (ticket.status, ticket.etag()), "the original is left alone");
        let told = house.since(first).find(|a| a.kind.as_str() == "ticket.followed_up").expect("the original knows");
        let id = crate::model::id::show(crate::model::id::TICKET, after.id);
        assert_eq!(
            (told.ticket_id, told.data.clone()),
            (Some(ticket.id), Some(serde_json::json!({ "follow_up_id": id })))
        );
        return FollowUp;
    }
    assert!(house.since(first).all(|a| a.kind.as_str() != "ticket.followed_up" && a.kind.as_str() != "ticket.created"));
    match (ticket.status, after.status) {
        (before, now) if before == now => Stays,
        (Status::Pending, Status::Open) => Opens,
        (_, Status::Reopened) => {
            assert_eq!((after.reopen_count, after.resolved_at, after.closed_at), (1, None, None));
            assert_eq!(after.reopened_at, Some(house.now));
            Back
        }
        (before, now) => panic!("{before} became {now}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_ticket_comes_back_as_the_table_says(case in cases()) {
        prop_assume!(case.who != ForRequester || case.act == Act::Message);
        let mut house = House::new();
        let edit = TenantEdit {
            reopen_agent: Some(case.reopen_agent),
            reopen_requester: Some(case.reopen_requester),
            push_back_micros: Some(case.window),
            requester_reply_reopens_pending: Some(case.reply),
            ..TenantEdit::default()
        };
        house.run(&admin(), settings(edit, "")).expect("settings");
        let ticket = lifecycle::ticket_in(&mut house, case.state);
        prop_assert_eq!(happened(&mut house, &case, &ticket), expected(&case));
    }
}

#[test]
fn an_update_brings_back_the_ticket_itself_or_none() {
    for mode in ReopenMode::ALL {
        let mut house = House::new();
        let edit = TenantEdit { reopen_agent: Some(*mode), ..TenantEdit::default() };
        house.run(&admin(), settings(edit, "")).expect("settings");
        let ticket = lifecycle::ticket_in(&mut house, Status::Closed);
        let done = house.move_to(&ticket, Transition::Update, Status::Reopened);
        match mode {
            ReopenMode::InPlace => assert_eq!(house.now_is(&ticket).status, Status::Reopened),
            mode => assert!(matches!(done, Err(Refusal::ReopenRejected { mode: said, .. }) if said == *mode), "{mode}"),
        }
        let resolved = lifecycle::ticket_in(&mut house, Status::Resolved);
        house.move_to(&resolved, Transition::Update, Status::Reopened).expect("RESOLVED is the agents' own");
    }
}

#[test]
fn a_rule_reopens_as_an_agent_does() {
    let rule = "name: never\non: ticket.note_added\ndo:\n  - transition: {verb: reopen}\n";
    for (mode, kinds) in [
        (ReopenMode::InPlace, &["ticket.note_added", "ticket.reopened"][..]),
        (ReopenMode::FollowUp, &["ticket.note_added", "ticket.created", "ticket.followed_up"]),
        (ReopenMode::Reject, &["ticket.note_added", "workflow.failed"]),
    ] {
        let mut house = House::with(&[rule]);
        let edit = TenantEdit { reopen_agent: Some(mode), ..TenantEdit::default() };
        house.run(&admin(), settings(edit, "")).expect("settings");
        let ticket = lifecycle::ticket_in(&mut house, Status::Closed);
        let from = house.next();
        house.run(&agent(), say(&ticket, "again?", Visibility::Internal)).expect("a note");
        assert_eq!(house.kinds(from), kinds);
    }
}

#[test]
fn a_rejected_requester_is_told_what_to_do() {
    let mut house = House::new();
    let edit = TenantEdit { reopen_requester: Some(ReopenMode::Reject), ..TenantEdit::default() };
    house.run(&admin(), settings(edit, "")).expect("settings");
    let ticket = lifecycle::ticket_in(&mut house, Status::Closed);
    let text = "cannot reopen TKT-0001: it is CLOSED, and the tenant's reopen_requester is REJECT; create a new ticket";
    assert_eq!(house.refused(&requester(), say(&ticket, "x", Visibility::Public)).to_string(), text);
    assert_eq!(house.refused(&requester(), go(&ticket, Transition::Reopen, Status::Reopened)).to_string(), text);
}
