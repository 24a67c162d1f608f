"""What actions leave behind in a real server."""

import re

from house import until
from seam import Desk, at

EVERY_HOUR = {"resolution_minutes": 480, "business_hours_only": False}
MEASURED = """\
name: measured
on: ticket.created
do:
  - metric: {name: made, value: "${size(ticket.subject)}", labels: {priority: "${ticket.priority}"}}
---
name: watched
on: ticket.created
rollout: shadow
do:
  - metric: {name: watched, value: 1}
---
name: undone
on: ticket.created
do:
  - metric: {name: undone, value: 1}
  - assign: {to: nobody}
"""
LIMITED = """\
name: manager
on: ticket.escalated
limits: {per_ticket: 1/24h}
do:
  - message: {body: Please look, visibility: INTERNAL}
"""
QUEUED = """\
name: next-free
on: ticket.created
do:
  - assign: {strategy: least_open, team: support, only_online: true, max_open: 1, when_none: queue}
"""


class Actions(Desk):
    def test_a_metric_counts_what_was_committed_once(self) -> None:
        with self.serve(workflows=self.rules(MEASURED)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            ticket = {"subject": "12345", "priority": "PRIORITY_HIGH"}
            api.CreateTicket(ticket=ticket, validate_only=True)
            for _ in range(2):
                api.CreateTicket(ticket=ticket, request_id="once")
            api.CreateTicket(ticket=ticket | {"priority": "PRIORITY_LOW"})
            # The answer is sent before the metric is recorded.
            text = until(lambda: self.with_both(server), "both tickets")
            found = dict(re.findall(r'docket_custom_made_(?:sum|count){priority="(\w+)"} (\d+)', text))
            self.assertEqual(found, {"HIGH": "1", "LOW": "1"}, "count stands behind sum")
            self.assertIn('docket_custom_made_sum{priority="HIGH"} 5', text)
            self.assertNotIn("docket_custom_watched", text)
            self.assertNotIn("docket_custom_undone", text)

    def test_a_limit_counts_across_servers(self) -> None:
        workflows = self.rules(LIMITED)
        with self.serve(workflows=workflows) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            ticket = self.create(api, "2026-09-14T10:00:00Z")
            api.EscalateTicket(id=ticket)
        with self.serve(workflows=workflows) as server:
            server.ready()
            api = server.api(self.schema, self.issuer.token(self.tenant))
            self.time("2026-09-15T09:59:59Z")
            api.EscalateTicket(id=ticket)
            (run,) = api.ListRuns().runs
            self.assertEqual((self.word(run, "verdict"), run.ticket_id), ("RUN_VERDICT_SUPPRESSED", ticket))
            self.assertEqual(run.reason, "limits.per_ticket: the rule has run once on this ticket within 24h")
            self.time("2026-09-15T10:00:00Z")
            api.EscalateTicket(id=ticket)
            self.assertEqual(len(api.ListRuns().runs), 1)
            self.assertEqual(api.GetTicket(id=ticket).ticket.message_count, 2)

    def test_a_queue_drains_in_the_commit_that_frees_somebody(self) -> None:
        with self.serve(workflows=self.rules(QUEUED)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            self.time("2026-09-14T10:00:00Z")
            api.UpsertAgent(agent={"id": "ann", "name": "Ann", "status": "AGENT_STATUS_OFFLINE"})
            api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann"]})
            old = api.CreateTicket(ticket={"subject": "old"}).ticket
            self.assertEqual((old.team_id, old.assignee_id), ("support", ""))
            self.assertEqual(old.queued_at.ToDatetime(), at("2026-09-14T10:00:00"))
            self.time("2026-09-14T10:01:00Z")
            young, urgent = (api.CreateTicket(ticket={"subject": it, "priority": f"PRIORITY_{it}"}).ticket for it in ("LOW", "URGENT"))
            waiting = lambda: [it.id for it in api.ListTickets(filter="has(ticket.queued_at)", order_by="number").tickets]
            self.assertEqual(waiting(), [old.id, young.id, urgent.id])
            position = api.UpsertAgent(agent={"id": "ann", "name": "Ann", "status": "AGENT_STATUS_ONLINE"}).position
            self.assertEqual(waiting(), [old.id, young.id])
            (given,) = api.ListActivities(filter=f"activity.position == {position}").activities
            self.assertEqual((given.type, given.ticket_id, given.cause.workflow), ("ticket.assigned", urgent.id, "next-free"))
        # Whoever serves next goes on.
        with self.serve(workflows=self.rules(QUEUED)) as server:
            server.ready()
            api = server.api(self.schema, self.issuer.token(self.tenant))
            api.ResolveTicket(id=urgent.id)
            self.assertEqual(api.GetTicket(id=old.id).ticket.assignee_id, "ann")
            self.assertFalse(api.GetTicket(id=old.id).ticket.HasField("queued_at"))
            api.ResolveTicket(id=old.id)
            self.assertEqual(api.GetTicket(id=young.id).ticket.assignee_id, "ann")
            self.assertEqual(self.postgres.sql("SELECT DISTINCT queues FROM tenant_head", self.database).strip(), "{}")

    def with_both(self, server) -> str:
        text = server.get("/metrics")[1]
        return text if len(re.findall("docket_custom_made_count", text)) == 2 else ""
