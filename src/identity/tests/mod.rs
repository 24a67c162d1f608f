//! Tokens good and bad, against keys of all three kinds.

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use serde_json::{Value, json};

use super::*;

mod change;

fn token(ttl: u64) -> NewToken {
    NewToken {
        tenant: "acme".into(),
        sub: "ann".into(),
        roles: vec![Role::Agent, Role::Admin],
        app_id: None,
        ttl: Duration::from_secs(ttl),
    }
}

fn trusting(keys: Vec<TrustedKey>) -> Verifier {
    Verifier::new(Trust { keys, ..Trust::default() })
}

/// A key pair of any kind, as PEM.
struct Pair {
    private: String,
    public: String,
    algorithm: Algorithm,
}

impl Pair {
    fn new(algorithm: Algorithm, private: &[u8], public: &[u8]) -> Pair {
        Pair {
            private: pem::encode(&pem::Pem::new("PRIVATE KEY", private)),
            public: pem::encode(&pem::Pem::new("PUBLIC KEY", public)),
            algorithm,
        }
    }

    fn ec(curve: &'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> Pair {
        let pair = EcdsaKeyPair::generate(curve).expect("a key");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("its public half");
        Pair::new(Algorithm::ES256, pair.to_pkcs8v1().expect("its private half").as_ref(), public.as_ref())
    }

    fn rsa() -> Pair {
        let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let private: Pkcs8V1Der = pair.as_der().expect("its private half");
        let public: PublicKeyX509Der = pair.public_key().as_der().expect("its public half");
        Pair::new(Algorithm::RS256, private.as_ref(), public.as_ref())
    }

    fn sign(&self, header: Header, claims: &Value) -> String {
        let key = match self.algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(self.private.as_bytes()),
            _ => EncodingKey::from_ec_pem(self.private.as_bytes()),
        };
        jsonwebtoken::encode(&header, claims, &key.expect("the key reads back")).expect("a token")
    }

    fn trusted(&self) -> TrustedKey {
        TrustedKey::from_pem(self.public.as_bytes()).expect("the key is good").remove(0)
    }
}

fn claims() -> Value {
    let now = get_current_timestamp();
    json!({"tenant_id": "acme", "sub": "ann", "roles": ["agent"], "iat": now, "exp": now + 60})
}

/// The claims with one changed; null takes it away.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => claims.as_object_mut().expect("an object").remove(name),
        value => claims.as_object_mut().expect("an object").insert(name.into(), value),
    };
    claims
}

#[test]
fn a_signed_token_makes_its_caller_again_and_again() {
    let key = SigningKey::generate().expect("a key");
    let verifier = trusting(vec![key.public()]);
    let text = key.sign(&NewToken { app_id: Some("crm".into()), ..token(60) }).expect("a token");
    let caller = verifier.verify(&text).expect("it is good");
    assert_eq!((caller.tenant(), caller.sub(), caller.app_id()), ("acme", "ann", Some("crm")));
    assert_eq!(caller.roles(), Roles::of(&[Role::Agent, Role::Admin]));
    assert!(caller.has_role(Role::Admin) && !caller.has_role(Role::Lead));
    assert!((90..=91).contains(&(caller.accepted_until() - get_current_timestamp())), "60 s, and the leeway");
    assert_eq!(verifier.verify(&text), Ok(caller));
}

#[test]
fn a_changed_cut_or_foreign_token_is_refused_also_beside_its_good_twin() {
    let (key, other) = (SigningKey::generate().expect("a key"), SigningKey::generate().expect("a key"));
    let verifier = trusting(vec![key.public()]);
    let good = key.sign(&token(60)).expect("a token");
    verifier.verify(&good).expect("it is good");

    let at = good.len() - 10;
    let other_letter = if &good[at..=at] == "A" { "B" } else { "A" };
    let changed = format!("{}{other_letter}{}", &good[..at], &good[at + 1..]);
    assert!(matches!(verifier.verify(&changed), Err(TokenError::BadSignature)), "{changed}");

    let parts: Vec<&str> = good.split('.').collect();
    let forged = other.sign(&NewToken { tenant: "globex".into(), ..token(60) }).expect("a token");
    let body = forged.split('.').nth(1).expect("three parts");
    let swapped = format!("{}.{body}.{}", parts[0], parts[2]);
    assert_eq!(verifier.verify(&swapped), Err(TokenError::BadSignature));
    assert_eq!(verifier.verify(&forged), Err(TokenError::UnknownKey));

    for cut in ["", ".", "..", "a.b.c", parts[0], &good[..good.len() / 2], &format!("{}.{}", parts[0], parts[1])] {
        assert_eq!(verifier.verify(cut), Err(TokenError::Malformed), "{cut}");
    }
    assert_eq!(verifier.verify(&format!("{}.{}.", parts[0], parts[1])), Err(TokenError::BadSignature));
}

#[test]
fn a_key_verifies_its_own_algorithm_only() {
    let pair = Pair::rsa();
    let verifier = trusting(vec![pair.trusted()]);
    verifier.verify(&pair.sign(Header::new(Algorithm::RS256), &claims())).expect("RS256 is the key's algorithm");

    // The public key as the shared secret of an HMAC: the classic confusion.
    let secret = EncodingKey::from_secret(pair.public.as_bytes());
    let confused = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims(), &secret).expect("a token");
    assert_eq!(verifier.verify(&confused), Err(TokenError::Malformed));
    let longer = pair.sign(Header::new(Algorithm::RS512), &claims());
    assert_eq!(verifier.verify(&longer), Err(TokenError::Malformed));

    // {"alg":"none"} with and without a signature.
    let body = confused.split('.').nth(1).expect("three parts");
    for signature in ["", "AAAA"] {
        assert_eq!(verifier.verify(&format!("eyJhbGciOiJub25lIn0.{body}.{signature}")), Err(TokenError::Malformed));
    }
    let critical = Header { crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::RS256) };
    assert_eq!(verifier.verify(&pair.sign(critical, &claims())), Err(TokenError::Malformed));
}

#[test]
fn every_wrong_claim_has_its_own_answer() {
    let pair = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let verifier = trusting(vec![pair.trusted()]);
    let verify = |claims: Value| verifier.verify(&pair.sign(Header::new(Algorithm::ES256), &claims)).err();
    let now = get_current_timestamp();
    let long = "x".repeat(129);

    assert_eq!(verify(claims()), None);
    assert_eq!(verify(but("exp", json!(now - 29))), None, "within the leeway");
    assert_eq!(verify(but("exp", json!(now as f64 + 59.5))), None);
    assert_eq!(verify(but("nbf", json!(now + 25))), None, "within the leeway");
    assert_eq!(verify(but("sub", json!("x".repeat(128)))), None);
    assert_eq!(verify(but("roles", json!(["boss", "agent"]))), None, "unknown roles are ignored");
    assert_eq!(verify(but("aud", json!("elsewhere"))), None, "no audience is configured");

    assert_eq!(verify(but("iat", json!(now + 25))), None, "within the leeway");
    assert_eq!(verify(but("iat", json!(now as f64 - 0.5))), None);
    assert_eq!(verify(but("iat", json!(now + 60 - 24 * 3_600))), None, "a day");

    assert_eq!(verify(but("exp", json!(now - 31))), Some(TokenError::Expired));
    assert_eq!(verify(but("exp", Value::Null)), Some(TokenError::NoExpiry));
    assert_eq!(verify(but("exp", json!("tomorrow"))), Some(TokenError::NoExpiry));
    assert_eq!(verify(but("nbf", json!(now + 60))), Some(TokenError::NotYetValid));
    assert_eq!(verify(but("iat", json!(now + 40))), Some(TokenError::NotYetValid));
    assert_eq!(verify(but("exp", json!(now + 24 * 3_600 + 60))), Some(TokenError::LivesTooLong));
    for bad in [Value::Null, json!("now"), json!(true), json!([now])] {
        assert_eq!(verify(but("iat", bad.clone())), Some(TokenError::NoIssueTime), "{bad}");
    }
    for bad in [Value::Null, json!(""), json!(7), json!(long), json!("a\0b")] {
        assert_eq!(verify(but("tenant_id", bad.clone())), Some(TokenError::NoTenant), "{bad}");
        assert_eq!(verify(but("sub", bad.clone())), Some(TokenError::NoSubject), "{bad}");
        let app = (bad != Value::Null).then_some(TokenError::BadApp);
        assert_eq!(verify(but("app_id", bad.clone())), app, "{bad}");
        let id = (bad != Value::Null).then_some(TokenError::BadId);
        assert_eq!(verify(but("jti", bad.clone())), id, "{bad}");
    }
    for bad in [Value::Null, json!([]), json!("agent"), json!(["boss"]), json!([7])] {
        assert_eq!(verify(but("roles", bad.clone())), Some(TokenError::NoRole), "{bad}");
    }
}

#[test]
fn a_token_for_something_else_is_refused_by_its_type() {
    let pair = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let verifier = trusting(vec![pair.trusted()]);
    let verify = |typ: Option<&str>| {
        let header = Header { typ: typ.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        verifier.verify(&pair.sign(header, &claims())).err()
    };
    for good in [None, Some("JWT"), Some("jwt"), Some("at+jwt"), Some("AT+JWT")] {
        assert_eq!(verify(good), None, "{good:?}");
    }
    for bad in ["", "id_token", "logout+jwt", "secevent+jwt", "JWT "] {
        assert_eq!(verify(Some(bad)), Some(TokenError::WrongType), "{bad}");
    }
}

#[test]
fn a_shorter_life_can_be_asked_for() {
    let key = SigningKey::generate().expect("a key");
    let max_life = Duration::from_secs(600);
    let verifier = Verifier::new(Trust { keys: vec![key.public()], max_life, ..Trust::default() });
    assert_eq!(verifier.verify(&key.sign(&token(600)).expect("a token")).err(), None);
    assert_eq!(verifier.verify(&key.sign(&token(601)).expect("a token")), Err(TokenError::LivesTooLong));
}

/// The claims of an operator, with one changed; null takes it away.
fn operators(name: &str, value: Value) -> Value {
    let now = get_current_timestamp();
    let mut claims = json!({"sub": "olga", "operator": true, "iat": now, "exp": now + 60});
    match value {
        Value::Null => claims.as_object_mut().expect("an object").remove(name),
        value => claims.as_object_mut().expect("an object").insert(name.into(), value),
    };
    claims
}

#[test]
fn an_operator_has_a_key_named_for_it_and_no_tenant() {
    let (both, own, plain) = (Pair::rsa(), Pair::rsa(), Pair::rsa());
    let verifier = Verifier::new(Trust {
        keys: vec![plain.trusted(), both.trusted()],
        operator_keys: vec![both.trusted(), own.trusted()],
        ..Trust::default()
    });
    let verify = |pair: &Pair, claims: Value| verifier.verify(&pair.sign(Header::new(Algorithm::RS256), &claims));
    for pair in [&both, &own] {
        let olga = verify(pair, operators("x", Value::Null)).expect("an operator");
        assert!(olga.is_operator() && olga.roles().is_empty());
        assert_eq!((olga.tenant(), olga.sub(), olga.app_id()), ("", "olga", None));
    }
    assert_eq!(verify(&plain, operators("x", Value::Null)), Err(TokenError::NotOperators));
    // A key of operators alone speaks for no tenant.
    assert_eq!(verify(&own, claims()), Err(TokenError::UnknownKey));
    assert!(!verify(&both, claims()).expect("a caller").is_operator());

    for (name, value) in [
        ("tenant_id", json!("acme")),
        ("tenant_id", json!("")),
        ("roles", json!([])),
        ("roles", json!(["admin"])),
        ("app_id", json!("crm")),
        ("operator", json!("true")),
        ("operator", json!(1)),
    ] {
        assert_eq!(verify(&own, operators(name, value.clone())), Err(TokenError::BadOperator), "{name} {value}");
    }
    assert_eq!(verify(&own, operators("operator", json!(false))), Err(TokenError::NoTenant));
    assert_eq!(verify(&own, operators("sub", Value::Null)), Err(TokenError::NoSubject));
    assert_eq!(verify(&own, operators("iat", Value::Null)), Err(TokenError::NoIssueTime));
    assert_eq!(verify(&both, but("operator", json!(true))), Err(TokenError::BadOperator));
    assert_eq!(verify(&both, but("operator", json!(false))).err(), None);
}

#[test]
fn operators_may_have_an_issuer_of_their_own() {
    let pair = Pair::rsa();
    let verifier = Verifier::new(Trust {
        keys: vec![pair.trusted()],
        issuer: Some("login".into()),
        operator_keys: vec![pair.trusted()],
        operator_issuer: Some("ops".into()),
        ..Trust::default()
    });
    let verify = |claims: Value| verifier.verify(&pair.sign(Header::new(Algorithm::RS256), &claims)).err();
    assert_eq!(verify(operators("iss", json!("ops"))), None);
    assert_eq!(verify(but("iss", json!("login"))), None);
    assert_eq!(verify(operators("iss", json!("login"))), Some(TokenError::NotOperators));
    assert_eq!(verify(but("iss", json!("ops"))), Some(TokenError::WrongIssuer));
}

#[test]
fn a_configured_issuer_and_audience_are_required() {
    let pair = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let (issuer, audience) = (Some("login".into()), Some("docket".into()));
    let trust = Trust { keys: vec![pair.trusted()], issuer, audience, ..Trust::default() };
    let verifier = Verifier::new(trust);
    let mut claims = claims();
    let mut verify = |name: &str, value: Value| {
        claims[name] = value;
        verifier.verify(&pair.sign(Header::new(Algorithm::ES256), &claims)).err()
    };
    assert_eq!(verify("iss", json!("login")), Some(TokenError::WrongAudience));
    assert_eq!(verify("aud", json!("mail")), Some(TokenError::WrongAudience));
    assert_eq!(verify("aud", json!(["mail", "docket"])), None);
    assert_eq!(verify("iss", json!("evil")), Some(TokenError::WrongIssuer));
    assert_eq!(verify("iss", json!(7)), Some(TokenError::WrongIssuer));
}

#[test]
fn a_key_id_picks_the_key_and_a_token_without_one_tries_all() {
    let (first, second) = (Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING), Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING));
    let named = |kid: &str, pair: &Pair| TrustedKey { kid: Some(kid.into()), ..pair.trusted() };
    let header = |kid: &str| Header { kid: Some(kid.into()), ..Header::new(Algorithm::ES256) };

    let verifier = trusting(vec![named("1", &first), named("2", &second)]);
    assert_eq!(verifier.verify(&second.sign(header("2"), &claims())).err(), None);
    assert_eq!(verifier.verify(&second.sign(header("1"), &claims())), Err(TokenError::BadSignature));
    assert_eq!(verifier.verify(&second.sign(header("3"), &claims())), Err(TokenError::UnknownKey));
    assert_eq!(verifier.verify(&second.sign(Header::new(Algorithm::ES256), &claims())).err(), None);
    let verifier = trusting(vec![first.trusted(), second.trusted()]);
    assert_eq!(verifier.verify(&second.sign(header("3"), &claims())).err(), None, "PEM files name no ids");
}

#[test]
fn files_with_unusable_keys_are_refused_with_their_name() {
    let p384 = Pair::ec(&ECDSA_P384_SHA384_FIXED_SIGNING);
    let good = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let refusal = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("docket-{}{name}", uuid::Uuid::now_v7().simple()));
        std::fs::write(&path, text).expect("the file is written");
        let refused = KeyFiles::open(vec![path.clone()]).map(|_| ()).expect_err("the file is refused");
        std::fs::remove_file(&path).expect("the file is there");
        let refusal = refused[0].to_string();
        assert!(refused.len() == 1 && refusal.starts_with(&path.display().to_string()), "{refusal}");
        refusal
    };
    assert!(refusal(".pem", &p384.public).contains("another curve than P-256"));
    assert!(refusal(".pem", &good.private).contains("\"PRIVATE KEY\" is not a public key"));
    assert!(refusal(".pem", &format!("{}{}", good.public, p384.public)).contains("block 2"));
    assert!(refusal(".pem", "no pem").contains("no PEM block"));
    assert!(refusal(".json", "{}").contains("keys"));
    let secret =
        r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}"#;
    assert!(refusal(".jwks", secret).contains("no signing key"));
}

#[test]
fn a_key_set_is_read_past_the_keys_that_are_for_something_else() {
    let pair = Pair::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let private = EncodingKey::from_ec_pem(pair.private.as_bytes()).expect("the key reads back");
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&private, Algorithm::ES256).expect("a JWK");
    let mut named = serde_json::to_value(jwk).expect("JSON");
    named["kid"] = json!("login-1");
    let mut for_encryption = named.clone();
    for_encryption["use"] = json!("enc");
    let set = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "new"}, for_encryption, named]});
    let keys = TrustedKey::from_jwks(set.to_string().as_bytes()).expect("one key is good");
    assert_eq!(keys.len(), 1);
    let header = Header { kid: Some("login-1".into()), ..Header::new(Algorithm::ES256) };
    assert_eq!(trusting(keys).verify(&pair.sign(header, &claims())).err(), None);
}

#[test]
fn no_token_is_signed_that_would_be_refused() {
    let key = SigningKey::generate().expect("a key");
    let refusal = |token: NewToken| key.sign(&token).expect_err("it is refused").to_string();
    assert!(refusal(NewToken { tenant: String::new(), ..token(60) }).starts_with("tenant"));
    assert!(refusal(NewToken { sub: "x".repeat(129), ..token(60) }).starts_with("sub"));
    assert!(refusal(NewToken { app_id: Some("\0".into()), ..token(60) }).starts_with("app-id"));
    assert!(refusal(NewToken { roles: vec![], ..token(60) }).starts_with("roles"));
    assert!(refusal(token(0)).starts_with("ttl"));
    assert!(refusal(token(24 * 3_600 + 1)).starts_with("ttl"));
    let operator = NewOperatorToken { sub: String::new(), ttl: Duration::from_secs(60) };
    assert!(key.sign_operator(&operator).expect_err("it is refused").to_string().starts_with("sub"));
}
