-- What a tenant promises (policies) and when it works (calendars). Clocks name a version of each, so that a deadline can be
-- computed again as it was: every version is kept beside the row, written in the same commit.
--
-- A policy that is retired is INACTIVE and keeps its name. Names are one thing only; a deleted calendar's is free.
CREATE TABLE sla_policy (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    status text NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    applies_to jsonb NOT NULL,
    priority text CHECK (priority IN ('LOW', 'MEDIUM', 'HIGH', 'URGENT')),
    team_id text NOT NULL,
    condition text NOT NULL,
    place integer NOT NULL CHECK (place >= 0),
    first_response_minutes integer CHECK (first_response_minutes > 0),
    next_response_minutes integer CHECK (next_response_minutes > 0),
    resolution_minutes integer CHECK (resolution_minutes > 0),
    calendar_id uuid,
    business_hours_only boolean NOT NULL,
    pause_on jsonb NOT NULL,
    warn_at jsonb NOT NULL,
    on_priority_change text NOT NULL CHECK (on_priority_change IN ('RETROACTIVE', 'RESTART')),
    on_reopen text NOT NULL CHECK (on_reopen IN ('CONTINUE', 'NEW_CYCLE')),
    counts_as_response text NOT NULL CHECK (counts_as_response IN ('AGENT_PUBLIC', 'NON_CREATOR')),
    version integer NOT NULL CHECK (version > 0),
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
CREATE UNIQUE INDEX sla_policy_name ON sla_policy (tenant_id, name) WHERE deleted_at IS NULL;
ALTER TABLE sla_policy ADD CHECK (coalesce(first_response_minutes, next_response_minutes, resolution_minutes) IS NOT NULL);
ALTER TABLE sla_policy ADD CHECK (calendar_id IS NOT NULL OR NOT business_hours_only);

CREATE TABLE calendar (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    time_zone text NOT NULL,
    weekly jsonb NOT NULL,
    holidays jsonb NOT NULL,
    version integer NOT NULL CHECK (version > 0),
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
CREATE UNIQUE INDEX calendar_name ON calendar (tenant_id, name) WHERE deleted_at IS NULL;

-- The whole as its activity shows it, and that activity's position.
CREATE TABLE sla_policy_version (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);
CREATE TABLE calendar_version (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

-- Whose hours count where a policy names no calendar. Servers of the version before do not know it, and write it never.
ALTER TABLE tenant ADD COLUMN default_calendar_id uuid;
