//! Enums that are stored as text (`OPEN`); parsing ignores case, `_`, `-` and space.

use std::collections::HashSet;
use std::io::Write;

use super::fold::fold;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Jsonb, Text};

/// `words! { #[derive(Default)] Priority { Low = "LOW", #[default] Medium = "MEDIUM", … } }` makes the enum, its words and its
/// column. The default is what is meant where nothing is said.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$mark:meta])? $variant:ident = $word:literal),+ $(,)? })+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, FromSqlRow, AsExpression)]
        #[diesel(sql_type = Text)]
        pub enum $name { $($(#[$mark])? $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the word as a person types it: case, `_`, `-` and space are ignored.
            pub fn parse(text: &str) -> Option<$name> {
                let wanted = plain(text);
                $name::ALL.iter().copied().find(|w| plain(w.word()) == wanted)
            }
        }

        impl crate::model::column::Column for $name {
            type Sql = Text;
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.word().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let text = std::str::from_utf8(value.as_bytes())?;
                $name::ALL.iter().copied().find(|w| w.word() == text)
                    .ok_or_else(|| format!("{text:?} is no {}", stringify!($name)).into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    )+ };
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect()
}

words! {
    #[derive(Default)]
    Status {
        #[default] Open = "OPEN", Pending = "PENDING", InProgress = "IN_PROGRESS", OnHold = "ON_HOLD",
        Escalated = "ESCALATED", Resolved = "RESOLVED", Closed = "CLOSED", Reopened = "REOPENED",
    }
    #[derive(Default)]
    Priority { Low = "LOW", #[default] Medium = "MEDIUM", High = "HIGH", Urgent = "URGENT" }
    #[derive(Default)]
    TicketType {
        #[default] Incident = "INCIDENT", ServiceRequest = "SERVICE_REQUEST", Change = "CHANGE", Problem = "PROBLEM",
    }
    #[derive(Default)]
    Channel {
        Email = "EMAIL", Chat = "CHAT", Phone = "PHONE", Web = "WEB", Portal = "PORTAL", #[default] Api = "API",
    }
    /// Where a write originated.
    #[derive(Default)]
    SourceType {
        Frontend = "FRONTEND", Backend = "BACKEND", Server = "SERVER", System = "SYSTEM", #[default] Api = "API",
    }
    Visibility { Public = "PUBLIC", Internal = "INTERNAL" }
    AuthorKind { Requester = "REQUESTER", Agent = "AGENT", Service = "SERVICE", System = "SYSTEM" }
    ActorKind {
        Requester = "REQUESTER", Agent = "AGENT", Service = "SERVICE", Workflow = "WORKFLOW", System = "SYSTEM",
    }
    #[derive(Default)]
    IssueType { Bug = "BUG", #[default] Task = "TASK", Story = "STORY" }
    #[derive(Default)]
    IssueStatus { #[default] Open = "OPEN", InProgress = "IN_PROGRESS", Resolved = "RESOLVED" }
    /// How a ticket that is done comes back.
    ReopenMode { InPlace = "IN_PLACE", FollowUp = "FOLLOW_UP", Reject = "REJECT" }
    /// Which tags tickets may have: any, or those of the registry.
    TagMode { Free = "FREE", Registered = "REGISTERED" }
    SlaPolicyStatus { Active = "ACTIVE", Inactive = "INACTIVE" }
    /// What becomes of the time that a target has used when its ticket's priority changes.
    OnPriorityChange { Retroactive = "RETROACTIVE", Restart = "RESTART" }
    /// How the resolution of a ticket that is reopened is counted.
    OnReopen { Continue = "CONTINUE", NewCycle = "NEW_CYCLE" }
    /// What answers a requester.
    CountsAsResponse { AgentPublic = "AGENT_PUBLIC", NonCreator = "NON_CREATOR" }
    /// What a clock measures.
    SlaMetric { FirstResponse = "FIRST_RESPONSE", NextResponse = "NEXT_RESPONSE", Resolution = "RESOLUTION" }
    ClockState { Running = "RUNNING", Paused = "PAUSED", Fulfilled = "FULFILLED", Voided = "VOIDED" }
    /// What happened to a clock.
    LedgerKind {
        Start = "START", Pause = "PAUSE", Resume = "RESUME", Retarget = "RETARGET", Fulfil = "FULFIL", Warn = "WARN",
        Breach = "BREACH", Void = "VOID",
    }
    #[derive(Default)]
    AgentStatus { #[default] Online = "ONLINE", Away = "AWAY", Offline = "OFFLINE" }
    RunVerdict {
        Matched = "MATCHED", NotMatched = "NOT_MATCHED", Error = "ERROR", Suppressed = "SUPPRESSED",
        Shadow = "SHADOW", Failed = "FAILED",
    }
}

impl Status {
    /// RESOLVED and CLOSED: nobody works on it.
    pub fn is_done(self) -> bool {
        matches!(self, Status::Resolved | Status::Closed)
    }
}

/// A list of words in a jsonb column: tags, member ids, skills. In the order given, without doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct Words(pub Vec<String>);

impl std::ops::Deref for Words {
    type Target = Vec<String>;
    fn deref(&self) -> &Vec<String> {
        &self.0
    }
}

impl Words {
    /// Keeps the first of each word.
    pub fn unique(words: impl IntoIterator<Item = String>) -> Words {
        let mut seen = HashSet::new();
        Words(words.into_iter().filter(|word| seen.insert(word.clone())).collect())
    }

    /// Each once, however it is spelt: the first spelling stays.
    pub fn unique_folded(words: impl IntoIterator<Item = String>) -> Words {
        let mut seen = HashSet::new();
        Words(words.into_iter().filter(|word| seen.insert(fold(word).into_owned())).collect())
    }

    /// Whether it has the word, in whichever spelling.
    pub fn has_folded(&self, word: &str) -> bool {
        let folded = fold(word);
        self.0.iter().any(|w| fold(w) == folded)
    }

    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == word)
    }
}

super::column::json_column! { Words }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_type_words_as_they_like() {
        for text in ["IN_PROGRESS", "in progress", "In-Progress", "inprogress"] {
            assert_eq!(Status::parse(text), Some(Status::InProgress), "{text}");
        }
        assert_eq!(Status::parse("half done"), None);
        assert_eq!(Status::parse(""), None);
    }
}
