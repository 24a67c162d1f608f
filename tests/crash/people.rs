//! Tenants with a team and two agents, tokens signed by the servers' own key, and seeded chance.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use docket::grpc::pb;
use docket::grpc::pb::directory_service_client::DirectoryServiceClient;
use docket::identity::{NewToken, Role};
use tonic::metadata::{Ascii, MetadataValue};

use crate::house::{House, Server};

pub const AGENTS: [&str; 2] = ["ann", "bob"];
pub const TEAM: &str = "support";

/// A tenant, and a token of an agent and administrator in it.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub name: String,
    pub token: MetadataValue<Ascii>,
}

impl Tenant {
    /// Tenants of these names, each with a team of two agents, so that the rules have something to do.
    pub async fn settle(house: &House, server: &Server, names: &[&str]) -> Vec<Tenant> {
        let mut tenants = Vec::new();
        for name in names {
            let token = house.key.sign(&NewToken {
                tenant: (*name).to_owned(),
                sub: "ada".into(),
                roles: vec![Role::Agent, Role::Admin],
                app_id: None,
                ttl: Duration::from_secs(24 * 3600),
            });
            let bearer = format!("Bearer {}", token.expect("the key signs"));
            let tenant = Tenant { name: (*name).to_owned(), token: bearer.parse().expect("a token is ASCII") };
            tenant.people(server).await.expect("a fresh server takes agents and teams");
            tenants.push(tenant);
        }
        tenants
    }

    async fn people(&self, server: &Server) -> Result<(), tonic::Status> {
        let mut directory = DirectoryServiceClient::new(server.endpoint().connect_lazy());
        for id in AGENTS {
            let status = pb::AgentStatus::Online.into();
            let agent = pb::Agent { id: id.into(), status, ..pb::Agent::default() };
            let request = pb::UpsertAgentRequest { agent: Some(agent), ..pb::UpsertAgentRequest::default() };
            directory.upsert_agent(self.request(request)).await?;
        }
        let member_ids = AGENTS.map(String::from).to_vec();
        let team = pb::Team { id: TEAM.into(), member_ids, ..pb::Team::default() };
        let request = pb::UpsertTeamRequest { team: Some(team), ..pb::UpsertTeamRequest::default() };
        directory.upsert_team(self.request(request)).await?;
        Ok(())
    }

    /// The message with this tenant's token, and no patience for a server that is gone without a word.
    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", self.token.clone());
        request
    }
}

/// SplitMix64: enough chance for when to kill what.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Another course in each run, told so that it can be followed again with `DOCKET_CRASH_SEED`.
    pub fn seeded() -> Rng {
        let given = std::env::var("DOCKET_CRASH_SEED").ok().and_then(|text| text.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_micros() as u64);
        let seed = given.unwrap_or_else(clock);
        println!("DOCKET_CRASH_SEED={seed}");
        Rng(seed)
    }

    pub fn of(seed: u64) -> Rng {
        Rng(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `end`, without it.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
