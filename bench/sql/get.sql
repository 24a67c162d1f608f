-- One ticket by its primary key, whole.
\set i random(1, :tenants)
\set n random(1, :tickets)
SELECT * FROM ticket
WHERE tenant_id = 't' || :i
    AND id = ('01900000-' || lpad(to_hex(:i::bigint), 4, '0') || '-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid;
