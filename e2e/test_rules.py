"""What rules do in a real server: the shipped ones over many tickets and over a registry of tags, and what is written of rules."""

import pathlib

from seam import Desk

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHIPPED = str(ROOT / "workflows")
EVERY_HOUR = {"resolution_minutes": 480, "first_response_minutes": 60, "business_hours_only": False}

ONCE = """\
name: {name}
on: ticket.escalated
do:
  - create_issue: {{title: "{name}", once: {once}}}
"""
GOODBYE = """\
name: goodbye
on: ticket.closed
do:
  - message: {body: "Closed: ${ticket.subject}. Ask @zoe."}
"""
NO_LOW = """\
name: no-low
on: ticket.creating
if: ticket.priority == 'LOW'
do:
  - deny: {message: "say how urgent it is"}
"""
HANDS_OUT = """\
name: hands-out
on: ticket.escalated
do:
  - emit: {type: custom.raised, data: {level: "${ticket.escalation_level}", tags: ["${ticket.category}", hot]}}
  - webhook: {endpoint: chat, payload: {text: "Look at ${ticket.display_number}"}}
---
name: on-raised
on: custom.raised
if: event.data.level == 1 && 'hot' in event.data.tags
do:
  - dispatch_agent: {agent: scribe, prompt: "Sum up ${ticket.subject}"}
---
name: on-team
on: team.changed
do:
  - emit: {type: custom.staffed, data: {team: "${event.data.id}"}}
"""

SHADOW = """\
name: vip-first
on: ticket.created
if: "'vip' in ticket.tags"
rollout: {rollout}
do:
  - set: {{priority: HIGH}}
  - tag: {{add: [first]}}
"""
SKILLED = """\
name: skilled
on: ticket.created
if: ticket.category == 'network'
do:
  - assign: {strategy: least_open, team: support, skills: [vpn]}
"""


class Rules(Desk):
    def test_an_issue_resolves_a_hundred_tickets_with_clocks(self) -> None:
        with self.serve(workflows=SHIPPED) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            self.time("2026-09-14T10:00:00Z")
            ticket = {"subject": "It is broken", "requester_id": "rita", "assignee_id": "ann"}
            made = api.BatchCreateTickets(requests=[{"ticket": ticket}] * 120).tickets
            ids = [one.id for one in made]
            issue = api.CreateIssue(issue={"title": "Session store", "ticket_ids": ids}).issue
            other = api.CreateIssue(issue={"title": "Another", "ticket_ids": ids[:1]}).issue
            api.ResolveIssue(id=issue.id)
            done = [*api.pages("ListTickets", "tickets", filter="ticket.status == 'RESOLVED'", page_size=500)]
            self.assertEqual(len(done), 119, "all but the one that has another issue")
            self.assertNotIn(ids[0], [one.id for one in done])
            api.ResolveIssue(id=other.id)
            self.assertEqual(api.GetTicket(id=ids[0]).ticket.status, done[0].status)
            # An issue of no ticket is nothing to the rule.
            lone = api.CreateIssue(issue={"title": "Alone"}).issue
            api.ResolveIssue(id=lone.id)
            self.assertEqual([*api.ListRuns().runs], [])

    def test_a_tag_that_is_not_registered_costs_nothing_else(self) -> None:
        with self.serve(workflows=SHIPPED) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            api.UpdateTenant(tenant={"tag_mode": "TAG_MODE_REGISTERED"}, update_mask={"paths": ["tag_mode"]})
            api.UpsertAgent(agent={"id": "bob", "name": "Bob"})
            api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["bob"]})
            hole = api.CreateTicket(ticket={"subject": "A hole", "related_vulnerability_id": "CVE-2026-1"}).ticket
            self.assertEqual((self.word(hole, "type"), [*hole.tags]), ("TICKET_TYPE_INCIDENT", []))
            lost = api.CreateTicket(ticket={"subject": "password lost", "team_id": "support"}).ticket
            self.assertEqual((lost.assignee_id, [*lost.tags]), ("bob", []))
            runs = [*api.ListRuns().runs]
            self.assertEqual({(run.workflow, run.ticket_id) for run in runs}, {("vulnerability-incident", hole.id), ("triage-new", lost.id)})
            for run in runs:
                self.assertEqual(self.word(run, "verdict"), "RUN_VERDICT_FAILED")
                self.assertIn("the registry has no tag", run.reason)
            told = [it for it in api.pages("ListActivities", "activities") if it.type == "workflow.failed"]
            self.assertEqual({it.cause.run_id for it in told}, {run.id for run in runs})

    def test_once_outlives_the_name_of_a_rule_and_the_server(self) -> None:
        folder = self.rules(ONCE.format(name="old-name", once="per_ticket"))
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            ticket = api.CreateTicket(ticket={"subject": "It is broken"}).ticket.id
            api.EscalateTicket(id=ticket)
            self.rules(
                ONCE.format(name="new-name", once="per_ticket"), ONCE.format(name="keyed", once="{key: security}"), ONCE.format(name="same", once="{key: security}")
            )
            self.assertEqual([*self.reload(server).diagnostics], [])
            for _ in range(2):
                api.EscalateTicket(id=ticket)
            titles = sorted(issue.title for issue in api.ListIssues().issues)
            self.assertEqual(titles, ["keyed", "old-name"])

    def test_a_goodbye_is_written_and_read(self) -> None:
        with self.serve(workflows=self.rules(GOODBYE)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            for agent in ("zoe", "eve"):
                api.UpsertAgent(agent={"id": agent, "name": agent})
            ticket = api.CreateTicket(ticket={"subject": "@eve help"}).ticket.id
            api.CloseTicket(id=ticket)
            (message,) = api.ListMessages(ticket_id=ticket).messages
            self.assertEqual((self.word(message, "author_kind"), message.body), ("AUTHOR_KIND_SYSTEM", "Closed: @eve help. Ask @zoe."))
            self.assertEqual([*message.mentions], ["zoe"], "what it quotes mentions nobody")
            self.assertEqual(self.word(api.GetTicket(id=ticket).ticket, "status"), "TICKET_STATUS_CLOSED")

    def test_a_denial_in_a_batch_names_its_request(self) -> None:
        with self.serve(workflows=self.rules(NO_LOW)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            requests = [{"ticket": {"subject": "a"}}, {"ticket": {"subject": "b", "priority": "PRIORITY_LOW"}}]
            with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW") as seen:
                api.BatchCreateTickets(requests=requests)
            self.assertEqual(seen.metadata, {"workflow": "no-low", "message": "say how urgent it is"})
            self.assertEqual(seen.fields, ["requests[1]"])
            self.assertTrue(seen.text.startswith("requests[1]: "), seen.text)

    def test_a_rule_is_tried_in_shadow_before_it_acts(self) -> None:
        with self.serve(workflows=self.rules(SHADOW.format(rollout="shadow"))) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            vip = {"subject": "a", "tags": ["vip"]}
            tried = api.CreateTicket(ticket=vip).ticket
            self.assertEqual((self.word(tried, "priority"), [*tried.tags]), ("PRIORITY_MEDIUM", ["vip"]))
            api.CreateTicket(ticket={"subject": "b"})
            (run,) = api.ListRuns().runs
            self.assertEqual((run.workflow, run.ticket_id, self.word(run, "verdict")), ("vip-first", tried.id, "RUN_VERDICT_SHADOW"))
            self.assertEqual(run.reason, "would set priority to HIGH, add tag first")
            self.rules(SHADOW.format(rollout="{percent: 100}"))
            self.assertEqual([*self.reload(server).diagnostics], [])
            done = api.CreateTicket(ticket=vip).ticket
            self.assertEqual((self.word(done, "priority"), sorted(done.tags)), ("PRIORITY_HIGH", ["first", "vip"]))
            self.assertEqual(len(api.ListRuns().runs), 1, "what acts is told by its activities")

    def test_who_lacks_a_skill_is_left_out_by_name(self) -> None:
        with self.serve(workflows=self.rules(SKILLED)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            for agent, skills in (("ann", []), ("bob", ["VPN"])):
                api.UpsertAgent(agent={"id": agent, "name": agent, "skills": skills})
            api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann", "bob"]})
            ticket = {"subject": "No tunnel", "category": "network"}
            self.assertEqual(api.CreateTicket(ticket=ticket).ticket.assignee_id, "bob")
            api.UpsertAgent(agent={"id": "bob", "name": "bob", "skills": ["printers"]})
            alone = api.CreateTicket(ticket=ticket).ticket
            self.assertEqual(alone.assignee_id, "")
            (run,) = api.ListRuns().runs
            self.assertEqual(run.ticket_id, alone.id)
            self.assertEqual(run.reason, 'least_open found nobody in team "support": ann lacks the skill vpn; bob lacks the skill vpn')

    def test_what_rules_emit_and_hand_out_is_in_the_log(self) -> None:
        with self.serve(workflows=self.rules(HANDS_OUT)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            api.UpsertTeam(team={"id": "support", "name": "Support"})
            ticket = api.CreateTicket(ticket={"subject": "Rent", "category": "billing", "requester_id": "rita"}).ticket.id
            api.EscalateTicket(id=ticket)
            told = [it for it in api.pages("ListActivities", "activities", filter="has(activity.cause)", order_by="position")]
            self.assertEqual([it.type for it in told], ["custom.staffed", "custom.raised", "workflow.dispatched", "workflow.dispatched"])
            self.assertEqual([it.ticket_id for it in told], ["", ticket, ticket, ticket])
            staffed, raised, webhook, briefing = [dict(it.data) for it in told]
            self.assertEqual(staffed, {"team": "support"})
            self.assertEqual((raised["level"], [*raised["tags"]]), (1, ["billing", "hot"]))
            self.assertEqual((webhook["action"], webhook["endpoint"], dict(webhook["payload"])), ("webhook", "chat", {"text": "Look at TKT-0001"}))
            self.assertEqual(briefing, {"action": "dispatch_agent", "agent": "scribe", "prompt": "Sum up Rent"})
            (found,) = api.ListActivities(filter="activity.type == 'custom.raised'").activities
            self.assertEqual(found.position, told[1].position)
            rita = server.api(self.schema, self.issuer.token(self.tenant, "rita", ["requester"]))
            self.assertEqual({it.type.split(".")[0] for it in rita.pages("ListActivities", "activities")}, {"ticket"})
            self.assertEqual([*api.ListRuns().runs], [])
