//! Types of the rows' fields in expressions.

use serde_json::Value;
use uuid::Uuid;

use super::{
    AGENT_STATUS, AUTHOR_KIND, CHANNEL, ISSUE_STATUS, ISSUE_TYPE, PRIORITY, SOURCE_TYPE, STATUS, TICKET_TYPE,
    VISIBILITY,
};
use super::{Field, Object, Type};
use crate::model::directory::Subscription;
use crate::model::time::Instant;
use crate::model::words::*;

pub(super) const WORDS: Type = Type::List(&Type::Text);

/// What an organization has subscribed to.
pub(super) static SUBSCRIPTION: Object = Object { name: "subscription", fields: &[text("plan"), text("status")] };

const fn text(name: &'static str) -> Field {
    Field { name, ty: Type::Text, optional: false }
}

/// What a field of a row is in expressions.
pub trait Typed {
    const TYPE: Type;
    /// Reading it can fail because there is no value. Absent text is `''` and never fails.
    const OPTIONAL: bool = false;
}

macro_rules! typed {
    ($($ty:ty => $type:expr;)+) => { $(
        impl Typed for $ty {
            const TYPE: Type = $type;
        }
    )+ };
    (optional $($ty:ty => $type:expr;)+) => { $(
        impl Typed for Option<$ty> {
            const TYPE: Type = $type;
            const OPTIONAL: bool = true;
        }
    )+ };
}

typed! {
    String => Type::Text;
    i32 => Type::Int;
    i64 => Type::Int;
    Instant => Type::Time;
    Words => WORDS;
    Value => Type::Map;
    Uuid => Type::Text;
    Option<Uuid> => Type::Text;
    Status => Type::Enum(&STATUS);
    Priority => Type::Enum(&PRIORITY);
    TicketType => Type::Enum(&TICKET_TYPE);
    Channel => Type::Enum(&CHANNEL);
    SourceType => Type::Enum(&SOURCE_TYPE);
    Visibility => Type::Enum(&VISIBILITY);
    AuthorKind => Type::Enum(&AUTHOR_KIND);
    IssueType => Type::Enum(&ISSUE_TYPE);
    IssueStatus => Type::Enum(&ISSUE_STATUS);
    AgentStatus => Type::Enum(&AGENT_STATUS);
    Subscription => Type::Object(&SUBSCRIPTION);
}

typed! { optional
    Instant => Type::Time;
    f64 => Type::Double;
}
