//! Hints between processes: at most one round each 10 ms, many tenants in one. They may be lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::Feed;
use crate::store::hint::{Line, MAX_PAYLOAD};

const ROUND: Duration = Duration::from_millis(10);
/// How often it is found out whether anybody else listens.
const ANYBODY: Duration = Duration::from_secs(1);
/// Between two tries to connect.
const RETRY: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(5);

/// Positions that other processes have not been told of.
#[derive(Default)]
pub struct Pending {
    heads: Mutex<HashMap<String, i64>>,
    added: Notify,
    /// Whether anybody would hear.
    heard: AtomicBool,
}

/// As it travels.
type Payload = (i64, Vec<(String, i64)>);

impl Pending {
    pub fn add(&self, tenant: &str, head: i64) {
        if !self.heard.load(Ordering::Relaxed) {
            return;
        }
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        match heads.get_mut(tenant) {
            Some(known) => *known = head.max(*known),
            None => drop(heads.insert(tenant.to_owned(), head)),
        }
        drop(heads);
        self.added.notify_one();
    }

    fn take(&self) -> HashMap<String, i64> {
        std::mem::take(&mut *self.heads.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Feed {
    /// Exchanges hints, over one connection after another, for ever.
    pub(super) async fn exchange_hints(&self, url: &str) {
        let mut pause = *RETRY.start();
        loop {
            match Line::open(url).await {
                Ok(line) => {
                    pause = *RETRY.start();
                    let error = self.exchange_over(line).await;
                    tracing::info!("The connection for hints is gone, polling goes on: {error}");
                }
                Err(error) => tracing::info!("No connection for hints, polling goes on: {error}"),
            }
            self.0.hints.heard.store(false, Ordering::Relaxed);
            sleep(pause).await;
            pause = (pause * 2).min(*RETRY.end());
        }
    }

    /// Until the connection is gone; why.
    async fn exchange_over(&self, mut line: Line) -> String {
        let mut anybody = interval(ANYBODY);
        anybody.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut round = Instant::now();
        let mut waiting = false;
        loop {
            tokio::select! {
                heard = line.hear() => match heard {
                    Some(payload) => self.hint(&payload),
                    None => return "it was closed".to_owned(),
                },
                () = self.0.hints.added.notified(), if !waiting => waiting = true,
                () = sleep_until(round), if waiting => {
                    waiting = false;
                    if let Err(error) = line.send(&payloads(self.epoch(), self.0.hints.take())).await {
                        return error.to_string();
                    }
                    round = Instant::now() + ROUND;
                }
                _ = anybody.tick() => match line.is_heard().await {
                    Ok(heard) => self.0.hints.heard.store(heard, Ordering::Relaxed),
                    Err(error) => return error.to_string(),
                },
            }
        }
    }

    fn hint(&self, payload: &str) {
        // Whatever else somebody sends on the channel is none of ours.
        if let Ok((epoch, heads)) = serde_json::from_str::<Payload>(payload) {
            for (tenant, head) in heads {
                self.heard(&tenant, epoch, head);
            }
        }
    }
}

/// Texts that each fit a notification.
fn payloads(epoch: i64, heads: HashMap<String, i64>) -> Vec<String> {
    let mut all = Vec::new();
    let mut payload: Payload = (epoch, Vec::new());
    // Brackets, and the longest number.
    let empty = 32;
    let mut size = empty;
    for head in heads {
        let more = serde_json::to_string(&head).map_or(0, |text| text.len() + 1);
        if size + more > MAX_PAYLOAD {
            all.extend(serde_json::to_string(&payload));
            payload.1.clear();
            size = empty;
        }
        size += more;
        payload.1.push(head);
    }
    all.extend(serde_json::to_string(&payload));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_is_told_in_payloads_that_fit() {
        let tenant = |i: i64| (format!("{i}-{}", "\u{1}ü\"".repeat(40)), i64::MAX - i);
        let heads: HashMap<String, i64> = (0..100).map(tenant).collect();
        let sent = payloads(i64::MAX, heads.clone());
        assert!(sent.len() > 1 && sent.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        let read = sent.iter().map(|payload| serde_json::from_str::<Payload>(payload).expect("a payload"));
        let told: HashMap<String, i64> = read.flat_map(|(_, heads)| heads).collect();
        assert_eq!(told, heads);
    }
}
