"""What rule authors have: the schema for editors, reports for programs, what a server knows, and a folder that is a mount."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import xml.etree.ElementTree

import grpc
import jsonschema
import yaml

import client
import markdown
import server
from case import Case, new_tenant

ROOT = server.ROOT
SHIPPED = ROOT / "workflows"
WAIT_SECONDS = 60

RULE = "name: a\non: ticket.created\ndo:\n  - tag: {add: [x]}\n"

# Sources that neither editors nor the checker take.
BROKEN = (
    "name: a\non: ticket.created\n",
    "name: A b\non: ticket.created\ndo: []\nstop: true\n",
    "name: a\ndo: [{tag: {add: x}}]\n",
    RULE.replace("ticket.created", "ticket.craeted"),
    RULE.replace("ticket.created", "workflow.failed"),
    RULE.replace("ticket.created", "{sla: resolutoin, at: breach}"),
    RULE.replace("ticket.created", "{sla: resolution, at: soon}"),
    RULE.replace("ticket.created", "{sla: resolution}"),
    RULE.replace("tag:", "tga:"),
    RULE.replace("add:", "ad:"),
    RULE.replace("{add: [x]}", "vip"),
    RULE.replace("{add: [x]}", "{}"),
    RULE.replace("tag: {add: [x]}", "{tag: {add: x}, sla: {policy: gold}}"),
    RULE.replace("tag: {add: [x]}", "if: 'true'"),
    RULE.replace("tag: {add: [x]}", "set: {priority: HIHG}"),
    RULE.replace("tag: {add: [x]}", "set: {assignee_id: ann}"),
    RULE.replace("tag: {add: [x]}", "assign: {strategy: least_opne}"),
    RULE.replace("tag: {add: [x]}", "assign: {strategy: least_open, max_open: 0}"),
    RULE.replace("tag: {add: [x]}", "transition: {verb: resolv}"),
    RULE.replace("tag: {add: [x]}", "create_issue: {once: per_ticket}"),
    RULE + "order: 3000000000\n",
    RULE + "order: first\n",
    RULE + "enabled: maybe\n",
    RULE + "on_error: stpo\n",
    RULE + "if: 3\n",
    RULE + "variables: {Loud: 'true'}\n",
    RULE + "limits: {per_ticket: 1}\n",
    RULE + "rollout: shadwo\n",
    RULE + "rollout: {percent: 101}\n",
    RULE.replace("tag: {add: [x]}", "assign: {strategy: least_open, skills: {vpn: 1}}"),
)


class Loader(yaml.SafeLoader):
    """YAML 1.2, as Docket and editors read it: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in all if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for first, all in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def documents(source: str) -> list:
    return [document for document in yaml.load_all(source, Loader) if document is not None]


def docket(*arguments, cwd=ROOT, environment=None) -> subprocess.CompletedProcess:
    command = [os.path.abspath(os.environ["DOCKET_BIN"]), "workflow", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | (environment or {}), capture_output=True, text=True, timeout=WAIT_SECONDS)


class Folder(Case):
    def setUp(self) -> None:
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="docket-rules-")))

    def put(self, name: str, source: str) -> None:
        (self.folder / name).write_text(source)


class Schema(Folder):
    def setUp(self) -> None:
        super().setUp()
        self.schema_ = json.loads((SHIPPED / "schema.json").read_text())
        self.validator = jsonschema.Draft202012Validator(self.schema_)

    def wrong(self, source: str) -> list[str]:
        return [error.message for document in documents(source) for error in self.validator.iter_errors(document)]

    def test_it_is_a_schema_and_the_binary_prints_it(self) -> None:
        jsonschema.Draft202012Validator.check_schema(self.schema_)
        self.assertEqual(json.loads(docket("schema").stdout), self.schema_)

    def test_editors_take_what_is_shipped_and_what_the_pages_show(self) -> None:
        rules = [(str(path), path.read_text()) for path in SHIPPED.glob("*.yaml") if not path.name.endswith(".test.yaml")]
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
            shown = (block for block in markdown.blocks(page) if block.language == "yaml" and block.info.startswith("rule"))
            rules += [(str(block), block.text) for block in shown]
        self.assertGreater(len(rules), 10)
        for name, source in rules:
            with self.subTest(name):
                self.assertEqual(self.wrong(source), [])

    def test_what_the_checker_refuses_editors_refuse(self) -> None:
        for source in BROKEN:
            with self.subTest(source):
                self.put("a.yaml", source)
                self.assertEqual(docket("check", self.folder).returncode, 1, "the checker takes it")
                self.assertNotEqual(self.wrong(source), [], "editors take it")

    def test_other_spellings_are_fine(self) -> None:
        for action in (
            "set: {priority: urgent, status: in progress, custom.seats: 3, subject: '${ticket.subject}!'}",
            "set: {priority: '${ticket.priority}'}",
            "tag: {add: vip, remove: [a, b]}",
            "assign: {strategy: least_open, when_none: {to: ann}}",
            "{if: [true, ticket.number > 1], id: x, message: {body: Hi, visibility: internal}}",
        ):
            with self.subTest(action):
                source = RULE.replace("tag: {add: [x]}", action).replace("ticket.created", "[ticket.created, {sla: resolution, at: +2h}]")
                self.put("a.yaml", source)
                self.assertEqual(docket("check", self.folder).returncode, 0, "the checker refuses it")
                self.assertEqual(self.wrong(source), [], "editors refuse it")


class Reports(Folder):
    def test_code_scanning_gets_sarif(self) -> None:
        self.put("a.yaml", RULE.replace("[x]", "[x]}\nif: ticket.nmber == 1\nowner: {"))
        done = docket("check", self.folder, "-o", "sarif")
        self.assertEqual(done.returncode, 1)
        log = json.loads(done.stdout)
        self.assertEqual((log["version"], log["$schema"][-16:]), ("2.1.0", "sarif-2.1.0.json"))
        (run,) = log["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning"))
            self.assertTrue(result["message"]["text"])
            place = result["locations"][0]["physicalLocation"]
            self.assertTrue(place["artifactLocation"]["uri"].endswith("/a.yaml"))
            self.assertGreater(place["region"]["startLine"], 0)

    def test_a_server_knows_what_the_tenant_lacks(self) -> None:
        self.put(
            "a.yaml",
            "name: a\non: ticket.created\ndo:\n"
            "  - assign: {to: nobody}\n"
            "  - assign: {strategy: least_open, team: nowhere, when_none: {to: ann}}\n"
            "  - tag: {add: [known, unheard], remove: [gone]}\n"
            "  - message: {canned: silence}\n"
            "  - sla: {policy: none}\n"
            "  - assign: {to: '${ticket.created_by}'}\n"
            "  - {if: \"in_hours('nowhere')\", tag: {add: [known]}}\n",
        )
        self.put("b.yaml", RULE.replace("name: a", "name: b"))
        self.api.UpsertAgent(agent={"id": "ann", "name": "Ann"})
        environment = {"DOCKET_ADDRESS": self.server.address, "DOCKET_TOKEN": self.server.token(self.tenant, "ann", "agent,admin")}
        lacks = lambda: [
            (one["code"], one["line"], one["column"])
            for one in json.loads(docket("check", self.folder, "--server", "-o", "json", environment=environment).stdout)["diagnostics"]
            if one["code"].startswith("unknown-")
        ]
        free = [("unknown-agent", 4, 18), ("unknown-team", 5, 42), ("unknown-canned", 7, 23), ("unknown-policy", 8, 19)]
        free.append(("unknown-calendar", 10, 11))
        self.assertEqual(sorted(lacks()), sorted(free))
        self.api.CreateTag(tag={"name": "Known"})
        self.api.UpdateTenant(tenant={"tag_mode": "TAG_MODE_REGISTERED"}, update_mask={"paths": ["tag_mode"]})
        self.assertEqual(sorted(lacks()), sorted([*free, ("unknown-tag", 6, 24), ("unknown-tag", 4, 17)]))
        away = docket("check", self.folder, "--server", environment=environment | {"DOCKET_ADDRESS": "127.0.0.1:9"})
        self.assertEqual(away.returncode, 1)
        self.assertIn("cannot connect", away.stderr)

    def test_a_new_rule_is_a_good_one(self) -> None:
        rules = self.folder / "rules"
        made = docket("new", "greet-vips", "--dir", rules)
        self.assertEqual(made.stdout.split(), [str(rules / "greet-vips.yaml"), str(rules / "greet-vips.test.yaml")])
        self.assertEqual(docket("check", rules).returncode, 0)
        again = docket("new", "greet-vips", "--dir", rules)
        self.assertEqual((again.returncode, "is taken by" in again.stderr), (2, True))


class Tests(Folder):
    def test_each_shipped_rule_is_tested_and_no_condition_is_left_out(self) -> None:
        for folder in (SHIPPED, ROOT / "docs" / "workflows" / "recipes"):
            done = docket("test", folder, "--coverage")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertNotIn("not covered", done.stdout)

    def test_each_recipe_is_listed(self) -> None:
        folder = ROOT / "docs" / "workflows" / "recipes"
        listed = (folder / "README.md").read_text()
        rules = [rule for rule in folder.glob("*.yaml") if not rule.name.endswith(".test.yaml")]
        self.assertEqual((len(rules), [rule.name for rule in rules if f"]({rule.name})" not in listed]), (12, []))

    def test_a_new_rule_passes_its_test_far_from_any_server(self) -> None:
        docket("new", "greet-vips", "--dir", self.folder)
        done = docket("test", ".", cwd=self.folder, environment={"DOCKET_ADDRESS": "127.0.0.1:9", "PATH": ""})
        self.assertEqual((done.returncode, done.stdout.count("  ok  ")), (0, 2), done.stdout + done.stderr)

    def test_a_rule_in_shadow_is_tested_as_one(self) -> None:
        self.put("a.yaml", RULE + "rollout: shadow\n")
        event = "event: {type: ticket.created, ticket: {subject: x}}"
        cases = "".join(f"  - {{name: is {verdict}, {event}, expect: {{verdict: {verdict}, ticket: {{tags: []}}}}}}\n" for verdict in ("SHADOW", "MATCHED"))
        self.put("a.test.yaml", f"workflow: a\nnow: 2026-01-05T09:00:00Z\ncases:\n{cases}")
        told = docket("test", self.folder, "--coverage")
        self.assertIn("  ok    is SHADOW", told.stdout)
        self.assertIn("verdict of a: expected MATCHED, and it is SHADOW", told.stdout)

    def test_a_case_that_fails_fails_the_run_in_every_form(self) -> None:
        self.put("a.yaml", RULE)
        case = "{name: 'wrong <&> \"', event: {type: ticket.created, ticket: {subject: x}}, expect: {verdict: NOT_MATCHED}}"
        self.put("a.test.yaml", f"workflow: a\nnow: 2026-01-05T09:00:00Z\ncases: [{case}]\n")
        self.put("b.test.yaml", "workflow: b\nnow: 2026-01-05T09:00:00Z\ncases: [{name: b}]\n")
        told = docket("test", self.folder)
        self.assertEqual(told.returncode, 1)
        self.assertIn('no expectation names what a did: tag {add: ["x"]}', told.stdout)
        self.assertIn("there is no rule `b`", told.stdout)
        self.assertIn("1 case in 2 files, 2 failed", told.stdout)
        report = json.loads(docket("test", self.folder, "-o", "json").stdout)
        self.assertEqual((report["cases"], report["failed"]), (1, 2))
        self.assertEqual(report["files"][0]["cases"][0]["passed"], False)
        suites = xml.etree.ElementTree.fromstring(docket("test", self.folder, "-o", "junit").stdout)
        (case,) = suites.findall("testsuite/testcase[failure]")
        self.assertEqual(case.get("name"), 'wrong <&> "')
        self.assertIn("expected NOT_MATCHED", case.find("failure").get("message"))
        self.assertEqual(len(suites.findall("testsuite/testcase[error]")), 1)


class Mounts(Folder):
    def test_a_mounted_config_map_is_read_once_and_followed(self) -> None:
        """As Kubernetes does it: files are links through `..data`, which is replaced at one blow."""
        self.folder.chmod(0o711)
        rules = self.folder / "rules"
        rules.mkdir()
        (rules / "..data").symlink_to(self.version(rules, "..1", "first"))
        (rules / "a.yaml").symlink_to("..data/a.yaml")
        (rules / ".git").mkdir()
        (rules / ".git" / "x.yaml").write_text("no: [")
        for loop in "xyz":
            (rules / loop).symlink_to(".")
        with server.Server(self.folder, rules) as own, grpc.insecure_channel(own.address) as channel:
            api = client.Api(channel, self.schema, own.token(new_tenant(), "ann", "agent,admin"))
            self.assertEqual([rule.name for rule in api.ListWorkflows().workflows], ["first"])
            (rules / "..new").symlink_to(self.version(rules, "..2", "second"))
            (rules / "..new").rename(rules / "..data")
            deadline = time.monotonic() + WAIT_SECONDS
            while [rule.name for rule in api.ListWorkflows().workflows] != ["second"]:
                self.assertLess(time.monotonic(), deadline, "the new version was not published")
                time.sleep(0.05)
            self.assertEqual(api.ListWorkflows().last_error, "")

    def version(self, rules: pathlib.Path, name: str, rule: str) -> str:
        (rules / name).mkdir()
        (rules / name / "a.yaml").write_text(RULE.replace("name: a", f"name: {rule}"))
        return name
