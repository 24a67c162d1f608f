"""What the tests share: tenants of their own, callers, and the words for a refusal."""

import contextlib
import itertools
import re
import unittest

import grpc

import client
import server

# Set once by main.py, before any test runs.
_running: server.Server
_channel: grpc.Channel
_schema: client.Schema
_numbers = itertools.count(1)

# Nothing of the inside may stand in an error's text.
INSIDE = re.compile(r"\b(select|insert|update) .*\b(from|into|set)\b|postgres|diesel|panicked|\.rs\b|/tmp/", re.IGNORECASE)


def connect(running: server.Server) -> None:
    global _running, _channel, _schema
    _running = running
    _channel = grpc.insecure_channel(running.address, options=[("grpc.max_send_message_length", -1)])
    _schema = client.Schema(_channel)


class Refused:
    """Filled in when the block ends."""

    def __getattr__(self, name: str):
        return getattr(self.__dict__["refusal"], name)


class Case(unittest.TestCase):
    """Each test has a tenant of its own, and an agent of it as `self.api`."""

    maxDiff = None

    @property
    def server(self) -> server.Server:
        return _running

    @property
    def schema(self) -> client.Schema:
        return _schema

    @property
    def channel(self) -> grpc.Channel:
        return _channel

    def setUp(self) -> None:
        self.tenant = new_tenant()
        self.api = api(self.tenant)

    def word(self, message, field: str) -> str:
        """The name of an enum field's value."""
        return message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number[getattr(message, field)].name

    @contextlib.contextmanager
    def refused(self, code: str, reason: str):
        seen = Refused()
        try:
            yield seen
        except grpc.RpcError as error:
            seen.refusal = client.Refusal(error)
        else:
            self.fail(f"nothing was refused, expected {code} {reason}")
        text = str(seen.refusal)
        self.assertEqual((seen.code, seen.reason), (code, reason), text)
        self.assertEqual(seen.domain, "docket", text)
        self.assertNotRegex(seen.text, INSIDE)

    def ticket(self, caller: client.Api | None = None, **fields):
        return (caller or self.api).CreateTicket(ticket={"subject": "A ticket", **fields}).ticket

    def log(self, caller: client.Api | None = None, **fields) -> list:
        return list((caller or self.api).pages("ListActivities", "activities", **fields))

    def head(self, caller: client.Api | None = None) -> int:
        """The position of the tenant's newest activity; 0 when there is none."""
        newest = (caller or self.api).ListActivities(order_by="position desc", page_size=1).activities
        return newest[0].position if newest else 0

    def read_until(self, stream, position: int) -> list:
        """The frames of a stream up to the one that accounts for `position`; each must continue the one before."""
        frames, reached = [], None
        for frame in stream:
            kind = frame.WhichOneof("event")
            if kind == "snapshot":
                self.assertIsNone(reached, "a snapshot comes first")
                frames.append(frame)
                continue
            if reached is None:
                self.assertEqual(kind, "bookmark", "the first frame is a bookmark with the start position")
            else:
                self.assertEqual(frame.since, reached, "since is what the frame before accounted for")
            reached = frame.activity.position if kind == "activity" else frame.bookmark.position
            frames.append(frame)
            if reached >= position:
                stream.cancel()
                return frames
        self.fail(f"the stream ended before position {position}")

    def activities(self, frames: list) -> list:
        return [frame.activity for frame in frames if frame.WhichOneof("event") == "activity"]

    def told(self, frames: list) -> list:
        """What frames tell beside positions: activities, and before them a snapshot's tickets, which have no order."""
        snapshot = [frame.snapshot for frame in frames if frame.WhichOneof("event") == "snapshot"]
        return sorted(snapshot, key=lambda ticket: ticket.number) + self.activities(frames)


def params(**values) -> dict:
    """Python's values as filter_params."""
    return {name: _value(value) for name, value in values.items()}


def _value(value) -> dict:
    match value:
        case None:
            return {"null_value": 0}
        case bool():
            return {"bool_value": value}
        case int() | float():
            return {"number_value": value}
        case str():
            return {"string_value": value}
        case list():
            return {"list_value": {"values": [_value(item) for item in value]}}
    return {"struct_value": {"fields": {name: _value(item) for name, item in value.items()}}}


def new_tenant() -> str:
    return f"tenant-{next(_numbers)}"


def api(tenant: str, sub: str = "ada", roles: str = "agent,admin", app_id: str = "") -> client.Api:
    return with_token(_running.token(tenant, sub, roles, app_id))


def with_token(token: str | None) -> client.Api:
    return client.Api(_channel, _schema, token)
