"""Pages that say "not yet" name something that is refused, and a server refuses it. What works by now is said to be there."""

import http.client
import os
import pathlib
import re
import shlex
import subprocess

import grpc

import markdown
from case import Case
from server import ROOT

# Words that put something off. A sentence with one of them has a marker behind it: `<!-- refused: KIND WHAT -->`.
PUT_OFF = re.compile(
    r"""\b( yet | for\s+now | (in\s+)?the\s+future | coming\s+soon | will\s+(come|follow) | planned | upcoming | tbd | todo
    | (later|future|coming|next)\s+(version|release)s? | (in|of)\s+this\s+(version|release)
    | not\s+(\w+\s+)?(supported|implemented|available|built) | unsupported | unimplemented )\b""",
    re.IGNORECASE | re.VERBOSE,
)
MARKER = re.compile(r"<!-- refused: (\w+) (.+?) -->")
# A paragraph, an item of a list, a row of a table or a heading.
BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s|\||#)")
# A marker belongs to the sentence before it.
SENTENCE = re.compile(r"(?<=[.!?])\s+(?!<!--)|(?<=-->)\s+(?!<!--)")
ROADMAP = "Roadmap"
RULE = {"name": "promised", "on": "ticket.created", "do": "[{tag: {add: [a]}}]"}


def pages() -> list[pathlib.Path]:
    """All but the changelog: that tells what was."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("README.md"), ROOT / "bench/README.md"]
    return sorted(page for page in found if page.name != "CHANGELOG.md" and "node_modules" not in page.parts)


def unproven(text: str) -> list[str]:
    """What puts something off, or stands on a roadmap, and names nothing that is refused."""
    found, heading = [], ""
    for block in BLOCK.split(markdown.FENCE.sub("", text)):
        block = " ".join(block.split())
        if block.startswith("#"):
            heading = block.strip("# ")
        prose = re.sub(r"`[^`]*`", "`x`", block)
        found += [one for one in SENTENCE.split(prose) if PUT_OFF.search(MARKER.sub("", one)) and not MARKER.search(one)]
        if heading == ROADMAP and block.startswith("- ") and not MARKER.search(block):
            found.append(block)
    return found


class NotYet(Case):
    def test_what_is_put_off_names_something_that_is_refused(self) -> None:
        for page in pages():
            with self.subTest(page=page.name):
                hint = "say what is there, or put `<!-- refused: KIND WHAT -->` behind the sentence"
                self.assertEqual(unproven(page.read_text()), [], hint)

    def test_what_is_named_is_refused(self) -> None:
        tried = 0
        for page in pages():
            for kind, what in MARKER.findall(page.read_text()):
                with self.subTest(page=page.name, kind=kind, what=what):
                    self.assertTrue(self.refuses(kind, what), "it works by now: say so, and take the marker away")
                    tried += 1
        self.assertGreater(tried, 3)

    # These two go red where the two above would see nothing.

    def test_guilty_sentences_are_found(self) -> None:
        for guilty in (
            "Webhooks are not yet supported.",
            "It becomes green by itself. There are no timers yet, so none can lag.",
            "SLA policies and attachments are not\nin this version.",
            "| webhooks | planned |",
            "- Some day.\n- Webhooks will come.",
            "Attachments are not supported. <!-- refused: field Message.attachments --> Webhooks are not supported.",
            "Attachments are not supported. <!-- refuse: field Message.attachments -->",
            "## Roadmap\n\n- **Cells**: tenants on several servers.",
        ):
            with self.subTest(guilty):
                self.assertEqual(len(unproven(guilty)), 1)
        for innocent in (
            "Attachments are not supported. <!-- refused: field Message.attachments -->",
            "Attachments are\nnot supported.\n<!-- refused: field Message.attachments -->\nPostgreSQL 14 or later.",
            "```\nnot yet\n```\nThe word `yet` in code.",
            "## Roadmap\n\n- **Cells**. <!-- refused: command docket cells list -->",
        ):
            with self.subTest(innocent):
                self.assertEqual(unproven(innocent), [])

    def test_what_works_is_not_refused(self) -> None:
        for kind, what in (
            ("rpc", "CreateTicket"),
            ("field", "Ticket.subject"),
            ("rule", "on: {sla: resolution, at: breach}"),
            ("command", "docket ticket list"),
        ):
            with self.subTest(kind=kind, what=what):
                self.assertFalse(self.refuses(kind, what))

    # Ways to be refused

    def refuses(self, kind: str, what: str) -> bool:
        tries = {"rpc": self.no_rpc, "field": self.no_field, "rule": self.no_rule, "command": self.no_command, "http": self.no_http}
        self.assertIn(kind, tries)
        return tries[kind](what)

    def no_rpc(self, name: str) -> bool:
        services = [service for service in self.schema.services if service.startswith("docket.")]
        return name not in self.schema.methods and all(self.unimplemented(service, name) for service in services)

    def unimplemented(self, service: str, name: str) -> bool:
        try:
            self.channel.unary_unary(f"/{service}/{name}")(b"", timeout=10, metadata=self.api.metadata)
        except grpc.RpcError as error:
            return error.code() is grpc.StatusCode.UNIMPLEMENTED
        return False

    def no_field(self, path: str) -> bool:
        message, _, field = path.partition(".")
        return field not in self.schema.pool.FindMessageTypeByName(f"docket.v1.{message}").fields_by_name

    def no_rule(self, part: str) -> bool:
        """A key of a rule with a value: `on: {schedule: …}`, `do: [{webhook: …}]`."""
        key, _, value = part.partition(":")
        source = "".join(f"{key}: {value}\n" for key, value in (RULE | {key.strip(): value.strip()}).items())
        found = self.api.ValidateWorkflow(source=source, file_name="promised.yaml").diagnostics
        return any(self.word(one, "severity") == "SEVERITY_ERROR" for one in found)

    def no_command(self, line: str) -> bool:
        """The command line is wrong, says the program."""
        program, *words = shlex.split(line)
        self.assertEqual(program, "docket")
        token = self.server.token(self.tenant, "ada", "agent,admin")
        # No profile of whoever runs the tests.
        environment = os.environ | {"DOCKET_PROFILES": "/nonexistent", "DOCKET_ADDRESS": self.server.address, "DOCKET_TOKEN": token}
        done = subprocess.run([os.environ["DOCKET_BIN"], *words], env=environment, capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        return done.returncode == 2

    def no_http(self, path: str) -> bool:
        connection = http.client.HTTPConnection(self.server.address, timeout=10)
        try:
            connection.request("GET", path, headers=dict(self.api.metadata))
            return connection.getresponse().status != 200
        except (OSError, http.client.HTTPException):
            return True
        finally:
            connection.close()
