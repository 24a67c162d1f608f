"""Clocks in a real server whose database says what time it is: the worked cases, timers, and timers that are killed."""

import datetime

from house import until
from seam import BERLIN, US, Desk, at


class Clocks(Desk):
    def test_the_worked_cases(self) -> None:
        with self.serve() as server:
            server.ready()
            for what, minutes, created, wanted in (
                ("A", 60, "2026-09-18T16:30:00-04:00", "2026-09-21T09:30:00-04:00"),
                ("B", 120, "2026-09-16T07:00:00-04:00", "2026-09-16T11:00:00-04:00"),
                ("C", 480, "2026-11-25T16:00:00-05:00", "2026-11-27T16:00:00-05:00"),
            ):
                api = self.desk(server, {"resolution_minutes": minutes})
                self.assert_due(api, self.create(api, created), wanted, what)
            for what, created, wanted in (
                ("D1", "2026-03-07T22:00:00-05:00", "2026-03-08T07:00:00-04:00"),
                ("D2", "2026-10-31T22:00:00-04:00", "2026-11-01T05:00:00-05:00"),
            ):
                api = self.desk(server, {"resolution_minutes": 480, "business_hours_only": False})
                self.assert_due(api, self.create(api, created), wanted, what)
            # The hours of a Sunday night are two when clocks go forward, and four when they go back.
            night = {"name": "night", "time_zone": "America/New_York", "weekly": [{"day": "SUNDAY", "open": "01:00", "close": "04:00"}]}
            for minutes, created, wanted in (
                (120, "2026-03-07T12:00:00-05:00", "2026-03-08T04:00:00-04:00"),
                (240, "2026-10-31T12:00:00-04:00", "2026-11-01T04:00:00-05:00"),
            ):
                api = self.desk(server, {"resolution_minutes": minutes}, calendar=night)
                self.assert_due(api, self.create(api, created), wanted, "D3")
            for minutes, wanted in ((240, "2026-12-23T17:00:00+01:00"), (480, "2026-12-28T11:00:00+01:00")):
                api = self.desk(server, {"resolution_minutes": minutes}, calendar=BERLIN)
                self.assert_due(api, self.create(api, "2026-12-23T11:30:00+01:00"), wanted, "H")

    def test_holds_and_reopenings(self) -> None:
        with self.serve() as server:
            server.ready()
            for what, minutes, created, held, resumed, wanted in (
                ("E1", 480, "2026-09-14T10:00:00-04:00", "2026-09-14T13:00:00-04:00", "2026-09-15T11:00:00-04:00", "2026-09-15T16:00:00-04:00"),
                ("E2", 480, "2026-09-18T15:00:00-04:00", "2026-09-18T16:00:00-04:00", "2026-09-21T10:00:00-04:00", "2026-09-21T17:00:00-04:00"),
                ("E3", 960, "2026-11-24T10:00:00-05:00", "2026-11-25T12:00:00-05:00", "2026-11-30T11:00:00-05:00", "2026-11-30T17:00:00-05:00"),
            ):
                api = self.desk(server, {"resolution_minutes": minutes})
                ticket = self.create(api, created)
                self.time(held)
                self.assertFalse(api.HoldTicket(id=ticket).ticket.HasField("due_at"), "a paused clock is not due")
                self.time(resumed)
                api.StartTicket(id=ticket)
                self.assert_due(api, ticket, wanted, what)
            for what, mode, wanted in (("G1", "ON_REOPEN_CONTINUE", "2026-09-16T13:00:00-04:00"), ("G2", "ON_REOPEN_NEW_CYCLE", "2026-09-17T10:00:00-04:00")):
                api = self.desk(server, {"resolution_minutes": 480, "on_reopen": mode})
                ticket = self.create(api, "2026-09-14T09:00:00-04:00")
                self.time("2026-09-14T14:00:00-04:00")
                api.ResolveTicket(id=ticket)
                self.time("2026-09-16T10:00:00-04:00")
                api.ReopenTicket(id=ticket)
                self.assert_due(api, ticket, wanted, what)

    def test_a_priority_that_changes(self) -> None:
        with self.serve() as server:
            server.ready()
            medium, urgent = {"priority": "PRIORITY_MEDIUM", "resolution_minutes": 1440}, {"priority": "PRIORITY_URGENT"}
            for what, minutes, mode, wanted in (
                ("F1", 240, "RETROACTIVE", "2026-09-14T15:00:00-04:00"),
                ("F2", 120, "RETROACTIVE", "2026-09-14T13:00:00-04:00"),
                ("F4", 240, "RESTART", "2026-09-15T10:00:00-04:00"),
            ):
                mode = {"on_priority_change": f"ON_PRIORITY_CHANGE_{mode}"}
                api = self.desk(server, {**medium, **mode}, {**urgent, **mode, "resolution_minutes": minutes})
                ticket = self.held(api, "2026-09-14T12:00:00-04:00")
                self.time("2026-09-14T14:00:00-04:00")
                self.urgent(api, ticket)
                self.assert_due(api, ticket, wanted, what)
                clock = api.GetTicketSla(id=ticket).clocks[0]
                self.assertEqual(clock.HasField("breached_at"), what == "F2")
                if what == "F2":
                    self.assertEqual(clock.breached_at.ToDatetime(datetime.timezone.utc), at(wanted), "breached at once, at the deadline")

    def test_a_priority_that_changes_during_a_hold(self) -> None:
        with self.serve() as server:
            server.ready()
            policies = ({"priority": "PRIORITY_MEDIUM", "resolution_minutes": 1440}, {"priority": "PRIORITY_URGENT", "resolution_minutes": 240})
            api = self.desk(server, *policies)
            ticket = self.held(api, None)
            self.time("2026-09-14T11:00:00-04:00")
            self.assertFalse(self.urgent(api, ticket).HasField("due_at"), "F5: it stays paused")
            clock = api.GetTicketSla(id=ticket).clocks[0]
            self.assertEqual((self.word(clock, "state"), clock.remaining.seconds), ("CLOCK_STATE_PAUSED", 180 * 60), "F5")
            self.assertFalse(clock.HasField("due_at"))

    def held(self, api, resumed: str | None) -> str:
        """Made on Monday at nine, on hold from ten."""
        ticket = self.create(api, "2026-09-14T09:00:00-04:00")
        self.time("2026-09-14T10:00:00-04:00")
        api.HoldTicket(id=ticket)
        if resumed:
            self.time(resumed)
            api.StartTicket(id=ticket)
        return ticket

    def urgent(self, api, ticket: str):
        return api.UpdateTicket(ticket={"id": ticket, "priority": "PRIORITY_URGENT"}, update_mask={"paths": ["priority"]}).ticket

    def test_the_next_answer_is_due_from_the_oldest_question(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"first_response_minutes": 60, "next_response_minutes": 60})
            rita = server.api(self.schema, self.issuer.token(self.tenant, "rita", ("requester",)))
            ticket = self.create(api, "2026-09-18T16:00:00-04:00", requester_id="rita")
            self.time("2026-09-18T16:10:00-04:00")
            api.PostMessage(ticket_id=ticket, message={"body": "We look"})
            for when in ("2026-09-18T16:50:00-04:00", "2026-09-18T16:55:00-04:00"):
                self.time(when)
                rita.PostMessage(ticket_id=ticket, message={"body": "And now?"})
            clock = next(it for it in api.GetTicketSla(id=ticket).clocks if self.word(it, "metric") == "SLA_METRIC_NEXT_RESPONSE")
            self.assertEqual(clock.due_at.ToDatetime(datetime.timezone.utc), at("2026-09-21T09:50:00-04:00"), "N")

    def test_warnings_come_in_business_time(self) -> None:
        paris = {"name": "paris", "time_zone": "Europe/Paris", "weekly": [{**day, "open": "08:00", "close": "18:00"} for day in US["weekly"]]}
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 240, "warn_at": [{"before": {"seconds": 3600}}]}, calendar=paris)
            ticket = self.create(api, "2026-09-14T17:00:00+02:00")
            self.assert_due(api, ticket, "2026-09-15T11:00:00+02:00", "W3")
            self.assertEqual(self.warns_at(api, ticket), at("2026-09-15T10:00:00+02:00"), "W3")
            api = self.desk(server, {"resolution_minutes": 480, "warn_at": [{"percent": 80}]})
            ticket = self.create(api, "2026-09-14T10:00:00-04:00")
            self.time("2026-09-14T13:00:00-04:00")
            api.HoldTicket(id=ticket)
            self.time("2026-09-15T11:00:00-04:00")
            api.StartTicket(id=ticket)
            self.assertEqual(self.warns_at(api, ticket), at("2026-09-15T14:24:00-04:00"), "W1")
            self.time("2026-09-15T14:24:00-04:00")
            told = lambda: api.ListActivities(ticket_id=ticket, filter="activity.type == 'sla.warning'").activities
            until(lambda: len(told()) == 1, "it warns then")
            self.assertEqual(told()[0].data["clocks"][0]["at"], "2026-09-15T18:24:00Z")

    def warns_at(self, api, ticket: str) -> datetime.datetime:
        return api.GetTicketSla(id=ticket).clocks[0].next_warning_at.ToDatetime(datetime.timezone.utc)

    def test_why_a_deadline_is_what_it_is(self) -> None:
        with self.serve() as server:
            server.ready()
            medium = {"priority": "PRIORITY_MEDIUM", "resolution_minutes": 1440}
            api = self.desk(server, medium, {"priority": "PRIORITY_URGENT", "resolution_minutes": 240})
            ticket = self.create(api, "2026-09-14T09:00:00-04:00")
            for when, call in (("2026-09-14T10:00:00-04:00", "HoldTicket"), ("2026-09-14T12:00:00-04:00", "StartTicket")):
                self.time(when)
                getattr(api, call)(id=ticket)
            self.time("2026-09-14T14:00:00-04:00")
            api.UpdateTicket(ticket={"id": ticket, "priority": "PRIORITY_URGENT"}, update_mask={"paths": ["priority"]})
            told = api.ExplainSla(id=ticket)
            self.assertEqual((told.policy.name, told.calendar.name, told.clock.target.seconds), ("p1", "us", 240 * 60))
            self.assertEqual([self.word(row, "kind").removeprefix("LEDGER_KIND_") for row in told.ledger], ["START", "PAUSE", "RESUME", "RETARGET"])
            self.assertEqual(told.ledger[3].reason, "priority MEDIUM to URGENT, another policy")
            kinds = [self.word(part, "kind").removeprefix("SLA_SEGMENT_KIND_") for part in told.segments]
            self.assertEqual(kinds, ["COUNTED", "PAUSED", "COUNTED"])
            self.assertEqual((told.segments[0].local_from, told.segments[2].local_to), ("2026-09-14T09:00:00-04:00", "2026-09-14T15:00:00-04:00"))
            clocks = api.GetTicketSla(id=ticket)
            self.assertEqual(clocks.next_due_at, told.clock.due_at)
            self.assertEqual(clocks.clocks[0].elapsed.seconds, 180 * 60)
            self.assertIn(f"zone data {told.clock.zone_data}\n", server.get("/healthz")[1])
            # It is read a second late, and nobody told it yet: a read shows it all the same.
            self.time("2026-09-14T15:01:00-04:00")
            self.assertEqual(api.GetTicketSla(id=ticket).clocks[0].breached_at, told.clock.due_at)

    def test_timers_fire_once_and_rules_and_streams_see_them(self) -> None:
        with self.serve() as server:
            server.ready()
            warn = [{"percent": 50}]
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False, "warn_at": warn})
            ticket = self.create(api, "2026-09-14T10:00:00-04:00")
            self.time("2026-09-14T11:00:30-04:00")
            kinds = lambda: [it.type for it in api.ListActivities(ticket_id=ticket, order_by="position").activities]
            until(lambda: "sla.breached" in kinds(), "the breach is told")
            self.assertEqual(kinds(), ["ticket.created", "sla.warning", "sla.breached"])
            activity = api.ListActivities(ticket_id=ticket, order_by="position").activities[2]
            self.assertEqual((activity.families, activity.actor.id), ([], "sla"))
            told = activity.data["clocks"][0]
            self.assertEqual((told["at"], told["late_by"]), ("2026-09-14T15:00:00Z", "30s"))

    def test_an_edit_moves_every_open_clock(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480, "business_hours_only": False})
            self.time("2026-09-14T10:00:00-04:00")
            api.BatchCreateTickets(requests=[{"ticket": {"subject": f"It is broken {n}"}} for n in range(450)])
            api.UpdateSlaPolicy(sla_policy={"id": "p0", "resolution_minutes": 600}, update_mask={"paths": ["resolution_minutes"]})
            moved = lambda: api.ListTickets(filter="ticket.due_at > timestamp('2026-09-14T23:00:00Z')", page_size=500).tickets
            until(lambda: len(moved()) == 450, "all have followed")
            reasons = {it.data["clocks"][0]["reason"] for it in api.pages("ListActivities", "activities", filter="activity.type == 'sla.retargeted'", page_size=500)}
            self.assertEqual(reasons, {"policy version 1 to 2"})

    def test_other_zone_data_moves_clocks_like_an_edit(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480})
            ticket = self.create(api, "2026-09-14T10:00:00-04:00")
            current = api.GetTicketSla(id=ticket).clocks[0].zone_data
            until(lambda: self.postgres.sql("SELECT done FROM sla_move", self.database) == "t", "the policy itself was followed")
        self.assertEqual(len(current), len("2025a"), "it can be written over")
        older = f"decode(replace(encode(%s, 'hex'), encode('{current}', 'hex'), encode('2025a', 'hex')), 'hex')"
        for table, column in (("ticket", "clocks"), ("sla_ledger", "body")):
            self.postgres.sql(f"UPDATE {table} SET {column} = {older % column}", self.database)
        self.postgres.sql("UPDATE sla_move SET zones = '2025a'", self.database)
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            moved = lambda: api.ListActivities(ticket_id=ticket, filter="activity.type == 'sla.retargeted'").activities
            until(lambda: moved(), "it was reckoned anew")
            self.assertEqual(moved()[0].data["clocks"][0]["reason"], f"time zone data 2025a to {current}")
            self.assertEqual(api.GetTicketSla(id=ticket).clocks[0].zone_data, current)

    def test_killed_while_ten_thousand_fire(self) -> None:
        tickets = 10_000
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False})
            self.time("2026-09-14T10:00:00-04:00")
            for _ in range(tickets // 500):
                api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * 500)
            self.time("2026-09-14T12:00:00-04:00")
            self.told(1)
            server.process.kill()
            server.process.wait()
        some = self.breaches()
        self.assertLess(some, tickets, "it was killed in the middle")
        for share in (3, 2):
            with self.serve() as server:
                self.told(some + (tickets - some) // share)
                server.process.kill()
                server.process.wait()
        with self.serve() as server:
            server.ready()
            self.told(tickets)
            count = "SELECT count(*) || ' ' || count(DISTINCT ticket_id) FROM"
            self.assertEqual(self.postgres.sql(f"{count} activity WHERE kind = 'sla.breached'", self.database), f"{tickets} {tickets}")
            self.assertEqual(self.postgres.sql(f"{count} sla_ledger WHERE breached_at IS NOT NULL", self.database), f"{tickets} {tickets}")

    def breaches(self) -> int:
        return int(self.postgres.sql("SELECT count(*) FROM sla_ledger WHERE breached_at IS NOT NULL", self.database))

    def told(self, wanted: int) -> None:
        until(lambda: self.breaches() >= wanted, f"{wanted} breaches are told", 120)
