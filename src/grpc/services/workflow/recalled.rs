//! The log as rules are asked about it again: read with what its tickets were before, and asked away from the threads that serve
//! others.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use diesel::result::{Error, QueryResult};
use tokio::sync::Semaphore;
use tonic::Status;
use uuid::Uuid;

use crate::command::recall::Recall;
use crate::command::{Stop, World};
use crate::grpc::status::fault;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::ledger::Head;
use crate::model::ticket::Ticket;
use crate::store;
use crate::store::pool::Reading;
use crate::workflow::RuleSet;

/// Questions at once, over all tenants: they take a processor each.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How often a question may find that it needs to know more.
const PASSES: usize = 8;

/// Does work that takes its time.
///
/// # Errors
/// INTERNAL: it panicked.
pub async fn aside<T: Send + 'static>(
    method: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Status> {
    // Nobody closes it.
    let _turn = AT_ONCE.acquire().await;
    tokio::task::spawn_blocking(work).await.map_err(|panic| fault::incident(method, &panic))
}

/// What a question comes to, once everything that it needs to know is read.
pub async fn ask<T: Send + 'static>(
    conn: &mut Reading,
    method: &'static str,
    head: Head,
    question: impl Fn(&mut World) -> Result<T, Stop> + Send + Sync + 'static,
) -> Result<T, Status> {
    let (question, tenant) = (Arc::new(question), head.tenant_id.clone());
    let mut world = World::new(head);
    for _ in 0..PASSES {
        let question = question.clone();
        let (asked, answer) = aside(method, move || {
            let mut world = world;
            let answer = question(&mut world);
            (world, answer)
        })
        .await?;
        world = asked;
        let wants = match answer {
            Ok(answer) => return Ok(answer),
            Err(Stop::Missing(wants)) => wants,
            Err(Stop::Refused(refusal)) => return Err(fault::incident(method, &refusal)),
        };
        let wants = wants.into_iter().map(|want| (tenant.as_str(), want)).collect();
        let loaded = store::load::fetch(conn, wants).await.map_err(|error| fault::of_read(method, "", error))?;
        let mut worlds = HashMap::from([(tenant.clone(), world)]);
        loaded.fill(&mut worlds);
        world = worlds.remove(&tenant).ok_or_else(|| fault::incident(method, &"the world is gone"))?;
    }
    Err(fault::incident(method, &"the question never knows enough"))
}

/// A set of this hash; `None` where it is not kept, or this server does not understand it.
pub async fn set_of(conn: &mut Reading, method: &'static str, hash: &str) -> Result<Option<Arc<RuleSet>>, Status> {
    if hash.is_empty() {
        return Ok(Some(Arc::default()));
    }
    let sources = match store::rules::sources(conn, hash).await {
        Ok(sources) => sources,
        Err(Error::NotFound) => return Ok(None),
        Err(error) => return Err(fault::of_read(method, "", error)),
    };
    Ok(aside(method, || RuleSet::from_sources(sources)).await?.ok().map(Arc::new))
}

/// Activities with, where they are asked for, the tickets before them and the descriptions.
pub async fn recall(
    conn: &mut Reading,
    tenant: &str,
    rows: Vec<ActivityRow>,
    (before, describe): (bool, bool),
) -> QueryResult<Recall> {
    let mut activities = activities(rows)?;
    let ids: BTreeSet<Uuid> = activities.iter().filter_map(|activity| activity.ticket_id).collect();
    let first = activities.first().map_or(0, |activity| activity.position);
    let ids: Vec<Uuid> = ids.into_iter().filter(|_| before).collect();
    let before = store::read::activity::last_of_each(conn, tenant, ids, first - 1).await?;
    let tickets = self::activities(before)?.into_iter().filter_map(|activity| activity.ticket);
    let mut before: HashMap<Uuid, Arc<Ticket>> = tickets.map(|ticket| (ticket.id, ticket)).collect();
    if describe {
        let tickets = activities.iter().filter_map(|activity| activity.ticket.as_ref()).chain(before.values());
        let at: BTreeSet<i64> = tickets.map(|ticket| ticket.described_at).collect();
        let at: Vec<(&str, i64)> = at.into_iter().map(|position| (tenant, position)).collect();
        let rows = store::lookup::activities(conn, &at).await?;
        let texts: HashMap<i64, String> =
            self::activities(rows)?.iter().map(|activity| (activity.position, activity.description())).collect();
        let all = activities.iter_mut().filter_map(|activity| activity.ticket.as_mut());
        for ticket in all.chain(before.values_mut()) {
            if let Some(text) = texts.get(&ticket.described_at).filter(|text| !text.is_empty()) {
                Arc::make_mut(ticket).description.clone_from(text);
            }
        }
    }
    Ok(Recall::new(activities, before))
}

fn activities(rows: Vec<ActivityRow>) -> QueryResult<Vec<Activity>> {
    let read: Result<Vec<Activity>, String> = rows.into_iter().map(ActivityRow::into_activity).collect();
    read.map_err(|problem| Error::DeserializationError(problem.into()))
}
