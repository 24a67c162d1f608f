"""Services that are known by their client certificate and have no token."""

import grpc
from cryptography import x509

from client import Refusal
from house import Authority
from operated import Operated

BILLING = "spiffe://acme.example/billing"


class Certificates(Operated):
    def setUp(self) -> None:
        super().setUp()
        self.own = self.folder / self.tenant
        self.own.mkdir()
        self.clients = Authority(self.own, "clients")

    def identities(self, text: str) -> str:
        path = self.own / "identities.yaml"
        path.write_text(text)
        return str(path)

    def tls(self, **more) -> dict:
        cert, key = self.authority.certificate("docket")
        return {"tls__cert": str(cert), "tls__key": str(key), "tls__client_ca": str(self.clients.ca), **more}

    def mapped(self) -> dict:
        lines = [
            f'- {{identity: "{BILLING}", tenant: {self.tenant}, sub: billing, roles: [service]}}',
            f"- {{identity: crm.acme.example, tenant: {self.tenant}, sub: crm, roles: [agent], app: crm}}",
        ]
        return self.tls(tls__client_identities=self.identities("\n".join(lines)))

    def channel_of(self, server, name: str, *sans: x509.GeneralName) -> grpc.Channel:
        cert, key = self.clients.certificate(name, sans=sans)
        trusted = [self.authority.ca.read_bytes(), key.read_bytes(), cert.read_bytes()]
        channel = grpc.secure_channel(server.address, grpc.ssl_channel_credentials(*trusted))
        self.addCleanup(channel.close)
        return channel

    def test_a_certificate_with_a_known_name_is_its_caller(self) -> None:
        with self.serve(**self.mapped()) as server:
            server.ready()
            billing = self.channel_of(server, "billing", x509.UniformResourceIdentifier(BILLING))
            made = server.api(self.schema, None, billing).CreateTicket(ticket={"subject": "Unpaid"}).ticket
            self.assertEqual((made.tenant_id, made.created_by, made.app_id), (self.tenant, "billing", ""))
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING") as seen:
                server.api(self.schema, None, billing).RevokeToken(sub="ann")
            self.assertEqual(seen.metadata["roles"], "service")
            crm = self.channel_of(server, "crm", x509.DNSName("crm.acme.example"))
            made = server.api(self.schema, None, crm).CreateTicket(ticket={"subject": "Of an app"}).ticket
            self.assertEqual((made.created_by, made.app_id), ("crm", "crm"))
            stream = server.api(self.schema, None, billing).stream("StreamActivities")
            next(stream)
            server.api(self.schema, None, billing).CreateTicket(ticket={"subject": "More"})
            self.assertEqual(next(stream).activity.actor.id, "billing")
            stream.cancel()

    def test_a_token_wins_over_the_certificate(self) -> None:
        with self.serve(**self.mapped()) as server:
            server.ready()
            billing = self.channel_of(server, "billing", x509.UniformResourceIdentifier(BILLING))
            by_token = server.api(self.schema, self.issuer.token(self.tenant, sub="ann"), billing)
            self.assertEqual(by_token.CreateTicket(ticket={"subject": "Hers"}).ticket.created_by, "ann")
            with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                server.api(self.schema, "no token", billing).ListTickets()
            # Revocations concern tokens; a certificate's entry is taken from the table.
            by_token.RevokeToken(sub="billing")
            server.api(self.schema, None, billing).ListTickets()

    def test_any_other_certificate_needs_a_token(self) -> None:
        near = (f"{BILLING}/", f"{BILLING}/more", BILLING.upper())
        with self.serve(**self.mapped()) as server:
            server.ready()
            for name, sans in (
                ("nobody", ()),
                *((f"near-{at}", (x509.UniformResourceIdentifier(uri),)) for at, uri in enumerate(near)),
                ("below", (x509.DNSName("x.crm.acme.example"),)),
                ("both", (x509.UniformResourceIdentifier(BILLING), x509.DNSName("crm.acme.example"))),
                # A name that nobody has verified to be one.
                (BILLING.replace("/", "-"), ()),
            ):
                channel = self.channel_of(server, name, *sans)
                with self.subTest(name):
                    with self.refused("UNAUTHENTICATED", "TOKEN_MISSING"):
                        server.api(self.schema, None, channel).ListTickets()
                    server.api(self.schema, self.issuer.token(self.tenant), channel).ListTickets()

    def test_a_strangers_certificate_opens_nothing(self) -> None:
        with self.serve(**self.mapped()) as server:
            server.ready()
            self.clients = Authority(self.own, "strangers")
            channel = self.channel_of(server, "billing", x509.UniformResourceIdentifier(BILLING))
            with self.assertRaises(grpc.RpcError) as raised:
                server.api(self.schema, None, channel).ListTickets()
            self.assertEqual(Refusal(raised.exception).code, "UNAVAILABLE")

    def test_a_table_that_cannot_be_is_refused_at_the_start(self) -> None:
        text = (
            "- {identity: a, tenant: acme, sub: a, roles: [chief]}\n"
            "- {identity: b, tenant: acme, roles: [agent]}\n"
            "- {identity: c, tenant: acme, sub: c, roles: []}\n"
            "- {identity: d, tenant: acme, sub: d, roles: [agent], colour: red}\n"
            "- {identity: e, tenant: acme, sub: e, roles: [agent]}\n"
            "- {identity: e, tenant: acme, sub: e, roles: [agent]}\n"
            "- {tenant: acme, sub: f, roles: [agent]}\n"
        )
        table = self.identities(text)
        for settings in (self.tls(tls__client_identities=table), self.tls(tls__client_identities=table, tls__client_ca=None)):
            server = self.serve(**settings)
            done = self.run_docket("config", "check", str(server.config))
            self.assertEqual(done.returncode, 78)
            for place, why in (
                ("1:47", '"chief" is not a role'),
                ("2:3", "sub must have"),
                ("3:3", "at least one role"),
                ("4:55", "`colour` is not a field"),
                ("6:3", "`e` stands there twice"),
                ("7:3", "`identity` is missing"),
            ):
                self.assertIn(f"{table}:{place}: error: ", done.stdout, why)
                self.assertIn(why, done.stdout)
        self.assertIn("`tls.client_identities` is set and `tls.client_ca` is not", done.stdout)
