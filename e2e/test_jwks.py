"""Keys at the URL of an issuer: rotated there, unreachable, slow, or nothing that can be trusted."""

import time

import grpc

from client import Refusal
from house import until
from jwks import Jwks
from test_keys import Keying, age_of


class KeysAtUrl(Keying):
    def at(self, jwks: Jwks, **more) -> dict:
        """Settings of a server that has this set, and no key file; None leaves a setting out."""
        return {"tokens__keys": None, "tokens__jwks_url": jwks.url, **more}

    def refusal(self, server, token: str) -> Refusal:
        with grpc.insecure_channel(server.address) as channel, self.assertRaises(grpc.RpcError) as raised:
            server.api(self.schema, token, channel).ListTickets(page_size=1)
        return Refusal(raised.exception)

    def test_keys_at_a_url_are_rotated_under_load(self) -> None:
        """The new key is taken as soon as a token names it, and the old one is given up with the next fetch."""
        first, second = self.new_issuer("key-1"), self.new_issuer("key-2")
        with Jwks() as jwks:
            jwks.publish([first])
            with self.loaded(first, **self.at(jwks, tokens__jwks_refresh="2s")) as load:
                self.rotate(load, first, second, jwks.publish)

    def test_a_token_of_a_new_key_is_let_in_at_its_first_call(self) -> None:
        """However long until the set would be fetched again; and no storm of unknown keys is one of fetches."""
        first, second, unknown = self.new_issuer("key-1"), self.new_issuer("key-2"), self.new_issuer("key-3")
        with Jwks() as jwks:
            jwks.publish([first])
            with self.serve(**self.at(jwks)) as server:
                server.ready()
                self.assertTrue(self.lets_in(server, first.token(self.tenant)))
                before = jwks.fetches
                jwks.publish([first, second])
                self.assertTrue(self.lets_in(server, second.token(self.tenant)))
                self.assertEqual(jwks.fetches, before + 1)
                for _ in range(20):
                    self.assertFalse(self.lets_in(server, unknown.token(self.tenant)))
                self.assertEqual(jwks.fetches, before + 1)

    def test_a_url_that_hangs_delays_nobody_whose_key_is_known(self) -> None:
        first, second = self.new_issuer("key-1"), self.new_issuer("key-2")
        with Jwks() as jwks:
            jwks.publish([first])
            with self.serve(**self.at(jwks)) as server:
                server.ready()
                self.assertTrue(self.lets_in(server, first.token(self.tenant)))
                jwks.publish([first, second])
                jwks.open.clear()
                before = jwks.fetches
                waiting = server.api(self.schema, second.token(self.tenant)).future("ListTickets")
                until(lambda: jwks.fetches > before, "the set is being fetched")
                began = time.monotonic()
                for _ in range(20):
                    self.assertTrue(self.lets_in(server, first.token(self.tenant)))
                # A fetch may take 5 s.
                self.assertLess(time.monotonic() - began, 4)
                self.assertFalse(waiting.done())
                jwks.open.set()
                waiting.result(10)

    def test_a_server_starts_without_its_url_and_says_so_to_callers(self) -> None:
        first, jwks = self.new_issuer("key-1"), Jwks()
        jwks.server.socket.close()
        with self.serve(**self.at(jwks, tokens__keys=[str(self.issuer.public)], tokens__jwks_refresh="1s")) as server:
            server.ready()
            refusal = self.refusal(server, first.token(self.tenant))
            self.assertEqual((refusal.code, refusal.reason), ("UNAVAILABLE", "UNAVAILABLE"))
            self.assertIn("keys of the token issuer cannot be fetched", refusal.text)
            self.assertTrue(self.lets_in(server, self.issuer.token(self.tenant)), "keys of files are not concerned")
            log = until(lambda: (text := server.log.read_text()) and jwks.url in text and text, "the log says why")
            self.assertIn("tokens.jwks_url", log)
            self.assertEqual(server.get("/readyz")[0], 200)
            until(lambda: age_of(server, "tokens.jwks_url") > 0, "the metric shows it")

    def test_keys_outlive_their_url(self) -> None:
        first, unknown = self.new_issuer("key-1"), self.new_issuer("key-2")
        with Jwks() as jwks:
            jwks.publish([first])
            with self.serve(**self.at(jwks, tokens__jwks_refresh="1s")) as server:
                server.ready()
                self.assertTrue(self.lets_in(server, first.token(self.tenant)))
                elsewhere = {"location": jwks.url}
                for answer in ((b"", 500), (b"no JSON", 200), (b'{"keys": []}', 200), (b" " * (1 << 20) + b"{}", 200), (b"", 302)):
                    jwks.answer(*answer, **(elsewhere if answer[1] == 302 else {}))
                    before = jwks.fetches
                    until(lambda: jwks.fetches >= before + 2, "it is fetched, and fetched again")
                    self.assertTrue(self.lets_in(server, first.token(self.tenant)), answer[0][:20])
                    self.assertFalse(self.lets_in(server, unknown.token(self.tenant)))
                text = server.log.read_text()
                for why in ("status 500", "not a usable JWK set", "no signing key", "more than 1048576 bytes", "status 302"):
                    self.assertIn(why, text)
                jwks.publish([unknown])
                until(lambda: self.lets_in(server, unknown.token(self.tenant)), "it is well again")
                self.assertFalse(self.lets_in(server, first.token(self.tenant)))

    def test_a_url_of_https_proves_who_it_is(self) -> None:
        first = self.new_issuer("key-1")
        with Jwks(self.authority.certificate("localhost")) as jwks:
            jwks.publish([first])
            with self.serve("good", {"SSL_CERT_FILE": str(self.authority.ca)}, **self.at(jwks)) as server:
                server.ready()
                self.assertTrue(self.lets_in(server, first.token(self.tenant)))
            with self.serve("bad", **self.at(jwks)) as server:
                server.ready()
                self.assertEqual(self.refusal(server, first.token(self.tenant)).code, "UNAVAILABLE")
                until(lambda: "certificate" in server.log.read_text(), "the log says why")

    def test_operators_have_a_url_of_their_own(self) -> None:
        plain, ops = self.new_issuer("key-1"), self.new_issuer("key-2")
        with Jwks() as jwks, Jwks() as theirs:
            jwks.publish([plain])
            theirs.publish([ops])
            with self.serve(**self.at(jwks, tokens__operator_keys=None, tokens__operator_jwks_url=theirs.url)) as server:
                server.ready()
                self.assertEqual(self.refusal_of(server.api(self.schema, ops.operator()).ReloadWorkflows), "")
                self.assertEqual(self.refusal_of(server.api(self.schema, plain.operator()).ReloadWorkflows), "TOKEN_INVALID")
                self.assertFalse(self.lets_in(server, ops.token(self.tenant)))

    def test_a_url_that_cannot_be_trusted_is_refused_at_the_start(self) -> None:
        for url, why in (("http://login.example.com/jwks", "not encrypted"), ("https://ann:pw@login.example.com/", "password")):
            server = self.serve(tokens__jwks_url=url)
            done = self.run_docket("config", "check", str(server.config))
            self.assertEqual((done.returncode, why in done.stdout, "jwks_url" in done.stdout), (78, True, True), done)
