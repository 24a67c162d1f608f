"""`docket doctor` finds what is wrong with an installation, and says what to do."""

import json

from house import until
from operated import Operated


class Doctor(Operated):
    def examine(self, *words: str, code: int) -> dict[str, list[dict]]:
        """The findings by their check."""
        done = self.run_docket("doctor", "-o", "json", "--config", str(self.serve().config), *words)
        self.assertEqual(done.returncode, code, done)
        findings: dict[str, list[dict]] = {}
        for finding in json.loads(done.stdout):
            findings.setdefault(finding["check"], []).append(finding)
            self.assertEqual(finding["grade"] == "ok", finding["fix"] == "", finding)
        return findings

    def with_tickets(self) -> None:
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            for number in range(5):
                api.CreateTicket(ticket={"subject": f"Ticket {number}"})

    def test_a_sound_installation_passes(self) -> None:
        self.with_tickets()
        findings = self.examine(code=0)
        grades = {check: [finding["grade"] for finding in found] for check, found in findings.items()}
        checks = ("configuration", "connection", "encryption", "clocks", "durability", "connections", "schema", "role", "log")
        for check in checks:
            self.assertEqual(grades[check], ["ok"], findings[check])
        # No rules were published.
        self.assertEqual(grades["rules"], ["warn"])
        self.assertIn("5 activities of the 1 newest tenants", findings["log"][0]["found"])
        table = self.run_docket("doctor", "--config", str(self.serve().config))
        self.assertIn("ok    log            5 activities", table.stdout)
        self.assertTrue(table.stdout.endswith("1 warnings, 0 failed\n"), table.stdout)

    def test_the_connection_budget_is_what_a_server_opens(self) -> None:
        words = {"reads__connections": 1, "journal__lanes": 2}
        opened = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.database}'"
        with self.serve(**words) as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            for number in range(20):
                api.CreateTicket(ticket={"subject": f"Ticket {number}"})

            def connections() -> int:
                # Concurrent point reads, so that both of their connections are open.
                for get in [api.future("GetTicket", id=str(1 + number % 20)) for number in range(100)]:
                    get.result()
                return int(self.postgres.sql(opened))

            # Two per lane, two for point reads, and one each for other reads, readiness, timers, projections,
            # revocations and hints.
            until(lambda: connections() == 12, "all twelve connections are open")
            findings = self.examine("--set", "reads.connections=1", "--set", "journal.lanes=2", code=0)
        self.assertIn("up to 12 each", findings["connections"][0]["found"])

    def test_a_hole_in_the_log_fails(self) -> None:
        self.with_tickets()
        self.postgres.sql("DELETE FROM activity WHERE position = 3", self.database)
        found = self.examine(code=1)["log"]
        self.assertEqual([finding["grade"] for finding in found], ["fail"])
        self.assertIn(f"tenant {self.tenant}: of its last 5 activities, only 4 exist", found[0]["found"])

    def test_a_schema_that_is_behind_and_settings_that_lose_writes_fail(self) -> None:
        self.postgres.sql(f"ALTER DATABASE {self.database} SET synchronous_commit = off")
        findings = self.examine(code=1)
        self.assertEqual(findings["schema"][0]["fix"], "docket migrate")
        self.assertEqual(findings["durability"][0]["found"], "synchronous_commit = off")
        self.assertEqual(self.examine("--servers", "50", code=1)["connections"][0]["grade"], "fail")

    def test_what_it_cannot_reach_and_what_is_not_configured(self) -> None:
        alone = self.run_docket("doctor")
        self.assertEqual(alone.returncode, 1)
        self.assertIn("`tokens.keys` is not set", alone.stdout)
        away = self.examine("--set", "database.url=postgres://127.0.0.1:1/none", code=1)
        self.assertEqual(away["connection"][0]["grade"], "fail")
        self.assertIn("Connection refused", away["connection"][0]["found"])
