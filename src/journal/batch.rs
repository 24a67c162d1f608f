//! One attempt of a batch: lock, load, decide, write, commit. It sends no replies, so it can be retried.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use diesel::result::{Error, QueryResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::try_join;
use uuid::Uuid;

use super::group::Group;
use super::rules::ActiveRules;
use super::settings::{self, Settings};
use super::{Config, Failure, crash};
use crate::command::{self, Stop, Verdict, Want, World};
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::{Head, Installation};
use crate::model::measure::Measure;
use crate::model::time::Instant;
use crate::model::words::RunVerdict;
use crate::store;
use crate::workflow::RuleSet;

/// Maximum number of load-and-decide passes; a command that needs more has a bug.
const PASSES: usize = 8;

/// How the heads are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Skips heads that are locked by others.
    Free,
    /// Waits for the single head of the batch.
    Waiting,
}

/// Outcome of a batch.
pub struct Done {
    pub epoch: i64,
    pub began: Clock,
    /// One per group, in order.
    pub groups: Vec<GroupDone>,
    pub commit: Duration,
    pub rules: Arc<RuleSet>,
    /// Traced commands that were decided.
    pub traced: Vec<Traced>,
}

/// A traced command that was decided: its place in the batch, its times, and the rules that ran.
pub struct Traced {
    pub group: usize,
    pub place: usize,
    pub began: Clock,
    pub ended: Clock,
    pub runs: Vec<(usize, RunVerdict)>,
}

pub enum GroupDone {
    /// The head is locked by another transaction, or does not exist.
    Skipped,
    Decided {
        /// One per command, in order; `None` = not reached, back to the queue.
        answers: Vec<Option<Result<Verdict, Failure>>>,
        activities: Vec<Arc<Activity>>,
        /// Rules that ran, by their index in the set, with their verdicts.
        tally: Vec<(usize, RunVerdict)>,
        /// What rules record in metrics.
        measures: Vec<Measure>,
    },
}

pub enum BatchError {
    /// Nothing was committed.
    Failed(Error),
    /// COMMIT was sent and its outcome is unknown. The witness is an activity that is in the log if the commit succeeded.
    CommitUnknown { done: Done, witness: Option<Box<ActivityRow>>, error: Error },
}

impl From<Error> for BatchError {
    fn from(error: Error) -> BatchError {
        BatchError::Failed(error)
    }
}

/// Executes the batch in one transaction. On `Failed`, the caller rolls back.
pub async fn run(
    conn: &mut AsyncPgConnection,
    groups: &[Group],
    lock: Lock,
    rules: &ActiveRules,
    settings: &Settings,
    config: &Config,
) -> Result<Done, BatchError> {
    let began = Clock::now();
    let mut traced = Vec::new();
    let (mut worlds, clock, installation) = open(conn, groups, lock, &rules.latest()).await?;
    let set = rules.in_force(conn, &installation).await?;
    settings.fill(&mut worlds, installation.epoch);
    let before: HashMap<String, Head> =
        worlds.iter().map(|(tenant, world)| (tenant.clone(), world.head.clone())).collect();
    let decided = decide(conn, groups, &mut worlds, &set, (clock, config.decide_for), &mut traced).await?;
    crash::point("before-write");

    let changed: Vec<&World> = worlds.values().collect();
    let rows: Vec<ActivityRow> = changed.iter().flat_map(|world| &world.activities).map(ActivityRow::of).collect();
    let heads: Vec<&Head> =
        worlds.iter().filter(|(tenant, world)| before[*tenant] != world.head).map(|(_, world)| &world.head).collect();
    store::save::save(conn, &changed, &rows, &heads).await?;
    crash::point("before-commit");

    let loaded = settings::loaded(&worlds, installation.epoch);
    let groups = collect(groups, worlds, decided);
    let mut done = Done { epoch: installation.epoch, began, groups, commit: Duration::ZERO, rules: set, traced };
    if cfg!(feature = "ack-before-commit") {
        // A faulty build that `make crash` must detect: its lane replies before it commits.
        return Ok(done);
    }
    let start = Clock::now();
    if let Err(error) = conn.batch_execute("COMMIT").await {
        return Err(BatchError::CommitUnknown { done, witness: rows.into_iter().next().map(Box::new), error });
    }
    done.commit = start.elapsed();
    settings.store(loaded);
    crash::point("after-commit");
    Ok(done)
}

/// Whether the transaction that wrote this activity was committed. Waits for the head, and so for the backend that may still be
/// committing.
pub async fn was_committed(conn: &mut AsyncPgConnection, witness: &ActivityRow) -> QueryResult<bool> {
    conn.batch_execute(&store::wall::begin(&[&witness.tenant_id])).await?;
    store::head::lock_waiting(conn, &witness.tenant_id).await?;
    let found = store::lookup::activities(conn, &[(witness.tenant_id.as_str(), witness.position)]).await?;
    conn.batch_execute("ROLLBACK").await?;
    Ok(found.first() == Some(witness))
}

/// Locks the heads and loads what the commands are known to need, in one round trip: each statement starts after the lock is
/// granted, and sees everything that was committed before.
async fn open(
    conn: &mut AsyncPgConnection,
    groups: &[Group],
    lock: Lock,
    rules: &RuleSet,
) -> QueryResult<(HashMap<String, World>, Instant, Installation)> {
    let tenants: Vec<&str> = groups.iter().map(|group| group.tenant.as_str()).collect();
    let mut wants: Vec<(&str, Want)> = Vec::new();
    for group in groups {
        for entry in &group.entries {
            wants.extend(command::wants(&entry.command, rules).into_iter().map(|want| (group.tenant.as_str(), want)));
        }
    }
    let conn: &AsyncPgConnection = conn;
    let begin = store::wall::begin(&tenants);
    let begin = async { (&mut &*conn).batch_execute(&begin).await };
    let heads = async {
        match lock {
            Lock::Free => store::head::lock_free(conn, &tenants).await,
            Lock::Waiting => Ok((store::head::lock_waiting(conn, tenants[0]).await?, None)),
        }
    };
    let ((), (heads, now), loaded) = try_join!(begin, heads, store::load::fetch(conn, wants))?;
    // If the lock was waited for, the clock is read afterwards.
    let (installation, clock) = match now {
        Some(now) => now,
        None => store::head::installation_now(conn).await?,
    };
    let mut worlds = HashMap::with_capacity(heads.len());
    for head in heads {
        worlds.insert(head.tenant_id.clone(), World::new(head));
    }
    loaded.fill(&mut worlds);
    Ok((worlds, clock, installation))
}

type Decided = Vec<Vec<Option<Result<Verdict, Failure>>>>;

/// Decides as many commands as the first pass reaches within the budget. If some of them need rows that are not loaded, the rows
/// are loaded in one round trip and these commands are decided again.
async fn decide(
    conn: &AsyncPgConnection,
    groups: &[Group],
    worlds: &mut HashMap<String, World>,
    rules: &RuleSet,
    (clock, budget): (Instant, Duration),
    traced: &mut Vec<Traced>,
) -> QueryResult<Decided> {
    let mut decided: Decided = groups.iter().map(|group| group.entries.iter().map(|_| None).collect()).collect();
    // Round-robin over the tenants, so that a slow tenant does not use up the time of others.
    let longest = groups.iter().map(|group| group.entries.len()).max().unwrap_or(0);
    let turns: Vec<(usize, usize)> = (0..longest)
        .flat_map(|place| groups.iter().enumerate().map(move |(group, of)| (group, place, of.entries.len())))
        .filter(|(_, place, length)| place < length)
        .map(|(group, place, _)| (group, place))
        .collect();
    let mut reached = turns.len();
    for pass in 0..PASSES {
        let start = Clock::now();
        let mut wants: Vec<(&str, Want)> = Vec::new();
        for (turn, (group, place)) in turns.iter().copied().enumerate().take(reached) {
            if pass == 0 && turn > 0 && start.elapsed() > budget {
                reached = turn;
                break;
            }
            let Group { tenant, entries } = &groups[group];
            let Some(world) = worlds.get_mut(tenant).filter(|_| decided[group][place].is_none()) else { continue };
            // Time never runs backwards within a tenant, whatever the clock does.
            let now = clock.max(world.head.last_at);
            let entry = &entries[place];
            let watched = entry.trace.as_ref().map(|_| (Clock::now(), world.tally.len()));
            match decide_one(world, &entry.command, rules, now) {
                Ok(verdict) => {
                    decided[group][place] = Some(Ok(verdict));
                    if let Some((began, ran)) = watched {
                        let runs = world.tally[ran..].to_vec();
                        traced.push(Traced { group, place, began, ended: Clock::now(), runs });
                    }
                }
                Err(Problem::Refused(failure)) => decided[group][place] = Some(Err(failure)),
                Err(Problem::Missing(missing)) => wants.extend(missing.into_iter().map(|want| (tenant.as_str(), want))),
            }
        }
        if wants.is_empty() {
            return Ok(decided);
        }
        store::load::fetch(conn, wants).await?.fill(worlds);
    }
    for (group, place) in turns.into_iter().take(reached) {
        let Group { tenant, entries } = &groups[group];
        if decided[group][place].is_none() && worlds.contains_key(tenant) {
            let broken = incident(&*entries[place].command.verb, "it still needed rows after the last pass");
            decided[group][place] = Some(Err(broken));
        }
    }
    Ok(decided)
}

enum Problem {
    Refused(Failure),
    Missing(Vec<Want>),
}

/// A panic fails only the command that caused it.
fn decide_one(
    world: &mut World,
    command: &command::Command,
    rules: &RuleSet,
    now: Instant,
) -> Result<Verdict, Problem> {
    let savepoint = world.savepoint();
    match catch_unwind(AssertUnwindSafe(|| command::run(world, command, rules, now))) {
        Ok(Ok(verdict)) => Ok(verdict),
        Ok(Err(Stop::Refused(refusal))) => Err(Problem::Refused(Failure::Refused(refusal))),
        Ok(Err(Stop::Missing(wants))) => Err(Problem::Missing(wants)),
        Err(_) => {
            world.rollback(&savepoint);
            Err(Problem::Refused(incident(&*command.verb, "deciding it panicked")))
        }
    }
}

/// An internal error: the details are logged, and the caller gets an incident id.
pub fn incident(verb: &dyn command::Verb, what: &str) -> Failure {
    let incident = Uuid::now_v7();
    let verb = verb.name();
    tracing::error!(%incident, command.verb = verb, "A {verb} command failed: {what}");
    Failure::Internal { incident }
}

fn collect(groups: &[Group], mut worlds: HashMap<String, World>, decided: Decided) -> Vec<GroupDone> {
    let mut done = Vec::with_capacity(groups.len());
    for (group, answers) in groups.iter().zip(decided) {
        done.push(match worlds.remove(&group.tenant) {
            None => GroupDone::Skipped,
            Some(world) => GroupDone::Decided {
                answers,
                activities: world.activities.into_iter().map(Arc::new).collect(),
                tally: world.tally,
                measures: world.measures,
            },
        });
    }
    done
}
