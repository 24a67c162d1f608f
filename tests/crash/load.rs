//! Writers: each sends one request after another, and sends one that was not answered again until it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use docket::grpc::pb;
use docket::grpc::pb::ticket_service_client::TicketServiceClient;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::people::{AGENTS, Rng, TEAM, Tenant};
use crate::recorder::{Ack, Recorder};

type Client = TicketServiceClient<Channel>;

/// A call that hangs longer counts as not answered.
const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
/// Reasons with which the server itself says: not now, or not known.
const AGAIN: [&str; 3] = ["UNAVAILABLE", "OVERLOADED", "DEADLINE_PASSED"];

pub struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Duration>>,
}

impl Load {
    /// Half of the writers go to the first tenant, the others to all in turn; each keeps to one endpoint.
    pub fn start(tenants: &[Tenant], endpoints: &[Endpoint], writers: usize, recorder: &Arc<Recorder>) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let channels: Vec<Channel> = endpoints.iter().map(Endpoint::connect_lazy).collect();
        let writers = (0..writers).map(|number| {
            let tenant = if number % 2 == 0 { &tenants[0] } else { &tenants[number / 2 % tenants.len()] };
            let writer = Writer {
                number,
                tenant: tenant.clone(),
                client: Client::new(channels[number / 4 % channels.len()].clone()),
                recorder: Arc::clone(recorder),
                rng: Rng::of(number as u64),
                mine: Vec::new(),
                sent: 0,
            };
            tokio::spawn(writer.run(Arc::clone(&stop)))
        });
        Load { writers: writers.collect(), stop }
    }

    /// Every request that is under way is sent again until it is answered. Tells the longest time that a write took.
    pub async fn finish(self, patience: Duration) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        let all = async {
            let mut longest = Duration::ZERO;
            for writer in self.writers {
                longest = longest.max(writer.await.expect("a writer does not panic"));
            }
            longest
        };
        tokio::time::timeout(patience, all).await.expect("every request that is under way is answered in the end")
    }
}

struct Writer {
    number: usize,
    tenant: Tenant,
    client: Client,
    recorder: Arc<Recorder>,
    rng: Rng,
    /// The tickets that this writer made; nobody else writes to them.
    mine: Vec<pb::Ticket>,
    sent: u64,
}

impl Writer {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Duration {
        let mut longest = Duration::ZERO;
        while !stop.load(Ordering::Relaxed) {
            match self.step().await {
                Some(took) => longest = longest.max(took),
                None => break,
            }
        }
        longest
    }

    /// One write, up to its acknowledgement, and how long that took.
    async fn step(&mut self) -> Option<Duration> {
        self.sent += 1;
        let request_id = format!("w{}-{}", self.number, self.sent);
        let write = self.choose(&request_id);
        let began = Instant::now();
        let first = self.send_until_answered(&write, &request_id).await?;
        let took = began.elapsed();
        self.recorder.acknowledge(Ack {
            tenant: self.tenant.name.clone(),
            request_id: request_id.clone(),
            activity: write.activity(),
            ticket_id: first.ticket.id.clone(),
            number: first.ticket.number,
            position: first.position,
        });
        if self.rng.below(20) == 0 {
            self.send_again(&write, &request_id, &first).await;
        }
        self.remember(first.ticket);
        Some(took)
    }

    fn choose(&mut self, request_id: &str) -> Write {
        let request_id = request_id.to_owned();
        let kind = self.rng.below(10);
        if self.mine.is_empty() || kind < 4 {
            let subject = format!("Login broken for {} the {}th time", self.number, self.sent);
            let ticket = pb::Ticket { subject, team_id: TEAM.into(), ..pb::Ticket::default() };
            return Write::Create(pb::CreateTicketRequest { ticket: Some(ticket), request_id, validate_only: false });
        }
        let ticket = &self.mine[self.rng.below(self.mine.len() as u64) as usize];
        let id = ticket.id.clone();
        match kind {
            4 => {
                let add = vec![format!("t{}", self.sent)];
                Write::Tag(pb::TagTicketRequest { id, add, request_id, ..Default::default() })
            }
            5 => {
                let message = Some(pb::Message { body: format!("message {}", self.sent), ..Default::default() });
                Write::Post(pb::PostMessageRequest { ticket_id: id, message, request_id, ..Default::default() })
            }
            6 | 7 => {
                let other = AGENTS[usize::from(ticket.assignee_id == AGENTS[0])];
                let assignee_id = Some(other.to_owned());
                Write::Assign(pb::AssignTicketRequest { id, assignee_id, request_id, ..Default::default() })
            }
            8 => Write::Escalate(pb::EscalateTicketRequest { id, request_id, ..Default::default() }),
            _ => {
                let category = format!("category {}", self.sent);
                let ticket = Some(pb::Ticket { id, category, ..pb::Ticket::default() });
                let update_mask = Some(prost_types::FieldMask { paths: vec!["category".into()] });
                Write::Update(pb::UpdateTicketRequest { ticket, update_mask, request_id, validate_only: false })
            }
        }
    }

    /// None when the answer is one that no crash excuses: that is recorded, and this writer ends.
    async fn send_until_answered(&mut self, write: &Write, request_id: &str) -> Option<Answer> {
        loop {
            match write.send(&mut self.client, &self.tenant).await {
                Ok(answer) => return Some(answer),
                Err(status) if is_open(&status) => tokio::time::sleep(PAUSE).await,
                Err(status) => {
                    let reason = reason(&status);
                    let text = format!(
                        "{request_id} of {}: {:?} {reason:?} {}",
                        self.tenant.name,
                        status.code(),
                        status.message()
                    );
                    self.recorder.fault(text);
                    return None;
                }
            }
        }
    }

    /// An acknowledged request that is sent again gets the first answer again.
    async fn send_again(&mut self, write: &Write, request_id: &str, first: &Answer) {
        if let Some(again) = self.send_until_answered(write, request_id).await
            && again != *first
        {
            self.recorder.fault(format!("{request_id} of {}: answered {first:?}, then {again:?}", self.tenant.name));
        }
    }

    /// The newest state of a ticket; the last few are enough to write to.
    fn remember(&mut self, ticket: pb::Ticket) {
        self.mine.retain(|known| known.id != ticket.id);
        self.mine.push(ticket);
        if self.mine.len() > 8 {
            self.mine.remove(0);
        }
    }
}

/// Whether the write may be done, or may be done later: the answer did not come, or says so.
fn is_open(status: &Status) -> bool {
    match reason(status) {
        Some(reason) => AGAIN.contains(&reason.as_str()),
        // Without a reason it was not Docket that answered, but the connection that broke.
        None => matches!(
            status.code(),
            Code::Unavailable
                | Code::Unknown
                | Code::Cancelled
                | Code::DeadlineExceeded
                | Code::Internal
                | Code::ResourceExhausted
        ),
    }
}

pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

#[derive(Debug, PartialEq)]
struct Answer {
    ticket: pb::Ticket,
    position: i64,
}

#[derive(Clone, Debug)]
enum Write {
    Create(pb::CreateTicketRequest),
    Tag(pb::TagTicketRequest),
    Post(pb::PostMessageRequest),
    Assign(pb::AssignTicketRequest),
    Escalate(pb::EscalateTicketRequest),
    Update(pb::UpdateTicketRequest),
}

/// Sends one kind of write and takes ticket and position out of its answer.
macro_rules! send {
    ($client:ident . $rpc:ident, $tenant:ident, $message:ident) => {{
        let mut request = $tenant.request($message.clone());
        request.set_timeout(DEADLINE);
        let call = tokio::time::timeout(DEADLINE, $client.$rpc(request));
        let answer = call.await.map_err(|_| Status::cancelled("no answer"))??.into_inner();
        Ok(Answer { ticket: answer.ticket.unwrap_or_default(), position: answer.position })
    }};
}

impl Write {
    async fn send(&self, client: &mut Client, tenant: &Tenant) -> Result<Answer, Status> {
        match self {
            Write::Create(message) => send!(client.create_ticket, tenant, message),
            Write::Tag(message) => send!(client.tag_ticket, tenant, message),
            Write::Post(message) => send!(client.post_message, tenant, message),
            Write::Assign(message) => send!(client.assign_ticket, tenant, message),
            Write::Escalate(message) => send!(client.escalate_ticket, tenant, message),
            Write::Update(message) => send!(client.update_ticket, tenant, message),
        }
    }

    fn activity(&self) -> &'static str {
        match self {
            Write::Create(_) => "ticket.created",
            Write::Tag(_) => "ticket.tag_added",
            Write::Post(_) => "ticket.message_added",
            Write::Assign(_) => "ticket.assigned",
            Write::Escalate(_) => "ticket.escalated",
            Write::Update(_) => "ticket.category_changed",
        }
    }
}
