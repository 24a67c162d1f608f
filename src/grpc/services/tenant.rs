//! TenantService: a tenant's settings, and revocations of tokens.

use tonic::Status;

use crate::command::Refusal;
use crate::command::limits::limits;
use crate::grpc::call::read::connection;
use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State, service};
use crate::grpc::convert::read::{checked, freshness};
use crate::grpc::convert::{revocation, tenant};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::identity::{Revocation, RevokedTokens};
use crate::store;

service! {
    Tenants: tenant_service_server::TenantService {
        get_tenant: GetTenantRequest -> GetTenantResponse, by get;
        update_tenant: UpdateTenantRequest -> UpdateTenantResponse, by write;
        revoke_token: RevokeTokenRequest -> RevokeTokenResponse, by revoke;
        revoke_token_everywhere: RevokeTokenEverywhereRequest -> RevokeTokenEverywhereResponse, by revoke_everywhere;
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

async fn revoke(state: &State, call: Call, request: pb::RevokeTokenRequest) -> Result<pb::RevokeTokenResponse, Status> {
    let (tenant, tried) = (call.caller.tenant().to_owned(), request.validate_only);
    let answer = write(state, call, request).await?;
    if let Some(revocation) = answer.revocation.as_ref().filter(|_| !tried) {
        hear(state, tenant, revocation);
    }
    Ok(answer)
}

async fn revoke_everywhere(
    state: &State,
    call: Call,
    request: pb::RevokeTokenEverywhereRequest,
) -> Result<pb::RevokeTokenEverywhereResponse, Status> {
    let pb::RevokeTokenEverywhereRequest { jti, sub } = request;
    let revoked = checked(|found| revocation::revoked(found, jti, sub)).map_err(status::refused)?;
    let (operator, limit) = (call.caller.sub(), limits().revocations as u64);
    let mut conn = state.pool.unbound(call.caller.tenant()).await.map_err(fault::of_pool)?;
    let written = store::revocation::put_for_all(&mut conn, &revoked, operator, limit as i64).await;
    let Some(row) = written.map_err(|error| fault::of_read("RevokeTokenEverywhere", "", error))? else {
        let (name, what) = ("the installation".to_owned(), "live revocations of tokens for all tenants".to_owned());
        return Err(status::refused(Refusal::LimitExceeded { name, what, limit }));
    };
    // No tenant's log has what concerns all of them: the server's does.
    let id = row.id.clone();
    tracing::info!(operator, id, "The operator {operator} revoked {id} in all tenants");
    let row = revocation::to_pb(row);
    hear(state, String::new(), &row);
    Ok(pb::RevokeTokenEverywhereResponse { revocation: Some(row) })
}

/// This server knows at once what others ask the database for.
fn hear(state: &State, tenant: String, revocation: &pb::Revocation) {
    let at = revocation.updated_at.unwrap_or_default().seconds;
    let tokens = if revocation.sub.is_empty() {
        RevokedTokens::Jti(revocation.jti.clone())
    } else {
        RevokedTokens::Sub(revocation.sub.clone())
    };
    state.verifier.revoke(vec![Revocation { tenant, tokens, at: at.max(0) as u64 }]);
}
