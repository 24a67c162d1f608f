//! Quotas of tenants: calls and writes by number, and requests by bytes, each per second and per server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use crate::grpc::pb::ErrorReason;
use crate::grpc::server::methods::Method;
use crate::grpc::status;

/// What a tenant may use per second; 0 = as much as it wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuotaLimits {
    pub calls: u32,
    pub writes: u32,
    pub bytes: u32,
}

/// So long may be used at once what would be a tenant's in this time.
const BURST: Duration = Duration::from_secs(1);
/// From how many tenants on those that owe nothing are forgotten.
const REMEMBERED: usize = 1_024;

/// A clone is the same quotas.
#[derive(Clone)]
pub(super) struct Quotas(Arc<Shared>);

struct Shared {
    limits: QuotaLimits,
    began: Instant,
    tenants: Mutex<HashMap<String, Used>>,
}

/// For each quota, until when what was used is a tenant's, since `began`.
#[derive(Clone, Copy, Default)]
struct Used {
    calls: Duration,
    writes: Duration,
    bytes: Duration,
}

/// How long one of so many per second takes.
fn each(per_second: u32) -> Duration {
    Duration::from_secs(1) / per_second.max(1)
}

impl Quotas {
    pub fn new(limits: QuotaLimits) -> Quotas {
        Quotas(Arc::new(Shared { limits, began: Instant::now(), tenants: Mutex::default() }))
    }

    /// Counts a call of the tenant, or refuses it.
    pub fn admit(&self, tenant: &str, method: &Method, now: Instant) -> Result<(), Box<Status>> {
        let limits = &self.0.limits;
        if *limits == QuotaLimits::default() {
            return Ok(());
        }
        let now = now.saturating_duration_since(self.0.began);
        self.with(tenant, now, |used| {
            let writes = if method.reads { 0 } else { limits.writes };
            let all = [
                ("calls", limits.calls, used.calls),
                ("writes", writes, used.writes),
                ("bytes", limits.bytes, used.bytes),
            ];
            for (what, limit, until) in all {
                let wait = until.saturating_sub(now + BURST);
                if limit > 0 && !wait.is_zero() {
                    return Err(exceeded(what, limit, wait));
                }
            }
            for (limit, until) in [(limits.calls, &mut used.calls), (writes, &mut used.writes)] {
                if limit > 0 {
                    *until = now.max(*until) + each(limit);
                }
            }
            Ok(())
        })
    }

    /// Where the bytes of the tenant's request are counted, if they are. What has arrived is paid for by the calls after it.
    pub fn bytes_of(&self, tenant: &str) -> Option<Charge> {
        (self.0.limits.bytes > 0).then(|| Charge { quotas: self.clone(), tenant: tenant.to_owned() })
    }

    fn with<T>(&self, tenant: &str, now: Duration, then: impl FnOnce(&mut Used) -> T) -> T {
        let mut tenants = self.0.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = tenants.get_mut(tenant) {
            return then(used);
        }
        if tenants.len() >= REMEMBERED {
            tenants.retain(|_, used| [used.calls, used.writes, used.bytes].into_iter().any(|until| until > now));
        }
        then(tenants.entry(tenant.to_owned()).or_default())
    }
}

pub(super) struct Charge {
    quotas: Quotas,
    tenant: String,
}

impl Charge {
    pub fn add(&self, bytes: usize) {
        let shared = &self.quotas.0;
        let now = shared.began.elapsed();
        let time = Duration::from_secs_f64(bytes as f64 / f64::from(shared.limits.bytes.max(1)));
        self.quotas.with(&self.tenant, now, |used| used.bytes = now.max(used.bytes) + time);
    }
}

fn exceeded(what: &str, limit: u32, wait: Duration) -> Box<Status> {
    let text =
        format!("the tenant has used its quota of {limit} {what} per second; try again in {} ms", wait.as_millis() + 1);
    let mut details = ErrorDetails::with_quota_failure_violation("tenant", text.as_str());
    details.set_retry_info(Some(wait + Duration::from_millis(1)));
    let metadata = [("quota", what.to_owned()), ("limit", limit.to_string())];
    Box::new(status::build(Code::ResourceExhausted, ErrorReason::QuotaExceeded, text, metadata, details))
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;
    use crate::grpc::server::methods;

    fn method(name: &str) -> &'static Method {
        methods::find(&format!("/docket.v1.TicketService/{name}")).expect("a method")
    }

    /// How many calls of a second are let in, one every millisecond.
    fn admitted(quotas: &Quotas, tenant: &str, name: &str, from: Instant) -> usize {
        let at = |ms| from + Duration::from_millis(ms);
        (0..1_000).filter(|ms| quotas.admit(tenant, method(name), at(*ms)).is_ok()).count()
    }

    #[test]
    fn a_tenant_has_its_burst_and_then_its_rate() {
        let quotas = Quotas::new(QuotaLimits { calls: 100, writes: 10, bytes: 0 });
        let began = quotas.0.began;
        assert_eq!(admitted(&quotas, "noisy", "GetTicket", began), 200, "a second's at once, and those of the second");
        assert_eq!(admitted(&quotas, "noisy", "GetTicket", began + Duration::from_secs(1)), 100);
        assert_eq!(admitted(&quotas, "quiet", "CreateTicket", began), 20, "writes are calls, too");
        let later = began + Duration::from_secs(60);
        assert_eq!(admitted(&quotas, "quiet", "CreateTicket", later), 20, "what is not used does not add up");
        let open = Quotas::new(QuotaLimits::default());
        assert_eq!(admitted(&open, "noisy", "CreateTicket", open.0.began), 1_000);
    }

    #[test]
    fn bytes_are_paid_for_afterwards_and_the_refusal_says_when() {
        let quotas = Quotas::new(QuotaLimits { calls: 0, writes: 0, bytes: 1_000 });
        let charge = quotas.bytes_of("acme").expect("bytes are counted");
        charge.add(4_000);
        let refused = quotas.admit("acme", method("GetTicket"), Instant::now()).expect_err("four seconds' worth");
        let details = refused.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!((info.reason.as_str(), info.metadata["quota"].as_str()), ("QUOTA_EXCEEDED", "bytes"));
        let wait = details.retry_info().and_then(|info| info.retry_delay).expect("when to come back");
        assert!((2_000..=3_001).contains(&wait.as_millis()), "{wait:?}");
        assert!(details.quota_failure().is_some());
        let then = Instant::now() + wait;
        assert!(quotas.admit("acme", method("GetTicket"), then).is_ok());
        assert!(quotas.admit("other", method("GetTicket"), Instant::now()).is_ok());
    }

    #[test]
    fn tenants_that_owe_nothing_are_forgotten() {
        let quotas = Quotas::new(QuotaLimits { calls: 1_000, writes: 0, bytes: 0 });
        let later = |n: u32| quotas.0.began + Duration::from_secs(n.into());
        for n in 0..5_000u32 {
            quotas.admit(&n.to_string(), method("GetTicket"), later(n)).expect("the first one");
        }
        assert!(quotas.0.tenants.lock().expect("whole").len() <= REMEMBERED);
    }
}
