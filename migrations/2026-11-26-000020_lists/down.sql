DROP INDEX ticket_follow_up;
DROP INDEX ticket_tags;
DROP INDEX ticket_organization;
DROP INDEX ticket_requester;
DROP INDEX ticket_pressing;
DROP INDEX ticket_team_pressing;
DROP INDEX ticket_team;
DROP INDEX ticket_assignee;
