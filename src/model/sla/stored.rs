//! Stored form of clocks and ledger rows: compact and extensible. Reading is strict about known fields and ignores
//! those that a later version adds.

use std::io::Write;

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Bytea;
use prost::Message;
use uuid::Uuid;

use super::clock::{Clock, Clocks, Goal, Warning};
use super::count::Pause;
use super::ledger::Entry;
use crate::model::column::Column;
use crate::model::time::Instant;
use crate::model::words::{ClockState, LedgerKind, SlaMetric};

#[derive(Clone, PartialEq, Message)]
struct GoalImage {
    #[prost(bytes = "vec", tag = 1)]
    policy_id: Vec<u8>,
    #[prost(int32, tag = 2)]
    policy_version: i32,
    /// Empty: none.
    #[prost(bytes = "vec", tag = 3)]
    calendar_id: Vec<u8>,
    #[prost(int32, tag = 4)]
    calendar_version: i32,
    #[prost(int64, tag = 5)]
    target: i64,
    #[prost(string, tag = 6)]
    zones: String,
}

#[derive(Clone, PartialEq, Message)]
struct WarningImage {
    #[prost(string, tag = 1)]
    mark: String,
    #[prost(int64, optional, tag = 2)]
    at: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct PauseImage {
    #[prost(int64, tag = 1)]
    from: i64,
    #[prost(int64, optional, tag = 2)]
    to: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ClockImage {
    #[prost(string, tag = 1)]
    metric: String,
    #[prost(int32, tag = 2)]
    cycle: i32,
    #[prost(string, tag = 3)]
    state: String,
    #[prost(message, optional, tag = 4)]
    goal: Option<GoalImage>,
    #[prost(int64, tag = 5)]
    start: i64,
    #[prost(message, repeated, tag = 6)]
    pauses: Vec<PauseImage>,
    #[prost(int64, optional, tag = 7)]
    due: Option<i64>,
    #[prost(message, repeated, tag = 8)]
    warnings: Vec<WarningImage>,
    #[prost(bool, tag = 9)]
    told: bool,
    #[prost(int64, optional, tag = 10)]
    breached_at: Option<i64>,
    #[prost(int64, optional, tag = 11)]
    ended_at: Option<i64>,
    #[prost(int64, optional, tag = 12)]
    asked_at: Option<i64>,
    #[prost(int64, optional, tag = 13)]
    reckoned_at: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct ClocksImage {
    #[prost(message, repeated, tag = 1)]
    clocks: Vec<ClockImage>,
    #[prost(int64, optional, tag = 2)]
    begun: Option<i64>,
    /// Empty: none.
    #[prost(bytes = "vec", tag = 3)]
    policy_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct EntryImage {
    #[prost(string, tag = 1)]
    metric: String,
    #[prost(int32, tag = 2)]
    cycle: i32,
    #[prost(string, tag = 3)]
    kind: String,
    #[prost(int64, tag = 4)]
    at: i64,
    #[prost(message, optional, tag = 5)]
    goal: Option<GoalImage>,
    #[prost(bool, tag = 6)]
    restart: bool,
    #[prost(int64, optional, tag = 7)]
    due: Option<i64>,
    #[prost(message, repeated, tag = 8)]
    warnings: Vec<WarningImage>,
    #[prost(string, tag = 9)]
    mark: String,
    #[prost(string, tag = 10)]
    reason: String,
    #[prost(int64, tag = 11)]
    late: i64,
    #[prost(int64, optional, tag = 12)]
    used: Option<i64>,
    #[prost(int64, optional, tag = 13)]
    asked_at: Option<i64>,
    #[prost(string, tag = 14)]
    by: String,
    #[prost(int64, optional, tag = 15)]
    counted_at: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct EntriesImage {
    #[prost(message, repeated, tag = 1)]
    entries: Vec<EntryImage>,
}

impl Clocks {
    /// Nothing where there are no clocks.
    pub fn store(&self) -> Vec<u8> {
        let Clocks { all, policy_id, begun } = self;
        let clocks = all.iter().map(clock_to).collect();
        ClocksImage { clocks, begun: *begun, policy_id: id_to(*policy_id) }.encode_to_vec()
    }

    /// The inverse of [`Clocks::store`]; an error says what cannot be read.
    pub fn restore(bytes: &[u8]) -> Result<Clocks, String> {
        let image = ClocksImage::decode(bytes).map_err(|error| error.to_string())?;
        let clocks = image.clocks.into_iter().map(|it| clock_from(it).ok_or("a clock cannot be read".to_owned()));
        let all = clocks.collect::<Result<Vec<Clock>, String>>()?;
        let policy_id = id_from(&image.policy_id).ok_or("the policy of the clocks cannot be read")?;
        Ok(Clocks { all, policy_id, begun: image.begun })
    }
}

impl Column for Clocks {
    type Sql = Bytea;
}

impl ToSql<Bytea, Pg> for Clocks {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.store())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Bytea, Pg> for Clocks {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Clocks> {
        Ok(Clocks::restore(value.as_bytes())?)
    }
}

pub fn store_entries(entries: &[Entry]) -> Vec<u8> {
    EntriesImage { entries: entries.iter().map(entry_to).collect() }.encode_to_vec()
}

/// The inverse of [`store_entries`]; an error says what cannot be read.
pub fn restore_entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let image = EntriesImage::decode(bytes).map_err(|error| error.to_string())?;
    image.entries.into_iter().map(|it| entry_from(it).ok_or("a row of the ledger cannot be read".to_owned())).collect()
}

fn id_to(id: Option<Uuid>) -> Vec<u8> {
    id.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}

/// The inverse of [`id_to`]; `None` of what is no id.
fn id_from(bytes: &[u8]) -> Option<Option<Uuid>> {
    if bytes.is_empty() { Some(None) } else { Uuid::from_slice(bytes).ok().map(Some) }
}

fn goal_to(goal: &Goal) -> GoalImage {
    let Goal { policy_id, policy_version, calendar_id, calendar_version, target, zones } = goal.clone();
    let (policy_id, calendar_id) = (id_to(Some(policy_id)), id_to(calendar_id));
    GoalImage { policy_id, policy_version, calendar_id, calendar_version, target, zones }
}

fn goal_from(image: GoalImage) -> Option<Goal> {
    let GoalImage { policy_id, policy_version, calendar_id, calendar_version, target, zones } = image;
    let calendar_id = id_from(&calendar_id)?;
    let policy_id = Uuid::from_slice(&policy_id).ok()?;
    Some(Goal { policy_id, policy_version, calendar_id, calendar_version, target, zones })
}

fn warnings_to(warnings: &[Warning]) -> Vec<WarningImage> {
    warnings.iter().map(|Warning { mark, at }| WarningImage { mark: mark.clone(), at: at.map(|at| at.0) }).collect()
}

fn warnings_from(images: Vec<WarningImage>) -> Vec<Warning> {
    images.into_iter().map(|WarningImage { mark, at }| Warning { mark, at: at.map(Instant) }).collect()
}

fn clock_to(clock: &Clock) -> ClockImage {
    let Clock { metric, cycle, state, goal, asked_at, start, pauses, due, reckoned_at, warnings, .. } = clock;
    let Clock { told, breached_at, ended_at, .. } = clock;
    let pause = |pause: &Pause| PauseImage { from: pause.from.0, to: pause.to.map(|to| to.0) };
    ClockImage {
        metric: metric.word().to_owned(),
        cycle: *cycle,
        state: state.word().to_owned(),
        goal: Some(goal_to(goal)),
        start: start.0,
        pauses: pauses.iter().map(pause).collect(),
        due: due.map(|at| at.0),
        warnings: warnings_to(warnings),
        told: *told,
        breached_at: breached_at.map(|at| at.0),
        ended_at: ended_at.map(|at| at.0),
        asked_at: asked_at.map(|at| at.0),
        reckoned_at: reckoned_at.map(|at| at.0),
    }
}

fn clock_from(image: ClockImage) -> Option<Clock> {
    let ClockImage { metric, cycle, state, goal, start, pauses, due, warnings, told, .. } = image;
    let ClockImage { breached_at, ended_at, asked_at, reckoned_at, .. } = image;
    let pause = |PauseImage { from, to }: PauseImage| Pause { from: Instant(from), to: to.map(Instant) };
    Some(Clock {
        metric: SlaMetric::parse(&metric)?,
        cycle,
        state: ClockState::parse(&state)?,
        goal: goal_from(goal?)?,
        asked_at: asked_at.map(Instant),
        start: Instant(start),
        pauses: pauses.into_iter().map(pause).collect(),
        due: due.map(Instant),
        reckoned_at: reckoned_at.map(Instant),
        warnings: warnings_from(warnings),
        told,
        breached_at: breached_at.map(Instant),
        ended_at: ended_at.map(Instant),
    })
}

fn entry_to(entry: &Entry) -> EntryImage {
    let Entry { metric, cycle, kind, at, goal, asked_at, restart, due, warnings, .. } = entry;
    let Entry { mark, reason, by, counted_at, late, used, .. } = entry;
    EntryImage {
        metric: metric.word().to_owned(),
        cycle: *cycle,
        kind: kind.word().to_owned(),
        at: at.0,
        goal: goal.as_ref().map(goal_to),
        restart: *restart,
        due: due.map(|at| at.0),
        warnings: warnings_to(warnings),
        mark: mark.clone(),
        reason: reason.clone(),
        late: *late,
        used: *used,
        asked_at: asked_at.map(|at| at.0),
        by: by.clone(),
        counted_at: counted_at.map(|at| at.0),
    }
}

fn entry_from(image: EntryImage) -> Option<Entry> {
    let EntryImage { metric, cycle, kind, at, goal, restart, due, warnings, mark, reason, .. } = image;
    let EntryImage { late, used, asked_at, by, counted_at, .. } = image;
    Some(Entry {
        metric: SlaMetric::parse(&metric)?,
        cycle,
        kind: LedgerKind::parse(&kind)?,
        at: Instant(at),
        goal: match goal {
            Some(goal) => Some(goal_from(goal)?),
            None => None,
        },
        asked_at: asked_at.map(Instant),
        restart,
        due: due.map(Instant),
        warnings: warnings_from(warnings),
        mark,
        reason,
        by,
        counted_at: counted_at.map(Instant),
        late,
        used,
    })
}
