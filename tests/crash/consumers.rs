//! Twenty consumers that lose their connection all the time, over three servers that are killed all the time, under full
//! write load: at the end each has the table, in order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use docket::grpc::pb;
use docket::grpc::pb::activity_service_client::ActivityServiceClient;
use docket::grpc::pb::stream_activities_request::Start;
use docket::grpc::pb::stream_activities_response::Event;
use docket::model::id;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tonic::Status;
use tonic::transport::Endpoint;
use uuid::Uuid;

use crate::house::House;
use crate::load::{Load, reason};
use crate::people::{Rng, Tenant};
use crate::recorder::Recorder;

const CONSUMERS: usize = 20;
const WRITERS: usize = 32;
/// Of each consumer at least; with fewer it would prove nothing.
const CONNECTIONS: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(120);
/// What they ask for: all; what is made, as the database can choose it; and the same, as only the server can look at it.
const FILTERS: [&str; 3] =
    ["", "activity.type == 'ticket.created'", "activity.type == 'ticket.created' && !has(activity.cause)"];

/// One activity, as a consumer was sent it and as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    position: i64,
    kind: String,
    ticket_id: String,
}

pub async fn run(full: bool) {
    let mut rng = Rng::seeded();
    let house = House::start("consumers").await;
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(house.spawn_server(None).await);
    }
    let tenants = Tenant::settle(&house, &servers[0], &["hot", "warm"]).await;
    let recorder = Recorder::new();
    let endpoints: Vec<Endpoint> = servers.iter().map(|server| server.endpoint()).collect();
    let load = Load::start(&tenants, &endpoints, WRITERS, &recorder);
    let consumers: Vec<Consumer> = (0..CONSUMERS)
        .map(|number| Consumer::start(number, &tenants[number % 5 / 4], &endpoints, Rng::of(rng.next()), &recorder))
        .collect();

    for kill in 0..if full { 30 } else { 3 } {
        recorder.wait_for_progress(if full { 150 } else { 50 }, PATIENCE).await;
        // The moment is what chance is about: this sleep chooses it.
        tokio::time::sleep(Duration::from_millis(rng.below(700))).await;
        let server = &mut servers[rng.below(3) as usize];
        println!("kill {kill} after {} acknowledged writes", recorder.acknowledged());
        server.signal(libc::SIGKILL);
        server.wait_until_gone(PATIENCE).await.expect("kill -9 ends a process");
        house.start_server(server, None).await;
    }
    recorder.wait_for_progress(100, PATIENCE).await;
    // While there is something to miss.
    for consumer in &consumers {
        consumer.wait_until_cut_off().await;
    }
    load.finish(PATIENCE).await;

    let mut faults = recorder.faults();
    let tables = tables(&house.sql().await, &tenants).await;
    for consumer in consumers {
        faults.extend(consumer.compare(&tables).await);
    }
    let told: Vec<&String> = faults.iter().take(20).collect();
    assert!(faults.is_empty(), "{} faults, the first of them: {told:#?}", faults.len());
}

/// What each tenant's log is, from the database itself.
async fn tables(sql: &Client, tenants: &[Tenant]) -> HashMap<String, Vec<Row>> {
    let mut tables = HashMap::new();
    for tenant in tenants {
        let query = "SELECT position, kind, ticket_id::text FROM activity WHERE tenant_id = $1 ORDER BY position";
        let rows = sql.query(query, &[&tenant.name]).await.expect("the log");
        let shown = |id: Option<String>| {
            let id = id.map(|id| Uuid::parse_str(&id).expect("an id"));
            id.map(|id| id::show(id::TICKET, id)).unwrap_or_default()
        };
        let rows = rows.iter().map(|row| Row { position: row.get(0), kind: row.get(1), ticket_id: shown(row.get(2)) });
        tables.insert(tenant.name.clone(), rows.collect());
    }
    tables
}

/// What a consumer keeps, as it would in a database of its own: what it handled, and how far that is.
#[derive(Default)]
struct Kept {
    rows: Vec<Row>,
    reached: i64,
    connections: u64,
}

struct Consumer {
    number: usize,
    tenant: Tenant,
    filter: usize,
    kept: Arc<Mutex<Kept>>,
    task: JoinHandle<()>,
}

impl Consumer {
    fn start(number: usize, tenant: &Tenant, endpoints: &[Endpoint], rng: Rng, recorder: &Arc<Recorder>) -> Consumer {
        let (filter, kept) = (number % FILTERS.len(), Arc::new(Mutex::new(Kept::default())));
        let (rng, endpoints, recorder) = (rng, endpoints.to_vec(), Arc::clone(recorder));
        let life = Life { number, tenant: tenant.clone(), filter, endpoints, recorder, kept: Arc::clone(&kept), rng };
        Consumer { number, tenant: tenant.clone(), filter, kept, task: tokio::spawn(life.run()) }
    }

    /// Waits until it was cut off often enough to prove something, however slow the machine is.
    async fn wait_until_cut_off(&self) {
        let end = Instant::now() + PATIENCE;
        let connections = || self.kept.lock().unwrap_or_else(PoisonError::into_inner).connections;
        while connections() < CONNECTIONS && Instant::now() < end && !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it has all, and tells where its list is another than the table.
    async fn compare(self, tables: &HashMap<String, Vec<Row>>) -> Vec<String> {
        let Consumer { number, tenant, filter, kept, task } = self;
        let (end, table) = (Instant::now() + PATIENCE, &tables[&tenant.name]);
        let head = table.last().map_or(0, |row| row.position);
        let kept = || kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept().reached < head && Instant::now() < end && !task.is_finished() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        task.abort();
        let Kept { rows, reached, connections } = &*kept();
        let text = FILTERS[filter];
        let wanted: Vec<&Row> = table.iter().filter(|row| text.is_empty() || row.kind == "ticket.created").collect();
        println!(
            "consumer {number} of {} {text:?}: {} of {head} on {connections} connections",
            tenant.name,
            rows.len()
        );
        let mut faults = Vec::new();
        let first = wanted.iter().zip(rows).find(|(wanted, seen)| **wanted != *seen);
        if let Some((wanted, seen)) = first {
            faults.push(format!("consumer {number} of {} missed a position: {wanted:?}, it has {seen:?}", tenant.name));
        }
        if *reached < head || rows.len() != wanted.len() {
            let (seen, all) = (rows.len(), wanted.len());
            faults.push(format!(
                "consumer {number} of {} stands at {reached} of {head} with {seen} of {all}",
                tenant.name
            ));
        }
        if *connections < CONNECTIONS {
            faults.push(format!("consumer {number} had {connections} connections: that proves nothing"));
        }
        faults
    }
}

/// A consumer at work.
struct Life {
    number: usize,
    tenant: Tenant,
    filter: usize,
    endpoints: Vec<Endpoint>,
    recorder: Arc<Recorder>,
    kept: Arc<Mutex<Kept>>,
    rng: Rng,
}

impl Life {
    /// One connection after another, each to any of the servers and cut after 50 to 500 ms.
    async fn run(mut self) {
        loop {
            let endpoint = self.endpoints[self.rng.below(self.endpoints.len() as u64) as usize].clone();
            let cut = Duration::from_millis(50 + self.rng.below(450));
            match tokio::time::timeout(cut, self.read(endpoint)).await {
                Err(_) | Ok(Ok(())) => {}
                Ok(Err(status)) => {
                    let open = reason(&status).is_none_or(|reason| reason == "UNAVAILABLE" || reason == "OVERLOADED");
                    if !open || status.code() == tonic::Code::DataLoss {
                        self.recorder.fault(format!("consumer {} of {}: {status:?}", self.number, self.tenant.name));
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    async fn read(&self, endpoint: Endpoint) -> Result<(), Status> {
        let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let reached = self.kept.lock().unwrap_or_else(PoisonError::into_inner).reached;
        let request = pb::StreamActivitiesRequest {
            start: Some(Start::AfterPosition(reached)),
            filter: FILTERS[self.filter].to_owned(),
            ..pb::StreamActivitiesRequest::default()
        };
        let mut client = ActivityServiceClient::new(channel);
        let mut frames = client.stream_activities(self.tenant.request(request)).await?.into_inner();
        while let Some(frame) = frames.message().await? {
            self.take(frame)?;
        }
        Ok(())
    }

    /// What a consumer does with a frame, in one step: it checks the chain, keeps the row and how far it is.
    fn take(&self, frame: pb::StreamActivitiesResponse) -> Result<(), Status> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.since != kept.reached {
            return Err(Status::data_loss(format!("a frame since {} after position {}", frame.since, kept.reached)));
        }
        match frame.event {
            Some(Event::Activity(activity)) => {
                let pb::Activity { position, r#type: kind, ticket_id, .. } = *activity;
                kept.reached = position;
                kept.rows.push(Row { position, kind, ticket_id });
            }
            Some(Event::Bookmark(bookmark)) => {
                kept.connections += u64::from(bookmark.position == kept.reached);
                kept.reached = bookmark.position;
            }
            other => return Err(Status::data_loss(format!("nobody asked for {other:?}"))),
        }
        Ok(())
    }
}
