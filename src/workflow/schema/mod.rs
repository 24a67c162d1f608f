//! Schema of expressions: roots, fields and types, as data.

mod roots;
mod sla;
mod typed;

use std::fmt;

use crate::model::directory::{Agent, Asset, Contact, Deal, Organization, Team};
use crate::model::words::{ActorKind, AgentStatus, AuthorKind, Channel, ClockState, IssueStatus, IssueType, Priority};
use crate::model::words::{RunVerdict, SlaMetric, SlaPolicyStatus, SourceType, Status, TicketType, Visibility};

use roots::DescribedEntry;
pub use roots::{DUE, TICKET, changing};
pub use typed::Typed;

/// A closed set of words.
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    pub name: &'static str,
    pub words: &'static [&'static str],
}

impl Enumeration {
    /// The word as it is stored: case, `_`, `-` and space are ignored.
    pub fn word(&self, typed: &str) -> Option<&'static str> {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect()
        };
        let wanted = plain(typed);
        self.words.iter().copied().find(|word| plain(word) == wanted)
    }
}

pub static STATUS: Enumeration = Enumeration { name: "status", words: Status::WORDS };
pub static PRIORITY: Enumeration = Enumeration { name: "priority", words: Priority::WORDS };
pub static TICKET_TYPE: Enumeration = Enumeration { name: "ticket type", words: TicketType::WORDS };
pub static CHANNEL: Enumeration = Enumeration { name: "channel", words: Channel::WORDS };
pub static SOURCE_TYPE: Enumeration = Enumeration { name: "source type", words: SourceType::WORDS };
pub static VISIBILITY: Enumeration = Enumeration { name: "visibility", words: Visibility::WORDS };
pub static AUTHOR_KIND: Enumeration = Enumeration { name: "author kind", words: AuthorKind::WORDS };
pub static ACTOR_KIND: Enumeration = Enumeration { name: "actor kind", words: ActorKind::WORDS };
pub static ISSUE_TYPE: Enumeration = Enumeration { name: "issue type", words: IssueType::WORDS };
pub static ISSUE_STATUS: Enumeration = Enumeration { name: "issue status", words: IssueStatus::WORDS };
pub static RUN_VERDICT: Enumeration = Enumeration { name: "verdict", words: RunVerdict::WORDS };
pub static SLA_POLICY_STATUS: Enumeration = Enumeration { name: "SLA policy status", words: SlaPolicyStatus::WORDS };
pub static CLOCK_STATE: Enumeration = Enumeration { name: "clock state", words: ClockState::WORDS };
pub static SLA_METRIC: Enumeration = Enumeration { name: "SLA metric", words: SlaMetric::WORDS };
pub static AGENT_STATUS: Enumeration = Enumeration { name: "agent status", words: AgentStatus::WORDS };

/// The type of a value, as far as it is known before anything is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Type {
    Bool,
    Int,
    Double,
    Text,
    Time,
    Duration,
    /// Text that is one of the words.
    Enum(&'static Enumeration),
    /// Text that names an activity type or a family.
    Event,
    List(&'static Type),
    /// Keys are text; values are known only when they are read.
    Map,
    Object(&'static Object),
    /// `changes`: one [`Type::Change`] for each changed field.
    Changes,
    /// The old and the new value of a field of this type.
    Change(&'static Type),
    /// A value out of a map: anything that JSON holds.
    Any,
    Null,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Bool => f.write_str("true or false"),
            Type::Int => f.write_str("a whole number"),
            Type::Double => f.write_str("a number"),
            Type::Text => f.write_str("text"),
            Type::Time => f.write_str("a time"),
            Type::Duration => f.write_str("a duration"),
            Type::Enum(e) => write!(f, "a {} word", e.name),
            Type::Event => f.write_str("an event name"),
            Type::List(_) => f.write_str("a list"),
            Type::Map => f.write_str("a map"),
            Type::Object(o) => write!(f, "the whole {}", o.name),
            Type::Changes | Type::Change(_) => f.write_str("a change"),
            Type::Any => f.write_str("any value"),
            Type::Null => f.write_str("null"),
        }
    }
}

impl Type {
    /// Text of any sort.
    pub fn is_text(self) -> bool {
        matches!(self, Type::Text | Type::Enum(_) | Type::Event)
    }

    /// Whether it is a thing with fields, and no value.
    pub fn is_whole(self) -> bool {
        matches!(self, Type::Object(_) | Type::Changes)
    }

    pub fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Double)
    }

    /// The type of a list of these; lists of lists have no use here.
    pub fn list_of(self) -> Option<Type> {
        Some(Type::List(match self {
            Type::Bool => &Type::Bool,
            Type::Int => &Type::Int,
            Type::Double => &Type::Double,
            Type::Text | Type::Enum(_) | Type::Event => &Type::Text,
            Type::Time => &Type::Time,
            Type::Duration => &Type::Duration,
            Type::Any | Type::Null | Type::Map => &Type::Any,
            Type::List(_) | Type::Object(_) | Type::Changes | Type::Change(_) => return None,
        }))
    }
}

#[derive(Debug, PartialEq)]
pub struct Object {
    pub name: &'static str,
    pub fields: &'static [Field],
}

impl Object {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub ty: Type,
    /// Reading it can fail because there is no value. Absent text is `''` and never fails.
    pub optional: bool,
}

/// What an expression can name first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Root {
    Event,
    Ticket,
    Before,
    Changes,
    Message,
    Issue,
    Actor,
    Organization,
    Requester,
    Assignee,
    Team,
    Deal,
    Asset,
    /// `ticket.open_issue_count`: of the ticket, and not in its row.
    OpenIssues,
    /// The ticket's clocks.
    Sla,
    Now,
    Tenant,
    Activity,
    Contact,
    Agent,
    Run,
    Tag,
    CannedResponse,
    SlaPolicy,
    Calendar,
    SlaOutcome,
}

/// Some of them: a rule's are asked for with every event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roots(u32);

impl Roots {
    pub fn insert(&mut self, root: Root) {
        self.0 |= 1 << root as u32;
    }

    pub fn extend(&mut self, others: Roots) {
        self.0 |= others.0;
    }

    pub fn contains(self, root: Root) -> bool {
        self.0 & 1 << root as u32 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Root {
    /// What rules read, in the order in which they are listed to people.
    pub const OF_RULES: &'static [Root] = &[
        Root::Event,
        Root::Ticket,
        Root::Before,
        Root::Changes,
        Root::Message,
        Root::Issue,
        Root::Actor,
        Root::Organization,
        Root::Requester,
        Root::Assignee,
        Root::Team,
        Root::Deal,
        Root::Asset,
        Root::OpenIssues,
        Root::Sla,
        Root::Now,
        Root::Tenant,
    ];

    /// What a filter can be over.
    pub const OF_FILTERS: &'static [Root] = &[
        Root::Ticket,
        Root::Message,
        Root::Issue,
        Root::Activity,
        Root::Organization,
        Root::Contact,
        Root::Agent,
        Root::Team,
        Root::Deal,
        Root::Asset,
    ];

    /// What only lists filter, as SQL: no rule and no stream has it at hand.
    pub const OF_LISTS: &'static [Root] =
        &[Root::Run, Root::Tag, Root::CannedResponse, Root::SlaPolicy, Root::Calendar, Root::SlaOutcome];

    /// What a filter over this can name; nothing where there is no such filter.
    pub fn of_filter(self) -> &'static [Root] {
        match self {
            Root::Ticket => &[Root::Ticket, Root::Now],
            Root::Message => &[Root::Message, Root::Now],
            Root::Issue => &[Root::Issue, Root::Now],
            Root::Activity => &[Root::Activity, Root::Now],
            Root::Organization => &[Root::Organization, Root::Now],
            Root::Contact => &[Root::Contact, Root::Now],
            Root::Agent => &[Root::Agent, Root::Now],
            Root::Team => &[Root::Team, Root::Now],
            Root::Deal => &[Root::Deal, Root::Now],
            Root::Asset => &[Root::Asset, Root::Now],
            Root::Run => &[Root::Run, Root::Now],
            Root::Tag => &[Root::Tag, Root::Now],
            Root::CannedResponse => &[Root::CannedResponse, Root::Now],
            Root::SlaPolicy => &[Root::SlaPolicy, Root::Now],
            Root::Calendar => &[Root::Calendar, Root::Now],
            Root::SlaOutcome => &[Root::SlaOutcome, Root::Now],
            Root::Event
            | Root::Before
            | Root::Changes
            | Root::Actor
            | Root::Requester
            | Root::Assignee
            | Root::OpenIssues
            | Root::Sla
            | Root::Now
            | Root::Tenant => &[],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Root::Event => "event",
            Root::Ticket => "ticket",
            Root::Before => "before",
            Root::Changes => "changes",
            Root::Message => "message",
            Root::Issue => "issue",
            Root::Actor => "actor",
            Root::Organization => "organization",
            Root::Requester => "requester",
            Root::Assignee => "assignee",
            Root::Team => "team",
            Root::Deal => "deal",
            Root::Asset => "asset",
            Root::OpenIssues => "ticket.open_issue_count",
            Root::Sla => "sla",
            Root::Now => "now",
            Root::Tenant => "tenant",
            Root::Activity => "activity",
            Root::Contact => "contact",
            Root::Agent => "agent",
            Root::Run => "run",
            Root::Tag => "tag",
            Root::CannedResponse => "canned_response",
            Root::SlaPolicy => "sla_policy",
            Root::Calendar => "calendar",
            Root::SlaOutcome => "sla_outcome",
        }
    }

    pub fn ty(self) -> Type {
        match self {
            Root::Now => Type::Time,
            Root::OpenIssues => Type::Int,
            Root::Changes => Type::Changes,
            Root::Event => Type::Object(&roots::EVENT),
            Root::Ticket | Root::Before => Type::Object(&TICKET),
            Root::Message => Type::Object(&roots::MESSAGE),
            Root::Issue => Type::Object(&roots::ISSUE),
            Root::Actor => Type::Object(&roots::ACTOR),
            Root::Organization => Type::Object(Organization::object()),
            Root::Requester | Root::Contact => Type::Object(Contact::object()),
            Root::Assignee | Root::Agent => Type::Object(Agent::object()),
            Root::Team => Type::Object(Team::object()),
            Root::Deal => Type::Object(Deal::object()),
            Root::Asset => Type::Object(Asset::object()),
            Root::Sla => Type::Object(&sla::SLA),
            Root::Tenant => Type::Object(&roots::TENANT),
            Root::Activity => Type::Object(&roots::ACTIVITY),
            Root::Run => Type::Object(&roots::RUN),
            Root::Tag => Type::Object(&roots::TAG),
            Root::CannedResponse => Type::Object(&roots::CANNED_RESPONSE),
            Root::SlaPolicy => Type::Object(&sla::SLA_POLICY),
            Root::Calendar => Type::Object(&sla::CALENDAR),
            Root::SlaOutcome => Type::Object(&sla::SLA_OUTCOME),
        }
    }

    /// Whether the whole can be absent in a rule.
    pub fn is_optional(self) -> bool {
        matches!(
            self,
            Root::Ticket
                | Root::Before
                | Root::Message
                | Root::Issue
                | Root::Organization
                | Root::Requester
                | Root::Assignee
                | Root::Team
                | Root::Deal
                | Root::Asset
        )
    }
}
