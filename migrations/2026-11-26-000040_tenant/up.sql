-- What a tenant decides for itself: how tickets come back, which categories and tags they may have, what rules read of it.
--
-- One row for each tenant that ever changed something. A tenant without one has the defaults, and a tenant whose head never
-- moved config_position cannot have one: nobody looks.
CREATE TABLE tenant (
    tenant_id text COLLATE "C" NOT NULL,
    reopen_agent text NOT NULL CHECK (reopen_agent IN ('IN_PLACE', 'FOLLOW_UP', 'REJECT')),
    reopen_requester text NOT NULL CHECK (reopen_requester IN ('IN_PLACE', 'FOLLOW_UP', 'REJECT')),
    push_back_micros bigint NOT NULL CHECK (push_back_micros >= 0),
    requester_reply_reopens_pending boolean NOT NULL,
    tag_mode text NOT NULL CHECK (tag_mode IN ('FREE', 'REGISTERED')),
    categories jsonb NOT NULL,
    attributes jsonb NOT NULL,
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
    PRIMARY KEY (tenant_id)
);
