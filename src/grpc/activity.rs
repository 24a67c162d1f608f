//! ActivityService: pages of the log, and streams of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::stream;
use prost::Message;
use tonic::{Code, Request, Response, Status};
use tonic_types::ErrorDetails;

use super::convert::read::{MAX_FILTER_CHARS, checked, freshness, narrowed_to, page, position};
use super::convert::{Part, activity, ticket as shown_ticket, time};
use super::pb::stream_activities_request::Start as Sent;
use super::pb::stream_activities_response::Event as Shown;
use super::pb::{self, ActivityView, ErrorReason};
use super::read::{Asked, List, connection, filter_invalid};
use super::state::{Call, State};
use super::{fault, status, ticket};
use crate::feed::{End, Ended, Event, Feed, Form, Frame, NotStarted, Selection, Start, Stream, Wanted};
use crate::identity::Caller;
use crate::model::activity::Activity;
use crate::model::image::ActivityRow;
use crate::model::time::Instant;
use crate::store;
use crate::store::read::activity::View;
use crate::workflow::schema::Root;

/// Not made by `service!`: one of its answers is a stream.
pub struct Activities(pub Arc<State>);

/// What a client reads: frames until the stream ends; its end is the last item.
pub struct Frames {
    /// None once it has ended.
    stream: Option<Stream>,
    epoch: i64,
    view: ActivityView,
    part: Part,
}

#[tonic::async_trait]
impl pb::activity_service_server::ActivityService for Activities {
    async fn list_activities(
        &self,
        request: Request<pb::ListActivitiesRequest>,
    ) -> Result<Response<pb::ListActivitiesResponse>, Status> {
        let call = Call::of(&request)?;
        list(&self.0, call, request.into_inner()).await.map(Response::new)
    }

    type StreamActivitiesStream = Frames;

    async fn stream_activities(
        &self,
        request: Request<pb::StreamActivitiesRequest>,
    ) -> Result<Response<Frames>, Status> {
        let call = Call::of(&request)?;
        start(&self.0.feed, &call, request.into_inner()).await.map(Response::new)
    }
}

const LIST: &str = "ListActivities";
const STREAM: &str = "StreamActivities";

async fn list(
    state: &State,
    call: Call,
    request: pb::ListActivitiesRequest,
) -> Result<pb::ListActivitiesResponse, Status> {
    let pb::ListActivitiesRequest { ticket_id, filter, order_by, page_size, page_token, min_position, epoch, view } =
        request;
    let (of, page, fresh, view) = checked(|found| {
        let of = narrowed_to(found, "ticket_id", &ticket_id);
        let page = page(found, filter, order_by, page_size, page_token);
        (of, page, freshness(found, min_position, epoch), activity::view(found, view))
    })
    .map_err(status::refused)?;
    let asked = Asked { method: LIST, page, root: Some(Root::Activity), narrowed: &[ticket_id.as_bytes()] };
    let list = List::<ActivityRow>::of(state, &call, asked)?;
    let mut conn = connection(state, &call, fresh).await?;
    let ticket_id = match of {
        Some(name) => Some(ticket::find(&mut conn, LIST, &call, &name, &ticket_id).await?.id),
        None => None,
    };
    let columns = if view == ActivityView::Full { View::Full } else { View::Basic };
    let wanted = store::read::activity::Wanted { ticket_id, filter: list.filter(), rest: list.rest(), view: columns };
    let rows = store::read::activity::list(&mut conn, list.scope(), wanted, &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let epoch = match state.feed.epoch() {
        0 => store::head::installation(&conn).await.map_err(|error| list.failed(error))?.epoch,
        epoch => epoch,
    };
    let show = |row: ActivityRow| row.into_activity().map(|it| activity::to_pb(it, epoch, view, list.part()));
    let (activities, next_page_token) = list.shown(state, rows, show);
    let activities = activities.into_iter().collect::<Result<_, String>>();
    let activities = activities.map_err(|what| fault::incident(LIST, &what))?;
    Ok(pb::ListActivitiesResponse { activities, next_page_token })
}

async fn start(feed: &Feed, call: &Call, request: pb::StreamActivitiesRequest) -> Result<Frames, Status> {
    let pb::StreamActivitiesRequest { start, filter, view, epoch, snapshot_first } = request;
    let (start, view) = checked(|found| {
        found.text("filter", &filter, MAX_FILTER_CHARS);
        position(found, "epoch", epoch);
        let start = match start {
            None | Some(Sent::Latest(_)) => Start::Latest,
            Some(Sent::Earliest(_)) => Start::Earliest,
            Some(Sent::AfterPosition(after)) => {
                position(found, "after_position", after);
                Start::After { position: after, epoch }
            }
            // A time that is none is a violation, and nothing is started.
            Some(Sent::AtTime(at)) => Start::At(time::from_pb(found, "at_time", &at).unwrap_or(Instant(0))),
        };
        (start, activity::view(found, view))
    })
    .map_err(status::refused)?;
    let selection = Selection::new(&filter, call.audience()).map_err(|found| filter_invalid(&filter, &found))?;
    if snapshot_first {
        selection.of_tickets().map_err(|problem| filter_invalid(&filter, &[problem]))?;
    }
    let wanted = Wanted {
        tenant: call.caller.tenant().to_owned(),
        start,
        selection,
        tickets: view == ActivityView::Full,
        snapshot: snapshot_first,
        until: expiry(&call.caller),
    };
    let stream = feed.stream(wanted).await.map_err(not_started)?;
    Ok(Frames { epoch: stream.epoch, stream: Some(stream), view, part: call.part() })
}

fn expiry(caller: &Caller) -> SystemTime {
    let after = Duration::from_secs(caller.expires_at());
    // A time that no clock shows is as good as the longest life of a stream.
    UNIX_EPOCH.checked_add(after).unwrap_or_else(|| SystemTime::now() + Duration::from_secs(u32::MAX.into()))
}

impl stream::Stream for Frames {
    type Item = Result<pb::StreamActivitiesResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        stream.poll_next(cx).map(|next| {
            Some(match next {
                Some(Ok(frame)) => Ok(self.shown(frame)),
                Some(Err(ended)) => {
                    self.stream = None;
                    Err(over(ended))
                }
                None => {
                    self.stream = None;
                    Err(fault::incident(STREAM, &"the delivery broke off"))
                }
            })
        })
    }
}

impl Frames {
    fn shown(&self, frame: Frame) -> pb::StreamActivitiesResponse {
        let Frame { since, event } = frame;
        let to_pb = |it| activity::to_pb(it, self.epoch, self.view, self.part);
        let event = match event {
            Event::Activity(kept) => match kept.alone() {
                Ok(activity) => Shown::Activity(Box::new(to_pb(activity))),
                Err(kept) => {
                    let bytes = |it: &Activity| to_pb(it.clone()).encode_to_vec().into();
                    Shown::Encoded(kept.shown(self.form(), bytes))
                }
            },
            Event::Bookmark(position) => Shown::Bookmark(pb::Bookmark { position }),
            Event::Snapshot { ticket, at: _ } => Shown::Snapshot(Box::new(shown_ticket::to_pb(*ticket, self.part))),
        };
        pb::StreamActivitiesResponse { event: Some(event), since, epoch: self.epoch }
    }

    fn form(&self) -> Form {
        Form { ticket: self.view == ActivityView::Full, public: self.part == Part::Public }
    }
}

fn not_started(why: NotStarted) -> Status {
    match why {
        NotStarted::TooMany { limit } => {
            let text = format!("the tenant has {limit} streams on this server already");
            status::overloaded(&text, Duration::from_secs(1))
        }
        NotStarted::PositionUnknown { position, head, epoch } => status::position_unknown(position, head, epoch),
        NotStarted::PositionExpired { position, oldest } => status::position_expired(position, oldest),
        NotStarted::Unavailable(why) => {
            tracing::warn!("A stream found no log: {why}");
            status::unavailable(Duration::from_millis(500))
        }
    }
}

/// Every end names the position to go on after; within a snapshot there is none.
fn over(ended: Ended) -> Status {
    let Ended { position, why } = ended;
    let (why, begun) = match why {
        End::InSnapshot(why) => (*why, None),
        why => (why, Some(position)),
    };
    let (metadata, on) = match begun {
        Some(position) => (vec![("position", position.to_string())], format!("go on with after_position {position}")),
        None => (Vec::new(), "begin again, for the snapshot was not whole".to_owned()),
    };
    let build = |code, reason, text, details| status::build(code, reason, text, metadata, details);
    match why {
        End::SlowReader => {
            let text = format!("the reader did not keep up: {on}");
            build(Code::ResourceExhausted, ErrorReason::SlowReader, text, ErrorDetails::new())
        }
        End::TokenExpired => {
            let text = format!("the token has expired: get a new one, and {on}");
            build(Code::Unauthenticated, ErrorReason::TokenExpired, text, ErrorDetails::new())
        }
        End::Draining => {
            let text = format!("the server stops: {on} on another one");
            let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(500)));
            build(Code::Unavailable, ErrorReason::Unavailable, text, details)
        }
        End::Expired { oldest } => status::position_expired(position, oldest),
        End::OtherLog { head, epoch } => status::position_unknown(position, head, epoch),
        End::Broken { what } => fault::incident(STREAM, &what),
        End::InSnapshot(_) => fault::incident(STREAM, &"an end within an end"),
    }
}
