"""`docket tail`: the log as a person reads it, from outside, with its mistakes."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import threading
from collections.abc import Iterator

import client
import grpc
import server
from case import Case

WAIT_SECONDS = 60


class Tail(Case):
    def command(self, *arguments: str) -> list[str]:
        return [os.environ["DOCKET_BIN"], "tail", *arguments]

    def environment(self, **changes: str) -> dict[str, str]:
        token = self.server.token(self.tenant, "ada", "agent")
        return {**os.environ, "DOCKET_ADDRESS": self.server.address, "DOCKET_TOKEN": token, **changes}

    @contextlib.contextmanager
    def following(self, **changes: str) -> Iterator[Iterator[dict]]:
        """The activities as they are printed; none that comes is waited for longer than a test may take."""
        command = self.command("--follow", "-o", "json")
        environment, pipes = self.environment(**changes), {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
            patience = threading.Timer(WAIT_SECONDS, process.kill)
            patience.start()
            try:
                yield map(json.loads, process.stdout)
            finally:
                patience.cancel()
                process.terminate()

    def tail(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*arguments), env=self.environment(**changes), capture_output=True, text=True, timeout=WAIT_SECONDS
        )

    def positions(self, *arguments: str) -> list[int]:
        done = self.tail("-o", "json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [int(json.loads(line)["position"]) for line in done.stdout.splitlines()]

    def test_a_beginning_may_be_a_date_and_an_end_a_number_of_lines(self) -> None:
        for n in range(3):
            self.ticket(subject=f"ticket {n}")
        self.assertEqual(self.positions("--since", "start", "-n", "1"), [1])
        self.assertEqual(self.positions("--since", "1", "-n", "2"), [2, 3])
        self.assertEqual(self.positions("--since", "start", "-n", "0"), [])
        self.assertEqual(self.positions("--since", "start", "-n", "1", "--follow"), [1])
        self.assertEqual(self.positions("--since", "2020-01-31"), list(range(1, self.head() + 1)))
        self.assertEqual(self.positions("-n", "1"), [self.head()])

    def test_it_says_what_happened_and_why(self) -> None:
        self.ticket(subject="Login broken")
        self.api.EscalateTicket(id="1")
        done = self.tail()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), self.head())
        self.assertIn('ticket.created         TKT-0001 "Login broken"', lines[0])
        self.assertIn("by rule triage-new, because of 1", lines[1])
        self.assertNotIn("\x1b", done.stdout, "no colour where nobody looks")

    def test_where_it_begins(self) -> None:
        self.assertEqual(self.positions("--since", "start"), [], "an empty log ends at once")
        for n in range(15):
            self.ticket(subject=f"n{n}")
        head = self.head()
        everything = list(range(1, head + 1))
        self.assertEqual(self.positions(), everything[-10:])
        self.assertEqual(self.positions("-n", "3"), everything[-3:])
        self.assertEqual(self.positions("-n", "0"), [])
        self.assertEqual(self.positions("--since", "start"), everything)
        self.assertEqual(self.positions("--since", "12"), everything[12:])
        self.assertEqual(self.positions("--since", str(head)), [])
        self.assertEqual(self.positions("--since", "1h"), everything)
        self.assertEqual(self.positions("--since", "2020-01-01T00:00:00Z"), everything)

    def test_a_filter_takes_what_it_says(self) -> None:
        for n in range(3):
            self.ticket(subject=f"n{n}")
        self.api.CloseTicket(id="2")
        closed = [activity.position for activity in self.log() if activity.type == "ticket.closed"]
        for since in ((), ("--since", "start")):
            self.assertEqual(self.positions("--filter", "activity.type == 'ticket.closed'", *since), closed)

    def test_following_goes_on_as_things_happen(self) -> None:
        self.ticket(subject="before")
        with self.following() as activities:
            seen = [next(activities)]
            for n in range(3):
                self.ticket(subject=f"n{n}")
            while len(seen) < self.head():
                seen.append(next(activities))
        self.assertEqual([int(activity["position"]) for activity in seen], list(range(1, self.head() + 1)))
        self.assertEqual(seen[-1]["ticket"]["subject"], "n2")

    def test_following_outlives_the_server(self) -> None:
        with tempfile.TemporaryDirectory(prefix="docket-e2e-") as folder:
            pathlib.Path(folder).chmod(0o711)
            own = server.Server(pathlib.Path(folder))
            with contextlib.ExitStack() as after:
                with own:
                    token = own.token("acme", "ada", "agent")
                    self.create(own.address, token, "before")
                    changes = {"DOCKET_ADDRESS": own.address, "DOCKET_TOKEN": token}
                    activities = after.enter_context(self.following(**changes))
                    self.assertEqual(next(activities)["ticket"]["subject"], "before")
                with own:
                    self.create(own.address, token, "after")
                    activity = next(activities)
                    self.assertEqual((activity["position"], activity["ticket"]["subject"]), ("2", "after"))

    def create(self, address: str, token: str, subject: str) -> None:
        with grpc.insecure_channel(address) as channel:
            client.Api(channel, self.schema, token).CreateTicket(ticket={"subject": subject})

    def test_mistakes_are_told_with_what_to_do(self) -> None:
        self.ticket()
        for arguments, changes, code, words in (
            ((), {"DOCKET_TOKEN": ""}, 78, "docket token"),
            ((), {"DOCKET_TOKEN": "no token"}, 1, "not a JWT"),
            ((), {"DOCKET_ADDRESS": "127.0.0.1:1"}, 1, "is the server running?"),
            ((), {"DOCKET_ADDRESS": "not an address"}, 78, "HOST:PORT"),
            (("--filter", "activity.typ == 'x'"), {}, 1, "typ"),
            (("--since", "77"), {}, 1, "position 77 is not one of this log"),
            (("--since", "tomorrow"), {}, 2, "15m"),
            (("-n", "501"), {}, 2, "501"),
        ):
            with self.subTest(arguments=arguments, changes=changes):
                done = self.tail(*arguments, **changes)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn("panicked", done.stderr)
