"""What a caller can make the server spend is bounded: attacks that succeeded once, from outside. A neighbour is answered
all the while."""

import contextlib
import gzip
import math
import pathlib
import re
import sys
import threading
import time
import urllib.request

import grpc
from google.rpc import error_details_pb2

from case import Case, api, new_tenant
from house import until
from operated import Operated
from raw import Raw, message

MIB = 1 << 20
# What an attack may cost, and how long a neighbour may wait: a debug build on a busy machine needs its time.
MEMORY = 200 * MIB
SECONDS = 2
HEALTH = "/grpc.health.v1.Health/Check"
TICKETS = "/docket.v1.TicketService"


def resident(pid: int) -> int:
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


@contextlib.contextmanager
def bounded(test: Case, pid: int, neighbour):
    """What happens meanwhile costs little memory, and no neighbour's time."""
    ticket = neighbour.CreateTicket(ticket={"subject": "Untouched"}).ticket
    done, idle = threading.Event(), resident(pid)
    peak, slowest = [idle], [0.0]

    def watch() -> None:
        while not done.is_set():
            began = time.monotonic()
            try:
                neighbour.GetTicket(id=ticket.id)
                slowest.append(time.monotonic() - began)
            except grpc.RpcError:
                slowest.append(math.inf)
            peak.append(resident(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
        peak.append(resident(pid))
    finally:
        done.set()
        watching.join()
    more, waited = max(peak) - idle, max(slowest)
    print(f"[{more / MIB:.0f} MiB above idle, a neighbour waited {waited * 1000:.0f} ms at most] ", end="", file=sys.stderr)
    test.assertLess(more, MEMORY)
    test.assertLess(waited, SECONDS)


class Attack(Case):
    def raw(self, token: str | None = None) -> Raw:
        return self.enterContext(Raw(self.server.address, token))

    def token(self, roles: str = "agent,admin") -> str:
        return self.server.token(self.tenant, "mallory", roles)

    def bounded(self):
        return bounded(self, self.server.process.pid, api(new_tenant(), "ned"))


class Bytes(Attack):
    def test_a_claimed_length_reserves_nothing(self) -> None:
        with self.bounded():
            for connection in [self.raw() for _ in range(3)]:
                streams = [connection.open(HEALTH) for _ in range(200)]
                for stream in streams:
                    connection.send(stream, message(b"", claims=4_194_000))
                reasons = [connection.answer(stream).info.reason for stream in streams]
                self.assertLessEqual(set(reasons), {"LIMIT_EXCEEDED", "OVERLOADED"})
            one = connection.open(HEALTH)
            connection.send(one, message(b"", claims=65_537))
            self.assertEqual(connection.answer(one).info.metadata["limit"], "65536")

    def test_calls_without_a_token_are_few_on_a_connection(self) -> None:
        with self.bounded():
            for connection in [self.raw() for _ in range(60)]:
                streams = [connection.open("/grpc.health.v1.Health/Watch") for _ in range(200)]
                connection.flush()
                ended = lambda: sum(connection.answers[stream].ended for stream in streams)
                while ended() < 200 - 16:
                    connection.receive()
                connection.sync()
                self.assertEqual(ended(), 200 - 16)
                refused = [answer for answer in connection.answers.values() if answer.ended]
                self.assertEqual({answer.info.reason for answer in refused}, {"OVERLOADED"})
            with self.raw() as other:
                self.assertEqual(other.call(HEALTH, message(b"")).code, 0)

    def test_a_caller_with_a_token_holds_what_it_has_sent(self) -> None:
        token, calls = self.token(), []
        with self.bounded():
            for connection in [self.raw(token) for _ in range(5)]:
                for _ in range(199):
                    stream = connection.open(f"{TICKETS}/CreateTicket")
                    connection.send(stream, message(b"", claims=4_194_000))
                    calls.append((connection, stream))
                connection.sync()
        for connection, stream in calls:
            self.assertFalse(connection.answers[stream].ended, "nothing is wrong with it so far")

    def test_unfinished_messages_are_bounded_together(self) -> None:
        tokens = [self.server.token(new_tenant(), "mallory", "agent") for _ in range(4)]
        refused, request = [], self.api.request("CreateTicket", ticket={"subject": "In pieces", "description": "x" * 40_000})
        with self.bounded():
            # One tenant holds what it may, and others are not refused for it.
            for connection in [self.raw(tokens[0]) for _ in range(2)]:
                for _ in range(8):
                    stream = connection.open(f"{TICKETS}/CreateTicket")
                    connection.send(stream, message(b"", claims=4_000_000) + b"\0" * 3_900_000)
                connection.sync()
            answer = self.raw(self.token()).call(f"{TICKETS}/CreateTicket", message(request.SerializeToString()))
            self.assertEqual(answer.code, 0)
            for connection in [self.raw(token) for token in tokens]:
                for _ in range(12):
                    stream = connection.open(f"{TICKETS}/CreateTicket")
                    connection.send(stream, message(b"", claims=4_000_000) + b"\0" * 3_900_000)
                    if connection.answers[stream].ended:
                        refused.append(connection.answers[stream].info.reason)
                connection.sync()
        self.assertEqual(set(refused), {"OVERLOADED"})

    def test_a_message_in_pieces_is_read(self) -> None:
        request = self.api.request("CreateTicket", ticket={"subject": "In pieces", "description": "x" * 40_000})
        body = message(request.SerializeToString())
        with self.raw(self.token()) as connection:
            stream = connection.open(f"{TICKETS}/CreateTicket")
            connection.send(stream, body[:3])
            connection.send(stream, body[3:], end=True, piece=1000)
            self.assertEqual(connection.answer(stream).code, 0)


class Answers(Operated):
    """What the server has answered and its clients do not take."""

    def test_answers_that_nobody_takes_are_bounded_together_and_end(self) -> None:
        with self.serve(http__slow_after="3s") as server:
            token = self.issuer.token(self.tenant)
            own = server.ready().api(self.schema, token)
            for _ in range(10):
                own.CreateTicket(ticket={"subject": "Long", "description": "x" * 60_000})
            path, body = f"{TICKETS}/ListTickets", message(own.request("ListTickets", page_size=10).SerializeToString())
            with bounded(self, server.process.pid, server.api(self.schema, self.issuer.token("neighbour"))):
                # One takes nothing at all, one begins.
                slow = [self.enterContext(Raw(server.address, token, window)) for window in (0, 0, 0, 20_000, 20_000)]
                for connection in slow:
                    for _ in range(100):
                        connection.send(connection.open(path), body, end=True)
                answers = [(connection, stream) for connection in slow for stream in range(1, 200, 2)]
                for connection, stream in answers:
                    while not connection.answers[stream].headers:
                        connection.receive()
                    self.assertEqual(connection.answers[stream].headers[":status"], "200")
                waiting = [(connection, stream) for connection, stream in answers if connection.answers[stream].code == -1]
                refused = {connection.answers[stream].info.reason for connection, stream in answers} - {""}
                self.assertEqual(refused, {"OVERLOADED"})
                self.assertTrue(waiting)
                began = time.monotonic()
                for connection, stream in waiting:
                    answer = connection.answer(stream)
                    self.assertTrue(connection.alive and answer.ended and answer.code == -1, answer)
                self.assertLess(time.monotonic() - began, 3 + SECONDS)
            # What they held is free, and the connection serves on.
            self.assertEqual(len(own.ListTickets(page_size=10).tickets), 10)
            self.assertEqual(slow[0].call(f"{TICKETS}/GetTicket", message(b"")).code, 3)

    def test_a_client_that_does_not_read_its_socket_is_gone(self) -> None:
        with self.serve(http__slow_after="3s") as server:
            token = self.issuer.token(self.tenant)
            own = server.ready().api(self.schema, token)
            for _ in range(10):
                own.CreateTicket(ticket={"subject": "Long", "description": "x" * 60_000})
            body = message(own.request("ListTickets", page_size=10).SerializeToString())
            with bounded(self, server.process.pid, server.api(self.schema, self.issuer.token("neighbour"))):
                open_ones = lambda: int(re.search(r"docket_connections_open (\d+)", server.get("/metrics")[1])[1])
                others = open_ones()
                deaf = self.enterContext(Raw(server.address, token, 2**31 - 1))
                self.assertEqual(open_ones(), others + 1)
                deaf.h2.increment_flow_control_window(2**31 - 1 - 65_535)
                for _ in range(40):
                    deaf.send(deaf.open(f"{TICKETS}/ListTickets"), body, end=True)
                until(lambda: open_ones() == others, "its connection is closed")


class Elements(Attack):
    """Two bytes on the wire become hundreds in memory: they are counted before."""

    def setUp(self) -> None:
        super().setUp()
        self.caller = self.raw(self.token("agent,admin,lead,service,importer,requester"))

    def path(self, rpc: str) -> str:
        method = self.schema.methods[rpc]
        return f"/{method.containing_service.full_name}/{rpc}"

    def refused_fields(self, rpc: str, body: bytes, **more: str) -> list[str]:
        answer = self.caller.call(self.path(rpc), body, **more)
        self.assertEqual((answer.code, answer.info.reason), (3, "INVALID_FIELDS"), rpc)
        return [violation.field for violation in answer.violations]

    def test_two_million_empty_items_cost_no_more_than_the_first(self) -> None:
        items = b"\x0a\x00" * 2_000_000
        packed = gzip.compress(items)
        with self.bounded():
            for rpc in ("BatchCreateTickets", "BatchUpsertAgents"):
                began = time.monotonic()
                self.assertEqual(self.refused_fields(rpc, message(packed, compressed=True), grpc_encoding="gzip"), ["requests"])
                self.assertLess(time.monotonic() - began, SECONDS)
                self.assertEqual(self.refused_fields(rpc, message(items)), ["requests"])

    def test_every_repeated_field_and_map_has_a_limit(self) -> None:
        ways = [(rpc, way) for rpc, method in self.schema.methods.items() for way in self.ways(method.input_type)]
        self.assertGreater(len(ways), 100, "the descriptors were read")
        with self.bounded():
            for rpc, way in ways:
                # The limit of holidays is 10,000.
                with self.subTest(rpc, way=[field.name for field in way]):
                    told = self.refused_fields(rpc, message(self.filled(way, 12_000)))
                    self.assertEqual([re.sub(r"\[0\]", "", field) for field in told], [".".join(field.name for field in way)])

    def ways(self, descriptor, way=()) -> list[tuple]:
        """The way to each repeated field, through each message once."""
        found = []
        for field in descriptor.fields:
            if field.is_repeated:
                found.append((*way, field))
            if field.message_type and field.message_type not in [outer.message_type for outer in way]:
                found += self.ways(field.message_type, (*way, field))
        return found

    def filled(self, way: tuple, count: int) -> bytes:
        *around, last = way
        empty = last.message_type or last.type in (last.TYPE_STRING, last.TYPE_BYTES)
        body = part(last, b"") * count if empty else part(last, b"\0" * count)
        for field in reversed(around):
            body = part(field, body)
        return body


def part(field, value: bytes) -> bytes:
    """A field on the wire, by its length."""
    return varint(field.number << 3 | 2) + varint(len(value)) + value


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


class Refusals(Attack):
    def test_a_mask_names_128_fields_at_most(self) -> None:
        ticket = self.ticket()
        with self.bounded():
            for paths in ([f"custom.{n}" for n in range(30_000)], [""] * 1_000_000):
                update = {"ticket": {"id": ticket.id}, "update_mask": {"paths": paths}}
                began = time.monotonic()
                with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    self.api.UpdateTicket(**update)
                self.assertEqual(seen.fields, ["update_mask.paths"])
                self.assertLess(time.monotonic() - began, SECONDS)
        self.api.UpdateTicket(ticket={"id": ticket.id}, update_mask={"paths": [f"custom.c{n}" for n in range(128)]})

    def test_no_refusal_sends_4_kib(self) -> None:
        accents, caller = "é" * 990, self.raw(self.token())
        long = {
            "ListTickets": {"filter": f"ticket.status == '{accents}'"},
            "ListActivities": {"order_by": accents[:250]},
            "GetTicket": {"id": accents},
            "CreateTicket": {"ticket": {"subject": accents, "category": accents, "tags": [accents] * 64}},
            "CreateCalendar": {"calendar": {"name": "c", "time_zone": "x" * 5_000}},
            "CreateSlaPolicy": {"sla_policy": {"name": accents, "match": f"{accents} == 1"}},
            "ValidateWorkflow": {},
        }
        for rpc, fields in long.items():
            method = self.schema.methods[rpc]
            path = f"/{method.containing_service.full_name}/{rpc}"
            answer = caller.call(path, message(self.api.request(rpc, **fields).SerializeToString()), x_request_id="r" * 128)
            with self.subTest(rpc):
                self.assertLess(answer.size, 4096)
                if answer.code != 0:
                    self.assertTrue(answer.info.reason)
                for violation in answer.violations:
                    self.assertTrue(violation.field or violation.description.startswith("and "))

    def test_the_field_is_named_however_long_its_value_is(self) -> None:
        for fields in ({"time_zone": "x" * 5_000}, {"time_zone": "UTC", "holidays": [{"date": "é" * 5_000}]}):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.CreateCalendar(calendar={"name": "c", **fields})
            self.assertIn(seen.fields, (["calendar.time_zone"], ["calendar.holidays[0].date"]))

    def test_a_pause_does_not_end_before_it_begins(self) -> None:
        pauses = [{"from": {"seconds": 300}, "to": {"seconds": 300}}, {"from": {"seconds": 300}, "to": {"seconds": 200}}]
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.PreviewDeadline(start={"seconds": 1}, target={"seconds": 60}, pauses=pauses)
        self.assertEqual(seen.fields, ["pauses[1].to"])

    def test_what_is_wrong_without_end_is_told_with_its_number(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.BatchCreateTickets(requests=[{}] * 500)
        self.assertEqual(seen.metadata["violations"], "1000")
        bad = seen.detail(error_details_pb2.BadRequest).field_violations
        self.assertEqual(bad[-1].description, f"and {1000 - len(bad) + 1} more")


class Strangers(Attack):
    """What nobody with a gRPC client does."""

    def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_fault(self) -> None:
        # Levels as JSON has them: a log that were written otherwise would have no INFO either.
        lines = lambda *levels: sum(self.server.log.read_text().count(f'"level":"{level}"') for level in levels)
        self.assertGreater(lines("INFO"), 0)
        cancelled = {path: self.counted(path, "CANCELLED") for path in (f"{TICKETS}/CreateTicket", HEALTH)}
        before = lines("ERROR", "WARN")
        for path in cancelled:
            for _ in range(20):
                with Raw(self.server.address, self.token()) as connection:
                    connection.send(connection.open(path), message(b"", claims=1000) + b"\0" * 500)
                    connection.sync()
        for path, count in cancelled.items():
            until(lambda: self.counted(path, "CANCELLED") == count + 20, f"{path}: they are counted")
        self.assertEqual(lines("ERROR", "WARN"), before)

    def counted(self, path: str, code: str) -> int:
        with urllib.request.urlopen(f"http://{self.server.metrics}/metrics", timeout=10) as answer:
            found = re.search(rf'docket_calls_total{{code="{code}",method="{path}"}} (\d+)', answer.read().decode())
        return int(found[1]) if found else 0

    def test_denials_are_counted_and_told_together(self) -> None:
        lines = lambda: self.server.log.read_text().count("\n")
        metrics = lambda: urllib.request.urlopen(f"http://{self.server.metrics}/metrics", timeout=10).read().decode()
        denied = lambda reason: int((re.search(rf'docket_denials_total{{reason="{reason}"}} (\d+)', metrics()) or [0, 0])[1])
        callers = {"TOKEN_INVALID": self.raw("no-token"), "ROLE_MISSING": self.raw(self.token("requester"))}
        for reason, caller in callers.items():
            with self.subTest(reason):
                written, counted = lines(), denied(reason)
                for _ in range(1_000):
                    answer = caller.call(f"{TICKETS}/AssignTicket", message(b""))
                self.assertEqual(answer.info.reason, reason)
                self.assertEqual(denied(reason), counted + 1_000)
                self.assertLess(lines(), written + 10)
        told = [line for line in self.server.log.read_text().splitlines() if self.tenant in line and "AssignTicket" in line]
        self.assertEqual(len(told), 1, "the first is told at once")
        self.assertIn('"sub":"mallory"', told[0])

    def test_what_is_not_grpc_is_told_so(self) -> None:
        caller = self.raw(self.token())
        for form in ("text/plain", "application/json", "application/grpc-web", "application/grpc-web+proto", "application/grpc+json", None):
            with self.subTest(form):
                answer = caller.answer(caller.open(f"{TICKETS}/ListTickets", end=True, content_type=form))
                self.assertEqual((answer.headers[":status"], answer.info.reason), ("415", "UNSUPPORTED"))
        for form in ("application/grpc", "application/grpc+proto"):
            answer = caller.call(f"{TICKETS}/ListTickets", message(b""), content_type=form)
            self.assertEqual(answer.code, 0)

    def test_a_timeout_that_is_none_and_too_much_metadata_are_told(self) -> None:
        caller = self.raw(self.token())
        answer = caller.call(f"{TICKETS}/ListTickets", message(b""), grpc_timeout="1 second")
        self.assertEqual((answer.code, [violation.field for violation in answer.violations]), (3, ["grpc-timeout"]))
        caller.token = "x" * 8_500
        answer = caller.call(f"{TICKETS}/ListTickets", message(b""))
        self.assertEqual((answer.code, answer.info.reason), (8, "LIMIT_EXCEEDED"))
        caller.token = "x" * 50_000
        answer = caller.answer(caller.open(f"{TICKETS}/ListTickets"))
        self.assertEqual(answer.headers[":status"], "431")
