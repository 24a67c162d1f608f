"""Rules and clocks in a real server: marks before and after the deadline, sets that become active, policies that rules choose."""

import pathlib

from house import until
from seam import Desk

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERY_HOUR = {"resolution_minutes": 480, "business_hours_only": False}


def tagging(name: str, on: str, rest: str = "") -> str:
    return f"name: {name}\non: {on}\n{rest}do:\n  - tag: {{add: [{name}]}}\n"


class Rules(Desk):
    def tags(self, api, ticket: str) -> list[str]:
        return [*api.GetTicket(id=ticket).ticket.tags]

    def of_ticket(self, api, ticket: str) -> list:
        return [*api.ListActivities(ticket_id=ticket, order_by="position", page_size=500).activities]

    def tagged(self, api, tag: str) -> int:
        return len([*api.pages("ListTickets", "tickets", filter=f"'{tag}' in ticket.tags", page_size=500)])

    def moved(self, wanted: int) -> None:
        """Waits until the clocks of so many tenants have followed everything."""
        asked = "SELECT count(*) FROM sla_move WHERE done AND marks <> ''"
        until(lambda: int(self.postgres.sql(asked, self.database)) >= wanted, "clocks have followed the rules")

    def test_marks_come_before_and_after_the_deadline(self) -> None:
        folder = self.rules(
            tagging("most", "{sla: resolution, at: 80%}"),
            tagging("hour", "{sla: resolution, at: -1h}"),
            tagging("again", '{sla: resolution, at: "-60m"}'),
            tagging("missed", "{sla: resolution, at: breach}"),
            tagging("over", "{sla: resolution, at: +2h}"),
            tagging("other", "{sla: first_response, at: 80%}"),
        )
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480, "warn_at": [{"percent": 80}]})
            ticket = self.create(api, "2026-09-14T10:00:00-04:00")
            for call, when in (("HoldTicket", "2026-09-14T13:00:00-04:00"), ("StartTicket", "2026-09-15T11:00:00-04:00")):
                self.time(when)
                getattr(api, call)(id=ticket)
            # The hold moved each of them; one timer tells each at its own instant.
            for when, tags in (
                ("2026-09-15T14:24:00-04:00", ["most"]),
                ("2026-09-15T15:00:00-04:00", ["most", "again", "hour"]),
                ("2026-09-15T16:00:01-04:00", ["most", "again", "hour", "missed"]),
                ("2026-09-16T10:00:00-04:00", ["most", "again", "hour", "missed", "over"]),
            ):
                self.time(when)
                until(lambda: self.tags(api, ticket) == tags, f"{tags} at {when}")
            clocks = [it for it in self.of_ticket(api, ticket) if it.type in ("sla.warning", "sla.breached")]
            told = [(it.type, it.data["clocks"][0]["mark"] if "mark" in it.data["clocks"][0] else "") for it in clocks]
            self.assertEqual(told, [("sla.warning", "80%"), ("sla.warning", "3600s"), ("sla.breached", ""), ("sla.warning", "+7200s")])
            marked = {it.cause.workflow: it.cause.parent_position for it in self.of_ticket(api, ticket) if it.type == "ticket.tag_added"}
            position = {mark: it.position for (_, mark), it in zip(told, clocks)}
            self.assertEqual((marked["hour"], marked["again"], marked["over"]), (position["3600s"], position["3600s"], position["+7200s"]))
            # Nothing else was told, and nothing is to come.
            self.assertFalse(api.GetTicketSla(id=ticket).clocks[0].HasField("next_warning_at"))

    def test_open_clocks_get_the_marks_of_a_new_set(self) -> None:
        folder = self.rules(tagging("first", "ticket.created"))
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            self.time("2026-09-14T10:00:00Z")
            for count in (250, 200):
                api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * count)
            self.time("2026-09-14T14:00:00Z")
            self.rules(tagging("passed", "{sla: resolution, at: 25%}"), tagging("comes", "{sla: resolution, at: 75%}"))
            self.assertEqual([*self.reload(server).diagnostics], [])
            self.moved(1)
            # As of the new set; whoever comes now has both marks.
            late = self.create(api, "2026-09-14T14:00:00Z")
            self.time("2026-09-14T16:00:00Z")
            until(lambda: self.tagged(api, "comes") == 450, "each clock of before comes to its mark")
            until(lambda: self.tags(api, late) == ["passed"], "the new one to its own")
            self.assertEqual(self.tagged(api, "passed"), 1, "a mark that was passed when it came is not told")
            reasons = {it.data["clocks"][0]["reason"] for it in api.pages("ListActivities", "activities", filter="activity.type == 'sla.retargeted'", page_size=500)}
            self.assertEqual(reasons, {"rules wait for other marks"})
            self.assertEqual([*api.ListRuns().runs], [])

    def test_killed_while_clocks_follow_a_set(self) -> None:
        tickets = 5_000
        folder = self.rules(tagging("first", "ticket.created"))
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            self.time("2026-09-14T10:00:00Z")
            for _ in range(tickets // 500):
                api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * 500)
            self.rules(tagging("comes", "{sla: resolution, at: 75%}"))
            self.reload(server)
            until(lambda: self.followed() > 0, "some have followed")
            server.process.kill()
            server.process.wait()
        with self.serve(workflows=folder) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            self.moved(1)
            self.assertEqual(self.followed(), tickets, "each has followed, and once")
            self.time("2026-09-14T16:00:00Z")
            until(lambda: self.tagged(api, "comes") == tickets, "each comes to its mark", 60)
            self.assertEqual([*api.ListRuns().runs], [])

    def followed(self) -> int:
        return int(self.postgres.sql("SELECT count(*) FROM activity WHERE kind = 'sla.retargeted'", self.database))

    def test_a_set_that_was_active_for_a_moment_leaves_nothing_behind(self) -> None:
        marks, none = tagging("comes", "{sla: resolution, at: 75%}"), tagging("first", "ticket.created")
        with self.serve(workflows=self.rules(marks)) as server:
            server.ready()
            api = self.desk(server, EVERY_HOUR)
            self.moved(1)
            self.rules(none)
            self.reload(server)
            ticket = self.create(api, "2026-09-14T10:00:00Z")
            # The same set as before, by its content: whoever looks now and then may not have seen the other.
            self.rules(marks)
            self.reload(server)
            until(lambda: api.GetTicketSla(id=ticket).clocks[0].HasField("next_warning_at"), "it has the marks of the set that is active")

    def test_two_servers_have_one_set(self) -> None:
        folder = self.rules(tagging("first", "ticket.created"))
        with self.serve(workflows=folder) as one, self.serve("-other") as other:
            one.ready(), other.ready()
            api = self.desk(one, EVERY_HOUR)
            before = self.create(api, "2026-09-14T10:00:00Z")
            self.rules(tagging("comes", "{sla: resolution, at: 75%}"))
            self.reload(one)
            elsewhere = other.api(self.schema, self.issuer.token(self.tenant))
            after = self.create(elsewhere, "2026-09-14T10:00:00Z")
            self.moved(1)
            self.time("2026-09-14T16:00:00Z")
            for ticket, tags in ((before, ["first", "comes"]), (after, ["comes"])):
                until(lambda: sorted(self.tags(api, ticket)) == sorted(tags), f"{tags}")

    def test_each_tenant_has_the_marks_of_its_own_rules(self) -> None:
        folder = self.rules(tagging("pro", "{sla: resolution, at: 50%}", "tenants: tenant.attributes.plan == 'pro'\n"))
        with self.serve(workflows=folder) as server:
            server.ready()
            pro, plain = self.desk(server, EVERY_HOUR), self.desk(server, EVERY_HOUR)
            ours, theirs = (self.create(api, "2026-09-14T10:00:00Z") for api in (pro, plain))
            warned = lambda api, id: api.GetTicketSla(id=id).clocks[0].HasField("next_warning_at")
            self.assertEqual((warned(pro, ours), warned(plain, theirs)), (False, False))
            pro.UpdateTenant(tenant={"attributes": {"plan": "pro"}}, update_mask={"paths": ["attributes"]})
            until(lambda: warned(pro, ours), "its open clocks follow its settings")
            self.time("2026-09-14T14:00:00Z")
            until(lambda: self.tags(pro, ours) == ["pro"], "its rule has run")
            self.assertFalse(warned(plain, theirs))
            self.assertEqual([it.type for it in self.of_ticket(plain, theirs)], ["ticket.created"])

    def test_the_shipped_rules_warn_and_then_escalate(self) -> None:
        with self.serve(workflows=str(ROOT / "workflows")) as server:
            server.ready()
            plain, api = self.desk(server, EVERY_HOUR), self.desk(server, EVERY_HOUR)
            api.UpdateTenant(tenant={"attributes": {"on_breach": "escalate"}}, update_mask={"paths": ["attributes"]})
            api.UpsertAgent(agent={"id": "ann", "name": "Ann"})
            alone = self.create(plain, "2026-09-14T10:00:00Z")
            ticket = self.create(api, "2026-09-14T10:00:00Z", assignee_id="ann")
            self.time("2026-09-14T16:24:00Z")
            until(lambda: api.ListMessages(ticket_id=ticket).messages, "a note tells of the deadline")
            (note,) = api.ListMessages(ticket_id=ticket).messages
            self.assertEqual((note.body, self.word(note, "visibility"), note.workflow), (
                "@ann 80 % of the time to resolve this ticket is used. It is due at 2026-09-14T18:00:00Z.",
                "VISIBILITY_INTERNAL",
                "breach-warning-then-escalate",
            ))
            self.assertEqual([*note.mentions], ["ann"])
            self.time("2026-09-14T18:00:01Z")
            escalated = lambda: self.word(api.GetTicket(id=ticket).ticket, "status") == "TICKET_STATUS_ESCALATED"
            until(escalated, "it is escalated")
            self.assertEqual([*api.ListRuns().runs], [])
            until(lambda: len(self.of_ticket(plain, alone)) > 1, "the other tenant's deadline is missed, too")
            self.assertEqual([it.type for it in self.of_ticket(plain, alone)], ["ticket.created", "sla.breached"])

    def test_the_shipped_rule_gives_enterprises_the_policy_that_the_tenant_names(self) -> None:
        with self.serve(workflows=str(ROOT / "workflows")) as server:
            server.ready()
            gold = {"name": "gold", "resolution_minutes": 60, "business_hours_only": False, "match": "false"}
            with_one, without = self.desk(server, EVERY_HOUR, gold), self.desk(server, EVERY_HOUR)
            with_one.UpdateTenant(tenant={"attributes": {"enterprise_sla": "gold"}}, update_mask={"paths": ["attributes"]})
            for api, due in ((with_one, "2026-09-14T11:00:00+00:00"), (without, "2026-09-14T18:00:00+00:00")):
                for organization, tier in (("big", "Enterprise"), ("small", "Free")):
                    api.UpsertOrganization(organization={"id": organization, "name": organization, "tier": tier})
                self.assert_due(api, self.create(api, "2026-09-14T10:00:00Z", organization_id="big"), due)
                self.assert_due(api, self.create(api, "2026-09-14T10:00:00Z", organization_id="small"), "2026-09-14T18:00:00+00:00")
                self.assertEqual([*api.ListRuns().runs], [], "and nobody has an error")

    def test_a_policy_that_one_tenant_lacks_is_its_error(self) -> None:
        source = "name: choose\non: ticket.created\ndo:\n  - sla: {policy: gold}\n"
        with self.serve(workflows=self.rules(source)) as server:
            server.ready()
            gold = {"name": "gold", "resolution_minutes": 60, "business_hours_only": False, "match": "false"}
            has, lacks = self.desk(server, EVERY_HOUR, gold), self.desk(server, EVERY_HOUR)
            self.assert_due(has, self.create(has, "2026-09-14T10:00:00Z"), "2026-09-14T11:00:00+00:00")
            self.assert_due(lacks, self.create(lacks, "2026-09-14T10:00:00Z"), "2026-09-14T18:00:00+00:00")
            (run,) = lacks.ListRuns().runs
            self.assertEqual((self.word(run, "verdict"), run.reason), ("RUN_VERDICT_ERROR", 'SLA policy "gold": this tenant has none of this name'))
            self.assertEqual([*has.ListRuns().runs], [])
            warned = lambda api: [(it.code, it.line, it.column) for it in api.ValidateWorkflow(source=source).diagnostics]
            self.assertEqual((warned(has), warned(lacks)), ([], [("unknown-policy", 4, 19)]))
