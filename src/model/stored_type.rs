//! Type and families of a stored activity, which a newer version may have written.

use std::io::Write;
use std::ops::Deref;
use std::sync::Arc;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Jsonb, Text};

use super::activity_type::{ActivityType, Family, Shown};
use super::column::Column;
use super::words::Words;

/// The type of an activity. Only those of this version and custom ones are written; whatever is stored is read.
#[derive(Clone, Debug, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Text)]
pub enum StoredType {
    Known(ActivityType),
    /// A newer version's, or one that a rule emits: `custom.*`.
    Other(Arc<str>),
}

impl StoredType {
    pub fn as_str(&self) -> &str {
        match self {
            StoredType::Known(known) => known.word(),
            StoredType::Other(other) => other,
        }
    }

    pub fn known(&self) -> Option<ActivityType> {
        match self {
            StoredType::Known(known) => Some(*known),
            StoredType::Other(_) => None,
        }
    }

    /// Whether the ticket's requester sees an activity of this type and these families. What another version means by its
    /// own types is not known: they are not shown.
    pub fn is_public(&self, families: Families) -> bool {
        match self.known().map(ActivityType::shown) {
            Some(Shown::Everybody) => true,
            Some(Shown::IfMoved) => families.contains(&ActivityType::TicketStatusChanged),
            Some(Shown::Staff) | None => false,
        }
    }
}

impl From<ActivityType> for StoredType {
    fn from(known: ActivityType) -> StoredType {
        StoredType::Known(known)
    }
}

impl From<&str> for StoredType {
    fn from(word: &str) -> StoredType {
        ActivityType::read(word).map_or_else(|| StoredType::Other(word.into()), StoredType::Known)
    }
}

impl PartialEq<ActivityType> for StoredType {
    fn eq(&self, other: &ActivityType) -> bool {
        self.known() == Some(*other)
    }
}

impl std::fmt::Display for StoredType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Column for StoredType {
    type Sql = Text;
}

impl ToSql<Text, Pg> for StoredType {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.as_str().as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Text, Pg> for StoredType {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(StoredType::from(std::str::from_utf8(value.as_bytes())?))
    }
}

/// The wider types that an activity belongs to, its own left out. A list of words in a jsonb column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Jsonb)]
pub struct Families(&'static [ActivityType]);

impl Families {
    pub const NONE: Families = Families(&[]);
    pub const UPDATED: Families = Families(&[ActivityType::TicketUpdated]);
    pub const MOVED: Families = Families(&[ActivityType::TicketStatusChanged, ActivityType::TicketUpdated]);
    pub const APPLIED: Families = Families(&[ActivityType::SlaApplied]);

    /// Those of these words that this version knows together.
    fn of(words: &Words) -> Families {
        [Families::MOVED, Families::UPDATED, Families::APPLIED]
            .into_iter()
            .find(|families| families.iter().all(|family| words.has(family.word())))
            .unwrap_or_default()
    }

    /// As the facts of rules and filters hold them.
    pub fn all(self) -> &'static [ActivityType] {
        self.0
    }
}

impl ActivityType {
    /// Whether others belong to it.
    pub fn is_family(self) -> bool {
        [Families::MOVED, Families::APPLIED].iter().any(|families| families.contains(&self))
    }

    /// The families of one activity. `moved`: the ticket's status changed. `clocked`: the ticket has clocks.
    pub const fn families(self, moved: bool, clocked: bool) -> Families {
        match self.family() {
            Family::Alone => Families::NONE,
            Family::Updated => Families::UPDATED,
            Family::Moved if moved => Families::MOVED,
            Family::Moved => Families::UPDATED,
            Family::Clocked if clocked => Families::APPLIED,
            Family::Clocked => Families::NONE,
        }
    }
}

impl Deref for Families {
    type Target = [ActivityType];
    fn deref(&self) -> &[ActivityType] {
        self.0
    }
}

impl Column for Families {
    type Sql = Jsonb;
}

impl ToSql<Jsonb, Pg> for Families {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // Words of types need no escaping.
        out.write_all(&[1, b'['])?;
        let mut comma = "";
        for family in self.iter() {
            write!(out, "{comma}\"{family}\"")?;
            comma = ",";
        }
        out.write_all(b"]")?;
        Ok(IsNull::No)
    }
}

impl FromSql<Jsonb, Pg> for Families {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Words as FromSql<Jsonb, Pg>>::from_sql(value).map(|words| Families::of(&words))
    }
}
