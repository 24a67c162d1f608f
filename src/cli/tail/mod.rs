//! `docket tail`: prints a tenant's log from any point, and follows it.

use std::io;
use std::time::Duration;

use clap::Args;
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};

use super::client::{ClientError, ServerArgs};
use super::exit::FAILED;
use super::noun::args::Params;
use super::show::{FormatArgs, Paint, ShowError};
use crate::grpc::client::{CallError, Client};
use crate::grpc::rest::{self, RouteError, Schema, SchemaError};

mod show;
mod since;

use show::Show;
pub use show::line;
pub use since::Since;

#[derive(Debug, Args)]
pub struct TailArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// CEL filter: "activity.type == 'ticket.escalated'"
    #[arg(long, default_value = "")]
    filter: String,
    #[command(flatten)]
    params: Params,
    /// Start at: start, a position (exclusive), a date (its midnight in UTC), a time (2026-01-31T09:00:00Z), or a duration before now (15m)
    #[arg(long)]
    since: Option<Since>,
    /// Number of newest activities to print [default: 10]; with --since, end after this many
    #[arg(short = 'n', long, value_parser = clap::value_parser!(u16).range(0..=500))]
    lines: Option<u16>,
    /// Follow the log; reconnects if the server is unavailable
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
    #[error(transparent)]
    Request(#[from] RouteError),
    #[error("the server closed the stream")]
    Closed,
    #[error("the response cannot be displayed: {0}")]
    Answer(#[from] serde_json::Error),
}

impl TailError {
    pub fn exit_code(&self) -> u8 {
        match self {
            TailError::Client(error) => error.exit_code(),
            TailError::Write(_) | TailError::Show(_) | TailError::Schema(_) => FAILED,
            TailError::Request(_) | TailError::Closed | TailError::Answer(_) => FAILED,
        }
    }
}

impl From<CallError> for TailError {
    fn from(error: CallError) -> TailError {
        TailError::Client(error.into())
    }
}

/// Prints until it has caught up, or forever with --follow. Also ends if the reader of its output closes the pipe.
pub fn run(args: TailArgs) -> Result<(), TailError> {
    let TailArgs { server, filter, params, since, lines, follow, format } = args;
    let show = Show::new(format, Paint::of_stdout());
    let asked = TailRequest { server, filter, params, since, lines, follow };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(tail(asked, show)) {
        Err(TailError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

/// Which activities to read.
struct TailRequest {
    server: ServerArgs,
    filter: String,
    params: Params,
    since: Option<Since>,
    lines: Option<u16>,
    follow: bool,
}

/// Lines of a tail that says neither how many nor since when.
const LINES: u16 = 10;

async fn tail(args: TailRequest, show: Show) -> Result<(), TailError> {
    let schema = Schema::new()?;
    let mut log = Log {
        client: args.server.connect().await?,
        list: schema.method("ListActivities")?,
        stream: schema.method("StreamActivities")?,
        filter: args.filter,
        params: args.params,
    };
    let last = log.newest(1, "").await?.pop().unwrap_or_default();
    let head = number(&last["position"]);
    let (start, epoch, left) = match args.since {
        Some(_) if args.lines == Some(0) => return Ok(()),
        Some(since) => (since, 0, args.lines),
        None => {
            let filter = log.filter.clone();
            // Activities that were added meanwhile are read from the stream.
            for activity in log
                .newest(args.lines.unwrap_or(LINES), &filter)
                .await?
                .iter()
                .filter(|it| number(&it["position"]) <= head)
            {
                show.activity(activity)?;
            }
            if !args.follow {
                return Ok(());
            }
            (Since::Position(head), number(&last["epoch"]), None)
        }
    };
    Reading { log, start, epoch, head: (!args.follow).then_some(head), left, show }.go_on().await
}

/// Reads a 64-bit number, which is a string in JSON; 0 if absent.
fn number(value: &Value) -> i64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A tenant's log on a server.
struct Log {
    client: Client,
    list: MethodDescriptor,
    stream: MethodDescriptor,
    filter: String,
    params: Params,
}

impl Log {
    /// The newest activities that match the filter, oldest first.
    async fn newest(&mut self, many: u16, filter: &str) -> Result<Vec<Value>, TailError> {
        // 0 would mean the server's default.
        if many == 0 {
            return Ok(Vec::new());
        }
        let mut request = json!({"filter": filter, "order_by": "position desc", "page_size": many, "view": "FULL"});
        self.add_params(&mut request, filter);
        let request = rest::request(&self.list.input(), request).map_err(RouteError::Unreadable)?;
        let mut answer = rest::json(&self.client.unary(&self.list, request).await?)?;
        let Value::Array(mut activities) = answer["activities"].take() else { return Ok(Vec::new()) };
        activities.reverse();
        Ok(activities)
    }

    /// To a request with this filter; without one, nothing reads them.
    fn add_params(&self, request: &mut Value, filter: &str) {
        let params = self.params.written().filter(|_| !filter.is_empty());
        if let (Value::Object(request), Some((field, params))) = (request, params) {
            request.insert(field, params);
        }
    }
}

/// A stream that resumes from its last position when it ends.
struct Reading {
    log: Log,
    start: Since,
    /// Epoch of the position to resume after; 0 before the first frame.
    epoch: i64,
    /// Last position to print, without --follow.
    head: Option<i64>,
    /// Activities to print before it ends.
    left: Option<u16>,
    show: Show,
}

impl Reading {
    async fn go_on(&mut self) -> Result<(), TailError> {
        let mut pause = Duration::from_millis(250);
        loop {
            let began = self.start;
            let why = match self.read().await {
                Ok(true) => return Ok(()),
                Ok(false) if self.head.is_some() => return Err(TailError::Closed),
                Ok(false) => TailError::Closed.to_string(),
                Err(TailError::Client(ClientError::Refused(why))) if self.head.is_none() && why.resumable => {
                    why.message
                }
                Err(error) => return Err(error),
            };
            if self.start != began {
                pause = Duration::from_millis(250);
            }
            eprintln!("docket: the stream ended ({}); reconnecting", super::show::plain(&why));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// Reads one stream to its end. Returns whether everything requested was read.
    async fn read(&mut self) -> Result<bool, TailError> {
        let (field, start) = self.start.field();
        let mut request = json!({field: start, "filter": self.log.filter, "view": "FULL", "epoch": self.epoch});
        self.log.add_params(&mut request, &self.log.filter);
        let request = rest::request(&self.log.stream.input(), request).map_err(RouteError::Unreadable)?;
        let mut frames = self.log.client.stream(&self.log.stream, request).await?;
        while let Some(frame) = frames.next().await? {
            let frame = rest::json(&frame)?;
            let position = match (&frame["activity"], &frame["bookmark"]) {
                (activity @ Value::Object(_), _) => {
                    self.show.activity(activity)?;
                    self.left = self.left.map(|left| left.saturating_sub(1));
                    number(&activity["position"])
                }
                (_, Value::Object(bookmark)) => bookmark.get("position").map_or(0, number),
                _ => number(&frame["since"]),
            };
            (self.start, self.epoch) = (Since::Position(position), number(&frame["epoch"]));
            if self.left == Some(0) || self.head.is_some_and(|head| position >= head) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
