//! What is trusted while a verifier is used: keys that come and go, tokens that are revoked, an issuer's own claims.

use std::sync::Arc;
use std::task::{Context, Waker};

use super::*;

#[test]
fn a_replaced_key_takes_its_tokens_along_at_once_and_only_those() {
    let [old, new, ops] = [(); 3].map(|()| SigningKey::generate().expect("a key"));
    let trust = Trust { keys: vec![old.public()], operator_keys: vec![ops.public()], ..Trust::default() };
    let verifier = Verifier::new(trust);
    let operator = NewOperatorToken { sub: "olga".into(), ttl: Duration::from_secs(60) };
    let [by_old, by_new] = [&old, &new].map(|key| key.sign(&token(60)).expect("a token"));
    let by_ops = ops.sign_operator(&operator).expect("a token");
    verifier.verify(&by_old).expect("it is good, and cached");
    assert_eq!(verifier.verify(&by_new), Err(TokenError::UnknownKey));

    verifier.replace(KeySource::Files, vec![old.public(), new.public()]);
    for good in [&by_old, &by_new, &by_ops] {
        verifier.verify(good).expect("both keys hold");
    }
    verifier.replace(KeySource::Files, vec![new.public()]);
    assert_eq!(verifier.verify(&by_old), Err(TokenError::UnknownKey));
    for good in [&by_new, &by_ops] {
        verifier.verify(good).expect("their keys are there");
    }
    verifier.replace(KeySource::OperatorFiles, vec![]);
    assert_eq!(verifier.verify(&by_ops), Err(TokenError::UnknownKey));
}

#[tokio::test]
async fn who_watches_a_caller_hears_that_its_key_is_gone_or_its_time_is_over() {
    let [old, new] = [(); 2].map(|()| SigningKey::generate().expect("a key"));
    let verifier = Arc::new(Verifier::new(Trust { keys: vec![old.public()], ..Trust::default() }));
    let caller = verifier.verify(&old.sign(&token(60)).expect("a token")).expect("it is good");
    let mut lost = Box::pin(verifier.clone().lost(caller));
    let mut waits = || lost.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    assert!(waits());
    verifier.replace(KeySource::Files, vec![old.public(), new.public()]);
    assert!(waits(), "its key is still there");
    verifier.replace(KeySource::Files, vec![new.public()]);
    assert_eq!(lost.await, TokenError::UnknownKey);

    let names = ClaimNames::default();
    let read = claims::Claims::read(claims().as_object().expect("an object"), &names);
    let end = claims::Times { issued_at: 0, expires_at: get_current_timestamp() - LEEWAY_SECONDS - 1 };
    let caller = Caller::from_claims(read, &names, end, new.public().fingerprint()).expect("good claims");
    assert_eq!(verifier.lost(caller).await, TokenError::Expired);
}

#[test]
fn an_issuers_own_names_of_claims_and_words_for_roles_are_read() {
    let pair = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let name = |name: &str| ClaimName::new(name).expect("a name");
    let role_map = [("support-agent".to_owned(), Role::Agent), ("boss".to_owned(), Role::Admin)].into();
    let claims = ClaimNames {
        tenant: name("organization.id"),
        roles: name("realm_access.roles"),
        app: name("https://docket.example/app"),
        role_map: Some(role_map),
    };
    let keys = vec![pair.trusted()];
    let verifier = Verifier::new(Trust { keys: keys.clone(), operator_keys: keys, claims, ..Trust::default() });
    let verify = |claims: &Value| verifier.verify(&pair.sign(Header::new(Algorithm::ES256), claims));
    let now = get_current_timestamp();
    let mapped = json!({
        "sub": "ann",
        "organization": {"id": "acme"},
        "realm_access": {"roles": ["support-agent", "offline_access", "admin"]},
        "https://docket.example/app": "crm",
        // Of another system, or of an attacker who may write some claims.
        "tenant_id": "globex",
        "roles": ["admin"],
        "app_id": "other",
        "iat": now,
        "exp": now + 60,
    });
    let caller = verify(&mapped).expect("it is good");
    assert_eq!((caller.tenant(), caller.sub(), caller.app_id()), ("acme", "ann", Some("crm")));
    assert_eq!(caller.roles(), Roles::of(&[Role::Agent]), "the issuer's word admin is none of the map");
    assert_eq!(verify(&claims_of("ann", now)), Err(TokenError::NoTenant), "the default names are not looked at");
    for (path, why) in [("organization", TokenError::NoTenant), ("realm_access", TokenError::NoRole)] {
        let mut without = mapped.clone();
        without.as_object_mut().expect("an object").remove(path);
        assert_eq!(verify(&without), Err(why));
    }
    // An operator's claim has its own name, and what names a tenant is none of an operator's.
    assert!(verify(&operators("x", Value::Null)).expect("an operator").is_operator());
    let mut both = mapped.clone();
    both["operator"] = json!(true);
    assert_eq!(verify(&both), Err(TokenError::BadOperator));
}

fn claims_of(sub: &str, now: u64) -> Value {
    json!({"tenant_id": "acme", "sub": sub, "roles": ["agent"], "iat": now, "exp": now + 60})
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_who_watches_its_caller_hears_of_it() {
    let key = SigningKey::generate().expect("a key");
    let trust = Trust { keys: vec![key.public()], operator_keys: vec![key.public()], ..Trust::default() };
    let verifier = Arc::new(Verifier::new(trust));
    let [first, second] = [(); 2].map(|()| key.sign(&token(60)).expect("a token"));
    let bob = key.sign(&NewToken { sub: "bob".into(), ..token(60) }).expect("a token");
    let operator = NewOperatorToken { sub: "ann".into(), ttl: Duration::from_secs(60) };
    let operator = key.sign_operator(&operator).expect("a token");
    let refused = |token: &String| verifier.verify(token).err();
    let caller = verifier.verify(&first).expect("it is good");
    let jti = caller.jti().expect("every token has an id").to_owned();
    let now = get_current_timestamp();
    let revoke = |tenant: &str, tokens: RevokedTokens, at: u64| {
        verifier.revoke(vec![Revocation { tenant: tenant.into(), tokens, at }]);
    };

    let mut lost = Box::pin(verifier.clone().lost(caller));
    let mut waits = || lost.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
    revoke("globex", RevokedTokens::Jti(jti.clone()), now);
    revoke("acme", RevokedTokens::Sub("ann".into()), now - 10);
    assert!(waits(), "that is another tenant's, and this is of older tokens");
    assert_eq!(refused(&first), None);
    revoke("acme", RevokedTokens::Jti(jti), now);
    assert_eq!((refused(&first), refused(&second)), (Some(TokenError::Revoked), None));
    assert_eq!(lost.await, TokenError::Revoked);

    revoke("acme", RevokedTokens::Sub("ann".into()), now + 1);
    assert_eq!((refused(&second), refused(&bob)), (Some(TokenError::Revoked), None));
    assert_eq!(refused(&operator), None, "an operator is of no tenant");
    revoke("", RevokedTokens::Sub("ann".into()), now + 1);
    revoke("", RevokedTokens::Sub("bob".into()), now + 1);
    assert_eq!((refused(&bob), refused(&operator)), (Some(TokenError::Revoked), Some(TokenError::Revoked)));

    assert_eq!(verifier.forget_revocations(now), [], "they may still concern somebody");
    let forgotten = verifier.forget_revocations(now + MAX_TOKEN_LIFE.as_secs() + 600);
    assert_eq!((forgotten.len(), refused(&bob)), (5, None));
}
