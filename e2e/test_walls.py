"""Database roles as an operator sets them up, and logins that row-level security does not bind."""

from house import PASSWORD
from operated import Operated


class Walls(Operated):
    def refused(self, url: str) -> str:
        done = self.run_docket("serve", "--config", str(self.serve(database__url=url).config))
        self.assertEqual(done.returncode, 78, done)
        return done.stdout + done.stderr

    def login(self, name: str, attributes: str = "", member_of: str = "docket_server") -> str:
        self.postgres.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {attributes} IN ROLE {member_of}")
        self.addCleanup(self.postgres.sql, f"DROP OWNED BY {name}; DROP ROLE {name}", self.database)
        return self.postgres.url(self.database, name)

    def test_a_login_that_the_wall_does_not_bind_is_refused(self) -> None:
        with self.serve() as server:
            server.ready()
        self.assertIn("the database login docket is a superuser", self.refused(self.migrator_url))
        told = self.refused(self.login("all_seeing", "BYPASSRLS"))
        self.assertIn("the database login all_seeing has BYPASSRLS", told)
        self.assertIn("docket_server", told, "what to do")
        told = self.refused(self.login("like_the_owner", member_of="docket_owner"))
        self.assertIn("may act as the owner of the tables", told)
        own = self.login("app")
        self.postgres.sql("GRANT DELETE ON activity TO app", self.database)
        self.assertIn("may change or delete activities", self.refused(own))

    def test_a_login_of_ones_own_serves(self) -> None:
        with self.serve() as server:
            server.ready()
        with self.serve("-own", database__url=self.login("desk"), database__migrator_url=None) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            self.assertEqual(api.CreateTicket(ticket={"subject": "By a login of our own"}).position, 1)

    def test_tables_without_the_wall_are_refused_together_with_the_login(self) -> None:
        with self.serve() as server:
            server.ready()
        self.postgres.sql("ALTER TABLE message DISABLE ROW LEVEL SECURITY", self.database)
        self.postgres.sql("ALTER TABLE contact NO FORCE ROW LEVEL SECURITY", self.database)
        superuser = self.serve(database__url=self.postgres.url(self.database), database__migrator_url=None)
        done = self.run_docket("serve", "--config", str(superuser.config))
        self.assertEqual(done.returncode, 78, done)
        self.assertIn("superuser", done.stderr)
        self.assertIn("does not shut the tables contact, message", done.stderr)

    def test_whoever_may_not_create_roles_has_the_sql_printed(self) -> None:
        printed = self.run_docket("migrate", "--print-roles")
        self.assertEqual(printed.returncode, 0, printed)
        plain = f"plain_{self.database}"[:63]
        self.postgres.sql(f"CREATE ROLE {plain} LOGIN PASSWORD '{PASSWORD}'")
        self.addCleanup(self.postgres.sql, f"DROP ROLE {plain}")
        mine = ["migrate", "--database-url", self.postgres.url(self.database, plain)]
        done = self.run_docket(*mine)
        self.assertEqual(done.returncode, 78, done)
        self.assertIn("--print-roles", done.stderr)

        self.postgres.sql(printed.stdout, self.database)
        self.postgres.sql(f"ALTER ROLE docket_migrator PASSWORD '{PASSWORD}'")
        migrator = self.postgres.url(self.database, "docket_migrator")
        done = self.run_docket("migrate", "--database-url", migrator)
        self.assertEqual(done.returncode, 0, done)
        with self.serve(database__migrator_url=migrator) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            api.CreateTicket(ticket={"subject": "Migrated by a login that creates no roles"})
        owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
        self.assertEqual(self.postgres.sql(owners, self.database), "docket_owner")
        pruned = self.run_docket("prune", "--keep", "1d", "--database-url", self.postgres.url(self.database, "docket_prune"))
        self.assertEqual(pruned.stdout, f"{self.tenant}: 0 activities and 0 requests deleted; the oldest position is 1\n", pruned)
