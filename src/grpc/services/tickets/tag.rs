//! Reads of the registry of tags.

use tonic::Status;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::{Call, State};
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::convert::tag;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::line::sought;
use crate::model::tag::Tag;
use crate::store;
use crate::workflow::schema::Root;

pub async fn get(state: &State, call: Call, request: pb::GetTagRequest) -> Result<pb::GetTagResponse, Status> {
    let pb::GetTagRequest { id, min_position, epoch } = request;
    let fresh = checked(|found| {
        found.required_id("id", &id);
        freshness(found, min_position, epoch)
    })
    .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let scope = call.scope();
    let found = store::read::tag::get(&mut conn, scope, &sought(&id)).await;
    let found = found.map_err(|error| fault::of_read("GetTag", "", error))?;
    let row = found.ok_or_else(|| status::refused(Refusal::NotFound { kind: Kind::Tag, id }))?;
    Ok(pb::GetTagResponse { tag: Some(tag::to_pb(row)) })
}

pub async fn list(state: &State, call: Call, request: pb::ListTagsRequest) -> Result<pb::ListTagsResponse, Status> {
    let pb::ListTagsRequest { filter, filter_params, order_by, page_size, page_token, min_position, epoch } = request;
    let (page, fresh) = checked(|found| {
        (page(found, filter, filter_params, order_by, page_size, page_token), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListTags", page, root: Some(Root::Tag), narrowed: &[] };
    let list = List::<Tag>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let rows = store::read::tag::list(&mut conn, list.scope(), list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (tags, next_page_token) = list.page(state, rows, tag::to_pb);
    Ok(pb::ListTagsResponse { tags, next_page_token })
}
