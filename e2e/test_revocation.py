"""Tokens that are revoked: by an admin for its tenant, by an operator for all; on every server, and on open streams."""

import time

import grpc

import case
import tokens
from case import Case, api, new_tenant
from client import Refusal
from house import until
from operated import Operated

# Within this, every server refuses a revoked token.
PROMISE = 5


def sight(call) -> str:
    """The reason of the refusal; '' where there is none."""
    try:
        call()
    except grpc.RpcError as error:
        return Refusal(error).reason
    return ""


class Revocation(Case):
    """On the server that is asked."""

    def bearer(self, **claims):
        return case.with_token(tokens.sign(self.server, tokens.claims(self.tenant, **claims)))

    def test_one_token_is_revoked_by_its_id(self) -> None:
        ann, other = self.bearer(sub="ann", jti="stolen"), self.bearer(sub="ann", jti="kept")
        ann.ListTickets()
        answer = self.api.RevokeToken(jti="stolen")
        with self.refused("UNAUTHENTICATED", "TOKEN_REVOKED") as seen:
            ann.ListTickets()
        self.assertIn("revoked", seen.text)
        other.ListTickets()
        revocation = answer.revocation
        told = (revocation.id, revocation.jti, revocation.sub, revocation.tenant_id, revocation.created_by)
        self.assertEqual(told, ("jti:stolen", "stolen", "", self.tenant, "ada"))

    def test_it_is_an_act_in_the_tenants_log(self) -> None:
        answer = self.api.RevokeToken(sub="ann")
        newest = self.log()[-1]
        self.assertEqual((newest.type, newest.actor.id, newest.position), ("token.revoked", "ada", answer.position))
        data = {name: newest.data[name] for name in ("id", "jti", "sub")}
        self.assertEqual(data, {"id": "sub:ann", "jti": "", "sub": "ann"})
        self.assertEqual(list(self.api.pages("ListActivities", "activities", filter="activity.type == 'token.revoked'")), [newest])

    def test_what_a_subject_was_issued_until_then_is_revoked(self) -> None:
        now = int(time.time())
        old, bob = self.bearer(sub="ann", iat=now - 60), self.bearer(sub="bob", iat=now - 60)
        # Her next token is of a later second.
        new = self.bearer(sub="ann", iat=now + 10)
        self.assertEqual([sight(it.ListTickets) for it in (old, new, bob)], ["", "", ""])
        self.api.RevokeToken(sub="ann")
        self.assertEqual([sight(it.ListTickets) for it in (old, new, bob)], ["TOKEN_REVOKED", "", ""])
        until(lambda: int(time.time()) >= now + 10, "the second of the new one")
        self.api.RevokeToken(sub="ann")
        self.assertEqual(sight(new.ListTickets), "TOKEN_REVOKED", "again, and what came since")

    def test_it_is_nobody_elses(self) -> None:
        elsewhere = new_tenant()
        theirs = case.with_token(tokens.sign(self.server, tokens.claims(elsewhere, sub="ann", jti="same")))
        self.api.RevokeToken(jti="same")
        self.api.RevokeToken(sub="ann")
        theirs.ListTickets()
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            api(self.tenant, "crm", "admin", app_id="crm").RevokeToken(sub="bob")

    def test_exactly_one_thing_is_revoked(self) -> None:
        for fields in ({}, {"jti": "a", "sub": "b"}, {"jti": "x" * 129}, {"sub": "a\0"}):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                self.api.RevokeToken(**fields)
        before = self.head()
        ann = self.bearer(sub="ann", jti="tried")
        self.api.RevokeToken(jti="tried", validate_only=True)
        self.assertEqual((sight(ann.ListTickets), self.head()), ("", before), "a dry run")

    def test_the_same_again_is_one_act(self) -> None:
        first = self.api.RevokeToken(jti="one", request_id="r")
        self.assertEqual(self.api.RevokeToken(jti="one", request_id="r"), first)
        again = self.api.RevokeToken(jti="one")
        self.assertEqual((again.revocation, again.position), (first.revocation, first.position))

    def test_open_streams_of_a_revoked_token_end(self) -> None:
        ann, bob = self.bearer(sub="ann"), self.bearer(sub="bob")
        streams = [caller.stream("StreamActivities") for caller in (ann, bob)]
        for stream in streams:
            next(stream)
        began = time.monotonic()
        self.api.RevokeToken(sub="ann")
        with self.refused("UNAUTHENTICATED", "TOKEN_REVOKED") as seen:
            list(streams[0])
        self.assertLess(time.monotonic() - began, PROMISE)
        self.assertIn("position", seen.metadata)
        self.assertEqual(next(streams[1]).activity.type, "token.revoked", "the others go on")
        streams[1].cancel()

    def test_an_operator_revokes_in_all_tenants_and_an_admin_does_not(self) -> None:
        elsewhere = new_tenant()
        sub = f"{self.tenant}-everywhere"
        callers = [self.bearer(sub=sub), case.with_token(tokens.sign(self.server, tokens.claims(elsewhere, sub=sub)))]
        with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
            self.api.RevokeTokenEverywhere(sub=sub)
        operator = case.with_token(self.server.operator_token())
        with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
            operator.RevokeToken(sub=sub)
        before = self.head()
        revocation = operator.RevokeTokenEverywhere(sub=sub).revocation
        self.assertEqual((revocation.id, revocation.tenant_id, revocation.created_by), (f"sub:{sub}", "", "olga"))
        self.assertEqual([sight(caller.ListTickets) for caller in callers], ["TOKEN_REVOKED"] * 2)
        self.assertEqual(self.head(), before, "it is in no tenant's log")
        record = f"The operator olga revoked sub:{sub} in all tenants"
        until(lambda: record in self.server.log.read_text(errors="replace"), "it is in the server's")


class Everywhere(Operated):
    """On servers that share a database."""

    def test_a_token_that_one_server_revokes_is_refused_by_all(self) -> None:
        with self.serve("one") as one, self.serve("two") as two:
            one.ready(), two.ready()
            admin = one.api(self.schema, self.issuer.token(self.tenant))
            ann = two.api(self.schema, self.issuer.token(self.tenant, sub="ann", jti="stolen"))
            bob = two.api(self.schema, self.issuer.token(self.tenant, sub="bob"))
            stream = ann.stream("StreamActivities")
            next(stream)
            began = time.monotonic()
            admin.RevokeToken(jti="stolen")
            until(lambda: sight(ann.ListTickets) == "TOKEN_REVOKED", "the other server has heard", PROMISE)
            with self.refused("UNAUTHENTICATED", "TOKEN_REVOKED"):
                list(stream)
            self.assertLess(time.monotonic() - began, PROMISE)
            one.api(self.schema, self.issuer.operator()).RevokeTokenEverywhere(sub="bob")
            until(lambda: sight(bob.ListTickets) == "TOKEN_REVOKED", "the other server has heard", PROMISE)
        with self.serve("three") as three:
            three.ready()
            for claims in ({"sub": "ann", "jti": "stolen"}, {"sub": "bob"}):
                caller = three.api(self.schema, self.issuer.token(self.tenant, iat=int(time.time()) - 600, **claims))
                self.assertEqual(sight(caller.ListTickets), "TOKEN_REVOKED", "a server that starts later knows, too")

    def test_what_is_known_holds_while_the_database_does_not_answer(self) -> None:
        with self.serve() as server:
            server.ready()
            ann = server.api(self.schema, self.issuer.token(self.tenant, sub="ann", jti="stolen"))
            server.api(self.schema, self.issuer.token(self.tenant)).RevokeToken(jti="stolen")
            self.postgres.sql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false")
            self.postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")
            until(lambda: "Revocations of tokens cannot be read" in server.log.read_text(), "it is told")
            until(lambda: age(server) > 3, "the metric shows it")
            self.assertEqual(sight(ann.ListTickets), "TOKEN_REVOKED")
            self.postgres.sql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true")
            until(lambda: 0 <= age(server) < 3, "the metric shows that it is well again")

    def test_revocations_are_bounded_and_die_with_their_tokens(self) -> None:
        with self.serve(limits__revocations=2, tokens__max_life="1s") as server:
            server.ready()
            now = lambda: int(time.time())
            # Accepted for a second, and for the clocks' leeway.
            admin = lambda: server.api(self.schema, self.issuer.token(self.tenant, iat=now(), exp=now() + 1))
            for jti in ("one", "two"):
                admin().RevokeToken(jti=jti)
            with self.refused("FAILED_PRECONDITION", "LIMIT_EXCEEDED") as seen:
                admin().RevokeToken(jti="three")
            self.assertEqual(seen.metadata["limit"], "2")
            admin().RevokeToken(jti="two")
            # As if it had been long ago: no token of then can live.
            self.postgres.sql("UPDATE token_revocation SET updated_at = updated_at - interval '1 day'", self.database)
        with self.serve(limits__revocations=2, tokens__max_life="1s") as server:
            server.ready()
            left = lambda: self.postgres.sql("SELECT count(*) FROM token_revocation", self.database)
            until(lambda: left() == "0", "they are deleted")
            admin().RevokeToken(jti="three")


def age(server) -> float:
    """How long ago revocations were read, in seconds; -1: nothing is known of it."""
    lines = [line for line in server.get("/metrics")[1].splitlines() if line.startswith("docket_revocations_age_seconds")]
    return float(lines[0].rsplit(" ", 1)[1]) if lines else -1.0
