"""Callers that never stop calling, while what they are let in by changes."""

import contextlib
import itertools
import threading

import grpc

import client
from house import Issuer, Serve


class Load:
    """Threads that call with tokens of the good issuers, and of the bad ones. Each call must end as its token deserves."""

    THREADS = 4

    def __init__(self, server: Serve, schema: client.Schema, tenant: str, good: Issuer, bad: Issuer):
        self.server, self.schema, self.tenant = server, schema, tenant
        self.good, self.bad = [good], [bad]
        self.wrong: list[str] = []
        self.calls = 0
        self.changed = threading.Condition()
        # How many calls with tokens of each issuer are on their way.
        self.flying: dict[Issuer, int] = {}
        self.stopped = threading.Event()
        self.numbers = itertools.count()
        self.threads = [threading.Thread(target=self.run) for _ in range(self.THREADS)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def run(self) -> None:
        with grpc.insecure_channel(self.server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            kept: dict[Issuer, str] = {}
            while not self.stopped.is_set():
                number = next(self.numbers)
                with self.flight(number) as (issuer, good):
                    # Every other token is one that the server has seen before.
                    if number % 2 or issuer not in kept:
                        kept[issuer] = issuer.token(self.tenant, jti=f"token-{number}")
                    self.call(channel, kept[issuer], good)

    @contextlib.contextmanager
    def flight(self, number: int):
        with self.changed:
            issuers = [(issuer, True) for issuer in self.good] + [(issuer, False) for issuer in self.bad]
            issuer, good = issuers[number % len(issuers)]
            self.flying[issuer] = self.flying.get(issuer, 0) + 1
        try:
            yield issuer, good
        finally:
            with self.changed:
                self.flying[issuer] -= 1
                self.calls += 1
                self.changed.notify_all()

    def call(self, channel: grpc.Channel, token: str, good: bool) -> None:
        try:
            self.server.api(self.schema, token, channel).ListTickets(page_size=1)
            if not good:
                self.wrong.append("a bad token was let in")
        except grpc.RpcError as error:
            refusal = client.Refusal(error)
            if good or (refusal.code, refusal.reason) != ("UNAUTHENTICATED", "TOKEN_INVALID"):
                self.wrong.append(f"a {'good' if good else 'bad'} token: {refusal}")

    def join(self, issuer: Issuer) -> None:
        """From now on its tokens must be let in."""
        with self.changed:
            self.good.append(issuer)

    def leave(self, issuer: Issuer) -> None:
        """Nobody calls with its tokens any more."""
        with self.changed:
            self.good.remove(issuer)
            if not self.changed.wait_for(lambda: not self.flying.get(issuer), 30):
                raise AssertionError("a call does not end")

    def banish(self, issuer: Issuer) -> None:
        """From now on its tokens must be refused."""
        with self.changed:
            self.bad.append(issuer)

    def go_on(self, calls: int = 40) -> None:
        """Returns after so many more calls."""
        with self.changed:
            target = self.calls + calls
            if not self.changed.wait_for(lambda: self.calls >= target or self.wrong, 60):
                raise AssertionError(f"{self.calls} calls, and no more")
