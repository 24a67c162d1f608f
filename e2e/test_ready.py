"""A server that cannot do its work says so at /readyz, in words, and in health; and is ready again when it can."""

from operated import NOT_SERVING, SERVING, Operated
from house import until


class Ready(Operated):
    def red(self, server, *words: str) -> None:
        server.not_ready(*words)
        until(lambda: self.health(server) == NOT_SERVING, "health says NOT_SERVING")

    def green(self, server) -> None:
        server.ready()
        until(lambda: self.health(server) == SERVING, "health says SERVING")

    def test_a_tenant_with_all_its_reads_turns_nothing_red(self) -> None:
        settings = {"reads__connections": 6, "reads__per_tenant": 2, "reads__wait": "300ms", "reads__statement_timeout": "60s"}
        with self.serve(**settings) as server:
            noisy = server.ready().api(self.schema, self.issuer.token(self.tenant))
            quiet = server.api(self.schema, self.issuer.token("quiet"))
            with self.postgres.session("BEGIN; LOCK TABLE ticket", self.database) as holder:
                reading = [noisy.future("ListTickets") for _ in range(2)]
                held = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM ticket%'"
                until(lambda: self.postgres.sql(held) == "2", "both of its reads wait in the database")
                with self.refused("RESOURCE_EXHAUSTED", "OVERLOADED"):
                    noisy.ListAgents()
                self.assertEqual(len(quiet.ListAgents().agents), 0)
                server.ready()
                self.assertEqual(self.health(server), SERVING)
                holder.stdin.close()
            for read in reading:
                read.result()
            self.assertEqual(len(noisy.ListAgents().agents), 0)

    def test_the_heads_of_the_log_cannot_be_read(self) -> None:
        with self.serve(reads__statement_timeout="500ms") as server:
            server.ready()
            with self.postgres.session("BEGIN; LOCK TABLE installation", self.database) as holder:
                self.red(server, "log: heads were last read")
                holder.stdin.close()
            self.green(server)

    def test_a_batch_gets_nowhere(self) -> None:
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            api.CreateTicket(ticket={"subject": "Before"})
            with self.postgres.session("BEGIN; LOCK TABLE tenant_head", self.database) as holder:
                writing = api.future("CreateTicket", ticket={"subject": "Meanwhile"})
                self.red(server, "writes: a batch of lane")
                holder.stdin.close()
            self.green(server)
            self.assertIn(writing.exception() and writing.exception().code().name, (None, "UNAVAILABLE"))

    def test_the_database_lets_nobody_in(self) -> None:
        with self.serve() as server:
            server.ready()
            self.postgres.sql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false")
            self.postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")
            self.red(server, "reads: no database connection", "not currently accepting connections")
            self.postgres.sql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true")
            self.green(server)
            self.assertIn("\ndocket_ready 1\n", until(lambda: "\ndocket_ready 1\n" in server.get("/metrics")[1] and server.get("/metrics")[1], "the gauge"))
