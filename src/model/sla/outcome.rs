//! Outcomes of clocks, from which breaches are listed and attainment is computed.

use uuid::Uuid;

use super::clock::{Clock, Clocks};
use super::ledger::Entry;
use crate::model::ticket::Ticket;
use crate::model::time::Instant;
use crate::model::words::{ClockState, LedgerKind, Priority, SlaMetric, TicketType};

row! {
    /// A clock that was breached or fulfilled. What was promised, and what the ticket was, are as of the first breach, or,
    /// without one, as of the fulfilment.
    Outcome in sla_outcome, key(tenant_id, ticket_id, metric, cycle) {
        tenant_id: String,
        ticket_id: Uuid,
        metric: SlaMetric,
        cycle: i32,
        policy_id: Uuid,
        policy_version: i32,
        /// Microseconds of business time.
        target: i64,
        priority: Priority,
        kind: TicketType,
        team_id: String,
        organization_id: String,
        app_id: String,
        /// The first deadline that was missed.
        breached_at: Option<Instant>,
        /// When that counts: then, or with the change that set a deadline in the past.
        counted_at: Option<Instant>,
        /// Microseconds by which that was told late.
        late: i64,
        /// Of the activity that tells what decided it.
        position: i64,
        /// Both are absent while the clock goes on.
        fulfilled_at: Option<Instant>,
        voided_at: Option<Instant>,
        /// Microseconds that had counted when it was fulfilled; absent where that is not known.
        elapsed: Option<i64>,
    }
}

impl Outcome {
    /// What a row of the ledger makes of its clock; `None` where that changes no outcome. `before` are the clocks that it
    /// was written over, `after` is the ticket with it.
    pub fn of(before: &Clocks, entry: &Entry, after: &Ticket, position: i64) -> Option<Outcome> {
        let this = |clocks: &Clocks| clocks.of(entry.metric).filter(|clock| clock.cycle == entry.cycle).cloned();
        let (before, clock) = (this(before)?, this(&after.clocks)?);
        let changes = match entry.kind {
            LedgerKind::Breach => before.breached_at.is_none(),
            LedgerKind::Fulfil => true,
            LedgerKind::Void => before.breached_at.is_some(),
            // It had ended, and goes on.
            LedgerKind::Resume => {
                before.state == ClockState::Fulfilled
                    || (before.state == ClockState::Voided && before.breached_at.is_some())
            }
            LedgerKind::Start | LedgerKind::Pause | LedgerKind::Retarget | LedgerKind::Warn => false,
        };
        changes.then(|| Outcome::as_is(&clock, entry, after, position))
    }

    fn as_is(clock: &Clock, entry: &Entry, ticket: &Ticket, position: i64) -> Outcome {
        let ended = |state| clock.ended_at.filter(|_| clock.state == state);
        Outcome {
            tenant_id: ticket.tenant_id.clone(),
            ticket_id: ticket.id,
            metric: clock.metric,
            cycle: clock.cycle,
            policy_id: clock.goal.policy_id,
            policy_version: clock.goal.policy_version,
            target: clock.goal.target,
            priority: ticket.priority,
            kind: ticket.kind,
            team_id: ticket.team_id.clone(),
            organization_id: ticket.organization_id.clone(),
            app_id: ticket.app_id.clone(),
            breached_at: clock.breached_at,
            counted_at: if entry.kind == LedgerKind::Breach { entry.counted_at } else { clock.breached_at },
            late: if entry.kind == LedgerKind::Breach { entry.late } else { 0 },
            position,
            fulfilled_at: ended(ClockState::Fulfilled),
            voided_at: ended(ClockState::Voided),
            elapsed: entry.used,
        }
    }

    /// With what came of it later: a breach is never taken back.
    pub fn then(self, later: Outcome) -> Outcome {
        match self.breached_at {
            None => later,
            Some(_) => {
                let Outcome { fulfilled_at, voided_at, elapsed, .. } = later;
                Outcome { fulfilled_at, voided_at, elapsed, ..self }
            }
        }
    }
}
