"""Quotas: what a tenant may use per second, and what it is told when it has."""

import time

import grpc
from google.rpc import error_details_pb2

from house import until
from operated import Operated


class Quotas(Operated):
    def test_a_tenant_beyond_its_quota_is_told_when_to_come_back(self) -> None:
        with self.serve(quotas__calls=40, quotas__writes=5, quotas__bytes=200_000) as server:
            noisy = server.ready().api(self.schema, self.issuer.token(self.tenant))
            quiet = server.api(self.schema, self.issuer.token("quiet"))
            for name, limit, call in (
                ("writes", "5", lambda: noisy.CreateTicket(ticket={"subject": "Again"})),
                ("bytes", "200000", lambda: noisy.ValidateWorkflow(source="#" * 60_000)),
                ("calls", "40", lambda: noisy.ListTickets()),
            ):
                # A burst of a second's is let in at once.
                with self.subTest(name), self.refused("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED") as seen:
                    for _ in range(200):
                        began = time.monotonic()
                        call()
                self.assertLess(time.monotonic() - began, 0.5, "a refusal is told at once")
                self.assertEqual((seen.metadata["quota"], seen.metadata["limit"]), (name, limit))
                wait = seen.detail(error_details_pb2.RetryInfo).retry_delay
                self.assertTrue(0 < wait.seconds + wait.nanos / 1e9 < 5, wait)
                self.assertEqual(seen.detail(error_details_pb2.QuotaFailure).violations[0].subject, "tenant")
                self.assertEqual(len(quiet.ListTickets().tickets), 0, "another tenant has its own")
                until(lambda: self.let_in(noisy), "it is let in again")

    def test_refusals_are_counted_in_the_log_and_do_not_fill_it(self) -> None:
        with self.serve(quotas__calls=5) as server:
            noisy = server.ready().api(self.schema, self.issuer.token(self.tenant))
            refused = 0
            while refused < 50:
                try:
                    noisy.ListTickets()
                except grpc.RpcError:
                    refused += 1
            told = [line for line in server.log.read_text().splitlines() if "RESOURCE_EXHAUSTED" in line or "QUOTA" in line]
            self.assertEqual(len(told), 1, "the first is told at once, the others together a minute later")
            self.assertIn(f"/docket.v1.TicketService/ListTickets of {self.tenant} ended with RESOURCE_EXHAUSTED, 1 times", told[0])

    def let_in(self, caller) -> bool:
        """Whether all of its quotas have room: a trial is a write of some bytes."""
        try:
            caller.CreateTicket(ticket={"subject": "Trial"}, validate_only=True)
        except grpc.RpcError:
            return False
        return True
