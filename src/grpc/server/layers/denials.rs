//! Refusals by the gate, and for want of quota or room: the log tells of each kind once a minute, with their number.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::grpc::server::gate::Denied;
use crate::grpc::server::methods::Method;
use crate::telemetry::{DenialSeries, Metrics};

/// How often a kind of denial is told at most.
const EVERY: Duration = Duration::from_secs(60);
/// Kinds of one tenant that are told apart at a time; the others are told together.
const KINDS: usize = 32;

pub(super) struct Denials {
    series: DenialSeries,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Without a valid token: the reason.
    Token(&'static str),
    Role {
        sub: String,
        method: &'static str,
    },
    /// Beyond a quota, or without room.
    Exhausted {
        method: &'static str,
    },
    Others,
}

impl Denials {
    pub fn new(metrics: &Metrics) -> Denials {
        Denials { series: metrics.denial_series() }
    }

    /// Counts one by the gate.
    pub fn tell(&self, method: &Method, denied: &Denied) {
        let reason = denied.reason.as_str_name().trim_start_matches("ERROR_REASON_");
        self.series.denied(reason);
        match &denied.caller {
            None => tell("", Kind::Token(reason)),
            Some(caller) => tell(caller.tenant(), Kind::Role { sub: caller.sub().to_owned(), method: method.path }),
        }
    }
}

/// A call of the tenant ended with RESOURCE_EXHAUSTED.
pub(super) fn tell_exhausted(tenant: &str, method: &'static str) {
    tell(tenant, Kind::Exhausted { method });
}

/// The first of its kind is told at once, those of the next minute together at its end.
fn tell(tenant: &str, kind: Kind) {
    let Some(kind) = UNTOLD.first(tenant, kind) else { return };
    say(tenant, &kind, 1);
    let tenant = tenant.to_owned();
    let follow = async move {
        loop {
            tokio::time::sleep(EVERY).await;
            match UNTOLD.take(&tenant, &kind) {
                0 => return,
                count => say(&tenant, &kind, count),
            }
        }
    };
    // Calls may end while the process does.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(follow);
    }
}

/// By tenant; '' = without a valid token. How many are not told yet.
#[derive(Default)]
struct Untold(Mutex<HashMap<String, HashMap<Kind, u64>>>);

/// Of the process, as its log is.
static UNTOLD: LazyLock<Untold> = LazyLock::new(Untold::default);

impl Untold {
    /// The kind as which it is told, if it is the first one.
    fn first(&self, tenant: &str, kind: Kind) -> Option<Kind> {
        let mut untold = self.lock();
        let kinds = untold.entry(tenant.to_owned()).or_default();
        let kind = if kinds.len() < KINDS || kinds.contains_key(&kind) { kind } else { Kind::Others };
        if let Some(count) = kinds.get_mut(&kind) {
            *count += 1;
            return None;
        }
        kinds.insert(kind.clone(), 0);
        Some(kind)
    }

    /// How many are not told yet; a kind without any is forgotten.
    fn take(&self, tenant: &str, kind: &Kind) -> u64 {
        let mut untold = self.lock();
        let Some(kinds) = untold.get_mut(tenant) else { return 0 };
        let count = kinds.get_mut(kind).map(std::mem::take).unwrap_or_default();
        if count == 0 {
            kinds.remove(kind);
            if kinds.is_empty() {
                untold.remove(tenant);
            }
        }
        count
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, HashMap<Kind, u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(tenant: &str, kind: &Kind, count: u64) {
    match kind {
        Kind::Token(reason) => tracing::info!(reason, count, "Refused without a valid token, {count} times: {reason}"),
        Kind::Role { sub, method } => {
            tracing::info!(tenant, sub, method, count, "{sub} of {tenant} may not call {method}, {count} times")
        }
        Kind::Exhausted { method } => {
            tracing::info!(tenant, method, count, "{method} of {tenant} ended with RESOURCE_EXHAUSTED, {count} times")
        }
        Kind::Others => tracing::info!(tenant, count, "Other calls of {tenant} were refused, {count} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_up_to_a_bound_and_none_is_lost() {
        let untold = Untold::default();
        let role = |n: usize| Kind::Role { sub: format!("sub-{n}"), method: "/docket.v1.TicketService/GetTicket" };
        let told: Vec<Kind> = (0..1_000).filter_map(|n| untold.first("acme", role(n % 100))).collect();
        assert_eq!((told.len(), told.last()), (KINDS + 1, Some(&Kind::Others)));
        let rest: u64 = told.iter().map(|kind| untold.take("acme", kind)).sum();
        assert_eq!(told.len() as u64 + rest, 1_000);
        let again: u64 = told.iter().map(|kind| untold.take("acme", kind)).sum();
        assert_eq!((again, untold.lock().len()), (0, 0), "nobody is remembered for ever");
    }
}
