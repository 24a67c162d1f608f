//! Enums of the model as enums of the proto. Both directions are exhaustive: a new word does not compile until it is
//! here.

use super::violations::Violations;
use crate::grpc::pb;
use crate::model::words::*;

/// A word of the model that is an enum of the wire.
pub trait WireWord: Sized {
    fn to_pb(self) -> i32;

    /// `None` for the unspecified value; a value that the enum does not have is a violation.
    fn from_pb(found: &mut Violations, field: &str, value: i32) -> Option<Self>;
}

macro_rules! wire {
    ($($word:ident as $wire:ident { $($variant:ident),+ $(,)? })+) => { $(
        impl WireWord for $word {
            fn to_pb(self) -> i32 {
                match self { $($word::$variant => pb::$wire::$variant as i32),+ }
            }

            fn from_pb(found: &mut Violations, field: &str, value: i32) -> Option<Self> {
                match pb::$wire::try_from(value) {
                    $(Ok(pb::$wire::$variant) => Some($word::$variant),)+
                    Ok(pb::$wire::Unspecified) => None,
                    Err(_) => {
                        found.add(field, format!("{value} is no {}; use one of: {}", stringify!($wire), $word::WORDS.join(", ")));
                        None
                    }
                }
            }
        }
    )+ };
}

wire! {
    Status as TicketStatus { Open, Pending, InProgress, OnHold, Escalated, Resolved, Closed, Reopened }
    Priority as Priority { Low, Medium, High, Urgent }
    TicketType as TicketType { Incident, ServiceRequest, Change, Problem }
    Channel as Channel { Email, Chat, Phone, Web, Portal, Api }
    SourceType as SourceType { Frontend, Backend, Server, System, Api }
    Visibility as Visibility { Public, Internal }
    AuthorKind as AuthorKind { Requester, Agent, Service, System }
    ActorKind as ActorKind { Requester, Agent, Service, Workflow, System }
    IssueType as IssueType { Bug, Task, Story }
    IssueStatus as IssueStatus { Open, InProgress, Resolved }
    ReopenMode as ReopenMode { InPlace, FollowUp, Reject }
    TagMode as TagMode { Free, Registered }
    AgentStatus as AgentStatus { Online, Away, Offline }
    SlaPolicyStatus as SlaPolicyStatus { Active, Inactive }
    OnPriorityChange as OnPriorityChange { Retroactive, Restart }
    OnReopen as OnReopen { Continue, NewCycle }
    CountsAsResponse as CountsAsResponse { AgentPublic, NonCreator }
    SlaMetric as SlaMetric { FirstResponse, NextResponse, Resolution }
    ClockState as ClockState { Running, Paused, Fulfilled, Voided }
    LedgerKind as LedgerKind { Start, Pause, Resume, Retarget, Fulfil, Warn, Breach, Void }
    RunVerdict as RunVerdict { Matched, NotMatched, Error, Suppressed, Shadow, Failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_the_enum_does_not_have_is_named() {
        let mut found = Violations::default();
        assert_eq!(Priority::from_pb(&mut found, "priority", 0), None);
        assert!(found.is_empty());
        assert_eq!(Priority::from_pb(&mut found, "priority", 99), None);
        assert_eq!(found.into_found()[0].description, "99 is no Priority; use one of: LOW, MEDIUM, HIGH, URGENT");
    }

    #[test]
    fn the_wire_says_the_same_word() {
        for status in Status::ALL {
            let wire = pb::TicketStatus::try_from(status.to_pb()).expect("a wire value");
            assert_eq!(wire.as_str_name(), format!("TICKET_STATUS_{status}"));
        }
    }
}
