"""An issuer's own names of claims, and its own words for roles."""

import time

import grpc

from operated import Operated

KEYCLOAK = {
    "tokens__tenant_claim": "organization.id",
    "tokens__roles_claim": "realm_access.roles",
    "tokens__app_claim": "azp",
    "tokens__role_map": {"support-agent": "agent", "support-boss": "admin"},
}


class Claims(Operated):
    def sign(self, **claims) -> str:
        now = int(time.time())
        return self.issuer.sign({"sub": "ann", "iat": now, "exp": now + 60, **claims})

    def token(self, *roles: str, **more) -> str:
        return self.sign(organization={"id": self.tenant}, realm_access={"roles": roles}, **more)

    def test_callers_are_who_their_issuer_says_by_its_own_names(self) -> None:
        with self.serve(**KEYCLOAK) as server:
            server.ready()
            call = lambda token: server.api(self.schema, token)
            agent, boss = call(self.token("support-agent", "offline_access")), call(self.token("support-boss"))
            made = agent.CreateTicket(ticket={"subject": "Mapped"}).ticket
            self.assertEqual((made.tenant_id, made.created_by, made.app_id), (self.tenant, "ann", ""))
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING") as seen:
                agent.RevokeToken(sub="bob")
            self.assertEqual(seen.metadata["roles"], "agent")
            boss.RevokeToken(sub="bob")
            limited = call(self.token("support-agent", azp="crm"))
            self.assertEqual(limited.CreateTicket(ticket={"subject": "Of an app"}).ticket.app_id, "crm")

    def test_nothing_else_in_a_token_makes_a_caller(self) -> None:
        """Not Docket's own names and words either: to the issuer they may mean something else."""
        with self.serve(**KEYCLOAK) as server:
            server.ready()
            own = {"tenant_id": self.tenant, "roles": ["admin"]}
            for token in (
                self.sign(**own),
                self.token("admin", "agent"),
                self.token("admin", **own),
                self.sign(**own, realm_access={"roles": ["support-boss"]}),
                self.sign(**own, organization={"id": self.tenant}),
                self.sign(organization=self.tenant, realm_access={"roles": ["support-boss"]}),
            ):
                with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    server.api(self.schema, token).ListTickets()
            made = server.api(self.schema, self.token("support-agent", tenant_id="globex", roles=["admin"], app_id="crm"))
            ticket = made.CreateTicket(ticket={"subject": "Still hers"}).ticket
            self.assertEqual((ticket.tenant_id, ticket.app_id), (self.tenant, ""))
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                made.RevokeToken(sub="bob")

    def test_operators_claims_keep_their_names(self) -> None:
        with self.serve(**KEYCLOAK) as server:
            server.ready()
            server.api(self.schema, self.issuer.operator()).ReloadWorkflows()
            for more in ({"organization": {"id": self.tenant}}, {"realm_access": {"roles": []}}, {"azp": "crm"}):
                with self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                    server.api(self.schema, self.issuer.operator(**more)).ReloadWorkflows()

    def test_names_and_words_that_cannot_be_are_refused_at_the_start(self) -> None:
        wrong = {"tokens__roles_claim": "a..b", "tokens__role_map": {"boss": "chief"}}
        server = self.serve(**wrong)
        done = self.run_docket("config", "check", str(server.config))
        self.assertEqual(done.returncode, 78)
        for key in ("tokens.roles_claim", "tokens.role_map"):
            self.assertIn(f"for `{key}`", done.stdout)
