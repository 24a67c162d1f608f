"""Clocks follow from the state of tickets, in a real server: questions, lapses, organizations, names, holds, and figures that agree."""

import contextlib
import datetime
import random

import grpc

from house import until
from seam import Desk, at

UTC = datetime.timezone.utc
ALWAYS = {"business_hours_only": False}
DAILY = [{"day": day, "open": "09:00", "close": "10:00"} for day in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")]


class State(Desk):
    def caller(self, server, roles: str, sub: str):
        return server.api(self.schema, self.issuer.token(self.tenant, sub, tuple(roles.split(","))))

    def clock(self, api, ticket: str, metric: str):
        [clock] = [it for it in api.GetTicketSla(id=ticket).clocks if self.word(it, "metric") == f"SLA_METRIC_{metric}"]
        return clock

    def assert_clock(self, api, ticket: str, metric: str, state: str, due: str | None) -> None:
        clock = self.clock(api, ticket, metric)
        shown = clock.due_at.ToDatetime(UTC) if clock.HasField("due_at") else None
        self.assertEqual((self.word(clock, "state"), shown), (f"CLOCK_STATE_{state}", at(due) if due else None))

    def set(self, api, ticket: str, **fields):
        return api.UpdateTicket(ticket={"id": ticket, **fields}, update_mask={"paths": list(fields)}).ticket

    def test_questions_wait_whatever_became_of_ticket_and_policy(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, ALWAYS | {"priority": "PRIORITY_HIGH", "next_response_minutes": 60, "resolution_minutes": 600})
            rita = self.caller(server, "requester", "rita")
            ticket = self.create(api, "2026-09-14T08:00:00Z", requester_id="rita", priority="PRIORITY_HIGH")
            api.PostMessage(ticket_id=ticket, message={"body": "We look"})
            self.time("2026-09-14T09:00:00Z")
            api.ResolveTicket(id=ticket)
            self.assertFalse(api.GetTicket(id=ticket).ticket.HasField("due_at"), "what is done is not due")
            self.time("2026-09-14T10:00:00Z")
            rita.PostMessage(ticket_id=ticket, message={"body": "Not fixed"})
            self.assert_clock(api, ticket, "NEXT_RESPONSE", "RUNNING", "2026-09-14T11:00:00Z")
            # 59 minutes are used, 30 seconds do not count, one minute is left.
            self.time("2026-09-14T10:59:00Z")
            self.set(api, ticket, priority="PRIORITY_LOW")
            self.assert_clock(api, ticket, "NEXT_RESPONSE", "VOIDED", None)
            self.time("2026-09-14T10:59:30Z")
            self.set(api, ticket, priority="PRIORITY_HIGH")
            self.assert_clock(api, ticket, "NEXT_RESPONSE", "RUNNING", "2026-09-14T11:00:30Z")
            api.PostMessage(ticket_id=ticket, message={"body": "Now it is"})
            self.assert_clock(api, ticket, "NEXT_RESPONSE", "FULFILLED", None)

    def test_a_change_of_an_organization_moves_its_open_tickets_and_no_others(self) -> None:
        with self.serve() as server:
            server.ready()
            gold = ALWAYS | {"match": "organization.tier == 'gold'", "resolution_minutes": 60}
            api = self.desk(server, gold)
            names = [f"org-{n}" for n in range(70)]
            tier = lambda tier, some: api.BatchUpsertOrganizations(requests=[{"organization": {"id": name, "name": name, "tier": tier}} for name in some])
            self.time("2026-09-14T10:00:00Z")
            tier("silver", names)
            big = [{"ticket": {"subject": "a", "organization_id": "org-0"}} for _ in range(450)]
            each = [{"ticket": {"subject": "b", "organization_id": name}} for name in names[1:]]
            api.BatchCreateTickets(requests=big)
            api.BatchCreateTickets(requests=each)
            due = lambda: api.GetTicketStats(filter="has(ticket.due_at)").total
            self.assertEqual(due(), 0)
            tier("gold", names[:1])
            until(lambda: due() == 450, "those of the one organization have followed")
            tier("gold", names[1:-1])
            until(lambda: due() == 450 + 68, "those of all that are gold have followed")
            api.DeleteOrganization(id="org-0")
            until(lambda: due() == 68, "one that is gone has no tier")
            position = self.head(api)
            self.time("2026-09-14T10:10:00Z")
            api.PostMessage(ticket_id="1", message={"body": "They left", "visibility": "VISIBILITY_INTERNAL"})
            self.assertEqual(self.head(api), position + 1, "a note moves nothing")

    def test_what_clocks_write_chooses_no_policy(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server)
            for match in ("!has(ticket.due_at)", "ticket.priority == 'HIGH' && has(ticket.breached_at)", "has(ticket.first_response_at)"):
                with self.subTest(match), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    api.CreateSlaPolicy(sla_policy={"name": "p", "resolution_minutes": 60, "match": match})
                self.assertEqual(seen.fields, ["sla_policy.match"])
                self.assertIn("follows from the policy", seen.text)

    def test_a_ticket_shows_what_it_asks_for_and_what_it_has(self) -> None:
        with self.serve() as server:
            server.ready()
            asked = ALWAYS | {"name": "Gold", "priority": "PRIORITY_HIGH", "match": "false", "resolution_minutes": 60}
            api = self.desk(server, asked, ALWAYS | {"name": "all", "resolution_minutes": 120})
            ticket = self.create(api, "2026-09-14T10:00:00Z", sla_policy_id="gold")
            shown = api.GetTicket(id=ticket, include=["sla"]).ticket
            gold = api.GetSlaPolicy(id="gold").sla_policy
            self.assertEqual((shown.sla_policy_id, shown.sla.policy_name), (gold.id, "all"))
            self.assert_due(api, ticket, "2026-09-14T12:00:00Z")
            why = "SLA policy \"Gold\" is for priority HIGH, and the ticket is MEDIUM"
            self.assertEqual(api.ExplainSla(id=ticket).passed_over, why)
            self.set(api, ticket, priority="PRIORITY_HIGH")
            told = api.GetTicketSla(id=ticket)
            self.assertEqual((told.policy_id, told.policy_name, api.ExplainSla(id=ticket).passed_over), (gold.id, "Gold", ""))
            self.assert_due(api, ticket, "2026-09-14T11:00:00Z")
            self.set(api, ticket, sla_policy_id="all")
            self.assert_due(api, ticket, "2026-09-14T12:00:00Z")
            api.DeleteSlaPolicy(id="gold")
            for unknown in ("platinum", "Gold", gold.id):
                with self.subTest(unknown), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    api.CreateTicket(ticket={"subject": "b", "sla_policy_id": unknown})
                self.assertEqual(seen.fields, ["ticket.sla_policy_id"])
            self.assertEqual(self.set(api, ticket, sla_policy_id="").sla_policy_id, "")

    def test_an_explanation_tells_who_held_and_never_leaves_the_deadline_out(self) -> None:
        with self.serve() as server:
            server.ready()
            calendar = {"name": "daily", "time_zone": "UTC", "weekly": DAILY}
            api = self.desk(server, {"resolution_minutes": 60 * 800}, calendar=calendar)
            ticket = self.create(api, "2026-09-14T09:00:00Z")
            self.time("2026-09-14T09:10:00Z")
            api.HoldTicket(id=ticket, reason="waiting for the vendor")
            self.time("2026-09-14T09:40:00Z")
            api.StartTicket(id=ticket)
            told = api.ExplainSla(id=ticket)
            pause = told.ledger[1]
            self.assertEqual((pause.reason, pause.actor_id), ("status ON_HOLD: waiting for the vendor", "ada"))
            held = told.segments[1]
            self.assertEqual((self.word(held, "kind"), held.reason, held.actor_id), ("SLA_SEGMENT_KIND_PAUSED", pause.reason, "ada"))
            self.assertEqual((len(told.segments), told.more_segments), (500, True))
            last = told.segments[-1]
            self.assertEqual((last.to, last.counted.seconds), (told.clock.due_at, 800 * 3600))
            self.assertEqual(last.to.ToDatetime(UTC), at("2028-11-22T09:30:00Z"))
            # Also when it was missed long ago, and in between the sum stays what it is.
            self.time("2031-01-01T00:00:00Z")
            told = api.ExplainSla(id=ticket)
            self.assertIn(at("2028-11-22T09:30:00Z"), [part.to.ToDatetime(UTC) for part in told.segments])
            self.assertLessEqual(len(told.segments), 500)
            for before, after in zip(told.segments, told.segments[1:]):
                grown = after.counted.seconds - before.counted.seconds
                took = (after.to.ToDatetime(UTC) - getattr(after, 'from').ToDatetime(UTC)).total_seconds() if self.word(after, "kind").endswith("COUNTED") else 0
                if before.to == getattr(after, 'from'):
                    self.assertEqual(grown, took)
                else:
                    self.assertGreater(grown, took)

    def test_a_breach_that_a_change_makes_leaves_old_reports_as_they_are(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, ALWAYS | {"resolution_minutes": 200 * 60})
            self.create(api, "2026-09-25T10:00:00Z")
            report = lambda **window: [it.breached for it in api.GetSlaReport(**window).all]
            september, october = at("2026-09-01T00:00:00Z"), at("2026-10-01T00:00:00Z")
            self.time("2026-10-02T10:00:00Z")
            api.UpdateSlaPolicy(sla_policy={"id": "p0", "resolution_minutes": 60}, update_mask={"paths": ["resolution_minutes"]})
            [breach] = until(lambda: api.ListBreaches().breaches, "it is breached at once")
            self.assertEqual(breach.breached_at.ToDatetime(UTC), at("2026-09-25T11:00:00Z"))
            self.assertEqual(breach.counted_at.ToDatetime(UTC), at("2026-10-02T10:00:00Z"))
            self.assertEqual((report(**{"from": september, "to": october}), report(**{"from": october})), ([], [1]))
            self.assertEqual(len(api.ListBreaches(**{"from": september, "to": october}).breaches), 1, "it lists by the deadline")
            self.assertEqual(len(api.ListBreaches(filter="sla_outcome.counted_at > sla_outcome.breached_at").breaches), 1)

    def test_open_clocks_of_an_older_version_are_brought_over(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, ALWAYS | {"resolution_minutes": 60})
            ticket = self.create(api, "2026-09-14T10:00:00Z", requester_id="rita")
            self.caller(server, "requester", "rita").PostMessage(ticket_id=ticket, message={"body": "Well?"})
            zones = lambda: self.postgres.sql("SELECT zones FROM sla_move WHERE done", self.database)
            until(zones, "the policy was followed")
        # As it was left by a version for which a question was an event, and that had no clock for it.
        self.postgres.sql("UPDATE sla_policy SET next_response_minutes = 60", self.database)
        self.postgres.sql(f"UPDATE sla_move SET zones = '{zones().split()[0]}'", self.database)
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            until(lambda: len(api.GetTicketSla(id=ticket).clocks) == 2, "the question has its clock")
            self.assert_clock(api, ticket, "NEXT_RESPONSE", "RUNNING", "2026-09-14T11:00:00Z")

    def happen(self, api, dice: random.Random, ticket: str) -> None:
        match dice.randrange(8):
            case 0 | 1:
                self.set(api, ticket, priority=f"PRIORITY_{dice.choice(['LOW', 'MEDIUM', 'URGENT'])}")
            case 2 | 3:
                api.ResolveTicket(id=ticket)
            case 4:
                api.ReopenTicket(id=ticket)
            case 5:
                api.HoldTicket(id=ticket)
            case 6:
                api.StartTicket(id=ticket)
            case 7:
                status = dice.choice(["ACTIVE", "INACTIVE"])
                api.UpdateSlaPolicy(sla_policy={"id": "p0", "status": f"SLA_POLICY_STATUS_{status}"}, update_mask={"paths": ["status"]})

    def agree(self, api) -> None:
        """What is overdue, and what was breached, in every way to ask."""
        asked = api.GetTicketStats()
        counted = api.GetTicketStats(filter="ticket.number > 0")
        numbers = lambda filter: {it.id for it in api.pages("ListTickets", "tickets", filter=filter, page_size=500)}
        overdue, breached = numbers(f"ticket.due_at < timestamp('{self.now.strftime('%Y-%m-%dT%H:%M:%SZ')}')"), numbers("has(ticket.breached_at)")
        listed = {it.ticket_id: it for it in api.pages("ListBreaches", "breaches", filter="sla_outcome.metric == 'RESOLUTION'")}
        self.assertEqual((asked.overdue, asked.breached), (len(overdue), len(breached)))
        self.assertEqual((counted.overdue, counted.breached), (len(overdue), len(breached)))
        self.assertEqual(breached, set(listed))
        self.assertLessEqual(overdue, breached)
        for ticket in api.pages("ListTickets", "tickets", page_size=500):
            [clock] = [it for it in api.GetTicketSla(id=ticket.id).clocks if self.word(it, "metric") == "SLA_METRIC_RESOLUTION"] or [None]
            self.assertEqual(ticket.HasField("due_at"), clock is not None and clock.HasField("due_at"))
            if ticket.id in listed:
                running = self.word(listed[ticket.id], "state") == "CLOCK_STATE_RUNNING"
                self.assertEqual(ticket.id in overdue, running and ticket.due_at.ToDatetime(UTC) < self.now)

    def test_lists_statistics_and_breaches_agree_after_any_history(self) -> None:
        with self.serve() as server:
            server.ready()
            for seed in range(2):
                dice = random.Random(seed)
                api = self.desk(server, ALWAYS | {"priority": "PRIORITY_MEDIUM", "resolution_minutes": 60}, ALWAYS | {"priority": "PRIORITY_URGENT", "resolution_minutes": 30})
                self.now, tickets = at("2026-09-14T08:00:00Z"), []
                for step in range(120):
                    self.now += datetime.timedelta(minutes=dice.randrange(1, 12))
                    self.time(self.now.isoformat())
                    if len(tickets) < 10:
                        tickets.append(api.CreateTicket(ticket={"subject": "It is broken"}).ticket.id)
                    # What the ticket's state forbids does not matter here.
                    with contextlib.suppress(grpc.RpcError):
                        self.happen(api, dice, dice.choice(tickets))
                    if step % 15 == 14:
                        self.settled(api)
                        with self.subTest(seed=seed, step=step):
                            self.agree(api)

    def settled(self, api) -> None:
        """Until the timers have told what was due, and the walk has come by."""
        due = f"SELECT count(*) FROM ticket WHERE tenant_id = '{self.tenant}' AND sla_next_at <= '{self.now.isoformat()}'"
        moving = f"SELECT count(*) FROM sla_move AS m WHERE m.tenant_id = '{self.tenant}' AND (NOT m.done OR m.config_position <> (SELECT max(position) FROM sla_policy WHERE tenant_id = m.tenant_id))"
        count = lambda query: int(self.postgres.sql(query, self.database))
        until(lambda: count(due) == 0 and count(moving) == 0, "everything is told")
