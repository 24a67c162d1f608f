//! The services of docket.v1. A handler unpacks the request, calls what does the work, and packs the answer.

mod activities;
mod directory;
mod issue;
mod sla;
mod tenant;
mod tickets;
mod workflow;

use std::sync::Arc;

use super::call::State;
use super::pb::activity_service_server::ActivityServiceServer;
use super::pb::directory_service_server::DirectoryServiceServer;
use super::pb::issue_service_server::IssueServiceServer;
use super::pb::sla_service_server::SlaServiceServer;
use super::pb::tenant_service_server::TenantServiceServer;
use super::pb::ticket_service_server::TicketServiceServer;
use super::pb::workflow_service_server::WorkflowServiceServer;
use super::server::Services;
use activities::frames::Framing;

/// `limited!(TicketServiceServer::new(handler))`: the generated service with what all of them share, the limit of a message
/// and reading compressed ones. Answers are not compressed: tickets are small, and every Python client would ask for it.
macro_rules! limited {
    ($service:expr) => {
        $service
            .max_decoding_message_size(crate::command::limits::limits().message_bytes)
            .accept_compressed(tonic::codec::CompressionEncoding::Gzip)
            .accept_compressed(tonic::codec::CompressionEncoding::Zstd)
    };
}

/// All of them, over one state.
pub fn all(state: State) -> Services {
    let state = Arc::new(state);
    Services::default()
        .with(limited!(TicketServiceServer::new(tickets::Tickets(state.clone()))))
        .with(limited!(IssueServiceServer::new(issue::Issues(state.clone()))))
        .with(limited!(DirectoryServiceServer::new(directory::Directory(state.clone()))))
        .with(limited!(TenantServiceServer::new(tenant::Tenants(state.clone()))))
        .with(limited!(SlaServiceServer::new(sla::Sla(state.clone()))))
        .with(Framing(limited!(ActivityServiceServer::new(activities::Activities(state.clone())))))
        .with(limited!(WorkflowServiceServer::new(workflow::Workflows(state))))
}
