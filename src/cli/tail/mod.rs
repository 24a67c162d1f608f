//! `docket tail`: a tenant's log as people read it, from where they ask, and on as it grows.

use std::io;
use std::time::Duration;

use clap::Args;
use tonic::codegen::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::client::{Bearer, ClientError, ServerArgs};
use super::error::FAILED;
use super::show::{FormatArgs, Paint, ShowError};
use crate::grpc::pb;
use crate::grpc::rest::SchemaError;
use pb::activity_service_client::ActivityServiceClient;
use pb::stream_activities_request::Start;
use pb::stream_activities_response::Event;

mod show;
mod since;

use show::Show;
pub use show::line;
use since::Since;

#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only what this CEL expression is true of: "activity.type == 'ticket.escalated'"
    #[arg(long, default_value = "")]
    filter: String,
    /// Begin there: start, a position (what follows it), a time (2026-01-31T09:00:00Z), or so long ago (15m)
    #[arg(long)]
    since: Option<Since>,
    /// Without --since: so many of the newest
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=500))]
    lines: u16,
    /// Go on as things happen, also after the server was away
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error(transparent)]
    Show(#[from] ShowError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl TailError {
    pub fn exit_code(&self) -> u8 {
        match self {
            TailError::Client(error) => error.exit_code(),
            TailError::Write(_) | TailError::Show(_) | TailError::Schema(_) => FAILED,
        }
    }
}

impl From<Status> for TailError {
    fn from(status: Status) -> TailError {
        TailError::Client(status.into())
    }
}

/// Prints until it has caught up, or for ever. A reader of its output that goes away ends it, too.
pub fn run(args: TailArgs) -> Result<(), TailError> {
    let TailArgs { server, filter, since, lines, follow, format } = args;
    let show = Show::new(format, Paint::of_stdout())?;
    let asked = Asked { server, filter, since, lines, follow };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(tail(asked, show)) {
        Err(TailError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

type Client = ActivityServiceClient<InterceptedService<Channel, Bearer>>;

/// What is read; how it is shown is another matter.
struct Asked {
    server: ServerArgs,
    filter: String,
    since: Option<Since>,
    lines: u16,
    follow: bool,
}

async fn tail(args: Asked, show: Show) -> Result<(), TailError> {
    let (channel, bearer) = args.server.connect().await?;
    let mut client = ActivityServiceClient::with_interceptor(channel, bearer);
    let last = newest(&mut client, "", 1).await?.pop();
    let (head, epoch) = last.map_or((0, 0), |activity| (activity.position, activity.epoch));
    let (start, epoch) = match args.since {
        Some(since) => (since.start(), 0),
        None => {
            let lines = newest(&mut client, &args.filter, args.lines).await?;
            // What came while these were read is for the stream.
            for activity in lines.iter().filter(|activity| activity.position <= head) {
                show.activity(activity)?;
            }
            if !args.follow {
                return Ok(());
            }
            (Start::AfterPosition(head), epoch)
        }
    };
    Reading { client, filter: args.filter, start, epoch, head: (!args.follow).then_some(head), show }.go_on().await
}

/// The newest activities, oldest first.
async fn newest(client: &mut Client, filter: &str, many: u16) -> Result<Vec<pb::Activity>, Status> {
    // 0 would mean the server's default.
    if many == 0 {
        return Ok(Vec::new());
    }
    let request = pb::ListActivitiesRequest {
        filter: filter.to_owned(),
        order_by: "position desc".to_owned(),
        page_size: i32::from(many),
        view: pb::ActivityView::Full.into(),
        ..Default::default()
    };
    let mut activities = client.list_activities(request).await?.into_inner().activities;
    activities.reverse();
    Ok(activities)
}

/// A stream that is begun again wherever it ended.
struct Reading {
    client: Client,
    filter: String,
    start: Start,
    /// Of the position to go on after; 0 before the first frame.
    epoch: i64,
    /// Where to stop, without --follow.
    head: Option<i64>,
    show: Show,
}

impl Reading {
    async fn go_on(&mut self) -> Result<(), TailError> {
        let mut pause = Duration::from_millis(250);
        loop {
            let began = self.start;
            let status = match self.read().await? {
                None => return Ok(()),
                Some(status) => status,
            };
            if self.head.is_some() || !passes(&status) {
                return Err(status.into());
            }
            if self.start != began {
                pause = Duration::from_millis(250);
            }
            eprintln!("docket: the stream ended ({}); it goes on in a moment", super::show::plain(status.message()));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// Reads one stream to its end and says why it ended; `None` when everything asked for was read.
    async fn read(&mut self) -> Result<Option<Status>, TailError> {
        let request = pb::StreamActivitiesRequest {
            start: Some(self.start),
            filter: self.filter.clone(),
            view: pb::ActivityView::Full.into(),
            epoch: self.epoch,
            snapshot_first: false,
        };
        let mut frames = match self.client.stream_activities(request).await {
            Ok(frames) => frames.into_inner(),
            Err(status) => return Ok(Some(status)),
        };
        loop {
            let frame = match frames.message().await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(Some(Status::unavailable("the server closed it"))),
                Err(status) => return Ok(Some(status)),
            };
            let position = match frame.event {
                Some(Event::Activity(activity)) => {
                    self.show.activity(&activity)?;
                    activity.position
                }
                Some(Event::Bookmark(bookmark)) => bookmark.position,
                Some(Event::Encoded(_) | Event::Snapshot(_)) | None => frame.since,
            };
            (self.start, self.epoch) = (Start::AfterPosition(position), frame.epoch);
            if self.head.is_some_and(|head| position >= head) {
                return Ok(None);
            }
        }
    }
}

/// Whether the same stream may be had a little later.
fn passes(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::Unknown | Code::Cancelled)
}
