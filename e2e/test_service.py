"""What stands beside the services: reflection, health, metrics, and calls that nobody serves."""

import urllib.request

import grpc
from google.api import annotations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

import client
from case import Case

SERVICES = {f"docket.v1.{name}Service" for name in ("Ticket", "Issue", "Directory", "Activity", "Workflow")}


class Service(Case):
    def test_reflection_speaks_both_versions(self) -> None:
        told = {}
        for version in (client.V1, client.V1ALPHA):
            schema = client.Schema(self.channel, version)
            self.assertLessEqual(SERVICES | {"grpc.health.v1.Health"}, set(schema.services))
            told[version] = schema
        self.assertEqual(told[client.V1].files, told[client.V1ALPHA].files)
        self.assertEqual(told[client.V1].services, told[client.V1ALPHA].services)
        answer = client.Api(self.channel, told[client.V1ALPHA], self.server.token(self.tenant, "ada", "agent")).ListTickets()
        self.assertEqual(len(answer.tickets), 0)

    def test_every_rpc_says_its_path(self) -> None:
        for name, file in self.schema.files.items():
            # Read again, for the extension is known now.
            services = type(file).FromString(file.SerializeToString()).service if name.startswith("docket/") else []
            for method in (method for service in services for method in service.method):
                self.assertTrue(method.options.HasExtension(annotations_pb2.http), f"{name}: {method.name}")

    def test_an_unknown_symbol_is_not_found(self) -> None:
        with self.assertRaises(grpc.RpcError) as caught:
            self.schema.ask(file_containing_symbol="docket.v1.Nothing")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_health(self) -> None:
        health = health_pb2_grpc.HealthStub(self.channel)
        for service in ("", *sorted(SERVICES)):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING, service)
        with self.assertRaises(grpc.RpcError) as caught:
            health.Check(health_pb2.HealthCheckRequest(service="docket.v1.Nothing"), timeout=5)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_metrics_count(self) -> None:
        before = self.metrics()
        stream = self.api.stream("StreamActivities", latest=True)
        next(stream)
        for _ in range(10):
            self.ticket()
        self.read_on(stream, 10)
        after = self.metrics()
        grown = {name for name, value in after.items() if value > before.get(name, 0)}
        for part in ("CreateTicket", "batch", "commit"):
            self.assertTrue(any(part in name for name in grown), f"nothing about {part} grew: {sorted(grown)}")
        for part in ("queue", "stream_lag", "verdict"):
            self.assertTrue(any(part in name for name in after), f"nothing about {part} in {sorted(after)}")
        self.assertFalse(any(self.tenant in name for name in after), "no tenant in a label")

    def read_on(self, stream, position: int) -> None:
        for frame in stream:
            if frame.activity.position >= position:
                return stream.cancel()
        self.fail("the stream ended")

    def metrics(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://{self.server.metrics}/metrics", timeout=5) as answer:
            self.assertEqual(answer.status, 200)
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")}

    def test_a_method_that_nobody_serves_is_unimplemented(self) -> None:
        call = self.channel.unary_unary("/docket.v1.TicketService/Explode")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=5, metadata=self.api.metadata)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_one_bad_command_leaves_its_neighbours_unharmed(self) -> None:
        """Good and bad ones in flight together: each gets its own answer, and the log has the good ones only."""
        self.ticket()
        calls = []
        for i in range(60):
            calls.append(("good", self.api.future("CreateTicket", ticket={"subject": f"good {i}"})))
            calls.append(("NOT_FOUND", self.api.future("CloseTicket", id="tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X")))
            calls.append(("ABORTED", self.api.future("CloseTicket", id="1", etag="stale")))
            calls.append(("INVALID_ARGUMENT", self.api.future("CreateTicket", ticket={"subject": ""})))
        for expected, call in calls:
            error = call.exception()
            self.assertEqual("good" if error is None else error.code().name, expected)
        numbers = sorted(ticket.number for ticket in self.api.ListTickets(page_size=500).tickets)
        self.assertEqual(numbers, list(range(1, 62)))
        self.assertEqual([a.position for a in self.log()], list(range(1, 62)))

    def test_a_deadline_that_passed_ends_the_call(self) -> None:
        # A stream has no end of its own, so its deadline comes first, however fast the server is.
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in self.api.stream("StreamActivities", timeout=0.2, latest=True):
                pass
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
