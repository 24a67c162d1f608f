//! The tables, as the migrations leave them.

pub use super::sla::tables::{calendar, calendar_version, sla_ledger, sla_outcome, sla_policy, sla_policy_version};

diesel::table! {
    ticket (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        number -> BigInt,
        subject -> Text,
        description -> Text,
        kind -> Text,
        status -> Text,
        priority -> Text,
        category -> Text,
        channel -> Text,
        tags -> Jsonb,
        custom -> Jsonb,
        requester_id -> Text,
        requester_email -> Text,
        requester_name -> Text,
        assignee_id -> Text,
        team_id -> Text,
        organization_id -> Text,
        deal_id -> Text,
        related_asset_id -> Text,
        related_vulnerability_id -> Text,
        sla_policy_id -> Nullable<Uuid>,
        first_response_due_at -> Nullable<Timestamptz>,
        due_at -> Nullable<Timestamptz>,
        clocks -> Bytea,
        sla_next_at -> Nullable<Timestamptz>,
        first_response_at -> Nullable<Timestamptz>,
        resolved_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        escalated_at -> Nullable<Timestamptz>,
        reopened_at -> Nullable<Timestamptz>,
        escalation_level -> Integer,
        reopen_count -> Integer,
        satisfaction -> Nullable<Double>,
        satisfaction_comment -> Text,
        message_count -> BigInt,
        public_message_count -> BigInt,
        last_message_at -> Nullable<Timestamptz>,
        last_public_message_at -> Nullable<Timestamptz>,
        follow_up_of -> Nullable<Uuid>,
        merged_into -> Nullable<Uuid>,
        version -> BigInt,
        described_at -> BigInt,
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
    message (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        ticket_id -> Uuid,
        body -> Text,
        visibility -> Text,
        author_id -> Text,
        author_email -> Text,
        author_kind -> Text,
        workflow -> Text,
        mentions -> Jsonb,
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
    issue (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        title -> Text,
        description -> Text,
        kind -> Text,
        status -> Text,
        priority -> Text,
        reporter_id -> Text,
        assignee_id -> Text,
        project -> Text,
        external_url -> Text,
        metadata -> Jsonb,
        resolved_at -> Nullable<Timestamptz>,
        ticket_ids -> Jsonb,
        workflow -> Text,
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
    issue_ticket (tenant_id, ticket_id, issue_id) {
        tenant_id -> Text,
        ticket_id -> Uuid,
        issue_id -> Uuid,
    }
}

diesel::table! {
    organization (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        tier -> Text,
        subscription_plan -> Text,
        subscription_status -> Text,
        attributes -> Jsonb,
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
    contact (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        email -> Text,
        organization_id -> Text,
        attributes -> Jsonb,
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
    team (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        member_ids -> Jsonb,
        last_assigned -> Text,
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
    agent (tenant_id, id) {
        tenant_id -> Text,
        id -> Text,
        name -> Text,
        email -> Text,
        status -> Text,
        capacity -> Integer,
        skills -> Jsonb,
        weight -> Integer,
        open_count -> BigInt,
        known -> Bool,
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
    canned_response (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        name -> Text,
        title -> Text,
        body -> Text,
        team_id -> Text,
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
    ticket_tag (tenant_id, name) {
        tenant_id -> Text,
        name -> Text,
        color -> Text,
        team_id -> Text,
        description -> Text,
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
    tenant_head (tenant_id) {
        tenant_id -> Text,
        position -> BigInt,
        config_position -> BigInt,
        last_number -> BigInt,
        floor -> BigInt,
        last_at -> Timestamptz,
    }
}

diesel::table! {
    tenant (tenant_id) {
        tenant_id -> Text,
        reopen_agent -> Text,
        reopen_requester -> Text,
        push_back_micros -> BigInt,
        requester_reply_reopens_pending -> Bool,
        tag_mode -> Text,
        categories -> Jsonb,
        attributes -> Jsonb,
        default_calendar_id -> Nullable<Uuid>,
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
    request (tenant_id, key) {
        tenant_id -> Text,
        key -> Uuid,
        fingerprint -> Uuid,
        resource_id -> Text,
        resource_position -> BigInt,
        first_position -> BigInt,
        position -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    run (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        workflow -> Text,
        hash -> Text,
        position -> BigInt,
        ticket_id -> Nullable<Uuid>,
        verdict -> Text,
        reason -> Text,
        took_micros -> BigInt,
        request_id -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    activity (tenant_id, position) {
        tenant_id -> Text,
        position -> BigInt,
        kind -> Text,
        families -> Jsonb,
        ticket_id -> Nullable<Uuid>,
        ticket_version -> BigInt,
        app_id -> Text,
        requester_id -> Text,
        public -> Bool,
        actor_kind -> Text,
        actor_id -> Text,
        occurred_at -> Timestamptz,
        body -> Binary,
        image -> Binary,
    }
}

diesel::table! {
    installation (one) {
        one -> Bool,
        epoch -> BigInt,
        rule_set -> Text,
    }
}

diesel::table! {
    rule_set (hash) {
        hash -> Text,
        sources -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    projection (tenant_id, name) {
        tenant_id -> Text,
        name -> Text,
        position -> BigInt,
        remaining -> BigInt,
    }
}

diesel::table! {
    statistic (tenant_id, dimension, day, value, measure) {
        tenant_id -> Text,
        dimension -> Text,
        day -> Integer,
        value -> Text,
        measure -> Text,
        amount -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(installation, tenant_head);
