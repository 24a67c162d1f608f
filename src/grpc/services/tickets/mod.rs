//! TicketService: tickets and their messages, tags and canned responses.

mod as_of;
mod canned;
mod include;
mod search;
mod statistics;
mod tag;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::Status;

use self::include::included;
use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::answer_size::AnswerSize;
use crate::grpc::call::read::{List, ListQuery, connection, wait_for};
use crate::grpc::call::ticket::{find, gather, no_ticket};
use crate::grpc::call::ticket_cache::Viewer;
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{Included, checked, freshness, include, moment, page, tickets};
use crate::grpc::convert::{message, ticket};
use crate::grpc::pb;
use crate::grpc::services::sla::ticket_sla;
use crate::grpc::status::{self, fault};
use crate::model::message::Message;
use crate::model::ticket::Ticket;
use crate::store;
use crate::store::read::list::Page;
use crate::workflow::schema::Root;

service! {
    Tickets: ticket_service_server::TicketService {
        create_ticket: CreateTicketRequest -> CreateTicketResponse, by write;
        batch_create_tickets: BatchCreateTicketsRequest -> BatchCreateTicketsResponse, by write;
        get_ticket: GetTicketRequest -> GetTicketResponse, by get;
        batch_get_tickets: BatchGetTicketsRequest -> BatchGetTicketsResponse, by batch_get;
        list_tickets: ListTicketsRequest -> ListTicketsResponse, by list;
        search_tickets: SearchTicketsRequest -> SearchTicketsResponse, by search::search;
        get_ticket_stats: GetTicketStatsRequest -> GetTicketStatsResponse, by statistics::get;
        update_ticket: UpdateTicketRequest -> UpdateTicketResponse, by write;
        delete_ticket: DeleteTicketRequest -> DeleteTicketResponse, by write;
        undelete_ticket: UndeleteTicketRequest -> UndeleteTicketResponse, by write;
        assign_ticket: AssignTicketRequest -> AssignTicketResponse, by write;
        tag_ticket: TagTicketRequest -> TagTicketResponse, by write;
        start_ticket: StartTicketRequest -> StartTicketResponse, by write;
        hold_ticket: HoldTicketRequest -> HoldTicketResponse, by write;
        resolve_ticket: ResolveTicketRequest -> ResolveTicketResponse, by write;
        escalate_ticket: EscalateTicketRequest -> EscalateTicketResponse, by write;
        close_ticket: CloseTicketRequest -> CloseTicketResponse, by write;
        reopen_ticket: ReopenTicketRequest -> ReopenTicketResponse, by write;
        create_follow_up: CreateFollowUpRequest -> CreateFollowUpResponse, by write;
        convert_to_issue: ConvertToIssueRequest -> ConvertToIssueResponse, by write;
        rate_ticket: RateTicketRequest -> RateTicketResponse, by write;
        post_message: PostMessageRequest -> PostMessageResponse, by write;
        get_message: GetMessageRequest -> GetMessageResponse, by get_message;
        list_messages: ListMessagesRequest -> ListMessagesResponse, by list_messages;
        update_message: UpdateMessageRequest -> UpdateMessageResponse, by write;
        delete_message: DeleteMessageRequest -> DeleteMessageResponse, by write;
        create_tag: CreateTagRequest -> CreateTagResponse, by write;
        get_tag: GetTagRequest -> GetTagResponse, by tag::get;
        list_tags: ListTagsRequest -> ListTagsResponse, by tag::list;
        update_tag: UpdateTagRequest -> UpdateTagResponse, by write;
        delete_tag: DeleteTagRequest -> DeleteTagResponse, by write;
        create_canned_response: CreateCannedResponseRequest -> CreateCannedResponseResponse, by write;
        get_canned_response: GetCannedResponseRequest -> GetCannedResponseResponse, by canned::get;
        list_canned_responses: ListCannedResponsesRequest -> ListCannedResponsesResponse, by canned::list;
        update_canned_response: UpdateCannedResponseRequest -> UpdateCannedResponseResponse, by write;
        delete_canned_response: DeleteCannedResponseRequest -> DeleteCannedResponseResponse, by write;
        render_canned_response: RenderCannedResponseRequest -> RenderCannedResponseResponse, by canned::render;
    }
}

async fn get(state: &State, call: Call, request: pb::GetTicketRequest) -> Result<pb::GetTicketResponse, Status> {
    let pb::GetTicketRequest { id, min_position, epoch, as_of, include: words } = request;
    let (name, fresh, then, Included { wanted, left_out }) = checked(|found| {
        let name = found.ticket("id", &id);
        let included = as_of.is_some() && !words.is_empty();
        let wanted = include(found, words);
        if included {
            found.add("include", "is what there is now, and does not go with as_of");
        }
        (name, freshness(found, min_position, epoch), as_of.map(|as_of| moment(found, as_of)), wanted)
    })
    .map_err(status::refused)?;
    wait_for(state, &call, fresh).await?;
    if then.is_none() && wanted.is_empty() {
        let scope = call.scope();
        let viewer = Viewer { scope, disclosure: call.disclosure(), epoch: state.feed.epoch() };
        let found = state.tickets.one(state.pool.point_reads(), viewer, &name).await.map_err(fault::of_pool)?;
        let ticket = Some(found.ok_or_else(|| no_ticket(id))?);
        return Ok(pb::GetTicketResponse { ticket, included: None, left_out });
    }
    let mut row = gather(state, &call, &name, &id).await?;
    if let Some(then) = then {
        row = Box::pin(as_of::as_it_was(state, &call, row, then, id)).await?;
    }
    let one = std::slice::from_ref(&row);
    let mut with = included(state, &call, "GetTicket", one, &wanted).await?;
    let sla = ticket_sla::wanted_of(state, &call, "GetTicket", one, &wanted).await?.pop().flatten();
    let ticket = pb::Ticket { sla, ..ticket::to_pb(row, call.disclosure()) };
    Ok(pb::GetTicketResponse { ticket: Some(ticket.encode_to_vec().into()), included: with.pop(), left_out })
}

async fn batch_get(
    state: &State,
    call: Call,
    request: pb::BatchGetTicketsRequest,
) -> Result<pb::BatchGetTicketsResponse, Status> {
    let pb::BatchGetTicketsRequest { mut ids, min_position, epoch, include: words } = request;
    let (names, fresh, Included { wanted, left_out }) =
        checked(|found| (tickets(found, &ids), freshness(found, min_position, epoch), include(found, words)))
            .map_err(status::refused)?;
    wait_for(state, &call, fresh).await?;
    let rows = names.iter().zip(&ids).map(|(name, id)| gather(state, &call, name, id));
    // All of them, so that the first that is missing is named, whichever answer comes first.
    let rows: Result<Vec<Ticket>, Status> = join_all(rows).await.into_iter().collect();
    let rows = rows?;
    let mut included = included(state, &call, "BatchGetTickets", &rows, &wanted).await?;
    let slas = ticket_sla::wanted_of(state, &call, "BatchGetTickets", &rows, &wanted).await?;
    let with = |(row, sla)| pb::Ticket { sla, ..ticket::to_pb(row, call.disclosure()) };
    let mut tickets: Vec<pb::Ticket> = rows.into_iter().zip(slas).map(with).collect();
    let mut size = AnswerSize::default();
    let beside = |at: usize| included.get(at).map_or(0, pb::Included::encoded_len);
    let fits = |(at, ticket): &(usize, &pb::Ticket)| size.takes(ticket.encoded_len() + beside(*at));
    let fitting = tickets.iter().enumerate().take_while(fits).count();
    tickets.truncate(fitting);
    included.truncate(fitting);
    let remaining_ids = ids.split_off(fitting);
    Ok(pb::BatchGetTicketsResponse { tickets, included, remaining_ids, left_out })
}

async fn list(state: &State, call: Call, request: pb::ListTicketsRequest) -> Result<pb::ListTicketsResponse, Status> {
    let pb::ListTicketsRequest {
        filter,
        filter_params,
        order_by,
        page_size,
        page_token,
        show_deleted,
        min_position,
        epoch,
        include: words,
    } = request;
    let (page, fresh, Included { wanted, left_out }) = checked(|found| {
        let page = page(found, filter, filter_params, order_by, page_size, page_token);
        (page, freshness(found, min_position, epoch), include(found, words))
    })
    .map_err(status::refused)?;
    let asked =
        ListQuery { method: "ListTickets", page, root: Some(Root::Ticket), narrowed: &[&[u8::from(show_deleted)]] };
    let list = List::<Ticket>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let which = store::read::ticket::Wanted { show_deleted, filter: list.filter() };
    if wanted.is_empty() {
        let viewer = Viewer { scope: list.scope(), disclosure: list.disclosure(), epoch: state.feed.epoch() };
        let page = state.tickets.page(&mut conn, viewer, which, &list.paging()).await;
        let Page { rows: tickets, next } = page.map_err(|error| list.failed(error))?;
        let next_page_token = list.token(state, next);
        return Ok(pb::ListTicketsResponse { tickets, next_page_token, included: Vec::new(), left_out });
    }
    let rows = store::read::ticket::list(&mut conn, list.scope(), which, &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    drop(conn);
    let included = included(state, &call, "ListTickets", &rows.rows, &wanted).await?;
    let has_included = !included.is_empty();
    let mut included = included.into_iter();
    let mut slas = ticket_sla::wanted_of(state, &call, "ListTickets", &rows.rows, &wanted).await?.into_iter();
    let show = |row| {
        let sla = slas.next().flatten();
        let ticket = pb::Ticket { sla, ..ticket::to_pb(row, list.disclosure()) }.encode_to_vec();
        (Bytes::from(ticket), included.next().unwrap_or_default())
    };
    let bytes = |(ticket, included): &(Bytes, pb::Included)| ticket.len() + included.encoded_len();
    let (shown, next_page_token) = list.page_by(state, rows, show, bytes);
    let (tickets, mut included): (Vec<Bytes>, Vec<pb::Included>) = shown.into_iter().unzip();
    if !has_included {
        included.clear();
    }
    Ok(pb::ListTicketsResponse { tickets, next_page_token, included, left_out })
}

async fn get_message(
    state: &State,
    call: Call,
    request: pb::GetMessageRequest,
) -> Result<pb::GetMessageResponse, Status> {
    let pb::GetMessageRequest { ticket_id, id, min_position, epoch } = request;
    let (name, which, fresh) = checked(|found| {
        let name = found.ticket("ticket_id", &ticket_id);
        (name, found.message("id", &id), freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let mut conn = connection(state, &call, fresh).await?;
    let of = find(&mut conn, "GetMessage", &call, &name, &ticket_id).await?.id;
    let scope = call.scope();
    let found = store::read::message::get(&mut conn, scope, of, which).await;
    let found = found.map_err(|error| fault::of_read("GetMessage", "", error))?;
    let row = found.ok_or_else(|| status::refused(Refusal::NotFound { kind: Kind::Message, id }))?;
    Ok(pb::GetMessageResponse { message: Some(message::to_pb(row, call.disclosure())) })
}

async fn list_messages(
    state: &State,
    call: Call,
    request: pb::ListMessagesRequest,
) -> Result<pb::ListMessagesResponse, Status> {
    let pb::ListMessagesRequest { ticket_id, order_by, page_size, page_token, min_position, epoch } = request;
    let (name, page, fresh) = checked(|found| {
        let name = found.ticket("ticket_id", &ticket_id);
        let page = page(found, String::new(), BTreeMap::new(), order_by, page_size, page_token);
        (name, page, freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let asked = ListQuery { method: "ListMessages", page, root: None, narrowed: &[ticket_id.as_bytes()] };
    let list = List::<Message>::of(state, &call, asked).await?;
    let mut conn = connection(state, &call, fresh).await?;
    let of = find(&mut conn, "ListMessages", &call, &name, &ticket_id).await?.id;
    let rows = store::read::message::list(&mut conn, list.scope(), of, list.filter(), &list.paging()).await;
    let rows = rows.map_err(|error| list.failed(error))?;
    let (messages, next_page_token) = list.page(state, rows, |row| message::to_pb(row, list.disclosure()));
    Ok(pb::ListMessagesResponse { messages, next_page_token })
}
