"""`docket migrate` and `docket prune`, as an operator types them, on the database that a server is using."""

import datetime
import subprocess

from case import Case


class Operate(Case):
    def docket(self, *words: str) -> tuple[int, str]:
        done = subprocess.run([self.server.binary, *words], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def database(self) -> list[str]:
        socket = self.server.data_dir.resolve() / "postgres" / "socket"
        return ["--database-url", f"host={socket} port=5432 user=docket dbname=docket"]

    def test_what_is_migrated_already(self) -> None:
        code, text = self.docket("migrate", *self.database())
        self.assertEqual((code, text), (0, "the schema is up to date\n"))

    def test_a_data_folder_in_use_is_left_alone(self) -> None:
        for command in (["migrate"], ["prune", "--keep", "90d"]):
            code, text = self.docket(*command, "--data-dir", str(self.server.data_dir))
            self.assertEqual(code, 78, text)
            self.assertIn("already in use by another Docket", text)

    def test_the_young_past_is_kept(self) -> None:
        self.ticket()
        code, text = self.docket("prune", *self.database(), "--keep", "7d", "--tenant", self.tenant)
        self.assertEqual((code, text), (0, f"{self.tenant}: 0 activities and 0 requests deleted; the oldest position is 1\n"))
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        for asked in (["--keep", "23h"], ["--before", now]):
            code, text = self.docket("prune", *self.database(), *asked)
            self.assertEqual(code, 78, text)
            self.assertIn("24 hours", text)

    def test_what_cannot_be_meant_is_a_usage_error(self) -> None:
        for words in ([], ["--keep", "1d", "--before", "2026-01-01T00:00:00Z"], ["--keep", "soon"], ["--before", "2026-13-01"]):
            code, text = self.docket("prune", *words)
            self.assertEqual(code, 2, text)

    def test_a_database_that_is_away(self) -> None:
        for command in (["migrate"], ["prune", "--keep", "90d"]):
            code, text = self.docket(*command, "--database-url", "host=/nowhere user=nobody")
            self.assertEqual(code, 78, text)
            self.assertIn("connect", text)
