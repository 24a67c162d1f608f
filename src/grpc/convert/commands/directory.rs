//! Commands of the directory: upserts, single and in batches, and deletions. The command sets the stamps of rows made
//! here.

use super::check::{email, id, name};
use super::{Write, etag, fits_batch, of_batch};
use crate::command::verbs::{DeleteEntry, Entry, UpsertAll, UpsertEntry};
use crate::grpc::convert::value;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::pb;
use crate::model::directory::{Agent, Contact, Organization, Team};
use crate::model::limits::{CAPACITY, MEMBERS, SKILL_CHARS, SKILLS, WEIGHT, WORD_CHARS};
use crate::model::time::Instant;
use crate::model::words::{AgentStatus, SourceType, Words};

writes! {
    UpsertOrganizationRequest -> UpsertOrganizationResponse { organization: Organization }, by organization;
    UpsertContactRequest -> UpsertContactResponse { contact: Contact }, by contact;
    UpsertTeamRequest -> UpsertTeamResponse { team: Team }, by team;
    UpsertAgentRequest -> UpsertAgentResponse { agent: Agent }, by agent;
    BatchUpsertOrganizationsRequest
        -> BatchUpsertOrganizationsResponse { organizations: each Organization }, by organizations;
    DeleteOrganizationRequest -> DeleteOrganizationResponse { organization: Organization }, by delete_organization;
    BatchUpsertContactsRequest -> BatchUpsertContactsResponse { contacts: each Contact }, by contacts;
    DeleteContactRequest -> DeleteContactResponse { contact: Contact }, by delete_contact;
    BatchUpsertTeamsRequest -> BatchUpsertTeamsResponse { teams: each Team }, by teams;
    DeleteTeamRequest -> DeleteTeamResponse { team: Team }, by delete_team;
    BatchUpsertAgentsRequest -> BatchUpsertAgentsResponse { agents: each Agent }, by agents;
    DeleteAgentRequest -> DeleteAgentResponse { agent: Agent }, by delete_agent;
}

/// `stamped! { Team { id: …, } }`: the row, with empty stamps.
macro_rules! stamped {
    ($row:ident { $($field:ident : $value:expr),* $(,)? }) => {
        $row {
            $($field: $value,)*
            tenant_id: String::new(),
            app_id: String::new(),
            source: super::DEFAULT_SOURCE.to_owned(),
            source_type: SourceType::Api,
            created_at: Instant::default(),
            created_by: String::new(),
            updated_at: Instant::default(),
            updated_by: String::new(),
            deleted_at: None,
            deleted_by: String::new(),
            schema_version: 0,
            etag_version: 0,
            position: 0,
        }
    };
}

pub fn organization(request: pb::UpsertOrganizationRequest, found: &mut Violations) -> UpsertEntry<Organization> {
    let row = found.set("organization", request.organization);
    found.within("organization", |found| {
        let pb::Subscription { plan, status } = row.subscription.unwrap_or_default();
        let organization = stamped!(Organization {
            id: own_id(found, row.id),
            name: name(found, "name", row.name),
            tier: word(found, "tier", row.tier),
            subscription_plan: word(found, "subscription.plan", plan),
            subscription_status: word(found, "subscription.status", status),
            attributes: value::struct_from_pb(found, "attributes", row.attributes),
        });
        UpsertEntry { row: organization, etag: etag(found, row.etag) }
    })
}

pub fn contact(request: pb::UpsertContactRequest, found: &mut Violations) -> UpsertEntry<Contact> {
    let row = found.set("contact", request.contact);
    found.within("contact", |found| {
        let contact = stamped!(Contact {
            id: own_id(found, row.id),
            name: name(found, "name", row.name),
            email: email(found, "email", row.email),
            organization_id: id(found, "organization_id", row.organization_id),
            attributes: value::struct_from_pb(found, "attributes", row.attributes),
        });
        UpsertEntry { row: contact, etag: etag(found, row.etag) }
    })
}

pub fn team(request: pb::UpsertTeamRequest, found: &mut Violations) -> UpsertEntry<Team> {
    let row = found.set("team", request.team);
    found.within("team", |found| {
        found.words("member_ids", &row.member_ids, MEMBERS, WORD_CHARS);
        let team = stamped!(Team {
            id: own_id(found, row.id),
            name: name(found, "name", row.name),
            member_ids: Words::unique(row.member_ids),
            last_assigned: String::new(),
        });
        UpsertEntry { row: team, etag: etag(found, row.etag) }
    })
}

pub fn agent(request: pb::UpsertAgentRequest, found: &mut Violations) -> UpsertEntry<Agent> {
    let row = found.set("agent", request.agent);
    found.within("agent", |found| {
        found.words("skills", &row.skills, SKILLS, SKILL_CHARS);
        let agent = stamped!(Agent {
            id: own_id(found, row.id),
            name: name(found, "name", row.name),
            email: email(found, "email", row.email),
            status: AgentStatus::from_pb(found, "status", row.status).unwrap_or(AgentStatus::Online),
            capacity: number(found, "capacity", row.capacity, CAPACITY),
            skills: Words::unique(row.skills),
            weight: number(found, "weight", row.weight, WEIGHT).max(1),
            open_count: 0,
            known: true,
        });
        UpsertEntry { row: agent, etag: etag(found, row.etag) }
    })
}

/// `others! { teams: BatchUpsertTeamsRequest by team, delete_team: DeleteTeamRequest, Team; }` makes `fn teams` of a batch of what
/// `team` reads, and `fn delete_team`.
macro_rules! others {
    ($($many:ident: $batch:ident by $one:ident, $delete:ident: $delete_request:ident, $entry:ident;)+) => { $(
        fn $many(request: pb::$batch, found: &mut Violations) -> UpsertAll<$entry> {
            all(request.requests, $one, found)
        }

        fn $delete(request: pb::$delete_request, found: &mut Violations) -> DeleteEntry<$entry> {
            let pb::$delete_request { id, etag: tag, request_id: _, validate_only: _ } = request;
            DeleteEntry::new(own_id(found, id), etag(found, tag))
        }
    )+ };
}

others! {
    organizations: BatchUpsertOrganizationsRequest by organization, delete_organization: DeleteOrganizationRequest, Organization;
    contacts: BatchUpsertContactsRequest by contact, delete_contact: DeleteContactRequest, Contact;
    teams: BatchUpsertTeamsRequest by team, delete_team: DeleteTeamRequest, Team;
    agents: BatchUpsertAgentsRequest by agent, delete_agent: DeleteAgentRequest, Agent;
}

fn all<W: Write, E: Entry>(
    requests: Vec<W>,
    one: impl Fn(W, &mut Violations) -> UpsertEntry<E>,
    found: &mut Violations,
) -> UpsertAll<E> {
    let mut upserts = Vec::with_capacity(requests.len());
    if fits_batch(found, requests.len()) {
        for (i, request) in requests.into_iter().enumerate() {
            found.within(&format!("requests[{i}]"), |found| {
                of_batch(&request, found);
                upserts.push(one(request, found));
            });
        }
    }
    UpsertAll(upserts)
}

fn own_id(found: &mut Violations, id: String) -> String {
    found.required_id("id", &id);
    id
}

fn word(found: &mut Violations, field: &str, text: String) -> String {
    found.text(field, &text, WORD_CHARS);
    text
}

fn number(found: &mut Violations, field: &str, value: i32, max: i32) -> i32 {
    if !(0..=max).contains(&value) {
        found.add(field, format!("must be from 0 to {max}, is {value}"));
    }
    value
}
