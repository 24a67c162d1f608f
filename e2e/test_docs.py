"""README.md and the pages of docs/: every block is run as it stands there, or says why not; links lead somewhere."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import grpc

import client
import markdown
import server
import test_examples
from case import Case, new_tenant

ROOT = server.ROOT
DOCS = ROOT / "docs"
WAIT_SECONDS = 60
README = ROOT / "README.md"
HERE = pathlib.Path(__file__).resolve().parent
# Pages whose blocks have a test of their own.
ELSEWHERE = {"cli.md": "test_cli.py", "filters.md": "test_filters_page.py"}
# Where the lines of a block in another language stand: those programs are run by test_examples.py.
EXCERPTS = {"ts": ("typescript", "*.ts"), "go": ("go", "*.go")}
# Words for people: diagrams, layouts, output of what is not run.
PLAIN = ("", "text")
# A file or folder of the sources, or a pattern of some.
SOURCE = re.compile(r"(?<![\w./-])(?:src|proto)/[\w./*-]*[\w*]")

# Runs what it is sent in one namespace, so that a page's blocks go on where the one before ended.
INTERPRETER = """
import contextlib, io, json, sys, traceback
names = {}
for line in sys.stdin:
    out, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(json.loads(line), "<page>", "exec"), names)
    except BaseException:
        failed = traceback.format_exc()
    print(json.dumps([out.getvalue(), failed]), flush=True)
"""


def pages() -> list[pathlib.Path]:
    return sorted(DOCS.rglob("*.md"))


def lost(text: str) -> list[str]:
    """The sources that a text names and that do not exist."""
    return [path for path in SOURCE.findall(text) if not any(ROOT.glob(path))]


def squeezed(text: str) -> str:
    return " ".join(text.split())


class Pages(Case):
    """Each page has a tenant, a folder, and rules that go with it, at a server of the pages' own."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="docket-e2e-")))
        folder.chmod(0o711)
        cls.rules = folder / "workflows"
        cls.rules.mkdir()
        for rule in (ROOT / "workflows").glob("*.yaml"):
            (cls.rules / rule.name).write_text(rule.read_text())
        cls.own = cls.enterClassContext(server.Server(folder, cls.rules))
        cls.tools = folder / "bin"
        cls.tools.mkdir()
        (cls.tools / "docket").symlink_to(os.path.abspath(os.environ["DOCKET_BIN"]))
        cls.at = cls.enterClassContext(grpc.insecure_channel(cls.own.address))

    def test_every_block_does_what_its_page_says(self) -> None:
        ran = 0
        for page in [README, *pages()]:
            if page.name in ELSEWHERE:
                own = (pathlib.Path(__file__).parent / ELSEWHERE[page.name]).read_text()
                self.assertIn(page.name, own, f"{ELSEWHERE[page.name]} does not run {page.name}")
                continue
            with tempfile.TemporaryDirectory(prefix="docket-page-") as folder:
                ran += self.read(page, pathlib.Path(folder))
        self.assertGreater(ran, 10)

    def test_what_is_not_run_says_why(self) -> None:
        for page in [README, *pages()]:
            for block in markdown.blocks(page):
                if block.not_run is not None:
                    with self.subTest(str(block)):
                        self.assertRegex(block.not_run, r"\w+ \w+", "say in a few words why this is not run")
                        print(f"\n  not run: {block} {block.language}: {block.not_run}", file=sys.stderr, end="")

    def read(self, page: pathlib.Path, folder: pathlib.Path) -> int:
        """Runs the page's blocks, in order; how many there were."""
        self.token = self.own.token(new_tenant(), "ann", "agent,admin")
        self.folder, self.printed, self.interpreter = folder, None, None
        (folder / "workflows").symlink_to(self.rules)
        shipped, ran = set(self.rules.iterdir()), 0
        try:
            for block in markdown.blocks(page):
                if block.not_run is None and block.language not in PLAIN or block.info == "output":
                    with self.subTest(str(block), language=block.language):
                        self.run_block(block)
                        ran += 1
        finally:
            if self.interpreter:
                self.interpreter.communicate(timeout=WAIT_SECONDS)
            for rule in set(self.rules.iterdir()) - shipped:
                rule.unlink()
        return ran

    def run_block(self, block: markdown.Block) -> None:
        known = {
            "console": self.session,
            "sh": self.shell,
            "python": self.python,
            "yaml": self.rule,
            "json": lambda block: json.loads(block.text),
            "text": self.output,
        } | dict.fromkeys(EXCERPTS, self.excerpt)
        self.assertIn(block.language, known, f"use one of {sorted(known)}, or put `not-run: why` behind the fence")
        known[block.language](block)

    def environment(self) -> dict:
        return os.environ | {
            "PATH": f"{self.tools}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DOCKET_PROFILES": str(self.folder / "config.toml"),
            "DOCKET_ADDRESS": self.own.address,
            "DOCKET_TOKEN": self.token,
        }

    def bash(self, script: str) -> subprocess.CompletedProcess:
        """In a shell that knows what the page exported before."""
        keeping = f". ./.exported 2>/dev/null\n{script}\ncode=$?; export -p >.exported; exit $code"
        return subprocess.run(
            ["bash", "-c", keeping],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
        )

    def shell(self, block: markdown.Block) -> None:
        done = self.bash(f"set -euo pipefail\n{block.text}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.printed = done.stdout

    def session(self, block: markdown.Block) -> None:
        """Commands behind `$ `, and what each prints, or a part of it. An ellipsis stands for anything."""
        for example in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, expected = self.split(example)
            with self.subTest(command):
                done = self.bash(command)
                refused = expected.startswith("docket: ")
                self.assertEqual(done.returncode != 0, refused, done.stdout + done.stderr)
                if expected:
                    self.matches(done.stderr if refused else done.stdout, expected)

    def split(self, example: str) -> tuple[str, str]:
        """A command, which goes on behind a backslash, and what follows it."""
        lines = example.splitlines(keepends=True)
        last = next(n for n, line in enumerate(lines) if not line.endswith("\\\n"))
        return "".join(lines[: last + 1]).rstrip("\n"), "".join(lines[last + 1 :])

    def python(self, block: markdown.Block) -> None:
        if self.interpreter is None:
            folder = test_examples.Python.example.folder()
            self.interpreter = subprocess.Popen(
                [str(folder / ".venv/bin/python"), "-c", INTERPRETER],
                cwd=self.folder,
                env=self.environment() | {"PYTHONPATH": str(folder)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self.interpreter.stdin.write(json.dumps(block.text) + "\n")
        self.interpreter.stdin.flush()
        self.printed, failed = json.loads(self.interpreter.stdout.readline())
        self.assertEqual(failed, "")

    def output(self, block: markdown.Block) -> None:
        """What the block before it printed."""
        self.assertIsNotNone(self.printed, "no block before this one prints anything")
        self.matches(self.printed, block.text)

    def matches(self, printed: str, expected: str) -> None:
        parts = [re.escape(squeezed(part)) for part in expected.split("…")]
        self.assertRegex(squeezed(printed), "^" + ".*".join(parts) + "$")

    def rule(self, block: markdown.Block) -> None:
        """A rule that loads; behind `rule FILE` it is published too, and behind `refused` it does not load. Or a `test` that passes."""
        word, _, name = block.info.partition(" ")
        self.assertIn(word, ("rule", "refused", "test"), "put `rule`, `rule FILE`, `refused`, `test` or `not-run: why` behind the fence")
        if word == "test":
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(self.rules, folder, dirs_exist_ok=True)
                (pathlib.Path(folder) / "shown.test.yaml").write_text(block.text)
                tested = subprocess.run([self.tools / "docket", "workflow", "test", folder], capture_output=True, text=True)
                self.assertEqual(tested.returncode, 0, tested.stdout)
                self.assertIn("shown.test.yaml", tested.stdout)
            return
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "rule.yaml").write_text(block.text)
            checked = subprocess.run([self.tools / "docket", "workflow", "check", folder], capture_output=True, text=True)
        caller = self.caller()
        found = caller.ValidateWorkflow(source=block.text)
        errors = [one.message for one in found.diagnostics if self.word(one, "severity") == "SEVERITY_ERROR"]
        self.assertEqual((checked.returncode != 0, bool(errors)), (word == "refused",) * 2, checked.stderr + str(errors))
        if name:
            (self.folder / name).write_text(block.text)
            names, deadline = {rule.name for rule in found.workflows}, time.monotonic() + WAIT_SECONDS
            while not names <= {rule.name for rule in caller.ListWorkflows(page_size=500).workflows}:
                self.assertLess(time.monotonic(), deadline, "the rule was not published")
                time.sleep(0.05)

    def caller(self) -> client.Api:
        return client.Api(self.at, self.schema, self.token)

    def excerpt(self, block: markdown.Block) -> None:
        """Lines of an example that test_examples.py runs, as they stand there."""
        language, files = EXCERPTS[block.language]
        sources = [squeezed(file.read_text()) for file in (ROOT / "examples" / language).glob(files)]
        for part in block.text.split("…"):
            wanted = squeezed(part)
            self.assertTrue(any(wanted in source for source in sources), f"not in examples/{language}: {part}")


class Links(Case):
    def tracked(self) -> list[pathlib.Path]:
        kept = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True)
        return [ROOT / name for name in kept.stdout.splitlines()]

    def test_links_lead_somewhere(self) -> None:
        for page in self.tracked():
            for link in markdown.links(page):
                if re.match(r"[a-z]+:", link):
                    continue
                with self.subTest(page=page.name, link=link):
                    path, _, anchor = link.partition("#")
                    target = (page.parent / path).resolve() if path else page
                    self.assertTrue(target.exists(), "there is no such file")
                    if anchor and target.suffix == ".md":
                        self.assertIn(anchor, markdown.anchors(target))

    def test_tests_that_pages_name_exist(self) -> None:
        there = set(re.findall(r"def (test_\w+)", "".join(file.read_text() for file in HERE.glob("test_*.py"))))
        named = {name for page in pages() for name in re.findall(r"`(test_\w+)`", page.read_text())}
        self.assertGreater(len(named), 20)
        self.assertEqual(named - there, set())

    def test_sources_that_pages_name_exist(self) -> None:
        for page in [README, ROOT / "CONTRIBUTING.md", *pages()]:
            with self.subTest(page=page.name):
                self.assertEqual(lost(page.read_text()), [], "there is no such file")

    def test_sources_that_do_not_exist_are_found(self) -> None:
        named = "`src/lib.rs`, `src/gone.rs`; (src/store), proto/docket/v1/*.proto and src/model/*.gone. See ../src/lib.rs."
        self.assertEqual(lost(named), ["src/gone.rs", "src/model/*.gone"])

    def test_every_page_can_be_found(self) -> None:
        index = DOCS / "README.md"
        listed = {(DOCS / link.partition("#")[0]).resolve() for link in markdown.links(index)}
        missing = [str(page.relative_to(DOCS)) for page in pages() if page != index and page.resolve() not in listed]
        self.assertEqual(missing, [], "add these pages to docs/README.md")


class Figures(Case):
    def test_the_figures_of_the_readme_are_those_of_the_speed_page(self) -> None:
        figure = re.compile(r"^\| .+ \| [<>]= .+ \| (?:ok|miss) \|", re.MULTILINE)
        chosen, measured = (figure.findall(page.read_text()) for page in (README, DOCS / "speed.md"))
        self.assertEqual((len(chosen), set(chosen) - set(measured)), (6, set()))
        missed = sum(row.endswith(" miss |") for row in measured)
        self.assertIn(f"All {len(measured)} figures, the {missed} missed goals among them", squeezed(README.read_text()))
