//! Closed-loop load over gRPC: a fixed number of calls in flight; each is followed by the next when its response arrives.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, try_join};

use crate::Outcome;
use crate::cpu::{Spent, Watched};
use crate::leg::{Leg, Window};
use crate::random::Random;

/// How long a leg may wait for its last responses after its end.
const PATIENCE: Duration = Duration::from_secs(30);

/// Start and end of a leg's measured window.
#[derive(Clone, Copy)]
struct Clock {
    from: Instant,
    to: Instant,
}

/// Measurements of one loop.
struct Tally {
    all: u64,
    latencies: Vec<u32>,
}

/// Keeps `in_flight` calls running for the whole window; any error fails the leg. `call` gets the number of its loop.
pub async fn closed_loop<F>(in_flight: usize, window: Window, watched: &Watched, seed: u64, call: F) -> Outcome<Leg>
where
    F: AsyncFn(usize, &mut Random) -> Outcome<()>,
{
    let from = Instant::now() + window.warm;
    let clock = Clock { from, to: from + window.length };
    let failed = Cell::new(false);
    let loops = join_all((0..in_flight).map(|slot| {
        let (call, failed) = (&call, &failed);
        let random = Random::new(seed ^ (slot as u64).wrapping_mul(0x2545_f491_4f6c_dd1d));
        async move {
            let tally = one_loop(slot, clock, random, failed, call).await;
            failed.set(failed.get() || tally.is_err());
            tally
        }
    }));
    let both = try_join(async { Outcome::Ok(loops.await) }, spent(clock, watched));
    let whole = window.warm + window.length + PATIENCE;
    let (tallies, spent) =
        tokio::time::timeout(whole, both).await.map_err(|_| "calls were not answered within 30 s")??;

    let (mut all, mut latencies) = (0, Vec::new());
    for tally in tallies {
        let tally = tally?;
        all += tally.all;
        latencies.extend(tally.latencies);
    }
    Ok(Leg::new(all, latencies, window.length.as_secs_f64(), spent))
}

async fn one_loop<F>(slot: usize, clock: Clock, mut random: Random, failed: &Cell<bool>, call: &F) -> Outcome<Tally>
where
    F: AsyncFn(usize, &mut Random) -> Outcome<()>,
{
    let mut tally = Tally { all: 0, latencies: Vec::new() };
    let mut begun = Instant::now();
    while begun < clock.to && !failed.get() {
        call(slot, &mut random).await?;
        let done = Instant::now();
        tally.all += 1;
        if done >= clock.from && done < clock.to {
            tally.latencies.push(u32::try_from((done - begun).as_micros()).unwrap_or(u32::MAX));
        }
        begun = done;
    }
    Ok(tally)
}

/// CPU time within the window.
async fn spent(clock: Clock, watched: &Watched) -> Outcome<Spent> {
    tokio::time::sleep_until(clock.from.into()).await;
    let before = watched.read()?;
    tokio::time::sleep_until(clock.to.into()).await;
    Ok(watched.read()?.since(before))
}
