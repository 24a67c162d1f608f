//! Refusals by the gate: each is counted, and the log tells of each kind once a minute, with their number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::grpc::server::gate::Denied;
use crate::grpc::server::methods::Method;
use crate::telemetry::{DenialSeries, Metrics};

/// How often a kind of denial is told at most.
const EVERY: Duration = Duration::from_secs(60);
/// Kinds of one tenant that are told apart at a time; the others are told together.
const KINDS: usize = 32;

/// A clone is the same denials.
#[derive(Clone)]
pub(super) struct Denials {
    series: DenialSeries,
    /// By tenant; '' = without a valid token. How many are not told yet.
    untold: Arc<Mutex<HashMap<String, HashMap<Kind, u64>>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Without a valid token: the reason.
    Token(&'static str),
    Role {
        sub: String,
        method: &'static str,
    },
    Others,
}

impl Denials {
    pub fn new(metrics: &Metrics) -> Denials {
        Denials { series: metrics.denial_series(), untold: Arc::default() }
    }

    /// Counts one. The first of its kind is told at once, those of the next minute together at its end.
    pub fn tell(&self, method: &Method, denied: &Denied) {
        let reason = denied.reason.as_str_name().trim_start_matches("ERROR_REASON_");
        self.series.denied(reason);
        let (tenant, kind) = match &denied.caller {
            None => (String::new(), Kind::Token(reason)),
            Some(caller) => {
                (caller.tenant().to_owned(), Kind::Role { sub: caller.sub().to_owned(), method: method.path })
            }
        };
        if let Some(kind) = self.is_new(&tenant, kind) {
            say(&tenant, &kind, 1);
            tokio::spawn(self.clone().follow(tenant, kind));
        }
    }

    /// The kind as which it is told, if it is the first one.
    fn is_new(&self, tenant: &str, kind: Kind) -> Option<Kind> {
        let mut untold = self.untold();
        let kinds = untold.entry(tenant.to_owned()).or_default();
        let kind = if kinds.len() < KINDS || kinds.contains_key(&kind) { kind } else { Kind::Others };
        if let Some(count) = kinds.get_mut(&kind) {
            *count += 1;
            return None;
        }
        kinds.insert(kind.clone(), 0);
        Some(kind)
    }

    async fn follow(self, tenant: String, kind: Kind) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.take(&tenant, &kind) {
                0 => return,
                count => say(&tenant, &kind, count),
            }
        }
    }

    /// How many are not told yet; a kind without any is forgotten.
    fn take(&self, tenant: &str, kind: &Kind) -> u64 {
        let mut untold = self.untold();
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

    fn untold(&self) -> MutexGuard<'_, HashMap<String, HashMap<Kind, u64>>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(tenant: &str, kind: &Kind, count: u64) {
    match kind {
        Kind::Token(reason) => tracing::info!(reason, count, "Refused without a valid token, {count} times: {reason}"),
        Kind::Role { sub, method } => {
            tracing::info!(tenant, sub, method, count, "{sub} of {tenant} may not call {method}, {count} times")
        }
        Kind::Others => tracing::info!(tenant, count, "Others of {tenant} may not call methods, {count} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart_up_to_a_bound_and_none_is_lost() {
        let denials = Denials::new(&Metrics::new().expect("metrics"));
        let role = |n: usize| Kind::Role { sub: format!("sub-{n}"), method: "/docket.v1.TicketService/GetTicket" };
        let told: Vec<Kind> = (0..1_000).filter_map(|n| denials.is_new("acme", role(n % 100))).collect();
        assert_eq!((told.len(), told.last()), (KINDS + 1, Some(&Kind::Others)));
        let rest: u64 = told.iter().map(|kind| denials.take("acme", kind)).sum();
        assert_eq!(told.len() as u64 + rest, 1_000);
        let again: u64 = told.iter().map(|kind| denials.take("acme", kind)).sum();
        assert_eq!((again, denials.untold().len()), (0, 0), "nobody is remembered for ever");
    }
}
