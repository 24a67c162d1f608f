//! TenantService: a tenant's settings.

use tonic::Status;

use crate::command::Refusal;
use crate::grpc::call::read::connection;
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{checked, freshness};
use crate::grpc::convert::tenant;
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::store;

service! {
    Tenants: tenant_service_server::TenantService {
        get_tenant: GetTenantRequest -> GetTenantResponse, by get;
        update_tenant: UpdateTenantRequest -> UpdateTenantResponse, by write;
    }
}

async fn get(state: &State, call: Call, request: pb::GetTenantRequest) -> Result<pb::GetTenantResponse, Status> {
    let pb::GetTenantRequest { min_position, epoch } = request;
    let fresh = checked(|found| freshness(found, min_position, epoch)).map_err(status::refused)?;
    if call.caller.app_id().is_some() {
        let what = "a token of one app does not read the settings of the whole tenant";
        return Err(status::refused(Refusal::Forbidden { what: what.into() }));
    }
    let mut conn = connection(state, &call, fresh).await?;
    let found = store::read::tenant::get(&mut conn, call.caller.tenant()).await;
    let row = found.map_err(|error| fault::of_read("GetTenant", "", error))?;
    Ok(pb::GetTenantResponse { tenant: Some(tenant::to_pb(row)) })
}
