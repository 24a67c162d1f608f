//! Authentication and authorization: who calls, and whether they may call this method. Handlers get the `Caller`.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tonic::{Code, Request, Status};
use tonic_types::ErrorDetails;

use super::methods::{Access, Method};
use crate::grpc::pb::ErrorReason;
use crate::grpc::status;
use crate::identity::{Caller, TokenError, Verifier};

/// When the keys of the token issuer may have been fetched.
const KEYS_AGAIN: Duration = Duration::from_secs(10);

/// Why a call was refused, and who made it, if the token was good.
#[derive(Debug)]
pub(super) struct Denied {
    pub reason: ErrorReason,
    pub caller: Option<Caller>,
}

/// Lets a call in or refuses it. A clone is one counter.
#[derive(Clone)]
pub struct Gate(Arc<Verifier>);

impl Gate {
    pub fn new(verifier: Arc<Verifier>) -> Gate {
        Gate(verifier)
    }

    /// The caller, or None for an open method, whose token is not looked at. `certified`: who it is without a token.
    pub(super) fn admit(
        &self,
        method: &Method,
        headers: &HeaderMap,
        certified: Option<&Caller>,
    ) -> Result<Option<Caller>, (Denied, Box<Status>)> {
        if method.access == Access::Open {
            return Ok(None);
        }
        let caller = match (bearer(headers), certified) {
            (Err(TokenError::Missing), Some(caller)) => self.0.certified(caller),
            (token, _) => token.and_then(|token| self.0.verify(token)),
        };
        let caller =
            caller.map_err(|error| (Denied { reason: reason(error), caller: None }, unauthenticated(error)))?;
        let admitted = match method.access {
            Access::Open => true,
            Access::Operator => caller.is_operator(),
            // An operator has no role.
            Access::Roles(allowed) => caller.roles().intersects(allowed),
        };
        if admitted {
            return Ok(Some(caller));
        }
        let status = denied(method, &caller);
        Err((Denied { reason: ErrorReason::RoleMissing, caller: Some(caller) }, status))
    }

    /// What a refused call may wait for before it knocks again: see [`Verifier::key_on_its_way`].
    pub(super) fn key_on_its_way(&self, headers: &HeaderMap) -> Option<impl Future<Output = ()> + Send + use<>> {
        bearer(headers).ok().and_then(|token| self.0.key_on_its_way(token))
    }
}

/// The caller of a request that came through the gate.
pub fn caller<T>(request: &Request<T>) -> Result<&Caller, Status> {
    request.extensions().get::<Caller>().ok_or_else(|| *unauthenticated(TokenError::Missing))
}

/// Whether a caller may call an RPC of this name, as if it did.
///
/// # Errors
/// PERMISSION_DENIED, ROLE_MISSING.
pub fn permits(caller: &Caller, rpc: &str) -> Result<(), Status> {
    let is_it = |method: &&Method| method.path.rsplit('/').next() == Some(rpc);
    match super::methods::all().iter().find(is_it) {
        Some(Method { access: Access::Roles(allowed), .. }) if caller.roles().intersects(*allowed) => Ok(()),
        Some(method) => Err(*denied(method, caller)),
        None => Ok(()),
    }
}

/// The token of `authorization: Bearer <token>`; the scheme in any case.
fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next().ok_or(TokenError::Missing)?, values.next());
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(TokenError::NotBearer)?;
    if more.is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::NotBearer);
    }
    Ok(token.trim_matches(' '))
}

fn unauthenticated(error: TokenError) -> Box<Status> {
    if error == TokenError::KeysUnavailable {
        // It is no fault of the caller's: what it sends may be good.
        let details = ErrorDetails::with_retry_info(Some(KEYS_AGAIN));
        return Box::new(status::build(Code::Unavailable, reason(error), error.to_string(), [], details));
    }
    refusal(Code::Unauthenticated, reason(error), error.to_string(), [])
}

/// How clients tell such errors apart.
pub fn reason(error: TokenError) -> ErrorReason {
    match error {
        TokenError::Missing => ErrorReason::TokenMissing,
        TokenError::Expired | TokenError::CertificateExpired => ErrorReason::TokenExpired,
        TokenError::Revoked => ErrorReason::TokenRevoked,
        TokenError::KeysUnavailable => ErrorReason::Unavailable,
        TokenError::NotBearer
        | TokenError::Malformed
        | TokenError::UnknownKey
        | TokenError::BadSignature
        | TokenError::NotYetValid
        | TokenError::NoExpiry
        | TokenError::NoIssueTime
        | TokenError::LivesTooLong
        | TokenError::WrongType
        | TokenError::WrongIssuer
        | TokenError::WrongAudience
        | TokenError::NoTenant
        | TokenError::NoSubject
        | TokenError::NoRole
        | TokenError::BadApp
        | TokenError::BadId
        | TokenError::BadOperator
        | TokenError::NotOperators => ErrorReason::TokenInvalid,
    }
}

fn denied(method: &Method, caller: &Caller) -> Box<Status> {
    const OPERATOR: &str = "operator";
    let path = method.path;
    let given = if caller.is_operator() { OPERATOR.to_owned() } else { caller.roles().to_string() };
    let (allowed, text) = match method.access {
        Access::Roles(allowed) if caller.is_operator() => {
            let text = format!("{path} needs one of the roles {allowed} in a tenant; an operator's token reaches none");
            (allowed.to_string(), text)
        }
        Access::Roles(allowed) => {
            (allowed.to_string(), format!("{path} needs one of the roles {allowed}; the token gives {given}"))
        }
        Access::Open | Access::Operator => {
            let text = format!(
                "{path} concerns every tenant and needs an operator's token (`docket token --operator`); the token gives \
                 {given} in one tenant"
            );
            (OPERATOR.to_owned(), text)
        }
    };
    let metadata = [("method", path.to_owned()), ("roles", given), ("allowed", allowed)];
    refusal(Code::PermissionDenied, ErrorReason::RoleMissing, text, metadata)
}

/// A status whose ErrorInfo names the reason by its bare word.
pub(super) fn refusal<const N: usize>(
    code: Code,
    reason: ErrorReason,
    text: String,
    metadata: [(&str, String); N],
) -> Box<Status> {
    Box::new(status::build(code, reason, text, metadata, ErrorDetails::new()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tonic_types::StatusExt;

    use super::*;
    use crate::grpc::server::methods;
    use crate::identity::{NewOperatorToken, NewToken, Role, SigningKey, Trust};

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).expect("a header value"))).collect()
    }

    fn told(status: &Status) -> String {
        status.get_details_error_info().expect("an ErrorInfo").reason
    }

    #[test]
    fn the_token_stands_alone_behind_the_word_bearer() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Ok("abc"));
        assert_eq!(bearer(&headers(&["bearer  abc"])), Ok("abc"));
        assert_eq!(bearer(&headers(&[])), Err(TokenError::Missing));
        for wrong in [&["abc"][..], &["Basic abc"], &["Bearer"], &[""], &["Bearer abc", "Bearer abc"]] {
            assert_eq!(bearer(&headers(wrong)), Err(TokenError::NotBearer), "{wrong:?}");
        }
    }

    #[test]
    fn a_role_opens_its_methods_and_no_other() {
        let key = SigningKey::generate().expect("a key");
        let gate = Gate::new(Arc::new(Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() })));
        let token = NewToken {
            tenant: "acme".into(),
            sub: "rita".into(),
            roles: vec![Role::Requester],
            app_id: None,
            ttl: Duration::from_secs(60),
        };
        let sent = headers(&[&format!("Bearer {}", key.sign(&token).expect("a token"))]);
        let admit = |path: &str| gate.admit(methods::find(path).expect("a method"), &sent, None);

        let caller = admit("/docket.v1.TicketService/CreateTicket").expect("requesters create tickets");
        assert_eq!(caller.expect("a caller").sub(), "rita");
        let (denied, refused) = admit("/docket.v1.TicketService/AssignTicket").expect_err("they assign none");
        assert_eq!(denied.reason, ErrorReason::RoleMissing);
        assert_eq!((refused.code(), told(&refused)), (Code::PermissionDenied, "ROLE_MISSING".into()));
        assert!(refused.message().contains("AssignTicket needs one of the roles agent, lead, admin"));
        let metadata = refused.get_details_error_info().expect("an ErrorInfo").metadata;
        assert_eq!(metadata["roles"], "requester");
        assert_eq!(admit("/grpc.health.v1.Health/Check").expect("open"), None);
    }

    #[test]
    fn an_operator_and_a_tenants_admin_do_not_enter_by_each_others_methods() {
        let key = SigningKey::generate().expect("a key");
        let trust = Trust { keys: vec![key.public()], operator_keys: vec![key.public()], ..Trust::default() };
        let gate = Gate::new(Arc::new(Verifier::new(trust)));
        let ttl = Duration::from_secs(60);
        let operator = key.sign_operator(&NewOperatorToken { sub: "olga".into(), ttl }).expect("a token");
        let roles = Role::ALL.to_vec();
        let admin = NewToken { tenant: "acme".into(), sub: "root".into(), roles, app_id: None, ttl };
        let admin = key.sign(&admin).expect("a token");
        for method in methods::all().iter().filter(|method| method.access != Access::Open) {
            let by = |token: &str| gate.admit(method, &headers(&[&format!("Bearer {token}")]), None);
            let (let_in, kept_out) = match method.access {
                Access::Operator => (by(&operator), by(&admin)),
                _ => (by(&admin), by(&operator)),
            };
            assert!(let_in.is_ok(), "{method:?}");
            let (_, refused) = kept_out.expect_err(method.path);
            assert_eq!((refused.code(), told(&refused)), (Code::PermissionDenied, "ROLE_MISSING".into()));
            assert!(refused.message().contains("operator's token"), "{refused:?}");
        }
    }

    #[test]
    fn refusals_tell_a_missing_an_old_and_a_bad_token_apart() {
        for (error, word) in [
            (TokenError::Missing, "TOKEN_MISSING"),
            (TokenError::Expired, "TOKEN_EXPIRED"),
            (TokenError::Revoked, "TOKEN_REVOKED"),
            (TokenError::BadSignature, "TOKEN_INVALID"),
            (TokenError::NoTenant, "TOKEN_INVALID"),
        ] {
            let status = unauthenticated(error);
            assert_eq!((status.code(), told(&status)), (Code::Unauthenticated, word.into()));
        }
        let outside = caller(&Request::new(())).expect_err("it came through no gate").code();
        assert_eq!(outside, Code::Unauthenticated);
    }
}
