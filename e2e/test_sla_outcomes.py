"""Breaches and reports of a real server, against a naive look through the ledger of every ticket."""

import collections
import contextlib
import datetime
import json
import random

import grpc

from house import until
from seam import Desk, at

UTC = datetime.timezone.utc
START = at("2026-09-14T08:00:00+00:00")
ANY = {"first_response_minutes": 60, "next_response_minutes": 30, "resolution_minutes": 480}
URGENT = {"priority": "PRIORITY_URGENT", "first_response_minutes": 20, "resolution_minutes": 120, "on_reopen": "ON_REOPEN_NEW_CYCLE"}
TEAMS = ["", "billing", "support"]
PRIORITIES = ["LOW", "MEDIUM", "HIGH", "URGENT"]
TYPES = ["INCIDENT", "PROBLEM"]


def time_of(message, field: str) -> datetime.datetime | None:
    return getattr(message, field).ToDatetime(UTC) if message.HasField(field) else None


class Outcomes(Desk):
    def caller(self, server, roles: str, sub: str = "rita", **claims):
        return server.api(self.schema, self.issuer.token(self.tenant, sub, tuple(roles.split(",")), **claims))

    def metric(self, message) -> str:
        return self.word(message, "metric").removeprefix("SLA_METRIC_")

    def history(self, api, dice: random.Random) -> list[str]:
        """Tickets to which an hour of anything happens again and again."""
        now, tickets = START, []
        for _ in range(150):
            now += datetime.timedelta(minutes=dice.randrange(1, 16))
            self.time(now.isoformat())
            if len(tickets) < 12:
                words = {"priority": f"PRIORITY_{dice.choice(PRIORITIES)}", "type": f"TICKET_TYPE_{dice.choice(TYPES)}"}
                tickets.append(api.CreateTicket(ticket={"subject": "It is broken", "requester_id": "rita", "team_id": dice.choice(TEAMS), **words}).ticket.id)
            # What the ticket's state forbids does not matter here.
            with contextlib.suppress(grpc.RpcError):
                self.happen(api, dice, dice.choice(tickets))
        return tickets

    def happen(self, api, dice: random.Random, ticket: str) -> None:
        changed = {"priority": f"PRIORITY_{dice.choice(PRIORITIES)}", "team_id": dice.choice(TEAMS)}
        match dice.randrange(9):
            case 0:
                field = dice.choice(list(changed))
                api.UpdateTicket(ticket={"id": ticket, field: changed[field]}, update_mask={"paths": [field]})
            case 1 | 2:
                api.ResolveTicket(id=ticket)
            case 3:
                api.ReopenTicket(id=ticket)
            case 4 | 5:
                api.PostMessage(ticket_id=ticket, message={"body": "Look", "visibility": "VISIBILITY_PUBLIC"})
            case 6:
                self.rita.PostMessage(ticket_id=ticket, message={"body": "Well?"})
            case 7:
                api.HoldTicket(id=ticket)
            case 8:
                api.StartTicket(id=ticket)

    def decided(self, api, tickets: list[str]) -> list[dict]:
        """Each clock that was breached or is fulfilled, row by row out of the ledgers."""
        log = {it.position: it.ticket for it in api.pages("ListActivities", "activities", view="ACTIVITY_VIEW_FULL", page_size=500)}
        all = []
        for ticket in tickets:
            clocks: dict[tuple, dict] = collections.defaultdict(lambda: {"breached": None, "counted": None, "fulfilled": None, "voided": None, "elapsed": None, "position": 0})
            for row in api.GetTicketSla(id=ticket).ledger:
                clock = clocks[self.metric(row), row.cycle]
                clock["policy"] = row.policy_id or clock["policy"]
                when = row.at.ToDatetime(UTC)
                match self.word(row, "kind").removeprefix("LEDGER_KIND_"):
                    case "BREACH" if clock["breached"] is None:
                        counted = row.counted_at.ToDatetime(UTC)
                        clock |= {"breached": when, "counted": counted, "position": row.position, "of": clock["policy"]}
                    case "FULFIL":
                        clock |= {"fulfilled": when, "elapsed": row.elapsed.ToTimedelta()}
                        if clock["breached"] is None:
                            clock |= {"position": row.position, "of": clock["policy"]}
                    case "VOID":
                        clock["voided"] = when
                    case "RESUME":
                        clock |= {"fulfilled": None, "voided": None, "elapsed": None}
            for (metric, cycle), clock in clocks.items():
                if clock["breached"] or clock["fulfilled"]:
                    was = log[clock["position"]]
                    fields = {"priority": self.word(was, "priority").removeprefix("PRIORITY_"), "type": self.word(was, "type").removeprefix("TICKET_TYPE_")}
                    all.append({**clock, **fields, "ticket": ticket, "metric": metric, "cycle": cycle, "team": was.team_id, "organization": ""})
        return all

    def figures(self, clocks: list[dict]) -> tuple:
        times = sorted(clock["elapsed"] for clock in clocks if clock["elapsed"] is not None)
        percentile = lambda percent: times[max(1, -(-len(times) * percent // 100)) - 1] if times else None
        breached = sum(clock["breached"] is not None for clock in clocks)
        return len(clocks), len(clocks) - breached, breached, len(times), percentile(50), percentile(90)

    def told(self, attainment) -> tuple:
        length = lambda field: getattr(attainment, field).ToTimedelta() if attainment.HasField(field) else None
        self.assertAlmostEqual(attainment.share, attainment.met / attainment.count)
        return attainment.count, attainment.met, attainment.breached, attainment.fulfilled, length("p50"), length("p90")

    def grouped(self, clocks: list[dict], by: str) -> dict:
        groups = collections.defaultdict(list)
        for clock in clocks:
            groups[clock["of" if by == "policy" else by] if by else "", clock["metric"]].append(clock)
        return {key: self.figures(some) for key, some in groups.items()}

    def settled(self, api, tickets: list[str]) -> None:
        """Until every breach that a read shows is told."""

        def open() -> list:
            clocks = [(it, ticket) for ticket in tickets for it in api.GetTicketSla(id=ticket).clocks if it.HasField("breached_at")]
            listed = {(it.ticket_id, it.metric, it.cycle) for it in api.pages("ListBreaches", "breaches")}
            return [ticket for it, ticket in clocks if (ticket, it.metric, it.cycle) not in listed]

        until(lambda: not open(), "every breach is told")

    def test_a_naive_look_through_the_ledgers_finds_the_same(self) -> None:
        with self.serve() as server:
            server.ready()
            for seed in range(3):
                hours = {"business_hours_only": False}
                api = self.desk(server, ANY | hours, URGENT | hours)
                self.rita = self.caller(server, "requester")
                tickets = self.history(api, random.Random(seed))
                self.settled(api, tickets)
                with self.subTest(seed=seed):
                    self.agrees(api, self.decided(api, tickets))

    def agrees(self, api, clocks: list[dict]) -> None:
        breached = sorted((it for it in clocks if it["breached"]), key=lambda it: (it["breached"], it["position"]), reverse=True)
        self.assertGreater(len(breached), 3)
        self.assertGreater(len(clocks) - len(breached), 3)
        shown = list(api.pages("ListBreaches", "breaches", page_size=4))
        key = lambda it: (it["ticket"], it["metric"], it["cycle"], it["breached"], it["position"], it["of"], it["priority"], it["team"], it["fulfilled"] or it["voided"])
        told = lambda it: (
            it.ticket_id, self.metric(it), it.cycle, time_of(it, "breached_at"), it.position, it.policy_id,
            self.word(it, "priority").removeprefix("PRIORITY_"), it.team_id, time_of(it, "ended_at"),
        )
        self.assertEqual([told(it) for it in shown], [key(it) for it in breached])
        middle = breached[len(breached) // 2]["breached"]
        for window in ({}, {"to": middle}, {"from": middle}, {"from": middle, "to": middle}):
            inside = lambda at: window.get("from", START) <= at < window.get("to", at + datetime.timedelta(1))
            some = [it for it in clocks if inside(it["counted"] or it["fulfilled"])]
            for by in ("", "policy", "priority", "team", "type", "organization"):
                report = api.GetSlaReport(group_by=by, **{"from": START, **window})
                with self.subTest(by=by, window=window):
                    self.assertEqual({("", self.metric(it)): self.told(it) for it in report.all}, self.grouped(some, ""))
                    groups = {(it.value, self.metric(it.attainment)): self.told(it.attainment) for it in report.groups}
                    self.assertEqual(groups, self.grouped(some, by) if by else {})
            listed = sum(it["breached"] is not None and inside(it["breached"]) for it in clocks)
            self.assertEqual(len(list(api.pages("ListBreaches", "breaches", **window))), listed)

    def test_a_breach_from_beginning_to_end(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False})
            ticket = self.create(api, "2026-09-14T10:00:00+00:00", team_id="billing")
            self.assertEqual(len(api.ListBreaches().breaches), 0)
            self.time("2026-09-14T11:00:30+00:00")
            [breach] = until(lambda: api.ListBreaches().breaches, "the breach is told")
            self.assertEqual((breach.ticket_id, breach.display_number, breach.subject), (ticket, "TKT-0001", "It is broken"))
            self.assertEqual((self.metric(breach), breach.cycle, breach.policy_name, breach.policy_version), ("RESOLUTION", 1, "p0", 1))
            self.assertEqual((breach.target.seconds, breach.late_by.seconds, breach.team_id), (3600, 30, "billing"))
            self.assertEqual(time_of(breach, "breached_at"), at("2026-09-14T11:00:00+00:00"))
            self.assertEqual((self.word(breach, "state"), breach.HasField("ended_at")), ("CLOCK_STATE_RUNNING", False))
            told = api.ListActivities(ticket_id=ticket, filter="activity.type == 'sla.breached'").activities[0]
            self.assertEqual(breach.position, told.position)
            self.assertEqual(api.ListBreaches(min_position=told.position, epoch=told.epoch).breaches[0], breach)
            # The team that has it now did not miss it.
            self.time("2026-09-14T12:00:00+00:00")
            api.AssignTicket(id=ticket, team_id="support")
            api.HoldTicket(id=ticket)
            self.assertEqual(self.word(api.ListBreaches().breaches[0], "state"), "CLOCK_STATE_PAUSED")
            self.time("2026-09-14T13:00:00+00:00")
            api.ResolveTicket(id=ticket)
            api.DeleteTicket(id=ticket)
            [breach] = api.ListBreaches(filter="sla_outcome.team_id == 'billing' && sla_outcome.metric == 'RESOLUTION'").breaches
            self.assertEqual((self.word(breach, "state"), time_of(breach, "ended_at")), ("CLOCK_STATE_FULFILLED", at("2026-09-14T13:00:00+00:00")))
            self.assertEqual(breach.elapsed.seconds, 2 * 3600)
            for filter in ("sla_outcome.team_id == 'support'", "sla_outcome.metric == 'FIRST_RESPONSE'", "sla_outcome.elapsed < duration('1h')"):
                self.assertEqual(len(api.ListBreaches(filter=filter).breaches), 0, filter)

    def test_who_may_see_them(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False})
            program = self.caller(server, "service", "crm", app_id="crm")
            ours, theirs = self.create(api, "2026-09-14T10:00:00+00:00"), self.create(program, "2026-09-14T10:00:01+00:00")
            self.time("2026-09-14T12:00:00+00:00")
            until(lambda: len(api.ListBreaches().breaches) == 2, "both are told")
            self.assertEqual([it.ticket_id for it in api.ListBreaches().breaches], [theirs, ours])
            self.assertEqual([it.ticket_id for it in program.ListBreaches().breaches], [theirs])
            self.assertEqual([it.ticket_id for it in self.caller(server, "auditor").ListBreaches().breaches], [theirs, ours])
            now = {"to": at("2026-09-15T00:00:00+00:00")}
            self.assertEqual([it.count for it in api.GetSlaReport(**now).all], [2])
            report = program.GetSlaReport(group_by="policy", **now)
            self.assertEqual(([it.count for it in report.all], report.position), ([1], 0))
            # The policy is the tenant's: an app is not told what it is called.
            self.assertEqual([it.name for it in report.groups], [""])
            self.assertEqual([it.name for it in api.GetSlaReport(group_by="policy", **now).groups], ["p0"])
            stranger = server.api(self.schema, self.issuer.token("somebody-else"))
            self.assertEqual((len(stranger.ListBreaches().breaches), len(stranger.GetSlaReport(**now).all)), (0, 0))
            rita = self.caller(server, "requester")
            for call in (rita.ListBreaches, rita.GetSlaReport):
                with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                    call()

    def test_bad_questions(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 1, "business_hours_only": False})
            self.time("2026-09-14T10:00:00+00:00")
            api.BatchCreateTickets(requests=[{"ticket": {"subject": "It is broken"}}] * 3)
            self.time("2026-09-14T12:00:00+00:00")
            until(lambda: len(api.ListBreaches().breaches) == 3, "all are told")
            reversed = {"from": at("2026-09-15T00:00:00+00:00"), "to": at("2026-09-14T00:00:00+00:00")}
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                api.ListBreaches(page_size=-1, min_position=-1, **reversed)
            self.assertEqual(sorted(seen.fields), ["min_position", "page_size", "to"])
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                api.GetSlaReport(group_by="weather", epoch=-1, **reversed)
            self.assertEqual(sorted(seen.fields), ["epoch", "group_by", "to"])
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                api.ListBreaches(**{"from": {"seconds": 1 << 60}})
            self.assertEqual(seen.fields, ["from"])
            token = api.ListBreaches(page_size=1).next_page_token
            self.assertEqual(len(api.ListBreaches(page_size=1, page_token=token).breaches), 1)
            for other in ({"from": START}, {"order_by": "position"}, {"filter": "sla_outcome.cycle == 1"}):
                with self.subTest(other), self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
                    api.ListBreaches(page_size=1, page_token=token, **other)
            for call in (api.ListBreaches, api.GetSlaReport):
                for filter in ("sla_outcome.colour == 'red'", "ticket.number == 1", "sla_outcome.metric == 'LUNCH'", "sla_outcome.tenant_id == 'x'"):
                    with self.subTest(filter), self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
                        call(filter=filter)
                with self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
                    call(min_position=10_000)
            with self.refused("INVALID_ARGUMENT", "ORDER_BY_INVALID"):
                api.ListBreaches(order_by="late_by")

    def test_a_report_is_of_the_last_30_days_unless_asked(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False})
            for when in ("2026-08-01T10:00:00+00:00", "2026-09-10T10:00:00+00:00"):
                ticket = self.create(api, when)
                api.ResolveTicket(id=ticket)
            self.time("2026-09-14T10:00:00+00:00")
            report = api.GetSlaReport()
            self.assertEqual((time_of(report, "from"), time_of(report, "to")), (at("2026-08-15T10:00:00+00:00"), at("2026-09-14T10:00:00+00:00")))
            self.assertEqual([(it.count, it.met, it.share) for it in report.all], [(1, 1, 1.0)])
            self.assertEqual([it.count for it in api.GetSlaReport(**{"from": START - datetime.timedelta(days=90)}).all], [2])
            self.assertEqual(report.position, api.ListActivities(order_by="position desc", page_size=1).activities[0].position)

    def test_in_a_terminal(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 60, "business_hours_only": False})
            late = self.create(api, "2026-09-14T10:00:00+00:00", team_id="billing")
            self.create(api, "2026-09-14T11:00:00+00:00")
            self.time("2026-09-14T11:30:00+00:00")
            api.ResolveTicket(id="2")
            until(lambda: api.ListBreaches().breaches, "the breach is told")
            ask = lambda *words: self.run_docket(*words, DOCKET_ADDRESS=server.address, DOCKET_TOKEN=self.issuer.token(self.tenant), HOME=str(self.folder))
            shown = ask("sla", "breaches", "--from", "2026-09-14", "--policy", "p0", "--team", "billing", "--metric", "resolution")
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertRegex(shown.stdout, r"(?s)^NUMBER +METRIC .*\nTKT-0001 +RESOLUTION +2026-09-14 11:00:00Z +p0 +1h +MEDIUM +billing +RUNNING +It is broken\n$")
            [breach] = json.loads(ask("sla", "breaches", "-o", "json").stdout)
            self.assertEqual((breach["ticket_id"], breach["state"], breach["target"]), (late, "RUNNING", "3600s"))
            self.assertNotIn("TKT", ask("sla", "breaches", "--team", "support").stdout)
            report = ask("sla", "report", "--by", "team", "--from", "2026-09-14", "--to", "2026-09-15")
            lines = [line.split() for line in report.stdout.splitlines() if line]
            self.assertEqual(lines[1], ["RESOLUTION", "2", "1", "1", "0.5", "30m", "30m"])
            self.assertIn(["billing", "RESOLUTION", "1", "0", "1", "0.0"], lines)
            self.assertIn("from 2026-09-14 00:00:00Z to 2026-09-15 00:00:00Z", report.stderr)
            figures = json.loads(ask("sla", "report", "--from", "2026-09-14", "--to", "2026-09-15", "-o", "json", "--metric", "resolution").stdout)
            self.assertEqual([(it["count"], it["met"], it["share"]) for it in figures["all"]], [("2", "1", 0.5)])
            # By its path, narrowed by a field as any list.
            path = "/api/v1/sla/breaches?team=billing&metric=resolution&page_size=1"
            self.assertEqual(ask("api", "GET", path, "--query", "$.breaches[*].display_number").stdout, "TKT-0001\n")
            path = "/api/v1/sla/report?from=2026-09-14T00:00:00Z&to=2026-09-15T00:00:00Z&priority=medium"
            self.assertEqual(ask("api", "GET", path, "--query", "$.all[*].breached").stdout, "1\n")
            wrong = ask("sla", "report", "--from", "soon")
            self.assertEqual((wrong.returncode, "write a date such as" in wrong.stderr), (2, True))
