//! Subscribers: each follows one tenant's stream over every death of its server, and lets nothing pass unseen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use docket::grpc::pb;
use docket::grpc::pb::activity_service_client::ActivityServiceClient;
use docket::grpc::pb::stream_activities_request::Start;
use docket::grpc::pb::stream_activities_response::Event;
use tokio::task::JoinHandle;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use crate::load::reason;
use crate::people::Tenant;
use crate::recorder::Recorder;

const PAUSE: Duration = Duration::from_millis(50);

/// What one subscriber has seen: at index i the activity of position i + 1.
pub struct Watch {
    pub tenant: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: String,
    pub request_id: String,
    pub ticket_id: String,
}

impl Watch {
    pub fn start(tenant: &Tenant, endpoint: Endpoint, recorder: &Arc<Recorder>) -> Watch {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let follower =
            Follower { tenant: tenant.clone(), endpoint, recorder: Arc::clone(recorder), seen: Arc::clone(&seen) };
        Watch { tenant: tenant.name.clone(), seen, task: tokio::spawn(follower.run()) }
    }

    /// All that was seen, once it reaches `head`.
    pub async fn finish(self, head: i64, patience: Duration) -> Vec<Seen> {
        let end = Instant::now() + patience;
        loop {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if seen.len() as i64 >= head {
                self.task.abort();
                return seen;
            }
            assert!(
                Instant::now() < end && !self.task.is_finished(),
                "a subscriber of {} stands at {} of {head}",
                self.tenant,
                seen.len()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
}

struct Follower {
    tenant: Tenant,
    endpoint: Endpoint,
    recorder: Arc<Recorder>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Follower {
    /// Resumes after what it has seen, as often as its stream breaks. It ends with a fault that no crash excuses.
    async fn run(self) {
        let mut client = ActivityServiceClient::new(self.endpoint.connect_lazy());
        loop {
            if let Err(status) = self.follow(&mut client).await {
                let excused =
                    reason(&status).is_none_or(|reason| ["UNAVAILABLE", "SLOW_READER"].contains(&reason.as_str()));
                if !excused || status.code() == Code::DataLoss {
                    let name = &self.tenant.name;
                    self.recorder.fault(format!("a subscriber of {name} at {}: {status:?}", self.position()));
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn follow(&self, client: &mut ActivityServiceClient<tonic::transport::Channel>) -> Result<(), Status> {
        let start = Some(Start::AfterPosition(self.position()));
        let request = pb::StreamActivitiesRequest { start, ..pb::StreamActivitiesRequest::default() };
        let mut frames = client.stream_activities(self.tenant.request(request)).await?.into_inner();
        let mut first = true;
        while let Some(frame) = frames.message().await? {
            let position = self.position();
            if !first && frame.since != position {
                return Err(Status::data_loss(format!("a frame since {} after position {position}", frame.since)));
            }
            first = false;
            match frame.event {
                Some(Event::Bookmark(bookmark)) if bookmark.position != position => {
                    let at = bookmark.position;
                    return Err(Status::data_loss(format!("a bookmark at {at} after position {position}")));
                }
                Some(Event::Activity(activity)) => self.take(*activity, position)?,
                Some(Event::Bookmark(_)) | None => {}
                Some(other) => return Err(Status::data_loss(format!("nobody asked for {other:?}"))),
            }
        }
        Ok(())
    }

    fn take(&self, activity: pb::Activity, position: i64) -> Result<(), Status> {
        if activity.position != position + 1 {
            return Err(Status::data_loss(format!("activity {} after position {position}", activity.position)));
        }
        let pb::Activity { r#type: kind, request_id, ticket_id, .. } = activity;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Seen { kind, request_id, ticket_id });
        Ok(())
    }

    fn position(&self) -> i64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len() as i64
    }
}
