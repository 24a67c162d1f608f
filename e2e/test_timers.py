"""Rules that wait for time in a real server: timers, schedules, and rules that are run by hand."""

import grpc
from case import params
from house import until
from seam import Desk

CLOSE = """name: close
on: {after: 48h, since: ticket.resolved_at, while: ticket.status == 'RESOLVED'%s}
do:
  - transition: {verb: close, reason: silence}
"""
WEEKLY = """name: weekly
on: {schedule: "0 9 * * MON", timezone: Europe/Berlin, for: "ticket.status == 'OPEN' && ticket.subject.matches('(?i)broken')"}
do:
  - message: {body: "Still open: ${ticket.subject}", visibility: INTERNAL}
"""
REPORT = """name: report
on: {schedule: "0 9 * * MON", timezone: Europe/Berlin}
do:
  - emit: {type: custom.week}
"""
NOTHING = "name: nothing\non: ticket.created\nif: false\ndo: [{tag: {add: x}}]\n"
CALM = "name: calm\non: manual\nif: ticket.priority != 'LOW'\ndo: [{set: {priority: LOW}}]\n"


class Timers(Desk):
    def status(self, api, ticket: str) -> str:
        return self.word(api.GetTicket(id=ticket).ticket, "status").removeprefix("TICKET_STATUS_")

    def counted(self, kind: str) -> int:
        return int(self.postgres.sql(f"SELECT count(*) FROM activity WHERE kind = '{kind}'", self.database))

    def carried_out(self, came: str, times: int) -> None:
        asked = f"SELECT count(*) FROM rule_schedule WHERE done AND came_at = '{came}'"
        until(lambda: int(self.postgres.sql(asked, self.database)) == times, "the schedules are carried out")

    def test_a_timer_fires_once_though_the_server_was_killed(self) -> None:
        folder = self.rules(CLOSE % "")
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server)
            first, second = (self.create(api, "2026-09-14T10:00:00Z") for _ in range(2))
            for ticket, when in ((first, "2026-09-14T11:00:00Z"), (second, "2026-09-14T12:00:00Z")):
                self.time(when)
                api.ResolveTicket(id=ticket)
            self.time("2026-09-16T11:00:02Z")
            until(lambda: self.status(api, first) == "CLOSED", "the first closes")
            self.assertEqual(self.status(api, second), "RESOLVED")
            closed = [*api.ListActivities(ticket_id=first, order_by="position").activities][-1]
            self.assertEqual((closed.cause.workflow, closed.cause.parent_position, closed.cause.root_position), ("close", 0, closed.position))
            run = api.GetRun(id=closed.cause.run_id)
            self.assertIn("was due at 2026-09-16T11:00:00Z, 2s late", run.run.reason)
            self.assertEqual([effect.position for effect in run.effects], [closed.position])
            server.process.kill()
            server.process.wait()
        # What comes due meanwhile fires late, and what has fired does not fire again.
        self.time("2026-09-16T13:00:00Z")
        with self.serve(workflows=folder) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            until(lambda: self.status(api, second) == "CLOSED", "the second closes")
            api.ReopenTicket(id=first)
            self.time("2026-09-20T13:00:00Z")
            api.UpdateTicket(ticket={"id": first, "subject": "It works"}, update_mask={"paths": ["subject"]})
            self.assertEqual(self.counted("ticket.closed"), 2)
            self.assertEqual(len(api.ListRuns().runs), 2)

    def test_a_new_set_leaves_what_had_passed_unless_it_catches_up(self) -> None:
        with self.serve(workflows=self.rules(NOTHING)) as server:
            server.ready()
            api = self.desk(server)
            old = [self.create(api, "2026-09-10T10:00:00Z") for _ in range(3)]
            for ticket in old:
                api.ResolveTicket(id=ticket)
            recent = self.create(api, "2026-09-14T10:00:00Z")
            api.ResolveTicket(id=recent)
            self.time("2026-09-14T12:00:00Z")
            self.rules(CLOSE % "")
            self.assertEqual([*self.reload(server).diagnostics], [])
            # Without any policy, and of tickets that are done: the one whose time is to come has its timer.
            waits = "SELECT count(*) FROM ticket WHERE sla_next_at = '2026-09-16T10:00:00Z'"
            until(lambda: self.postgres.sql(waits, self.database) == "1", "the recent one waits")
            self.time("2026-09-16T10:00:00Z")
            until(lambda: self.status(api, recent) == "CLOSED", "the recent one closes")
            self.assertEqual({self.status(api, ticket) for ticket in old}, {"RESOLVED"})
            self.rules(CLOSE % ", catch_up: true")
            self.reload(server)
            self.time("2026-09-16T10:01:00Z")
            until(lambda: {self.status(api, ticket) for ticket in old} == {"CLOSED"}, "the old ones close")

    def test_a_schedule_that_came_while_no_server_ran_is_carried_out_once(self) -> None:
        folder = self.rules(WEEKLY, REPORT)
        with self.serve(workflows=folder) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-16T10:00:00Z")
            for _ in range(2):
                api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * 300)
            self.create(api, "2026-09-16T10:00:00Z", subject="A question")
            done = self.create(api, "2026-09-16T10:00:00Z")
            api.ResolveTicket(id=done)
            # The Monday before: these tickets were made after it.
            self.carried_out("2026-09-14T07:00:00Z", 2)
            self.assertEqual((self.counted("ticket.note_added"), self.counted("custom.week")), (0, 1))
        self.time("2026-09-21T07:00:01Z")
        for _ in range(2):
            with self.serve(workflows=folder) as server:
                server.ready()
                self.carried_out("2026-09-21T07:00:00Z", 2)
                server.process.kill()
                server.process.wait()
        self.assertEqual((self.counted("ticket.note_added"), self.counted("custom.week")), (600, 2))
        with self.serve(workflows=folder) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            notes = [*api.pages("ListActivities", "activities", filter="activity.type == 'ticket.note_added'", page_size=500)]
            self.assertEqual(len({note.ticket_id for note in notes}), 600, "each once")
            # A tenant that began after it came has nothing to catch up.
            other = server.api(self.schema, self.issuer.token("late"))
            other.CreateTicket(ticket={"subject": "It is broken"})
            self.time("2026-09-28T07:00:01Z")
            self.carried_out("2026-09-28T07:00:00Z", 4)
            self.assertEqual((self.counted("ticket.note_added"), self.counted("custom.week")), (1201, 4))

    def test_a_rule_is_run_by_hand_for_a_ticket_and_for_those_of_a_filter(self) -> None:
        with self.serve(workflows=self.rules(CALM, NOTHING)) as server:
            server.ready()
            api = self.desk(server)
            ticket = self.create(api, "2026-09-16T10:00:00Z")
            runs = [api.RunWorkflow(workflow="calm", ticket_id=ticket, request_id=text) for text in ("a", "a", "b")]
            self.assertEqual(runs[0], runs[1], "the same request has the same answer")
            self.assertEqual([self.word(run.run, "verdict") for run in runs[1:]], ["RUN_VERDICT_MATCHED", "RUN_VERDICT_NOT_MATCHED"])
            self.assertEqual(runs[2].run.reason, "ada ran it; if is false: ticket.priority != 'LOW', where ticket.priority is 'LOW'")
            self.assertEqual(api.GetRun(id=runs[0].run.id).run.reason, "ada ran it")
            trial = self.create(api, "2026-09-16T10:00:00Z")
            tried = api.RunWorkflow(workflow="calm", ticket_id=trial, validate_only=True).run
            self.assertEqual(tried.verdict, runs[0].run.verdict)
            self.assertEqual(tried.reason, 'ada ran it; would make ticket.priority_changed: priority "MEDIUM" to "LOW"')
            self.assertNotEqual(api.GetTicket(id=trial).ticket.priority, api.GetTicket(id=ticket).ticket.priority)

            api.BatchCreateTickets(requests=[{"ticket": {"subject": "Loud"}}] * 250)
            asked = {"workflow": "calm", "filter": "ticket.subject == params.subject", "filter_params": params(subject="Loud"), "page_size": 500}
            pages, token = [], ""
            while True:
                page = api.RunWorkflow(**asked, page_token=token, request_id=f"page-{len(pages)}")
                pages.append([run.ticket_id for run in page.runs])
                token = page.next_page_token
                if not token:
                    break
            self.assertEqual(api.RunWorkflow(**asked, request_id="page-0").runs[0].ticket_id, pages[0][0], "a page that is asked for again")
            self.assertEqual([len(page) for page in pages][:3], [100, 100, 50])
            self.assertEqual(len({ticket for page in pages for ticket in page}), 250)
            low = api.pages("ListTickets", "tickets", filter="ticket.priority == 'LOW'", page_size=500)
            self.assertEqual(len([*low]), 251)

            # What another rule would do about tickets of a filter is asked of as many as one call takes.
            told = api.SimulateWorkflow(source=CALM.replace("priority: LOW", "priority: HIGH").replace("'LOW'", "'HIGH'"), event={
                "call": "RunWorkflow", "request": {"workflow": "calm", "filter": "ticket.subject == 'Loud'", "page_size": 3}})
            self.assertEqual([run.ticket_id for run in told.runs], pages[0][:3])
            self.assertEqual([*told.runs[0].effects][0], 'ticket.priority_changed: priority "LOW" to "HIGH"')
            for request, code, reason, words in (
                ({"workflow": "nothing", "ticket_id": ticket}, "INVALID_ARGUMENT", "", "add it to its `on`"),
                ({"workflow": "gone", "ticket_id": ticket}, "NOT_FOUND", "WORKFLOW_NOT_FOUND", "gone"),
                ({"workflow": "calm", "ticket_id": "TKT-9999"}, "NOT_FOUND", "TICKET_NOT_FOUND", "TKT-9999"),
                ({"workflow": "calm"}, "INVALID_ARGUMENT", "", "name a ticket"),
                ({"workflow": "calm", "ticket_id": ticket, "filter": "true"}, "INVALID_ARGUMENT", "", "must be empty"),
                ({"workflow": "calm", "filter": "tikcet.id == 'x'"}, "INVALID_ARGUMENT", "FILTER_INVALID", "tikcet"),
                ({"workflow": "", "ticket_id": ticket}, "INVALID_ARGUMENT", "", "workflow"),
            ):
                with self.assertRaises(grpc.RpcError) as raised:
                    api.RunWorkflow(**request)
                self.assertEqual(raised.exception.code().name, code, request)
                self.assertIn(words, raised.exception.details())
                self.assertIn(reason, str(raised.exception.trailing_metadata()))
