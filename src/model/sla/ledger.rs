//! Rows of the SLA ledger, from which a ticket's clocks are computed.

use uuid::Uuid;

use super::clock::{Clock, Goal, Warning};
use crate::model::time::Instant;
use crate::model::words::{LedgerKind, SlaMetric};

/// Something that happened to a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub metric: SlaMetric,
    /// Which clock of the metric.
    pub cycle: i32,
    pub kind: LedgerKind,
    /// When it took effect: of a breach the deadline, of a warning its instant.
    pub at: Instant,
    /// Of a start and a retarget.
    pub goal: Option<Goal>,
    /// Of a start of a next response: the question that it measures.
    pub asked_at: Option<Instant>,
    /// Of a retarget that forgets the time that was used.
    pub restart: bool,
    /// As reckoned by this row; absent of a clock that is paused, and of one that is never due.
    pub due: Option<Instant>,
    /// To come after this row.
    pub warnings: Vec<Warning>,
    /// Of a warning.
    pub mark: String,
    /// For people: what brought it about.
    pub reason: String,
    /// Of a pause and a resume: who brought it about; '' where that is not known.
    pub by: String,
    /// Of a breach: when it became one, which is the deadline, or the change that set a deadline in the past.
    pub counted_at: Option<Instant>,
    /// Microseconds by which a warning or a breach came late.
    pub late: i64,
    /// Of a fulfilment: microseconds that had counted; absent where that is not known.
    pub used: Option<i64>,
}

impl LedgerKind {
    /// Whether a row of this kind says when the clock is due.
    pub fn is_reckoned(self) -> bool {
        match self {
            LedgerKind::Start | LedgerKind::Pause | LedgerKind::Resume | LedgerKind::Retarget => true,
            LedgerKind::Fulfil | LedgerKind::Void | LedgerKind::Warn | LedgerKind::Breach => false,
        }
    }
}

impl Entry {
    /// A row of a clock that says nothing beside its kind.
    pub fn of(clock: &Clock, kind: LedgerKind, at: Instant) -> Entry {
        Entry {
            metric: clock.metric,
            cycle: clock.cycle,
            kind,
            at,
            goal: None,
            asked_at: None,
            restart: false,
            due: None,
            warnings: Vec::new(),
            mark: String::new(),
            reason: String::new(),
            by: String::new(),
            counted_at: None,
            late: 0,
            used: None,
        }
    }
}

row! {
    /// The rows that one activity wrote.
    LedgerRow in sla_ledger, key(tenant_id, ticket_id, position) {
        tenant_id: String,
        ticket_id: Uuid,
        /// Of the activity.
        position: i64,
        /// Where one of them is a breach.
        breached_at: Option<Instant>,
        /// As [`super::store_entries`] has them.
        body: Vec<u8>,
    }
}
