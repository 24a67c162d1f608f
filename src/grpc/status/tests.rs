//! What refusals tell, and that it fits.

use proptest::prelude::*;

use tonic_types::StatusExt;

use super::*;
use crate::model::lifecycle::Transition;
use crate::model::words::Status as TicketStatus;
use crate::model::words::{ReopenMode, Visibility};

#[test]
fn an_illegal_move_says_everything_twice() {
    let status = refused(Refusal::IllegalTransition {
        name: "TKT-0042".into(),
        verb: Transition::Escalate,
        from: TicketStatus::Closed,
        to: Some(TicketStatus::Escalated),
        allowed: vec![TicketStatus::Reopened],
        advice: "reopen it first".into(),
    });
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "cannot escalate TKT-0042: it is CLOSED; reopen it first");
    let details = status.get_error_details();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("ILLEGAL_TRANSITION", "docket"));
    for (key, value) in [("from", "CLOSED"), ("to", "ESCALATED"), ("verb", "escalate"), ("allowed", "REOPENED")] {
        assert_eq!(info.metadata.get(key).map(String::as_str), Some(value));
    }
    assert_eq!(details.precondition_failure().map(|p| p.violations.len()), Some(1));
}

#[test]
fn many_violations_still_fit_the_trailers() {
    let violation = |i| Violation { field: format!("requests[{i}].ticket.subject"), description: "x".repeat(60) };
    let status = refused(Refusal::invalid((0..500).map(violation).collect()));
    assert!(trailers(&status) < 4096);
    let details = status.get_error_details();
    let kept = &details.bad_request().expect("a BadRequest").field_violations;
    assert_eq!(kept[0].field, "requests[0].ticket.subject");
    assert_eq!(kept.last().map(|v| v.description.clone()), Some(format!("and {} more", 501 - kept.len())));
    assert_eq!(details.error_info().and_then(|i| i.metadata.get("violations").cloned()).as_deref(), Some("500"));
}

#[test]
fn what_counts_the_tenant_is_told_to_those_who_may_know_it() {
    let metadata = |status: &Status| status.get_details_error_info().expect("an ErrorInfo").metadata;
    let behind = not_caught_up("SearchTickets", Some(Backlog { position: 7_001, tickets: 42, activities: 7_000 }));
    assert!(behind.message().contains("42 tickets and 7000 activities"), "{behind:?}");
    assert_eq!(metadata(&behind)["position"], "7001");
    let unknown = position_unknown(9, Some(7_001), 1);
    assert_eq!((metadata(&unknown)["head"].as_str(), unknown.message().contains("7001")), ("7001", true));
    for told in [not_caught_up("SearchTickets", None), position_unknown(9, None, 1)] {
        assert!(!told.message().contains(['7', '4']), "{told:?}");
        assert!(metadata(&told).keys().all(|key| key == "position" || key == "epoch"), "{told:?}");
    }
}

#[test]
fn what_is_not_there_is_named_as_it_was_asked_for() {
    let status = refused(Refusal::NotFound { kind: Kind::Agent, id: "ann".into() });
    assert_eq!(status.code(), Code::NotFound);
    let details = status.get_error_details();
    assert_eq!(details.error_info().map(|i| i.reason.clone()).as_deref(), Some("AGENT_NOT_FOUND"));
    assert_eq!(details.resource_info().map(|r| r.resource_name.clone()).as_deref(), Some("ann"));
}

/// Bytes of an answer that is refused, as HTTP/2 counts headers, with all that the call layer may add.
fn trailers(status: &Status) -> usize {
    let response = status.clone().into_http::<()>();
    let added = [("x-request-id", 128), ("traceresponse", 55), ("date", 29)];
    let own: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    own + added.map(|(name, value)| name.len() + value + 32).iter().sum::<usize>()
}

/// A refusal of each kind, whose every part is `it`. The compiler asks for the new ones.
fn every_refusal(it: &str) -> Vec<Refusal> {
    let one = || it.to_owned();
    let some = || vec![it.to_owned(); 40];
    let violation = || Violation { field: one(), description: one() };
    let (status, advice, kind) = (TicketStatus::Closed, "reopen it first", Kind::SlaPolicy);
    let all = vec![
        Refusal::invalid(vec![violation()]),
        Refusal::Invalid { violations: vec![violation(); 50], more: usize::MAX - 50 },
        Refusal::NotFound { kind, id: one() },
        Refusal::NameTaken { kind, name: one() },
        Refusal::PolicyOverlaps { name: one(), slot: one() },
        Refusal::CalendarInUse { name: one(), users: some(), advice },
        Refusal::IllegalTransition {
            name: one(),
            verb: Transition::Escalate,
            from: status,
            to: Some(status),
            allowed: TicketStatus::ALL.to_vec(),
            advice: one(),
        },
        Refusal::EtagMismatch { name: one(), sent: one(), current: one() },
        Refusal::RequestIdReused { request_id: one() },
        Refusal::Deleted { name: one() },
        Refusal::TagNotRegistered { tags: some() },
        Refusal::MessageDeleted { name: one() },
        Refusal::VisibilityFixed { name: one(), is: Visibility::Internal },
        Refusal::TicketClosed { name: one() },
        Refusal::NotDone { name: one(), verb: "rate", status, advice },
        Refusal::ReopenRejected { name: one(), status, setting: "reopen_agent", mode: ReopenMode::Reject, advice },
        Refusal::LimitExceeded { name: one(), what: one(), limit: u64::MAX },
        Refusal::Denied { workflow: one(), message: one() },
        Refusal::Reserved { fields: some() },
        Refusal::Forbidden { what: one() },
        Refusal::InBatch {
            path: "requests[499]".into(),
            refusal: Box::new(Refusal::Denied { workflow: one(), message: one() }),
        },
    ];
    let kinds: std::collections::BTreeSet<usize> = all.iter().map(place).collect();
    assert_eq!(kinds.len(), 20, "one of each");
    all
}

fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::Invalid { .. } => 1,
        Refusal::NotFound { .. } => 2,
        Refusal::NameTaken { .. } => 3,
        Refusal::PolicyOverlaps { .. } => 4,
        Refusal::CalendarInUse { .. } => 5,
        Refusal::IllegalTransition { .. } => 6,
        Refusal::EtagMismatch { .. } => 7,
        Refusal::RequestIdReused { .. } => 8,
        Refusal::Deleted { .. } => 9,
        Refusal::TagNotRegistered { .. } => 10,
        Refusal::MessageDeleted { .. } => 11,
        Refusal::VisibilityFixed { .. } => 12,
        Refusal::TicketClosed { .. } => 13,
        Refusal::NotDone { .. } => 14,
        Refusal::ReopenRejected { .. } => 15,
        Refusal::LimitExceeded { .. } => 16,
        Refusal::Denied { .. } => 17,
        Refusal::Forbidden { .. } => 18,
        Refusal::Reserved { .. } => 19,
        Refusal::InBatch { .. } => 20,
    }
}

fn every_status(it: &str) -> Vec<Status> {
    let mut all: Vec<Status> = every_refusal(it).into_iter().map(refused).collect();
    let soon = Duration::from_secs(1);
    all.extend([
        not_rendered(it, NoText { expression: it.into(), problem: it.into() }),
        filter_invalid(u32::MAX, it.into()),
        order_by_invalid(it.into()),
        page_token_invalid(),
        position_unknown(i64::MIN, Some(i64::MIN), i64::MIN),
        position_not_reached(i64::MIN),
        not_caught_up(it, Some(Backlog { position: i64::MIN, tickets: i64::MIN, activities: i64::MIN })),
        position_expired(i64::MIN, i64::MIN),
        overloaded(it, soon),
        query_too_slow(it, it),
        deadline_passed(),
        unavailable(soon),
        internal(it),
    ]);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_refusal_sends_more_than_four_kibibytes(
        letter in prop::sample::select(vec!['x', ' ', '"', '\n', '\0', 'é', '語', '😀', '%']),
        length in prop_oneof![0..300_usize, 0..9_000_usize],
    ) {
        let it: String = std::iter::repeat_n(letter, length).collect();
        for status in every_status(&it) {
            prop_assert!(trailers(&status) < 4096, "{}: {}", trailers(&status), status.message());
            let details = status.get_error_details();
            prop_assert_eq!(details.error_info().map(|info| info.domain.as_str()), Some("docket"));
        }
    }
}

#[test]
fn a_long_word_does_not_hide_which_field_it_is() {
    let zone = "x".repeat(5000);
    let status = refused(Refusal::field("calendar.time_zone", format!("there is no time zone {zone:?}")));
    let details = status.get_error_details();
    let fields: Vec<&str> =
        details.bad_request().expect("a BadRequest").field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["calendar.time_zone"]);
}
