-- The bones: everything a ticket is, the log of what happened to it, and the heads that keep the log dense.
--
-- tenant_id stands first in every key and index: each statement names its tenants, and the tables can be distributed by it.
-- Words are text with a CHECK, never enum types (their look-ups break pipelining). Lists are jsonb. Absent text is ''.

-- One row: the log's epoch (rises after a restore that lost commits; made from the clock, so that two databases differ)
-- and the content hash of the active rule set.
CREATE TABLE installation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL,
    rule_set text NOT NULL DEFAULT ''
);
INSERT INTO installation (epoch) VALUES (extract(epoch FROM clock_timestamp())::bigint);

-- Rule sets by content hash, sources kept, so that a run can always be read beside the rules it ran.
CREATE TABLE rule_set (
    hash text PRIMARY KEY,
    sources jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE ticket (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    number bigint NOT NULL,
    subject text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('INCIDENT', 'SERVICE_REQUEST', 'CHANGE', 'PROBLEM')),
    status text NOT NULL CHECK (status IN ('OPEN', 'PENDING', 'IN_PROGRESS', 'ON_HOLD', 'ESCALATED', 'RESOLVED', 'CLOSED', 'REOPENED')),
    priority text NOT NULL CHECK (priority IN ('LOW', 'MEDIUM', 'HIGH', 'URGENT')),
    category text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('EMAIL', 'CHAT', 'PHONE', 'WEB', 'PORTAL', 'API')),
    tags jsonb NOT NULL,
    custom jsonb NOT NULL,
    requester_id text NOT NULL,
    requester_email text NOT NULL,
    requester_name text NOT NULL,
    assignee_id text NOT NULL,
    team_id text NOT NULL,
    organization_id text NOT NULL,
    deal_id text NOT NULL,
    related_asset_id text NOT NULL,
    related_vulnerability_id text NOT NULL,
    sla_policy_id uuid,
    first_response_due_at timestamptz,
    due_at timestamptz,
    first_response_at timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    escalated_at timestamptz,
    reopened_at timestamptz,
    escalation_level integer NOT NULL,
    reopen_count integer NOT NULL,
    satisfaction double precision,
    satisfaction_comment text NOT NULL,
    message_count bigint NOT NULL,
    public_message_count bigint NOT NULL,
    last_message_at timestamptz,
    last_public_message_at timestamptz,
    follow_up_of uuid,
    merged_into uuid,
    version bigint NOT NULL,
    described_at bigint NOT NULL,
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
    UNIQUE (tenant_id, number),
    CHECK ((resolved_at IS NOT NULL) = (status IN ('RESOLVED', 'CLOSED'))),
    CHECK ((closed_at IS NOT NULL) = (status = 'CLOSED'))
);
-- Lists: newest first, over all or over one status.
CREATE INDEX ticket_created ON ticket (tenant_id, created_at, number);
CREATE INDEX ticket_status ON ticket (tenant_id, status, created_at, number);

CREATE TABLE message (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    body text NOT NULL,
    visibility text NOT NULL CHECK (visibility IN ('PUBLIC', 'INTERNAL')),
    author_id text NOT NULL,
    author_email text NOT NULL,
    author_kind text NOT NULL CHECK (author_kind IN ('REQUESTER', 'AGENT', 'SERVICE')),
    workflow text NOT NULL,
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
-- A ticket's thread, oldest first: ids rise with time.
CREATE INDEX message_thread ON message (tenant_id, ticket_id, id);

CREATE TABLE issue (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('BUG', 'TASK', 'STORY')),
    status text NOT NULL CHECK (status IN ('OPEN', 'IN_PROGRESS', 'RESOLVED')),
    priority text NOT NULL CHECK (priority IN ('LOW', 'MEDIUM', 'HIGH', 'URGENT')),
    reporter_id text NOT NULL,
    assignee_id text NOT NULL,
    project text NOT NULL,
    external_url text NOT NULL,
    metadata jsonb NOT NULL,
    resolved_at timestamptz,
    ticket_ids jsonb NOT NULL,
    workflow text NOT NULL,
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

-- Which issues a ticket has: the way back from issue.ticket_ids.
CREATE TABLE issue_ticket (
    tenant_id text COLLATE "C" NOT NULL,
    ticket_id uuid NOT NULL,
    issue_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, issue_id)
);

CREATE TABLE organization (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    tier text NOT NULL,
    subscription_plan text NOT NULL,
    subscription_status text NOT NULL,
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
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE contact (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    organization_id text NOT NULL,
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
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE team (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    member_ids jsonb NOT NULL,
    last_assigned text NOT NULL,
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

CREATE TABLE agent (
    tenant_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    status text NOT NULL CHECK (status IN ('ONLINE', 'AWAY', 'OFFLINE')),
    capacity integer NOT NULL,
    skills jsonb NOT NULL,
    weight integer NOT NULL,
    open_count bigint NOT NULL,
    known boolean NOT NULL,
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
) WITH (fillfactor = 70);

-- Locked by every batch through its commit. Room on the page keeps its updates in place.
CREATE TABLE tenant_head (
    tenant_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    config_position bigint NOT NULL,
    last_number bigint NOT NULL,
    floor bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
) WITH (fillfactor = 50);

-- Writes that succeeded, by the hash of (sub, app_id, request_id): the next one with that id is answered from the log.
CREATE TABLE request (
    tenant_id text COLLATE "C" NOT NULL,
    key uuid NOT NULL,
    fingerprint uuid NOT NULL,
    resource_id text NOT NULL,
    resource_position bigint NOT NULL,
    first_position bigint NOT NULL,
    position bigint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

CREATE TABLE run (
    tenant_id text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    workflow text NOT NULL,
    hash text NOT NULL,
    position bigint NOT NULL,
    ticket_id uuid,
    verdict text NOT NULL CHECK (verdict IN ('MATCHED', 'NOT_MATCHED', 'ERROR', 'SUPPRESSED', 'SHADOW', 'FAILED')),
    reason text NOT NULL,
    took_micros bigint NOT NULL,
    request_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE activity (
    tenant_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    families jsonb NOT NULL,
    ticket_id uuid,
    ticket_version bigint NOT NULL,
    app_id text NOT NULL,
    requester_id text NOT NULL,
    public boolean NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('REQUESTER', 'AGENT', 'SERVICE', 'WORKFLOW', 'SYSTEM')),
    actor_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    body bytea NOT NULL,
    image bytea NOT NULL,
    PRIMARY KEY (tenant_id, position)
);
-- The history of one ticket. Time needs no index: within a tenant it rises with the position.
CREATE INDEX activity_ticket ON activity (tenant_id, ticket_id, position) WHERE ticket_id IS NOT NULL;

-- A tenant has a thousand rows, or all there are, as far as the planner goes: where it counted one row a tenant, any index
-- that begins with the tenant would seem as good as the key.
ALTER TABLE ticket ALTER COLUMN tenant_id SET (n_distinct = -0.001);
ALTER TABLE message ALTER COLUMN tenant_id SET (n_distinct = -0.001);
ALTER TABLE activity ALTER COLUMN tenant_id SET (n_distinct = -0.001);
