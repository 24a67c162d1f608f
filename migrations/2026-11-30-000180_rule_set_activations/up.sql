-- Which set of rules was active when: what became of an old event is explained by the rules of then. '' is no set. Of the time before
-- the first row it is not known.
CREATE TABLE rule_set_activation (
    activated_at timestamptz PRIMARY KEY,
    rule_set text NOT NULL
);
INSERT INTO rule_set_activation SELECT clock_timestamp(), rule_set FROM installation;

-- What became of a ticket's rules.
CREATE INDEX run_ticket ON run (tenant_id, ticket_id, id);
