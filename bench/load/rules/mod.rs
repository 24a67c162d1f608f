//! Legs with other rules than the shipped ones: on a database of their own, with one server at a time, whose folder of rules is the
//! only difference between them.

mod peer;
mod sets;
mod timers;
mod tools;

use std::path::PathBuf;

use docket::grpc::pb;
use docket::postgres::Postgres;
use pb::ticket_service_client::TicketServiceClient;
use tokio_postgres::Client;

use peer::Peer;
pub use sets::MATCHING;
pub use timers::{Late, late};
pub use tools::{Tools, tools};

use crate::Outcome;
use crate::cpu::Watched;
use crate::database;
use crate::drive::closed_loop;
use crate::leg::Leg;
use crate::plan::Round;
use crate::random::Random;
use crate::server::Server;
use crate::stage::{KEY, Stage};
use crate::tenants::one_of;
use crate::wire::{DESCRIPTION, SUBJECT, Wire, as_tenant};

const DATABASE: &str = "rules";
const RULES: usize = 1_000;
/// Tickets of the hot tenant that are updated.
const UPDATED: usize = 1_000;
const IN_FLIGHT: usize = 64;

/// A folder of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    None,
    /// [`RULES`] rules; those that match a new ticket change nothing.
    Quiet,
    /// The same, but each that matches adds a tag.
    Tags,
    /// One rule, which adds a tag to each new ticket.
    One,
}

impl Set {
    const ALL: [Set; 4] = [Set::None, Set::Quiet, Set::Tags, Set::One];

    fn name(self) -> &'static str {
        match self {
            Set::None => "none",
            Set::Quiet => "quiet",
            Set::Tags => "tags",
            Set::One => "one",
        }
    }

    /// Activities of a new ticket.
    fn activities(self) -> i64 {
        match self {
            Set::None | Set::Quiet => 1,
            Set::Tags => 1 + MATCHING as i64,
            Set::One => 2,
        }
    }
}

/// What the legs need beside the stage of the others.
pub struct Ruled {
    dir: PathBuf,
    url: String,
    pub client: Client,
    updated: Vec<String>,
    peer: Option<Peer>,
}

impl Ruled {
    pub async fn set(stage: &Stage<'_>, postgres: &Postgres) -> Outcome<Ruled> {
        let dir = stage.dir.join("rules");
        std::fs::create_dir_all(dir.join("data"))?;
        std::fs::copy(stage.dir.join("one").join(KEY), dir.join("data").join(KEY))?;
        std::fs::create_dir_all(dir.join(Set::None.name()))?;
        sets::many(&dir.join(Set::Quiet.name()), RULES, "set: {priority: MEDIUM}")?;
        sets::many(&dir.join(Set::Tags.name()), RULES, "tag: {add: [rule-{}]}")?;
        sets::one(&dir.join(Set::One.name()), "ticket.created", "tag: {add: [seen]}")?;
        stage.docket.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
        let url = postgres.url(DATABASE);
        let client = database::connect(&url).await?;
        let mut ruled = Ruled { dir, url, client, updated: Vec::new(), peer: None };
        let server = ruled.server(Set::None.name()).await?;
        ruled.updated = make(stage, &server).await?;
        server.stop().await?;
        ruled.peer = Peer::set(stage).await?;
        Ok(ruled)
    }

    /// Starts a server with the rules of one of the folders.
    async fn server(&self, folder: &str) -> Outcome<Server> {
        Server::start(&self.dir.join("data"), &self.url, &self.dir.join(folder)).await
    }

    /// All legs once. Every other round runs backwards.
    pub async fn round(&self, stage: &Stage<'_>, number: usize) -> Outcome<Round> {
        let mut sets = Set::ALL;
        if number % 2 == 1 {
            sets.reverse();
        }
        let mut round = Round::new();
        for set in sets {
            let server = self.server(set.name()).await?;
            let legs = self.legs(stage, set, &server).await;
            let legs = legs.map_err(|error| format!("rules.{}: {error}\n{}", set.name(), server.last_words()))?;
            server.stop().await?;
            tell(number, &legs);
            round.extend(legs);
        }
        if let Some(peer) = &self.peer {
            let legs = peer.round(stage).await?;
            tell(number, &legs);
            round.extend(legs);
        }
        Ok(round)
    }

    async fn legs(&self, stage: &Stage<'_>, set: Set, server: &Server) -> Outcome<Round> {
        let wire = Wire::connect(&[server]).await?;
        let watched = Watched { servers: vec![server.pid()], ..stage.watched() };
        let (spread, hot) = (&stage.tenants.spread, &stage.tenants.hot);
        let before = self.activities().await?;
        let wide = closed_loop(IN_FLIGHT, stage.window(), &watched, 1, async |slot, random: &mut Random| {
            wire.create(slot, one_of(spread, random)).await.map(drop)
        });
        let wide = wide.await?;
        let narrow = closed_loop(IN_FLIGHT, stage.window(), &watched, 2, async |slot, _: &mut Random| {
            wire.create(slot, hot).await.map(drop)
        });
        let narrow = narrow.await?;
        let made = i64::try_from(wide.all + narrow.all)?;
        let written = self.activities().await? - before;
        if written != made * set.activities() {
            return Err(format!("{made} tickets made {written} activities instead of {} each", set.activities()).into());
        }
        let name = |what: &str| format!("rules.{what}.{}.{IN_FLIGHT}", set.name());
        let mut legs = Round::from([(name("spread"), wide), (name("hot"), narrow)]);
        if matches!(set, Set::None | Set::Quiet) {
            legs.insert(name("update"), self.update(stage, &wire, &watched).await?);
        }
        Ok(legs)
    }

    /// UpdateTicket of the hot tenant's tickets.
    async fn update(&self, stage: &Stage<'_>, wire: &Wire, watched: &Watched) -> Outcome<Leg> {
        let hot = &stage.tenants.hot;
        closed_loop(IN_FLIGHT, stage.window(), watched, 3, async |slot, random: &mut Random| {
            let id = self.updated[random.below(self.updated.len() as u64) as usize].clone();
            wire.update(slot, hot, id).await
        })
        .await
    }

    async fn activities(&self) -> Outcome<i64> {
        Ok(self.client.query_one("SELECT coalesce(sum(position), 0)::bigint FROM tenant_head", &[]).await?.get(0))
    }
}

fn tell(number: usize, legs: &Round) {
    for (name, leg) in legs {
        eprintln!("round {} {name:<26} {:>7.0}/s p99 {:>7.2} ms", number + 1, leg.rate(), leg.p99);
    }
}

/// Creates the tickets that are updated later, and returns their ids.
async fn make(stage: &Stage<'_>, server: &Server) -> Outcome<Vec<String>> {
    let mut client = TicketServiceClient::new(server.connect().await?);
    let ticket =
        pb::Ticket { subject: SUBJECT.to_string(), description: DESCRIPTION.to_string(), ..Default::default() };
    let mut ids = Vec::new();
    while ids.len() < UPDATED {
        let request = pb::CreateTicketRequest { ticket: Some(ticket.clone()), ..Default::default() };
        let batch = pb::BatchCreateTicketsRequest { requests: vec![request; 100], ..Default::default() };
        let made = client.batch_create_tickets(as_tenant(batch, &stage.tenants.hot)).await?.into_inner();
        ids.extend(made.tickets.into_iter().map(|ticket| ticket.id));
    }
    Ok(ids)
}
