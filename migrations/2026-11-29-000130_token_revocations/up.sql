-- Revoked tokens: one by its `jti`, or all that a subject was issued until the row's last update. Every server asks for what is
-- new by time, over all tenants; a row is deleted once no token that it concerns can be valid any more. The tenant '' is all of
-- them, and those rows are an operator's.
CREATE TABLE token_revocation (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    jti text NOT NULL,
    sub text NOT NULL,
    app_id text NOT NULL,
    source text NOT NULL,
    source_type text NOT NULL CHECK (source_type IN ('FRONTEND', 'BACKEND', 'SERVER', 'SYSTEM', 'API')),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text NOT NULL,
    deleted_at timestamptz,
    deleted_by text NOT NULL,
    schema_version integer NOT NULL,
    etag_version bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((jti = '') <> (sub = ''))
);
CREATE INDEX token_revocation_updated ON token_revocation (updated_at);
