//! Events that trigger rules: after a change, and before one.

use super::diagnostic;
use super::schema::Root;
use crate::model::activity_type::{ActivityType, Payload};
use crate::model::lifecycle::is_reopen;
use crate::model::limits::CUSTOM_TYPE_CHARS;
use crate::model::words::Status;

/// The line
/// ```text
/// /// DeleteTicket.
/// Deleting = "ticket.deleting";
/// ```
/// makes the variant `BeforeEvent::Deleting`, and its word `ticket.deleting` both ways.
macro_rules! before_events {
    ($($(#[doc = $stands_before:literal])+ $name:ident = $word:literal;)+) => {
        /// What is about to happen to a ticket: rules on these may edit it or deny it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum BeforeEvent { $($(#[doc = $stands_before])+ $name),+ }

        impl BeforeEvent {
            pub const ALL: &'static [BeforeEvent] = &[$(BeforeEvent::$name),+];

            /// As files name it.
            pub const fn word(self) -> &'static str {
                match self { $(BeforeEvent::$name => $word),+ }
            }

            pub fn read(word: &str) -> Option<BeforeEvent> {
                match word {
                    $($word => Some(BeforeEvent::$name),)+
                    _ => None,
                }
            }

            /// What it stands before.
            pub const fn stands_before(self) -> &'static [&'static str] {
                match self { $(BeforeEvent::$name => &[$($stands_before),+]),+ }
            }
        }
    };
}

before_events! {
    /// A ticket is created, as a follow-up too.
    Creating = "ticket.creating";
    /// Fields, tags, status, assignee or team change, or it is rated: whatever the call.
    Updating = "ticket.updating";
    /// The assignee or the team changes.
    Assigning = "ticket.assigning";
    /// The ticket becomes IN_PROGRESS.
    Starting = "ticket.starting";
    /// The ticket becomes ON_HOLD.
    Holding = "ticket.holding";
    /// The ticket becomes RESOLVED.
    Resolving = "ticket.resolving";
    /// The ticket becomes ESCALATED, or is escalated again.
    Escalating = "ticket.escalating";
    /// The ticket becomes CLOSED.
    Closing = "ticket.closing";
    /// The ticket comes back from RESOLVED or CLOSED, to whichever status.
    Reopening = "ticket.reopening";
    /// The ticket is deleted.
    Deleting = "ticket.deleting";
    /// A message or a note is posted or edited.
    Messaging = "ticket.messaging";
}

impl BeforeEvent {
    /// What stands before a move between these, whoever makes it. A ticket that comes back to IN_PROGRESS is reopened and
    /// started.
    pub fn of_move(from: Status, to: Status) -> impl Iterator<Item = BeforeEvent> {
        let target = match to {
            Status::Resolved => Some(BeforeEvent::Resolving),
            Status::Escalated => Some(BeforeEvent::Escalating),
            Status::Closed => Some(BeforeEvent::Closing),
            Status::InProgress => Some(BeforeEvent::Starting),
            Status::OnHold => Some(BeforeEvent::Holding),
            Status::Open | Status::Pending | Status::Reopened => None,
        };
        let back = is_reopen(from, to).then_some(BeforeEvent::Reopening);
        target.into_iter().chain(back)
    }
}

/// What a rule runs on beside events: an instant, or somebody who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// `{after: 48h, …}`.
    Timer,
    /// `{schedule: …}`; `for`: it runs for tickets.
    Schedule { tickets: bool },
    /// RunWorkflow.
    Manual,
}

pub const TIMER: &str = "timer";
pub const SCHEDULE: &str = "schedule";
pub const MANUAL: &str = "manual";

impl Timed {
    /// What `event.type` is then.
    pub const fn word(self) -> &'static str {
        match self {
            Timed::Timer => TIMER,
            Timed::Schedule { .. } => SCHEDULE,
            Timed::Manual => MANUAL,
        }
    }
}

const CUSTOM: &str = "custom.";
pub const ANY_CUSTOM: &str = "custom.*";

/// An event, as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventName {
    After(ActivityType),
    Before(BeforeEvent),
    /// `custom.paid`, or [`ANY_CUSTOM`].
    Custom(String),
    Timed(Timed),
}

impl EventName {
    /// `None`: there is no such event.
    pub fn read(name: &str) -> Option<EventName> {
        let custom = || name.strip_prefix(CUSTOM).filter(|rest| !rest.is_empty());
        let before = || BeforeEvent::read(name).map(EventName::Before);
        let after = ActivityType::read(name).map(EventName::After);
        let manual = || (name == MANUAL).then_some(EventName::Timed(Timed::Manual));
        after.or_else(before).or_else(manual).or_else(|| custom().map(|_| EventName::Custom(name.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        match self {
            EventName::After(kind) => kind.word(),
            EventName::Before(event) => event.word(),
            EventName::Custom(name) => name,
            EventName::Timed(timed) => timed.word(),
        }
    }

    pub fn is_before(&self) -> bool {
        match self {
            EventName::Before(_) => true,
            EventName::After(_) | EventName::Custom(_) | EventName::Timed(_) => false,
        }
    }

    /// Whether it is an instant that was due.
    pub fn is_due(&self) -> bool {
        matches!(self, EventName::Timed(Timed::Timer | Timed::Schedule { .. }))
    }

    /// Whether it is about a ticket, at least where one is linked.
    pub fn has_ticket(&self) -> bool {
        self.presence(Root::Ticket) != Presence::Never
    }

    /// Whether an event of this name has a message, an issue, or the ticket as it was before.
    fn presence(&self, root: Root) -> Presence {
        let is = |present| if present { Presence::Always } else { Presence::Never };
        match (root, self) {
            (Root::Ticket, EventName::After(kind)) => match kind.payload() {
                Payload::Resource => Presence::Never,
                // An issue may be linked to none.
                Payload::Issue | Payload::Rule | Payload::Dispatch => Presence::Sometimes,
                Payload::Ticket | Payload::Message | Payload::Task | Payload::Clocks => Presence::Always,
            },
            // Rules emit it on events without a ticket, too.
            (Root::Ticket, EventName::Custom(_)) => Presence::Sometimes,
            (Root::Ticket, EventName::Before(_)) => Presence::Always,
            (Root::Ticket, EventName::Timed(timed)) => is(*timed != Timed::Schedule { tickets: false }),
            (Root::Message | Root::Issue | Root::Before, EventName::Timed(_)) => Presence::Never,
            (Root::Message, EventName::After(kind)) => is(kind.payload() == Payload::Message),
            (Root::Message, EventName::Before(event)) => is(*event == BeforeEvent::Messaging),
            (Root::Issue, EventName::After(kind)) => is(kind.payload() == Payload::Issue),
            (Root::Before, EventName::After(kind)) => before_of(*kind),
            (Root::Before, EventName::Before(event)) => is(*event != BeforeEvent::Creating),
            (Root::Issue, EventName::Before(_)) => Presence::Never,
            (Root::Message | Root::Issue | Root::Before, EventName::Custom(_)) => Presence::Never,
            _ => Presence::Sometimes,
        }
    }
}

/// Whether the ticket as it was before stands beside an activity.
fn before_of(kind: ActivityType) -> Presence {
    match kind.payload() {
        // A ticket is made with its clocks, or it gets them later.
        Payload::Clocks if kind == ActivityType::SlaApplied => Presence::Sometimes,
        Payload::Ticket if kind == ActivityType::TicketCreated => Presence::Never,
        Payload::Ticket | Payload::Message | Payload::Clocks => Presence::Always,
        Payload::Issue | Payload::Task | Payload::Rule | Payload::Dispatch | Payload::Resource => Presence::Never,
    }
}

/// Whether `event.type` can be this.
pub fn is_type(name: &str) -> bool {
    matches!(name, TIMER | SCHEDULE) || EventName::read(name).is_some()
}

/// Rules may not react to what is told of rules: what they did wrong, and what they handed out.
pub fn is_forbidden(name: &str) -> bool {
    name.starts_with("workflow.")
}

/// Whether it is a rule's own type.
pub fn is_custom(name: &str) -> bool {
    name.starts_with(CUSTOM)
}

/// The names under which rules wait for an activity of this type, its families left out.
pub fn names_of(kind: &str) -> impl Iterator<Item = &str> {
    [kind].into_iter().chain(is_custom(kind).then_some(ANY_CUSTOM))
}

/// Whether a rule can emit an event of this type: `custom.` and small letters, digits, `_` and `.`.
pub fn is_emitted(name: &str) -> bool {
    let rest = name.strip_prefix(CUSTOM).unwrap_or_default();
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.');
    !rest.is_empty() && name.len() <= CUSTOM_TYPE_CHARS && rest.bytes().all(fits)
}

/// What [`is_emitted`] takes, whatever its length, as an editor checks it.
pub const EMITTED: &str = "^custom[.][a-z0-9_.]+$";

/// Every name that `on` takes, for suggestions.
pub fn names() -> impl Iterator<Item = &'static str> {
    let after = ActivityType::ALL.iter().map(|kind| kind.word());
    let before = BeforeEvent::ALL.iter().map(|event| event.word());
    after.chain(before).filter(|name| !is_forbidden(name)).chain([ANY_CUSTOM, MANUAL])
}

/// The event that a slip of the fingers would turn into this.
pub fn nearest(name: &str) -> Option<&'static str> {
    diagnostic::nearest(name, &names().collect::<Vec<_>>())
}

/// What stands beside the ticket when an event happens: whether a root is there always, sometimes or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Always,
    Sometimes,
    Never,
}

/// Over all of a rule's events.
pub fn presence(root: Root, events: &[EventName]) -> Presence {
    let all = |wanted| events.iter().all(|event| event.presence(root) == wanted);
    if all(Presence::Always) {
        Presence::Always
    } else if all(Presence::Never) {
        Presence::Never
    } else {
        Presence::Sometimes
    }
}
