//! ActivityService: pages of the log, and streams of it.

pub mod frames;
mod in_flight;

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tonic::{Request, Response, Status};

use self::frames::Frames;
use crate::feed::{NotStarted, Selection, Start, Wanted};
use crate::grpc::call::read::{List, ListQuery, connection, filter_invalid, filter_of};
use crate::grpc::call::ticket::find;
use crate::grpc::call::{Answered, Call, State};
use crate::grpc::convert::params;
use crate::grpc::convert::read::{checked, freshness, narrowed_to, page, position};
use crate::grpc::convert::{Disclosure, activity, time};
use crate::grpc::pb::stream_activities_request::Start as Sent;
use crate::grpc::pb::{self, ActivityView};
use crate::grpc::status::{self, fault};
use crate::model::image::ActivityRow;
use crate::model::time::Instant;
use crate::store;
use crate::store::read::activity::{Unlisted, View};
use crate::workflow::schema::Root;

/// Not made by `service!`: one of its answers is a stream, and leaves by way of [`frames::Framing`].
pub struct Activities(pub Arc<State>);

impl pb::activity_service_server::ActivityService for Activities {
    fn list_activities<'s, 'f>(
        &'s self,
        request: Request<pb::ListActivitiesRequest>,
    ) -> Answered<'f, pb::ListActivitiesResponse>
    where
        's: 'f,
        Self: 'f,
    {
        page_of_the_log(&self.0, request)
    }

    type StreamActivitiesStream = frames::NoFrames;

    fn stream_activities<'s, 'f>(
        &'s self,
        request: Request<pb::StreamActivitiesRequest>,
    ) -> Answered<'f, frames::NoFrames>
    where
        's: 'f,
        Self: 'f,
    {
        stream(&self.0, request)
    }
}

fn page_of_the_log(
    state: &State,
    request: Request<pb::ListActivitiesRequest>,
) -> Answered<'_, pb::ListActivitiesResponse> {
    Box::pin(async move {
        let call = Call::of(&request)?;
        list(state, call, request.into_inner()).await.map(Response::new)
    })
}

fn stream(state: &State, request: Request<pb::StreamActivitiesRequest>) -> Answered<'_, frames::NoFrames> {
    Box::pin(async move {
        let call = Call::of(&request)?;
        start(state, &call, request.into_inner()).await.map(frames::answer)
    })
}

const LIST: &str = "ListActivities";

async fn list(
    state: &State,
    call: Call,
    request: pb::ListActivitiesRequest,
) -> Result<pb::ListActivitiesResponse, Status> {
    let pb::ListActivitiesRequest {
        ticket_id,
        filter,
        filter_params,
        order_by,
        page_size,
        page_token,
        min_position,
        epoch,
        view,
    } = request;
    let (of, page, fresh, view) = checked(|found| {
        let of = narrowed_to(found, "ticket_id", &ticket_id);
        let page = page(found, filter, filter_params, order_by, page_size, page_token);
        (of, page, freshness(found, min_position, epoch), activity::view(found, view))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: LIST, page, root: Some(Root::Activity), narrowed: &[ticket_id.as_bytes()] };
    let list = List::<ActivityRow>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let ticket_id = match of {
        Some(name) => Some(find(&mut conn, LIST, &call, &name, &ticket_id).await?.id),
        None => None,
    };
    let columns = if view == ActivityView::Full { View::Full } else { View::Basic };
    let wanted = store::read::activity::Wanted { ticket_id, filter: list.filter(), rest: list.rest(), view: columns };
    let rows = store::read::activity::list(&mut conn, list.scope(), wanted, &list.paging()).await;
    let rows = rows.map_err(|error| match error {
        Unlisted::Query(error) => list.failed(error),
        Unlisted::TooMuch(error) => status::filter_too_costly(error),
    })?;
    let epoch = match state.feed.epoch() {
        0 => store::head::installation(&conn).await.map_err(|error| list.failed(error))?.epoch,
        epoch => epoch,
    };
    let to_pb = |it| activity::to_pb(call.audience.own_part(it), epoch, view, list.disclosure());
    let show = |row: ActivityRow| row.into_activity().map(to_pb);
    let bytes = |shown: &Result<pb::Activity, String>| shown.as_ref().map_or(0, Message::encoded_len);
    let (activities, next_page_token) = list.page_by(state, rows, show, bytes);
    let activities = activities.into_iter().collect::<Result<_, String>>();
    let activities = activities.map_err(|what| fault::incident(LIST, &what))?;
    Ok(pb::ListActivitiesResponse { activities, next_page_token })
}

async fn start(state: &State, call: &Call, request: pb::StreamActivitiesRequest) -> Result<Frames, Status> {
    let pb::StreamActivitiesRequest { start, filter, filter_params, view, epoch, snapshot_first } = request;
    let (text, start, view) = checked(|found| {
        let text = params::filter(found, filter, filter_params);
        position(found, "epoch", epoch);
        let start = match start {
            None | Some(Sent::Latest(_)) => Start::Latest,
            Some(Sent::Earliest(_)) => Start::Earliest,
            Some(Sent::AfterPosition(after)) => {
                position(found, "after_position", after);
                Start::After { position: after, epoch }
            }
            // A time that is none is a violation, and nothing is started.
            Some(Sent::AtTime(at)) => Start::At(time::from_pb_on(found, "at_time", &at).unwrap_or(Instant(0))),
        };
        (text, start, activity::view(found, view))
    })
    .map_err(status::refused)?;
    let filter =
        if text.is_empty() { None } else { Some(filter_of(state, (call, None), &text, Root::Activity).await?) };
    let selection = Selection::of(filter, call.audience.clone());
    if snapshot_first {
        selection.of_tickets().map_err(|problem| filter_invalid(&text.source, &[problem]))?;
    }
    let wanted = Wanted {
        tenant: call.caller.tenant().to_owned(),
        start,
        selection,
        tickets: view == ActivityView::Full,
        snapshot: snapshot_first,
        lost: Box::pin(state.verifier.clone().lost(call.caller.clone())),
    };
    let stream = state.feed.stream(wanted).await.map_err(|why| not_started(why, call.disclosure()))?;
    Ok(Frames::new(stream, view, call.disclosure()))
}

fn not_started(why: NotStarted, disclosure: Disclosure) -> Status {
    match why {
        NotStarted::TooMany { limit } => {
            let text = format!("the tenant has {limit} streams on this server already");
            status::overloaded(&text, Duration::from_secs(1))
        }
        NotStarted::PositionUnknown { position, head, epoch } => {
            status::position_unknown(position, disclosure.of_tenant(head), epoch)
        }
        NotStarted::PositionExpired { position, oldest } => status::position_expired(position, oldest),
        NotStarted::Unavailable(why) => {
            tracing::warn!("A stream found no log: {why}");
            status::unavailable(Duration::from_millis(500))
        }
    }
}
