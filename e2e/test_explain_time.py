"""Why a rule that waits for time, or for somebody, ran on a ticket, or did not."""

import datetime

from house import until
from seam import Desk, at

CLOSE = """name: close
on: {after: 48h, since: ticket.resolved_at, while: ticket.status == 'RESOLVED'}
if: ticket.priority != 'URGENT'
do:
  - transition: {verb: close, reason: silence}
"""
AFTER_HOURS = "name: hours\non: {after: 8h, since: ticket.created_at, calendar: %s}\ndo: [{tag: {add: [slow]}}]\n"
WEEKLY = """name: weekly
on: {schedule: "0 9 * * MON", timezone: Europe/Berlin, for: "ticket.status == 'OPEN'"}
if: ticket.priority == 'HIGH'
do: [{message: {body: "Still open", visibility: INTERNAL}}]
"""
REPORT = 'name: report\non: {schedule: "0 9 * * MON", timezone: Europe/Berlin}\ndo: [{emit: {type: custom.week}}]\n'
CALM = "name: calm\non: [manual, ticket.escalated]\nif: ticket.priority != 'LOW'\ndo: [{set: {priority: LOW}}]\n"


def when(moment) -> datetime.datetime:
    return moment.ToDatetime(datetime.timezone.utc)


class ExplainTime(Desk):
    def explain(self, api, rule: str, ticket: str):
        return api.ExplainWorkflow(workflow=rule, ticket_id=ticket)

    def said(self, answer) -> str:
        return self.word(answer, "verdict").removeprefix("RUN_VERDICT_")

    def touch(self, api, ticket: str, **fields) -> None:
        api.UpdateTicket(ticket={"id": ticket, **fields}, update_mask={"paths": [*fields]})

    def test_a_timer_says_what_it_waits_for_and_what_became_of_it(self) -> None:
        with self.serve(workflows=self.rules(CLOSE)) as server:
            server.ready()
            api = self.desk(server)
            ticket = self.create(api, "2026-09-14T10:00:00Z")
            answer = self.explain(api, "close", ticket)
            (trigger,) = answer.triggers
            self.assertEqual((self.said(answer), trigger.fired, trigger.HasField("since")), ("NOT_MATCHED", False, False))
            self.assertEqual(trigger.reason, "the ticket has no time from which it counts: `since` has no value")
            self.assertEqual((trigger.tree[0].key, trigger.tree[0].error), ("since", "ticket.resolved_at is absent"))
            self.assertTrue(answer.reason.startswith("it has not run: {after: 48h, since: ticket.resolved_at"), answer.reason)

            self.time("2026-09-14T11:00:00Z")
            api.ResolveTicket(id=ticket)
            trigger = self.explain(api, "close", ticket).triggers[0]
            self.assertEqual((when(trigger.since), when(trigger.due_at)), (at("2026-09-14T11:00:00Z"), at("2026-09-16T11:00:00Z")))
            self.assertEqual(trigger.reason, "it fires at 2026-09-16T11:00:00Z, if the ticket does not change")
            self.assertTrue(trigger.HasField("active_since"))
            # The conditions as they are by now.
            answer = self.explain(api, "close", ticket)
            self.assertEqual((answer.tree[0].key, answer.tree[0].value.bool_value), ("if", True))

            other = self.create(api, "2026-09-14T10:00:00Z", priority="PRIORITY_URGENT")
            api.ResolveTicket(id=other)
            reopened = self.create(api, "2026-09-14T10:00:00Z")
            api.ResolveTicket(id=reopened)
            api.ReopenTicket(id=reopened)
            self.time("2026-09-16T11:00:02Z")
            until(lambda: self.word(api.GetTicket(id=ticket).ticket, "status").endswith("CLOSED"), "it closes")
            answer = self.explain(api, "close", ticket)
            self.assertEqual((self.said(answer), answer.recorded, answer.event), ("MATCHED", True, "timer"))
            self.assertIn("was due at 2026-09-16T11:00:00Z, 2s late", answer.reason)
            self.assertEqual(answer.tree[0].parts[0].value.string_value, "MEDIUM")
            (trigger,) = answer.triggers
            self.assertTrue(trigger.fired)
            # By what it made, too.
            closed = [*api.ListActivities(ticket_id=ticket, order_by="position").activities][-1]
            by_position = api.ExplainWorkflow(workflow="close", position=closed.position)
            self.assertEqual((self.said(by_position), by_position.reason, by_position.event), ("MATCHED", answer.reason, "timer"))
            self.assertEqual(by_position.tree, answer.tree)

            # It fired, its condition did not hold, and nothing recorded that.
            fired = lambda: self.explain(api, "close", other).triggers[0].fired
            until(fired, "the other fires")
            self.touch(api, other, priority="PRIORITY_LOW")
            answer = self.explain(api, "close", other)
            self.assertEqual((self.said(answer), answer.recorded), ("NOT_MATCHED", False))
            self.assertIn("of 2026-09-16T11:00:00Z fired: if is false", answer.reason)
            self.assertEqual(answer.tree[0].parts[0].value.string_value, "URGENT", "as it was then")

            (trigger,) = self.explain(api, "close", reopened).triggers
            self.assertFalse(trigger.fired)
            # Another `while` is the same timer, and what ran under the one before is known again.
            self.rules(CLOSE.replace("== 'RESOLVED'", "in ['RESOLVED', 'PENDING']"))
            self.reload(server)
            self.assertEqual((self.said(self.explain(api, "close", ticket)), self.explain(api, "close", ticket).recorded), ("MATCHED", True))
            self.assertEqual(self.explain(api, "close", ticket).tree, by_position.tree)

    def test_a_timer_that_never_fires_says_why(self) -> None:
        with self.serve(workflows=self.rules(AFTER_HOURS % "us")) as server:
            server.ready()
            api = self.desk(server)
            old = self.create(api, "2026-09-01T10:00:00Z")
            self.time("2026-09-14T12:00:00Z")
            self.rules(AFTER_HOURS % "nowhere")
            self.reload(server)
            trigger = self.explain(api, "hours", old).triggers[0]
            self.assertEqual(trigger.reason, 'calendar "nowhere" is none of this tenant\'s: the timer does not fire')
            self.assertFalse(trigger.HasField("due_at"))
            api.ResolveTicket(id=old)
            self.time("2026-09-20T12:00:00Z")
            self.rules((CLOSE).replace("48h", "24h"))
            self.reload(server)
            answer = self.explain(api, "close", old)
            self.assertEqual(self.said(answer), "NOT_MATCHED")
            self.assertIn("had passed when it became active at 2026-09-20T12:00:00Z: without `catch_up: true`", answer.triggers[0].reason)
            self.rules((CLOSE).replace("name: close", "name: close\nenabled: false"))
            self.reload(server)
            self.assertIn("the rule is disabled", self.explain(api, "close", old).triggers[0].reason)
            self.rules((CLOSE).replace("name: close", "name: close\ntenants: tenant.id == 'x'"))
            self.reload(server)
            self.assertIn("not this tenant's", self.explain(api, "close", old).triggers[0].reason)

    def test_a_schedule_says_whether_the_ticket_was_in_it(self) -> None:
        with self.serve(workflows=self.rules(WEEKLY, REPORT)) as server:
            server.ready()
            api = self.desk(server)
            high = self.create(api, "2026-09-16T10:00:00Z", priority="PRIORITY_HIGH")
            low = self.create(api, "2026-09-16T10:00:00Z", priority="PRIORITY_LOW")
            done = self.create(api, "2026-09-16T10:00:00Z", priority="PRIORITY_HIGH")
            api.ResolveTicket(id=done)
            (trigger,) = self.explain(api, "weekly", high).triggers
            self.assertIn("the ticket was made after it came at 2026-09-14T07:00:00Z", trigger.reason)
            self.assertEqual((when(trigger.due_at), when(trigger.next_at)), (at("2026-09-14T07:00:00Z"), at("2026-09-21T07:00:00Z")))
            self.time("2026-09-21T07:00:01Z")
            noted = "SELECT count(*) FROM rule_schedule WHERE done AND came_at = '2026-09-21T07:00:00Z'"
            until(lambda: self.postgres.sql(noted, self.database) == "2", "they are carried out")
            answer = self.explain(api, "weekly", high)
            self.assertEqual((self.said(answer), answer.event, answer.triggers[0].fired), ("MATCHED", "schedule", True))
            answer = self.explain(api, "weekly", low)
            self.assertEqual((self.said(answer), answer.triggers[0].fired, answer.recorded), ("NOT_MATCHED", True, False))
            self.assertEqual(answer.tree[0].parts[0].value.string_value, "LOW")
            answer = self.explain(api, "weekly", done)
            self.assertEqual(answer.triggers[0].reason, "the ticket was not in `for` when it came at 2026-09-21T07:00:00Z")
            self.assertEqual((answer.triggers[0].tree[0].key, answer.triggers[0].tree[0].value.bool_value), ("for", False))
            # When exactly it was asked is recorded nowhere, so what changed since leaves a doubt.
            self.time("2026-09-22T07:00:00Z")
            api.ReopenTicket(id=done, reason="again")
            self.touch(api, done, status="TICKET_STATUS_OPEN")
            (trigger,) = self.explain(api, "weekly", done).triggers
            self.assertFalse(trigger.HasField("fired"))
            self.assertIn("is not recorded", trigger.reason)
            answer = self.explain(api, "report", high)
            self.assertEqual((self.said(answer), answer.triggers[0].fired), ("MATCHED", True))

    def test_a_run_by_hand_is_told_beside_events(self) -> None:
        with self.serve(workflows=self.rules(CALM)) as server:
            server.ready()
            api = self.desk(server)
            ticket = self.create(api, "2026-09-16T10:00:00Z")
            (trigger,) = self.explain(api, "calm", ticket).triggers
            self.assertEqual((trigger.trigger, trigger.reason), ("manual", "nobody ran it for this ticket"))
            self.time("2026-09-16T11:00:00Z")
            api.RunWorkflow(workflow="calm", ticket_id=ticket)
            answer = self.explain(api, "calm", ticket)
            self.assertEqual((self.said(answer), answer.event, answer.recorded), ("MATCHED", "manual", True))
            self.assertIn("ada ran it", answer.reason)
            self.assertEqual(answer.tree[0].parts[0].value.string_value, "MEDIUM")
            self.time("2026-09-16T12:00:00Z")
            api.EscalateTicket(id=ticket, reason="loud")
            answer = self.explain(api, "calm", ticket)
            self.assertEqual((self.said(answer), answer.event), ("NOT_MATCHED", "ticket.escalated"))
            self.assertTrue(answer.triggers[0].fired)

    def test_the_command_prints_the_triggers(self) -> None:
        with self.serve(workflows=self.rules(CLOSE)) as server:
            server.ready()
            api = self.desk(server)
            ticket = self.create(api, "2026-09-14T10:00:00Z")
            api.ResolveTicket(id=ticket)
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            told = self.run_docket("workflow", "explain", "close", "1", **environment)
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertIn("    it fires at 2026-09-16T10:00:00Z, if the ticket does not change\n    since 2026-09-14T10:00:00Z, due ", told.stdout)
            self.assertRegex(told.stdout, r"    while  ticket.status == 'RESOLVED' +true\n")
