-- Indexes for the lists that people work from: whose tickets, urgent ones, tagged ones.
--
-- All are partial: a ticket that nobody has, that is not urgent, that is finished, costs its writer nothing. A list says in
-- the same words that it asks for nothing else (src/store/filter/proof.rs), since a plan that is made once for all values
-- cannot know it. Each ends in the order of lists, so that a page is a walk of so many steps, however many there are.

-- What an agent has to do.
CREATE INDEX ticket_assignee ON ticket (tenant_id, assignee_id, created_at, number)
    WHERE assignee_id <> '' AND status NOT IN ('RESOLVED', 'CLOSED');
-- The queue of a team; and what presses in it, whatever lies before that.
CREATE INDEX ticket_team ON ticket (tenant_id, team_id, created_at, number)
    WHERE team_id <> '' AND status NOT IN ('RESOLVED', 'CLOSED');
CREATE INDEX ticket_team_pressing ON ticket (tenant_id, team_id, priority, created_at, number)
    WHERE team_id <> '' AND priority IN ('HIGH', 'URGENT') AND status NOT IN ('RESOLVED', 'CLOSED');
-- What presses anywhere.
CREATE INDEX ticket_pressing ON ticket (tenant_id, priority, created_at, number)
    WHERE priority IN ('HIGH', 'URGENT') AND status NOT IN ('RESOLVED', 'CLOSED');
-- All that a person or an organization ever asked for.
CREATE INDEX ticket_requester ON ticket (tenant_id, requester_id, created_at, number) WHERE requester_id <> '';
CREATE INDEX ticket_organization ON ticket (tenant_id, organization_id, created_at, number) WHERE organization_id <> '';

-- Tags. The tenant is a part of each key, so that a small tenant does not wait for the tags of a large one; so is whether
-- the ticket is finished, so that a tag that a million had is not read for the ten that have it now. Without the pending
-- list, which each reader would have to walk.
CREATE INDEX ticket_tags ON ticket USING gin ((jsonb_set('{}', ARRAY[
    CASE WHEN status NOT IN ('RESOLVED', 'CLOSED') THEN 'open/' ELSE 'done/' END || tenant_id], tags)) jsonb_path_ops)
    WITH (fastupdate = off) WHERE tags <> '[]'::jsonb;

-- The tickets that follow another one up.
CREATE INDEX ticket_follow_up ON ticket (tenant_id, follow_up_of, created_at, number) WHERE follow_up_of IS NOT NULL;
