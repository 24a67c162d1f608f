"""Connections of `docket serve`: how many there may be, how long they may be silent, and what other protocols are told."""

import contextlib
import http.client
import json
import os
import re
import resource
import socket
import ssl
import time
from unittest import mock

import grpc

from house import Serve, until
from operated import Operated
from raw import Raw, message

HEALTH = "/grpc.health.v1.Health/Check"


class Connections(Operated):
    """What strangers hold who say nothing."""

    def few_files(self) -> None:
        script = self.folder / "few-files"
        script.write_text(f'#!/bin/sh\nulimit -n 256\nexec "{os.environ["DOCKET_BIN"]}" "$@"\n')
        script.chmod(0o755)
        self.enterContext(mock.patch.dict(os.environ, DOCKET_BIN=str(script)))

    def silent(self, server: Serve, count: int) -> list[socket.socket]:
        host, port = server.address.rsplit(":", 1)
        return [self.enterContext(socket.create_connection((host, int(port)), timeout=10)) for _ in range(count)]

    def closed(self, connection: socket.socket) -> bool:
        try:
            return connection.recv(1) == b""
        except ConnectionError:
            return True

    def refused_connections(self, server: Serve, cause: str) -> int:
        found = re.search(rf'docket_connections_refused_total{{cause="{cause}"}} (\d+)', server.get("/metrics")[1])
        return int(found[1]) if found else 0

    def test_silent_connections_leave_room_for_callers_and_end(self) -> None:
        self.few_files()
        with self.serve(http__handshake_timeout="2s", http__max_connections_per_address=4000) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            ticket = api.CreateTicket(ticket={"subject": "Before"}).ticket
            silent = self.silent(server, 300)
            # Half of the files: the rest is for the database, the metrics and whatever else.
            until(lambda: self.refused_connections(server, "total") >= 300 - 127, "the rest is refused")
            self.assertEqual(server.get("/readyz")[0], 200)
            self.assertEqual(api.GetTicket(id=ticket.id).ticket.subject, "Before")
            for connection in silent:
                self.assertTrue(self.closed(connection))
            self.assertEqual(self.refused_connections(server, "accept"), 0, "it never lacked a file")
            with grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
                self.assertEqual(server.api(self.schema, self.issuer.token(self.tenant), channel).GetTicket(id=ticket.id).ticket, ticket)

    def test_without_a_file_for_it_a_connection_waits(self) -> None:
        with self.serve() as server:
            server.ready()
            # It is there before the files are gone.
            metrics = http.client.HTTPConnection(server.metrics, timeout=10)
            self.addCleanup(metrics.close)

            def failed() -> int:
                metrics.request("GET", "/metrics")
                found = re.search(r'docket_connections_refused_total{cause="accept"} (\d+)', metrics.getresponse().read().decode())
                return int(found[1]) if found else 0

            self.assertEqual(failed(), 0)
            pid = server.process.pid
            files = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, files[1]))
            (waiting,) = self.silent(server, 1)
            began = time.monotonic()
            until(failed, "there is no file for it")
            until(lambda: failed() > 5, "it is tried again")
            self.assertLess(failed() / (time.monotonic() - began), 100, "but not all the time")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, files)
            waiting.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertTrue(waiting.recv(100).startswith(b"HTTP/1.1 505"))

    def test_one_address_does_not_take_all(self) -> None:
        with self.serve(http__max_connections_per_address=10) as server:
            server.ready()
            with contextlib.ExitStack() as stack:
                open_ones = [stack.enter_context(Raw(server.address)) for _ in range(10)]
                self.assertTrue(self.closed(self.silent(server, 1)[0]))
                open_ones[0].sync()
            until(lambda: "docket_connections_open 0" in server.get("/metrics")[1], "their places are free")
            with Raw(server.address) as again:
                self.assertEqual(again.call(HEALTH, message(b"")).code, 0)

    def test_another_protocol_is_told_so_also_over_tls(self) -> None:
        cert, key = self.authority.certificate("docket")
        context = ssl.create_default_context(cafile=str(self.authority.ca))
        for name, tls in (("-plain", {}), ("-tls", {"tls__cert": str(cert), "tls__key": str(key)})):
            with self.subTest(name), self.serve(name, http__handshake_timeout="1s", **tls) as server:
                server.ready()
                connect = lambda: context.wrap_socket(self.silent(server, 1)[0], server_hostname="localhost") if tls else self.silent(server, 1)[0]
                asks = connect()
                asks.sendall(b"GET /docket.v1.TicketService/ListTickets HTTP/1.1\r\nhost: docket\r\n\r\n")
                answer = b"".join(iter(lambda: asks.recv(4096), b"")).decode()
                self.assertTrue(answer.startswith("HTTP/1.1 505 "), answer)
                told = json.loads(answer.split("\r\n\r\n", 1)[1])
                self.assertEqual((told["code"], told["details"][0]["reason"]), (12, "UNSUPPORTED"))
                # Nothing after the handshake, and nothing at all.
                for silent in [connect(), self.silent(server, 1)[0]]:
                    self.assertTrue(self.closed(silent))
                until(lambda: self.refused_connections(server, "handshake") == 2, "they took too long")

    def test_a_connection_without_calls_is_told_to_go(self) -> None:
        with self.serve(http__idle_timeout="1s") as server:
            server.ready()
            # Who watches or reads a stream uses its connection, however little there is to tell.
            watching, reading = Raw(server.address), Raw(server.address, self.issuer.token(self.tenant))
            calls = [(watching, "/grpc.health.v1.Health/Watch"), (reading, "/docket.v1.ActivityService/StreamActivities")]
            streams = []
            for connection, path in calls:
                self.enterContext(connection)
                stream = connection.open(path)
                connection.send(stream, message(b""), end=True)
                while not connection.answers[stream].data:
                    connection.receive()
                streams.append((connection, stream))
            # One called and one never did; both were let in later than the others.
            for calls in (True, False):
                with Raw(server.address) as idle:
                    began = time.monotonic()
                    if calls:
                        self.assertEqual(idle.call(HEALTH, message(b"")).code, 0)
                    self.assertTrue(idle.told_to_go())
                    self.assertGreater(time.monotonic() - began, 0.9)
            until(lambda: "docket_connections_open 2" in server.get("/metrics")[1], "they are gone")
            for connection, stream in streams:
                connection.sync()
                self.assertTrue(connection.alive and not connection.answers[stream].ended)
