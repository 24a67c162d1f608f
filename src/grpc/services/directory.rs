//! DirectoryService: the same methods for each of its resources.

use tonic::Status;

use crate::command::Refusal;
use crate::command::refusal::Kind;
use crate::grpc::call::read::{List, ListQuery, connection};
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{checked, freshness, page};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::directory::*;
use crate::store::read::directory;
use crate::workflow::schema::Root;

service! {
    Directory: directory_service_server::DirectoryService {
        batch_upsert_organizations: BatchUpsertOrganizationsRequest -> BatchUpsertOrganizationsResponse, by write;
        delete_organization: DeleteOrganizationRequest -> DeleteOrganizationResponse, by write;
        batch_upsert_contacts: BatchUpsertContactsRequest -> BatchUpsertContactsResponse, by write;
        delete_contact: DeleteContactRequest -> DeleteContactResponse, by write;
        batch_upsert_teams: BatchUpsertTeamsRequest -> BatchUpsertTeamsResponse, by write;
        delete_team: DeleteTeamRequest -> DeleteTeamResponse, by write;
        batch_upsert_agents: BatchUpsertAgentsRequest -> BatchUpsertAgentsResponse, by write;
        delete_agent: DeleteAgentRequest -> DeleteAgentResponse, by write;
        upsert_organization: UpsertOrganizationRequest -> UpsertOrganizationResponse, by write;
        get_organization: GetOrganizationRequest -> GetOrganizationResponse, by get_organization;
        list_organizations: ListOrganizationsRequest -> ListOrganizationsResponse, by list_organizations;
        upsert_contact: UpsertContactRequest -> UpsertContactResponse, by write;
        get_contact: GetContactRequest -> GetContactResponse, by get_contact;
        list_contacts: ListContactsRequest -> ListContactsResponse, by list_contacts;
        upsert_team: UpsertTeamRequest -> UpsertTeamResponse, by write;
        get_team: GetTeamRequest -> GetTeamResponse, by get_team;
        list_teams: ListTeamsRequest -> ListTeamsResponse, by list_teams;
        upsert_agent: UpsertAgentRequest -> UpsertAgentResponse, by write;
        get_agent: GetAgentRequest -> GetAgentResponse, by get_agent;
        list_agents: ListAgentsRequest -> ListAgentsResponse, by list_agents;
        batch_upsert_deals: BatchUpsertDealsRequest -> BatchUpsertDealsResponse, by write;
        delete_deal: DeleteDealRequest -> DeleteDealResponse, by write;
        upsert_deal: UpsertDealRequest -> UpsertDealResponse, by write;
        get_deal: GetDealRequest -> GetDealResponse, by get_deal;
        list_deals: ListDealsRequest -> ListDealsResponse, by list_deals;
        batch_upsert_assets: BatchUpsertAssetsRequest -> BatchUpsertAssetsResponse, by write;
        delete_asset: DeleteAssetRequest -> DeleteAssetResponse, by write;
        upsert_asset: UpsertAssetRequest -> UpsertAssetResponse, by write;
        get_asset: GetAssetRequest -> GetAssetResponse, by get_asset;
        list_assets: ListAssetsRequest -> ListAssetsResponse, by list_assets;
    }
}

/// `get` and `list` of one resource: the row, and the fields of its messages.
macro_rules! reads {
    ($($row:ident in $one:ident, $many:ident:
        $get:ident($get_name:literal, $get_request:ident -> $get_response:ident),
        $list:ident($list_name:literal, $list_request:ident -> $list_response:ident);)+
    ) => { $(
        async fn $get(state: &State, call: Call, request: pb::$get_request) -> Result<pb::$get_response, Status> {
            let pb::$get_request { id, min_position, epoch } = request;
            let fresh = checked(|found| {
                found.required_id("id", &id);
                freshness(found, min_position, epoch)
            })
            .map_err(status::refused)?;
            let mut conn = connection(state, &call, fresh).await?;
            let scope = call.scope();
            let found = directory::get::<$row>(&mut conn, scope, &id).await;
            let found = found.map_err(|error| fault::of_read($get_name, "", error))?;
            let row = found.ok_or_else(|| status::refused(Refusal::NotFound { kind: Kind::$row, id }))?;
            Ok(pb::$get_response { $one: Some(row.into()) })
        }

        async fn $list(state: &State, call: Call, request: pb::$list_request) -> Result<pb::$list_response, Status> {
            let pb::$list_request { filter, filter_params, order_by, page_size, page_token, min_position, epoch } = request;
            let (page, fresh) = checked(|found| {
                (page(found, filter, filter_params, order_by, page_size, page_token), freshness(found, min_position, epoch))
            })
            .map_err(status::refused)?;
            let asked = ListQuery {
                method: $list_name,
                page,
                root: Some(Root::$row),
                narrowed: &[],
            };
            let list = List::<$row>::of(state, &call, asked).await?;
            let mut conn = connection(state, &call, fresh).await?;
            let rows = directory::list(&mut conn, list.scope(), list.filter(), &list.paging()).await;
            let rows = rows.map_err(|error| list.failed(error))?;
            let ($many, next_page_token) = list.page(state, rows, pb::$row::from);
            Ok(pb::$list_response { $many, next_page_token })
        }
    )+ };
}

reads! {
    Organization in organization, organizations:
        get_organization("GetOrganization", GetOrganizationRequest -> GetOrganizationResponse),
        list_organizations("ListOrganizations", ListOrganizationsRequest -> ListOrganizationsResponse);
    Contact in contact, contacts:
        get_contact("GetContact", GetContactRequest -> GetContactResponse),
        list_contacts("ListContacts", ListContactsRequest -> ListContactsResponse);
    Team in team, teams:
        get_team("GetTeam", GetTeamRequest -> GetTeamResponse),
        list_teams("ListTeams", ListTeamsRequest -> ListTeamsResponse);
    Agent in agent, agents:
        get_agent("GetAgent", GetAgentRequest -> GetAgentResponse),
        list_agents("ListAgents", ListAgentsRequest -> ListAgentsResponse);
    Deal in deal, deals:
        get_deal("GetDeal", GetDealRequest -> GetDealResponse),
        list_deals("ListDeals", ListDealsRequest -> ListDealsResponse);
    Asset in asset, assets:
        get_asset("GetAsset", GetAssetRequest -> GetAssetResponse),
        list_assets("ListAssets", ListAssetsRequest -> ListAssetsResponse);
}
