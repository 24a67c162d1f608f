"""Clocks in a real server whose database says what time it is: the worked cases, timers, and timers that are killed."""

import datetime
import itertools

from house import until
from operated import Operated

WORK = [{"day": day, "open": "09:00", "close": "17:00"} for day in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")]
US = {"name": "us", "time_zone": "America/New_York", "weekly": WORK, "holidays": [{"date": "2026-11-26", "name": "Thanksgiving"}]}
BERLIN = {
    "name": "berlin",
    "time_zone": "Europe/Berlin",
    "weekly": [
        {"day": part["day"], "open": open, "close": close} for part in WORK for open, close in (("08:00", "12:00"), ("13:30", "18:00"))
    ],
    "holidays": [{"date": "2026-12-24"}, {"date": "2026-12-25"}],
}
# The one source of time is the database's clock: a function of the same name that is found first stands before it.
SEAM = """
CREATE SCHEMA seam;
CREATE TABLE seam.clock (stands timestamptz NOT NULL);
INSERT INTO seam.clock VALUES ('2026-01-01');
CREATE FUNCTION seam.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT stands FROM seam.clock';
"""
_tenants = itertools.count(1)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


class Clocks(Operated):
    def setUp(self) -> None:
        super().setUp()
        self.postgres.sql(SEAM, self.database)
        self.postgres.sql(f"ALTER DATABASE {self.database} SET search_path = seam, pg_catalog, public")

    def time(self, text: str) -> None:
        self.postgres.sql(f"UPDATE seam.clock SET stands = '{text}'", self.database)

    def desk(self, server, *policies: dict, calendar: dict = US):
        """A tenant with a calendar and policies, made long ago."""
        self.time("2026-01-01T00:00:00Z")
        tenant = f"desk-{next(_tenants)}"
        api = server.api(self.schema, self.issuer.token(tenant))
        api.CreateCalendar(calendar=calendar)
        for place, policy in enumerate(policies):
            hours = {"calendar_id": calendar["name"], "business_hours_only": policy.get("business_hours_only", True)}
            api.CreateSlaPolicy(sla_policy={"name": f"p{place}", **hours, **policy})
        return api

    def create(self, api, when: str, **fields) -> str:
        self.time(when)
        return api.CreateTicket(ticket={"subject": "It is broken", **fields}).ticket.id

    def assert_due(self, api, ticket: str, wanted: str, what: str = "") -> None:
        self.assertEqual(api.GetTicket(id=ticket).ticket.due_at.ToDatetime(datetime.timezone.utc), at(wanted), what)

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
