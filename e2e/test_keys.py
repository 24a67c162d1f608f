"""The keys that verify tokens change while the server runs: nobody who may call is refused, and nobody else is let in."""

import contextlib
import itertools
import os
import pathlib

import grpc

from client import Refusal
from house import Issuer, Serve, until
from load import Load
from operated import Operated


class Keying(Operated):
    """What the tests of keys share."""

    def setUp(self) -> None:
        super().setUp()
        self.own = self.folder / self.tenant
        self.own.mkdir()
        self.numbers = itertools.count(1)

    def new_issuer(self, kid: str = "") -> Issuer:
        folder = self.own / f"issuer-{next(self.numbers)}"
        folder.mkdir()
        return Issuer(folder, kid)

    def lets_in(self, server: Serve, token: str) -> bool:
        """Whether a call gets past the gate; a refusal must be one of the gate's."""
        with grpc.insecure_channel(server.address) as channel:
            try:
                server.api(self.schema, token, channel).ListTickets(page_size=1)
            except grpc.RpcError as error:
                refusal = Refusal(error)
                self.assertEqual((refusal.code, refusal.reason), ("UNAUTHENTICATED", "TOKEN_INVALID"), str(refusal))
                return False
        return True

    def knows(self, server: Serve, issuer: Issuer) -> None:
        until(lambda: self.lets_in(server, issuer.token(self.tenant)), "the new key is taken")

    def forgets(self, server: Serve, token: str) -> None:
        until(lambda: not self.lets_in(server, token), "the old key is refused")

    def rotate(self, load: Load, old: Issuer, new: Issuer, publish) -> None:
        """As an issuer does it: both keys are published, the new one signs, and the old one is taken away."""
        publish([old, new])
        self.knows(load.server, new)
        load.join(new)
        load.go_on()
        load.leave(old)
        token = old.token(self.tenant)
        self.assertTrue(self.lets_in(load.server, token), "and now it is in the cache")
        publish([new])
        self.forgets(load.server, token)
        load.banish(old)
        load.go_on()

    @contextlib.contextmanager
    def loaded(self, first: Issuer, **settings):
        with self.serve(**settings) as server:
            server.ready()
            stranger, process = self.new_issuer(first.kid and "stranger"), server.process.pid
            with Load(server, self.schema, self.tenant, first, stranger) as load:
                load.go_on()
                yield load
            self.assertEqual(load.wrong, [])
            self.assertEqual((server.process.poll(), server.process.pid), (None, process), "it was not restarted")

    def refusal_of(self, call) -> str:
        try:
            call()
        except grpc.RpcError as error:
            return Refusal(error).reason
        return ""


class Keys(Keying):
    def test_keys_in_a_file_are_rotated_under_load(self) -> None:
        """By each way in which files are changed."""
        first, path = self.new_issuer(), self.own / "mounted" / "keys.pem"
        path.parent.mkdir()
        path.write_bytes(first.pem)

        def renamed(issuers: list[Issuer]) -> None:
            draft = path.with_suffix(".new")
            draft.write_bytes(b"".join(issuer.pem for issuer in issuers))
            os.replace(draft, path)

        def edited(issuers: list[Issuer]) -> None:
            # Piece by piece: what is half written is not taken.
            with path.open("wb", buffering=0) as file:
                for piece in (issuer.pem[at : at + 20] for issuer in issuers for at in range(0, len(issuer.pem), 20)):
                    file.write(piece)

        with self.loaded(first, tokens__keys=[str(path)]) as load:
            second, third = self.new_issuer(), self.new_issuer()
            self.rotate(load, first, second, renamed)
            self.rotate(load, second, third, edited)

    def test_a_mounted_config_map_is_rotated_under_load(self) -> None:
        """As Kubernetes does it: the folder that the file is reached through is another one from one moment to the next."""
        first, mounted = self.new_issuer("key-1"), self.own / "mounted"
        mounted.mkdir()

        def published(issuers: list[Issuer]) -> None:
            data = mounted / f"data-{next(self.numbers)}"
            data.mkdir()
            keys = ", ".join(str(issuer.jwk()).replace("'", '"') for issuer in issuers)
            (data / "keys.json").write_text(f'{{"keys": [{keys}]}}')
            os.symlink(data.name, mounted / "next")
            os.replace(mounted / "next", mounted / "data")

        published([first])
        os.symlink("data/keys.json", mounted / "keys.json")
        with self.loaded(first, tokens__keys=[str(mounted / "keys.json")]) as load:
            self.rotate(load, first, self.new_issuer("key-2"), published)

    def test_a_broken_file_changes_nothing_and_is_told_once(self) -> None:
        first, path = self.new_issuer(), self.own / "keys.pem"
        path.write_bytes(first.pem)
        age = lambda server: age_of(server, "tokens.keys")
        with self.loaded(first, tokens__keys=[str(path)], log_format="json") as load:
            server = load.server
            for broken, why in ((lambda: path.write_text("no key"), "no PEM block"), (path.unlink, "not found")):
                broken()
                until(lambda: why in server.log.read_text(), "it says what is wrong")
                until(lambda: age(server) > 1, "the metric shows it")
                load.go_on()
                self.assertEqual(server.get("/readyz")[0], 200)
            told = [line for line in server.log.read_text().splitlines() if '"ERROR"' in line]
            self.assertEqual(len(told), 2, told)
            for line in told:
                self.assertIn(f"{path}: ", line)
                self.assertIn("tokens.keys", line)
                self.assertIn("until the files are correct", line)
            second = self.new_issuer()
            path.write_bytes(first.pem + second.pem)
            self.knows(server, second)
            until(lambda: age(server) < 1, "the metric shows that it is well again")

    def test_the_keys_of_operators_are_rotated_on_their_own(self) -> None:
        old, new, path = self.new_issuer(), self.new_issuer(), self.own / "operators.pem"
        path.write_bytes(old.pem)
        with self.serve(tokens__operator_keys=[str(path)]) as server:
            server.ready()
            may = lambda issuer: self.refusal_of(server.api(self.schema, issuer.operator()).ReloadWorkflows) != "TOKEN_INVALID"
            self.assertEqual((may(old), may(new)), (True, False))
            path.write_bytes(new.pem)
            until(lambda: may(new), "the new key is taken")
            self.assertFalse(may(old))
            self.assertTrue(self.lets_in(server, self.issuer.token(self.tenant)), "the others are as they were")

    def test_a_removed_key_ends_the_streams_of_its_callers(self) -> None:
        old, new, path = self.new_issuer(), self.new_issuer(), self.own / "keys.pem"
        path.write_bytes(old.pem + new.pem)
        with self.serve(tokens__keys=[str(path)]) as server:
            server.ready()
            streams = [server.api(self.schema, issuer.token(self.tenant)).stream("StreamActivities") for issuer in (old, new)]
            for stream in streams:
                next(stream)
            path.write_bytes(new.pem)
            with self.refused("UNAUTHENTICATED", "TOKEN_INVALID") as seen:
                list(streams[0])
            self.assertEqual(seen.metadata["position"], "0")
            server.api(self.schema, new.token(self.tenant)).CreateTicket(ticket={"subject": "On"})
            self.assertEqual(next(streams[1]).activity.type, "ticket.created", "the others go on")
            streams[1].cancel()


def age_of(server: Serve, source: str) -> float:
    """How long ago the keys of a source were last usable; -1: nothing is known of it."""
    lines = [line for line in server.get("/metrics")[1].splitlines() if line.startswith("docket_keys_age_seconds{")]
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if f'source="{source}"' in line), -1.0)
