//! Diesel tables of a few columns, for its query builder; see [`super::row`] for the others.

diesel::table! {
    tenant_head (tenant_id) {
        tenant_id -> Text,
        position -> BigInt,
        config_position -> BigInt,
        last_number -> BigInt,
        floor -> BigInt,
        last_at -> Timestamptz,
        queues -> Jsonb,
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
    installation (one) {
        one -> Bool,
        epoch -> BigInt,
        rule_set -> Text,
        activation -> BigInt,
        timers -> Jsonb,
    }
}

diesel::table! {
    rule_set (hash) {
        hash -> Text,
        sources -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(installation, tenant_head);
