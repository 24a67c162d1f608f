"""Traces and metrics over OTLP: one trace spans a call, its batch and its rules."""

import os
import pathlib
from concurrent import futures
from unittest import mock

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

import client
from house import free_port
from operated import Operated

RULE = "name: greet\non: ticket.created\ndo:\n  - tag: {add: [seen]}\n"


class Sink(trace_service_pb2_grpc.TraceServiceServicer):
    """A collector that keeps what it is sent."""

    def __init__(self, certificate: tuple[pathlib.Path, pathlib.Path] | None = None):
        self.spans, self.services, self.metrics = [], set(), Metrics()
        self.address = f"127.0.0.1:{free_port()}"
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(self.metrics, self.server)
        if certificate:
            cert, key = (path.read_bytes() for path in certificate)
            self.server.add_secure_port(self.address, grpc.ssl_server_credentials([(key, cert)]))
        else:
            self.server.add_insecure_port(self.address)

    def __enter__(self) -> "Sink":
        self.server.start()
        return self

    def __exit__(self, *_) -> None:
        self.server.stop(None).wait()

    def Export(self, request, _context):
        for resource in request.resource_spans:
            self.services |= {a.value.string_value for a in resource.resource.attributes if a.key == "service.name"}
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str, trace: bytes) -> list:
        return [span for span in self.spans if span.name == name and span.trace_id == trace]


class Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self):
        self.names = set()

    def Export(self, request, _context):
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                self.names |= {metric.name for metric in scope.metrics}
        return metrics_service_pb2.ExportMetricsServiceResponse()


def attributes(span) -> dict:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


class Traces(Operated):
    def call(self, server, rpc: str, traceparent: str | None, **fields) -> dict:
        """Calls, and returns the metadata that came back first."""
        token = self.issuer.token(self.tenant)
        method = self.schema.methods[rpc]
        request = self.schema.message(method.input_type)(**fields)
        metadata = [("authorization", f"Bearer {token}")] + ([("traceparent", traceparent)] if traceparent else [])
        with grpc.insecure_channel(server.address) as channel:
            call = channel.unary_unary(client.path(method))
            _, done = call.with_call(request.SerializeToString(), timeout=20, metadata=metadata)
            return dict(done.initial_metadata())

    def rules(self) -> pathlib.Path:
        folder = self.folder / f"rules-{self.database}"
        folder.mkdir()
        (folder / "greet.yaml").write_text(RULE)
        return folder

    def test_a_collector_behind_tls(self) -> None:
        with Sink(self.authority.certificate("collector")) as sink:
            settings = {"otlp__endpoint": f"https://{sink.address}", "otlp__sample_ratio": 1, "otlp__metrics": True}
            with mock.patch.dict(os.environ, SSL_CERT_FILE=str(self.authority.ca)), self.serve(**settings) as server:
                server.ready()
                self.call(server, "CreateTicket", None, ticket={"subject": "Traced"})
        self.assertEqual(sink.services, {"docket"})
        self.assertTrue(sink.metrics.names)

    def test_one_trace_spans_a_call_its_batch_and_its_rule(self) -> None:
        trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        other = "1af7651916cd43dd8448eb211c80319c"
        with Sink() as sink:
            settings = {"otlp__endpoint": f"http://{sink.address}", "otlp__sample_ratio": 0, "otlp__metrics": True}
            with self.serve(workflows=str(self.rules()), **settings) as server:
                server.ready()
                answer = self.call(server, "CreateTicket", f"00-{trace}-{parent}-01", ticket={"subject": "Traced"})
                self.call(server, "CreateTicket", f"00-{other}-{parent}-00", ticket={"subject": "Not sampled"})
                self.call(server, "CreateTicket", None, ticket={"subject": "Nobody asked"})
                self.call(server, "ListTickets", f"00-{trace}-{parent}-01")
            # The server sent what it had as it stopped.
        trace_id = bytes.fromhex(trace)
        (call,) = sink.named("docket.v1.TicketService/CreateTicket", trace_id)
        self.assertEqual(call.parent_span_id.hex(), parent)
        self.assertEqual(answer["traceresponse"], f"00-{trace}-{call.span_id.hex()}-01")
        self.assertEqual(attributes(call)["docket.tenant"], self.tenant)
        (batch,) = sink.named("batch", trace_id)
        self.assertEqual(batch.parent_span_id, call.span_id)
        self.assertEqual(attributes(batch)["docket.batch.commands"], 1)
        (rule,) = sink.named("rule", trace_id)
        self.assertEqual(rule.parent_span_id, batch.span_id)
        self.assertEqual(attributes(rule), {"docket.workflow": "greet", "docket.verdict": "MATCHED"})
        (commit,) = sink.named("commit", trace_id)
        self.assertEqual(commit.parent_span_id, batch.span_id)
        self.assertEqual(len(sink.named("docket.v1.TicketService/ListTickets", trace_id)), 1)
        for inner, outer in ((batch, call), (rule, batch), (commit, batch)):
            self.assertLessEqual(inner.start_time_unix_nano, inner.end_time_unix_nano)
            self.assertLessEqual(inner.end_time_unix_nano, outer.end_time_unix_nano + 1_000_000)
        # The batch as a whole belongs to many calls: it has a trace of its own, linked both ways.
        (whole,) = [span for span in sink.spans if span.name == "docket.batch"]
        self.assertEqual([link.span_id for link in batch.links], [whole.span_id])
        self.assertEqual([link.span_id for link in whole.links], [call.span_id])
        self.assertEqual({span.trace_id for span in sink.spans}, {trace_id, whole.trace_id}, "and nothing else is traced")
        self.assertEqual(sink.services, {"docket"})
        self.assertLessEqual({"calls", "commit.duration", "ready"}, sink.metrics.names)

    def test_the_ratio_counts_where_the_caller_says_nothing(self) -> None:
        with Sink() as sink:
            with self.serve(otlp__endpoint=f"http://{sink.address}", otlp__sample_ratio=1) as server:
                server.ready()
                for _ in range(3):
                    self.call(server, "ListTickets", None)
        self.assertEqual(len({span.trace_id for span in sink.spans}), 3)

    def test_a_collector_that_is_away_holds_nobody_up(self) -> None:
        with self.serve(otlp__endpoint=f"http://127.0.0.1:{free_port()}", otlp__sample_ratio=1) as server:
            server.ready()
            self.assertIn("traceresponse", self.call(server, "CreateTicket", None, ticket={"subject": "On its own"}))
