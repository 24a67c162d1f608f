//! RevokeToken.

use crate::command::verbs::RevokeToken;
use crate::grpc::convert::revocation::revoked;
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::revocation::Revocation;

writes! {
    RevokeTokenRequest -> RevokeTokenResponse { revocation: Revocation }, by revoke;
}

pub fn revoke(request: pb::RevokeTokenRequest, found: &mut Violations) -> RevokeToken {
    let pb::RevokeTokenRequest { jti, sub, request_id: _, validate_only: _ } = request;
    RevokeToken { revoked: revoked(found, jti, sub) }
}
