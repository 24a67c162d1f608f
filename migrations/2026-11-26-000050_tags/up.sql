-- The registry of tags. A ticket's tags are plain words, so the name is what a registered tag is known by: unique in the
-- tenant, as written. A deleted tag keeps its row, which the next one of its name takes over.
CREATE TABLE ticket_tag (
    tenant_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    color text NOT NULL CHECK (color = '' OR color ~ '^#[0-9A-Fa-f]{6}$'),
    team_id text NOT NULL,
    description text NOT NULL,
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
    PRIMARY KEY (tenant_id, name)
);
