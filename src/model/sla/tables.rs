//! The tables of policies and calendars; [`crate::model::schema`] has the others.

diesel::table! {
    sla_policy (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        name -> Text,
        description -> Text,
        status -> Text,
        applies_to -> Jsonb,
        priority -> Nullable<Text>,
        team_id -> Text,
        condition -> Text,
        place -> Integer,
        first_response_minutes -> Nullable<Integer>,
        next_response_minutes -> Nullable<Integer>,
        resolution_minutes -> Nullable<Integer>,
        calendar_id -> Nullable<Uuid>,
        business_hours_only -> Bool,
        pause_on -> Jsonb,
        warn_at -> Jsonb,
        on_priority_change -> Text,
        on_reopen -> Text,
        counts_as_response -> Text,
        version -> Integer,
        app_id -> Text,
        source -> Text,
        source_type -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        updated_at -> Timestamptz,
        updated_by -> Text,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Text,
        schema_version -> Integer,
        etag_version -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    calendar (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        name -> Text,
        time_zone -> Text,
        weekly -> Jsonb,
        holidays -> Jsonb,
        version -> Integer,
        app_id -> Text,
        source -> Text,
        source_type -> Text,
        created_at -> Timestamptz,
        created_by -> Text,
        updated_at -> Timestamptz,
        updated_by -> Text,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Text,
        schema_version -> Integer,
        etag_version -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    sla_policy_version (tenant_id, id, version) {
        tenant_id -> Text,
        id -> Uuid,
        version -> Integer,
        position -> BigInt,
        body -> Jsonb,
    }
}

diesel::table! {
    calendar_version (tenant_id, id, version) {
        tenant_id -> Text,
        id -> Uuid,
        version -> Integer,
        position -> BigInt,
        body -> Jsonb,
    }
}

diesel::table! {
    sla_ledger (tenant_id, ticket_id, position) {
        tenant_id -> Text,
        ticket_id -> Uuid,
        position -> BigInt,
        breached_at -> Nullable<Timestamptz>,
        body -> Bytea,
    }
}

diesel::table! {
    sla_outcome (tenant_id, ticket_id, metric, cycle) {
        tenant_id -> Text,
        ticket_id -> Uuid,
        metric -> Text,
        cycle -> Integer,
        policy_id -> Uuid,
        policy_version -> Integer,
        target -> BigInt,
        priority -> Text,
        kind -> Text,
        team_id -> Text,
        organization_id -> Text,
        app_id -> Text,
        breached_at -> Nullable<Timestamptz>,
        late -> BigInt,
        position -> BigInt,
        fulfilled_at -> Nullable<Timestamptz>,
        voided_at -> Nullable<Timestamptz>,
        elapsed -> Nullable<BigInt>,
    }
}
