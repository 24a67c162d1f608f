//! Calls of the load generator, through the generated client: few connections, with many calls on each.

use std::cell::Cell;

use docket::grpc::pb;
use pb::ticket_service_client::TicketServiceClient;
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::Outcome;
use crate::random::Random;
use crate::server::Server;
use crate::tenants::Tenant;

/// Number of HTTP/2 connections.
const CONNECTIONS: usize = 4;

/// Subject for which none of the shipped rules has an effect: each is evaluated and does not match.
pub const SUBJECT: &str = "Paper jam in printer ";
pub const DESCRIPTION: &str = "The third tray takes two sheets at once. The third tray takes two sheets at once. \
                               The third tray takes two sheets at once. The third tray takes two sheets at once. ";
pub const NEWEST_OPEN: &str = "ticket.status == 'OPEN'";
pub const PAGE: usize = 50;

pub struct Wire {
    channels: Vec<Channel>,
    /// Random per run, so that no request id is ever repeated.
    run: Uuid,
    next: Cell<u64>,
}

impl Wire {
    /// Connects to these servers, in turn.
    pub async fn connect(servers: &[&Server]) -> Outcome<Wire> {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS.div_ceil(servers.len()) {
            for server in servers {
                channels.push(server.connect().await?);
            }
        }
        Ok(Wire { channels, run: Uuid::now_v7(), next: Cell::new(0) })
    }

    fn client(&self, slot: usize) -> TicketServiceClient<Channel> {
        TicketServiceClient::new(self.channels[slot % self.channels.len()].clone())
    }

    fn request_id(&self) -> String {
        self.next.set(self.next.get() + 1);
        format!("{}-{}", self.run.simple(), self.next.get())
    }

    /// Creates a ticket and returns its position in the tenant's log.
    pub async fn create(&self, slot: usize, tenant: &Tenant) -> Outcome<i64> {
        let ticket =
            pb::Ticket { subject: SUBJECT.to_string(), description: DESCRIPTION.to_string(), ..pb::Ticket::default() };
        let message =
            pb::CreateTicketRequest { ticket: Some(ticket), request_id: self.request_id(), validate_only: false };
        let answer = self.client(slot).create_ticket(as_tenant(message, tenant)).await?.into_inner();
        match answer.ticket {
            Some(ticket) if ticket.number > 0 => Ok(answer.position),
            _ => Err("the response to CreateTicket has no ticket".into()),
        }
    }

    /// Changes the subject of a seeded ticket to a new one.
    pub async fn update_seeded(&self, slot: usize, tenant: &Tenant, tickets: u64, random: &mut Random) -> Outcome<()> {
        self.update(slot, tenant, tenant.seeded_ticket(1 + random.below(tickets))).await
    }

    /// Changes the subject of a ticket to a new one.
    pub async fn update(&self, slot: usize, tenant: &Tenant, id: String) -> Outcome<()> {
        let request_id = self.request_id();
        let subject = format!("{SUBJECT}{}", self.next.get());
        let message = pb::UpdateTicketRequest {
            ticket: Some(pb::Ticket { id, subject: subject.clone(), ..pb::Ticket::default() }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["subject".to_string()] }),
            request_id,
            validate_only: false,
        };
        let answer = self.client(slot).update_ticket(as_tenant(message, tenant)).await?.into_inner();
        match answer.ticket {
            Some(ticket) if ticket.subject == subject => Ok(()),
            _ => Err("the response to UpdateTicket lacks the new subject".into()),
        }
    }

    pub async fn get(&self, slot: usize, tenant: &Tenant, tickets: u64, random: &mut Random) -> Outcome<()> {
        let id = tenant.seeded_ticket(1 + random.below(tickets));
        let message = pb::GetTicketRequest { id: id.clone(), ..pb::GetTicketRequest::default() };
        let answer = self.client(slot).get_ticket(as_tenant(message, tenant)).await?.into_inner();
        match answer.ticket.map(pb::Ticket::decode).transpose()? {
            Some(ticket) if ticket.id == id => Ok(()),
            _ => Err("GetTicket returned a different ticket".into()),
        }
    }

    /// Lists a full page. Its tickets are not parsed, because the counterpart discards its rows, too.
    pub async fn list(&self, slot: usize, tenant: &Tenant, filter: &str) -> Outcome<()> {
        self.page(slot, tenant, filter, PAGE).await
    }

    /// The same, of another size.
    pub async fn page(&self, slot: usize, tenant: &Tenant, filter: &str, size: usize) -> Outcome<()> {
        let message = pb::ListTicketsRequest {
            filter: filter.to_string(),
            page_size: i32::try_from(size)?,
            ..pb::ListTicketsRequest::default()
        };
        let answer = self.client(slot).list_tickets(as_tenant(message, tenant)).await?.into_inner();
        if answer.tickets.len() != size || answer.tickets.iter().any(Bytes::is_empty) {
            return Err(format!("ListTickets returned {} tickets", answer.tickets.len()).into());
        }
        Ok(())
    }
}

impl Wire {
    /// Reads search and statistics, which brings them up to date.
    pub async fn taken_in(&self, tenant: &Tenant) -> Outcome<()> {
        self.indexed(tenant).await?;
        self.client(0).get_ticket_stats(as_tenant(pb::GetTicketStatsRequest::default(), tenant)).await?;
        Ok(())
    }

    /// Waits until the search index has all tickets of the tenant: each call indexes some of them.
    pub async fn indexed(&self, tenant: &Tenant) -> Outcome<()> {
        loop {
            match self.search(0, tenant, "printer").await {
                Err(error) if error.downcast_ref::<Status>().is_some_and(|it| it.code() == Code::Unavailable) => {}
                done => return done,
            }
        }
    }

    pub async fn search(&self, slot: usize, tenant: &Tenant, query: &str) -> Outcome<()> {
        let message = pb::SearchTicketsRequest { query: query.to_string(), ..pb::SearchTicketsRequest::default() };
        let answer = self.client(slot).search_tickets(as_tenant(message, tenant)).await?.into_inner();
        if answer.tickets.is_empty() {
            return Err(format!("SearchTickets returned nothing for {query:?}").into());
        }
        Ok(())
    }

    pub async fn stats(&self, slot: usize, tenant: &Tenant, group_by: &str, tickets: u64) -> Outcome<()> {
        let group_by = group_by.to_string();
        let message = pb::GetTicketStatsRequest { group_by, ..pb::GetTicketStatsRequest::default() };
        let answer = self.client(slot).get_ticket_stats(as_tenant(message, tenant)).await?.into_inner();
        if u64::try_from(answer.total)? != tickets {
            return Err(format!("GetTicketStats counted {} tickets instead of {tickets}", answer.total).into());
        }
        Ok(())
    }
}

pub fn as_tenant<T>(message: T, tenant: &Tenant) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", tenant.token.clone());
    request
}
