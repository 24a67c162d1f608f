"""The examples, set up by the commands of their own READMEs: what they print, and streams that outlive kills."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import grpc

import client
import markdown
import server
from case import Case

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "e2e-examples"
SETUP_SECONDS = 300
WAIT_SECONDS = 60
DEBIAN = pathlib.Path("/usr/share/gocode/src/google.golang.org/grpc")


class Example:
    """One language's example: what it needs, which of its README's blocks sets it up, and how it is started."""

    def __init__(self, language: str, tools: tuple[str, ...], setup: str, *command: str):
        self.language, self.tools, self.setup, self.command = language, tools, setup, command

    @property
    def source(self) -> pathlib.Path:
        return ROOT / "examples" / self.language

    def missing(self) -> str:
        absent = [tool for tool in self.tools if not shutil.which(tool)]
        absent += [str(DEBIAN)] if self.setup == "setup-debian" and not DEBIAN.exists() else []
        return ", ".join(absent)

    def folder(self) -> pathlib.Path:
        """A copy that is set up as the README says; made again when the example or the contract changes."""
        files = [file for file in [*self.source.iterdir(), *(ROOT / "proto").rglob("*.proto")] if file.is_file()]
        stamp = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:16]
        top = BUILT / f"{self.language}-{stamp}"
        if not (top / "done").exists():
            for old in BUILT.glob(f"{self.language}-*"):
                shutil.rmtree(old)
            shutil.copytree(ROOT / "proto", top / "proto")
            copied = top / "examples" / self.language
            copied.mkdir(parents=True)
            for file in self.source.iterdir():
                if file.is_file():
                    shutil.copy(file, copied)
            setup = [block for block in markdown.blocks(self.source / "README.md") if block.info == self.setup]
            script = "set -eu\n" + "\n".join(block.text for block in setup)
            done = subprocess.run(["sh", "-c", script], cwd=top, capture_output=True, text=True, timeout=SETUP_SECONDS)
            assert setup and done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
            (top / "done").touch()
        return top / "examples" / self.language


class Run:
    """An example that runs, in a process group of its own: npm and the like have children."""

    def __init__(self, example: Example, verb: str, environment: dict):
        self.process = subprocess.Popen(
            [*example.command, verb],
            cwd=example.folder(),
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def lines(self, count: int) -> list[str]:
        """The next lines; where it ended instead, why."""
        found = [self.process.stdout.readline().rstrip("\n") for _ in range(count)]
        return found if all(found) else [f"{found}: {self.process.stderr.read()}"]

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Tested:
    """The tests of one example. Where nobody may leave one out, a missing tool is a failure."""

    example: Example

    def setUp(self) -> None:
        super().setUp()
        missing = self.example.missing()
        if missing and os.environ.get("CI") == "true":
            self.fail(f"examples/{self.example.language} needs {missing}: .ci/run installs them")
        if missing:
            self.skipTest(f"examples/{self.example.language} needs {missing}")

    def environment(self, running: server.Server, tenant: str, position: pathlib.Path) -> dict:
        token = running.token(tenant, "ada", "agent")
        return {"DOCKET_ADDRESS": running.address, "DOCKET_TOKEN": token, "DOCKET_POSITION_FILE": str(position)}

    def test_the_tour(self) -> None:
        environment = self.environment(self.server, self.tenant, pathlib.Path("unused"))
        with Run(self.example, "tour", environment) as run:
            out, err = run.process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual((run.process.returncode, err), (0, ""))
        made = [f"created TKT-000{n} Printer {n} is on fire, sent twice: one ticket" for n in range(1, 6)]
        lines = out.splitlines()
        self.assertEqual(lines[:5], made)
        self.assertEqual(lines[5:7], ["all: TKT-0001, TKT-0002, TKT-0003, TKT-0004, TKT-0005", "urgent: TKT-0003"])
        # Each language has its own way to write a code.
        self.assertRegex(lines[7], r"^refused: (INVALID_ARGUMENT|InvalidArgument) INVALID_FIELDS$")
        self.assertEqual([line.split(":")[0] for line in lines[8:]], ["  ticket.subject", "  ticket.tags[0]"])

    def test_without_a_token_it_says_what_to_do(self) -> None:
        with Run(self.example, "tour", {"DOCKET_TOKEN": ""}) as run:
            _, err = run.process.communicate(timeout=WAIT_SECONDS)
        self.assertNotEqual(run.process.returncode, 0)
        self.assertIn("usage: DOCKET_TOKEN=...", err)

    def test_a_follower_outlives_the_server_and_itself(self) -> None:
        with tempfile.TemporaryDirectory(prefix="docket-e2e-") as folder:
            pathlib.Path(folder).chmod(0o711)
            self.outlives(pathlib.Path(folder))

    def outlives(self, folder: pathlib.Path) -> None:
        running, position = server.Server(folder), folder / "position.json"
        with running:
            environment = self.environment(running, "acme", position)
            head = self.create(running, environment, 3)
            run = Run(self.example, "follow", environment)
            self.assertEqual(self.positions(run.lines(head)), list(range(1, head + 1)))
            # With all its connections, in the middle of the stream.
            running.kill()
        with run, running:
            before, head = head, self.create(running, environment, 3)
            self.assertEqual(self.positions(run.lines(head - before)), list(range(before + 1, head + 1)))
        with running:
            kept = int(json.loads(position.read_text())["position"])
            # At least once: what was handled and not yet kept comes again, and nothing is left out.
            self.assertIn(kept, (head - 1, head))
            head = self.create(running, environment, 3)
            with Run(self.example, "follow", environment) as again:
                self.assertEqual(self.positions(again.lines(head - kept)), list(range(kept + 1, head + 1)))

    def positions(self, lines: list[str]) -> list[int]:
        for line in lines:
            self.assertRegex(line, r"^\d+ [a-z]+\.[a-z_]+$")
        return [int(re.split(" ", line)[0]) for line in lines]

    def create(self, running: server.Server, environment: dict, count: int) -> int:
        """Returns the log's head afterwards."""
        with grpc.insecure_channel(running.address) as channel:
            caller = client.Api(channel, self.schema, environment["DOCKET_TOKEN"])
            return [caller.CreateTicket(ticket={"subject": "s"}).position for _ in range(count)][-1]


class Python(Tested, Case):
    example = Example("python", ("python3",), "setup", ".venv/bin/python", "tour.py")


class TypeScript(Tested, Case):
    example = Example("typescript", ("node", "npm"), "setup", "node", "--import", "tsx", "tour.ts")


class Go(Tested, Case):
    # By Debian's packages: a module proxy is not everywhere where tests run.
    example = Example("go", ("go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc"), "setup-debian", "./docket-tour")
