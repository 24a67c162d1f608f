//! IssueService: issues and their links to tickets.

use tonic::Status;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::ticket;
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::issue;
use crate::grpc::convert::read::{checked, freshness, narrowed_to, page};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::issue::Issue;
use crate::store;
use crate::workflow::schema::Root;

service! {
    Issues: issue_service_server::IssueService {
        create_issue: CreateIssueRequest -> CreateIssueResponse, by write;
        get_issue: GetIssueRequest -> GetIssueResponse, by get;
        list_issues: ListIssuesRequest -> ListIssuesResponse, by list;
        resolve_issue: ResolveIssueRequest -> ResolveIssueResponse, by write;
        update_issue: UpdateIssueRequest -> UpdateIssueResponse, by write;
        reopen_issue: ReopenIssueRequest -> ReopenIssueResponse, by write;
        unlink_issue: UnlinkIssueRequest -> UnlinkIssueResponse, by write;
        link_issue: LinkIssueRequest -> LinkIssueResponse, by write;
    }
}

async fn get(state: &State, call: Call, request: pb::GetIssueRequest) -> Result<pb::GetIssueResponse, Status> {
    let (id, fresh) =
        checked(|found| (found.issue("id", &request.id), freshness(found, request.min_position, request.epoch)))
            .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let scope = call.scope();
    let found = store::read::issue::get(&mut conn, scope, id).await;
    let found = found.map_err(|error| fault::of_read("GetIssue", "", error))?;
    let row = found.ok_or_else(|| status::refused(Refusal::NotFound { kind: Kind::Issue, id: request.id }))?;
    Ok(pb::GetIssueResponse { issue: Some(issue::to_pb(row)) })
}

async fn list(state: &State, call: Call, request: pb::ListIssuesRequest) -> Result<pb::ListIssuesResponse, Status> {
    let pb::ListIssuesRequest {
        ticket_id,
        filter,
        filter_params,
        order_by,
        page_size,
        page_token,
        min_position,
        epoch,
    } = request;
    let (of, page, fresh) = checked(|found| {
        let of = narrowed_to(found, "ticket_id", &ticket_id);
        let page = page(found, filter, filter_params, order_by, page_size, page_token);
        (of, page, freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListIssues", page, root: Some(Root::Issue), narrowed: &[ticket_id.as_bytes()] };
    let list = List::<Issue>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let of = match of {
        Some(name) => Some(ticket::find(&mut conn, "ListIssues", &call, &name, &ticket_id).await?.id),
        None => None,
    };
    let rows = store::read::issue::list(&mut conn, list.scope(), of, list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (issues, next_page_token) = list.page(state, rows, issue::to_pb);
    Ok(pb::ListIssuesResponse { issues, next_page_token })
}
