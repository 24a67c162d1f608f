//! SlaService: policies, calendars, and what follows from them.

mod clock;
mod import;
mod outcome;
mod policy_change;
mod preview;
pub mod ticket_sla;

use tonic::Status;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::convert::sla;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::sla::calendar::{Calendar, CalendarRef};
use crate::model::sla::policy::SlaPolicy;
use crate::store;
use crate::store::pool::Reading;
use crate::workflow::schema::Root;

service! {
    Sla: sla_service_server::SlaService {
        create_sla_policy: CreateSlaPolicyRequest -> CreateSlaPolicyResponse, by write;
        get_sla_policy: GetSlaPolicyRequest -> GetSlaPolicyResponse, by get_policy;
        list_sla_policies: ListSlaPoliciesRequest -> ListSlaPoliciesResponse, by list_policies;
        update_sla_policy: UpdateSlaPolicyRequest -> UpdateSlaPolicyResponse, by write;
        delete_sla_policy: DeleteSlaPolicyRequest -> DeleteSlaPolicyResponse, by write;
        create_calendar: CreateCalendarRequest -> CreateCalendarResponse, by write;
        get_calendar: GetCalendarRequest -> GetCalendarResponse, by get_calendar;
        list_calendars: ListCalendarsRequest -> ListCalendarsResponse, by list_calendars;
        update_calendar: UpdateCalendarRequest -> UpdateCalendarResponse, by write;
        delete_calendar: DeleteCalendarRequest -> DeleteCalendarResponse, by write;
        import_holidays: ImportHolidaysRequest -> ImportHolidaysResponse, by import::holidays;
        preview_deadline: PreviewDeadlineRequest -> PreviewDeadlineResponse, by preview::deadline;
        preview_elapsed: PreviewElapsedRequest -> PreviewElapsedResponse, by preview::elapsed;
        preview_policy_change: PreviewPolicyChangeRequest -> PreviewPolicyChangeResponse, by policy_change::preview;
        get_ticket_sla: GetTicketSlaRequest -> GetTicketSlaResponse, by clock::get;
        explain_sla: ExplainSlaRequest -> ExplainSlaResponse, by clock::explain;
        list_breaches: ListBreachesRequest -> ListBreachesResponse, by outcome::breaches;
        get_sla_report: GetSlaReportRequest -> GetSlaReportResponse, by outcome::report;
    }
}

async fn get_policy(
    state: &State,
    call: Call,
    request: pb::GetSlaPolicyRequest,
) -> Result<pb::GetSlaPolicyResponse, Status> {
    const METHOD: &str = "GetSlaPolicy";
    let pb::GetSlaPolicyRequest { id, version, min_position, epoch } = request;
    let (which, fresh) = checked(|found| {
        sla::version(found, version);
        (sla::policy_named(found, "id", &id), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let scope = call.scope();
    let failed = |error| fault::of_read(METHOD, "", error);
    let none = || status::refused(Refusal::NotFound { kind: Kind::SlaPolicy, id: which.to_string() });
    let row = store::read::sla::policy(&mut conn, scope, &which).await.map_err(failed)?.ok_or_else(none)?;
    let row = match version {
        0 => row,
        version => store::read::sla::policy_version(&mut conn, scope, row.id, version)
            .await
            .map_err(failed)?
            .ok_or_else(none)?,
    };
    Ok(pb::GetSlaPolicyResponse { sla_policy: Some(sla::policy_to_pb(row)) })
}

async fn list_policies(
    state: &State,
    call: Call,
    request: pb::ListSlaPoliciesRequest,
) -> Result<pb::ListSlaPoliciesResponse, Status> {
    let pb::ListSlaPoliciesRequest { filter, filter_params, order_by, page_size, page_token, min_position, epoch } =
        request;
    let (page, fresh) = checked(|found| {
        (page(found, filter, filter_params, order_by, page_size, page_token), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListSlaPolicies", page, root: Some(Root::SlaPolicy), narrowed: &[] };
    let list = List::<SlaPolicy>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::sla::policies(&mut conn, list.scope(), list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (sla_policies, next_page_token) = list.page(state, rows, sla::policy_to_pb);
    Ok(pb::ListSlaPoliciesResponse { sla_policies, next_page_token })
}

async fn get_calendar(
    state: &State,
    call: Call,
    request: pb::GetCalendarRequest,
) -> Result<pb::GetCalendarResponse, Status> {
    const METHOD: &str = "GetCalendar";
    let pb::GetCalendarRequest { id, version, min_position, epoch } = request;
    let (which, fresh) = checked(|found| {
        sla::version(found, version);
        (sla::calendar_named(found, "id", &id), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let row = find_calendar(&mut conn, METHOD, &call, &which, version).await?;
    Ok(pb::GetCalendarResponse { calendar: Some(sla::calendar_to_pb(row)) })
}

/// The calendar as it is, where it was not deleted, or as it was in a version above 0.
pub(super) async fn find_calendar(
    conn: &mut Reading,
    method: &'static str,
    call: &Call,
    which: &CalendarRef,
    version: i32,
) -> Result<Calendar, Status> {
    let scope = call.scope();
    let failed = |error| fault::of_read(method, "", error);
    let none = || status::refused(Refusal::NotFound { kind: Kind::Calendar, id: which.to_string() });
    let row = store::read::sla::calendar(conn, scope, which).await.map_err(failed)?.ok_or_else(none)?;
    match version {
        0 => Some(row).filter(|row| row.deleted_at.is_none()).ok_or_else(none),
        version => {
            let found = store::read::sla::calendar_version(conn, scope, row.id, version).await;
            found.map_err(failed)?.ok_or_else(none)
        }
    }
}

async fn list_calendars(
    state: &State,
    call: Call,
    request: pb::ListCalendarsRequest,
) -> Result<pb::ListCalendarsResponse, Status> {
    let pb::ListCalendarsRequest { filter, filter_params, order_by, page_size, page_token, min_position, epoch } =
        request;
    let (page, fresh) = checked(|found| {
        (page(found, filter, filter_params, order_by, page_size, page_token), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListCalendars", page, root: Some(Root::Calendar), narrowed: &[] };
    let list = List::<Calendar>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::sla::calendars(&mut conn, list.scope(), list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (calendars, next_page_token) = list.page(state, rows, sla::calendar_to_pb);
    Ok(pb::ListCalendarsResponse { calendars, next_page_token })
}
