-- Canned responses: replies that are written once. Rules and people call them by name, so a name is one response only; a
-- deleted one's is free.
CREATE TABLE canned_response (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    team_id text NOT NULL,
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
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX canned_response_name ON canned_response (tenant_id, name) WHERE deleted_at IS NULL;
