//! Settings of tokens: which are accepted, and how they are read.

use super::setting::{Setting, of};

pub(super) fn tokens() -> Vec<Setting> {
    vec![
        of(
            "tokens.keys",
            |s| &mut s.tokens.keys,
            "Public keys that verify tokens: `.json` and `.jwks` files are JWK sets, others PEM. Ed25519, P-256, or RSA of at least 2,048 bits. The files are read again when they change.",
        ),
        of(
            "tokens.jwks_url",
            |s| &mut s.tokens.jwks_url,
            "URL of a JWK set with further keys that verify tokens: `https`, or `http` on loopback. The certificate must be signed by a CA of the system (or of `SSL_CERT_FILE`); redirects are not followed, and a set has at most 1 MiB.",
        ),
        of("tokens.issuer", |s| &mut s.tokens.issuer, "If set, the `iss` claim that tokens must have."),
        of(
            "tokens.operator_keys",
            |s| &mut s.tokens.operator_keys,
            "Public keys that verify operators' tokens, in the same forms, and read again in the same way. A key of `tokens.keys` that signs those, too, must be named here again. If there are none, and no `tokens.operator_jwks_url`, there are no operators.",
        ),
        of(
            "tokens.operator_jwks_url",
            |s| &mut s.tokens.operator_jwks_url,
            "URL of a JWK set with further keys that verify operators' tokens.",
        ),
        of(
            "tokens.operator_issuer",
            |s| &mut s.tokens.operator_issuer,
            "If set, the `iss` claim that operators' tokens must have.",
        ),
        of(
            "tokens.jwks_refresh",
            |s| &mut s.tokens.jwks_refresh,
            "How often JWK sets are fetched. If a token names an unknown key, they are fetched at once, but at most every 30s. If a set cannot be fetched, its keys are kept for another hour.",
        )
        .not_zero(),
        of(
            "tokens.audience",
            |s| &mut s.tokens.audience,
            "If set, a value that the `aud` claim of tokens must contain.",
        ),
        of(
            "tokens.tenant_claim",
            |s| &mut s.tokens.claims.tenant,
            "Claim that holds the tenant. A dot leads into an object (`organization.id`), except in a URL.",
        ),
        of(
            "tokens.roles_claim",
            |s| &mut s.tokens.claims.roles,
            "Claim that holds the list of roles, such as `realm_access.roles`.",
        ),
        of(
            "tokens.role_map",
            |s| &mut s.tokens.claims.role_map,
            "Docket's roles by the issuer's words for them: `{support-agent: agent, support-boss: admin}`. If set, other words are not roles, including Docket's own.",
        ),
        of("tokens.app_claim", |s| &mut s.tokens.claims.app, "Claim that holds the application, if the token is limited to one."),
        of(
            "tokens.max_life",
            |s| &mut s.tokens.max_life,
            "Maximum life of a token, from `iat` to `exp`. Tokens that live longer are refused.",
        )
        .not_zero(),
    ]
}
