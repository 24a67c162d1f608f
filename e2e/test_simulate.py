"""What rules would do: over what is recorded, about a call that might come, and for a whole folder. Nothing of it writes."""

import hashlib
import json
import pathlib

from seam import Desk

RULES = """\
name: vip
on: ticket.created
if: "'vip' in ticket.tags"
do: [{set: {priority: HIGH}}]
---
name: quiet
on: ticket.created
if: ticket.subject == 'nothing like it'
do: [{tag: {add: [quiet]}}]
---
name: answers
on: ticket.updated
if: changed('category')
do: [{message: {body: "Now ${ticket.category}", visibility: INTERNAL}}]
---
name: no-low
on: ticket.creating
if: ticket.priority == 'LOW'
do: [{deny: {message: "say how urgent it is"}}]
---
name: gone
on: ticket.created
if: ticket.category == 'spam'
do: [{tag: {add: [spam]}}]
"""
# The first has another condition and another effect, the second is new, the third asks for what was not recorded.
WOULD = """\
name: vip
on: ticket.created
if: "'vip' in ticket.tags || ticket.category == 'spam'"
do: [{set: {priority: URGENT}}]
---
name: described
on: ticket.created
if: ticket.description.contains('help')
do: [{tag: {add: ["${ticket.category}"]}}]
---
name: gold
on: ticket.created
if: organization.tier == 'gold'
do: [{tag: {add: [gold]}}]
"""
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
SEQUENCES = "SELECT coalesce(string_agg(s::text, ';' ORDER BY s::text), '') FROM pg_sequences s"


class Simulate(Desk):
    def setUp(self) -> None:
        super().setUp()
        self.rules = self.folder_of("active", RULES)

    def folder_of(self, name: str, source: str) -> pathlib.Path:
        folder = self.folder / f"{self.database}-{name}"
        folder.mkdir(exist_ok=True)
        (folder / "all.yaml").write_text(source)
        return folder

    def fill(self, api) -> list:
        self.time("2026-09-14T10:00:00Z")
        api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "gold"})
        tickets = [
            {"subject": "a", "tags": ["vip"]},
            {"subject": "b", "category": "spam"},
            {"subject": "c", "description": "please help"},
            {"subject": "d", "organization_id": "acme"},
        ]
        made = [api.CreateTicket(ticket=ticket).ticket for ticket in tickets]
        self.time("2026-09-20T10:00:00Z")
        api.UpdateTicket(ticket={"id": made[0].id, "category": "billing", "subject": "A"}, update_mask={"paths": ["category", "subject"]})
        return made

    def counts(self, one) -> tuple:
        return one.matched_before, one.matched, one.newly_matched, one.no_longer_matched, one.other_effects, one.unknown

    def test_rules_are_compared_over_what_is_recorded(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            made = self.fill(api)
            answer = api.SimulateWorkflow(source=WOULD, removed=["gone"])
            found = {one.workflow: one for one in answer.differences}
            self.assertEqual({name: self.counts(one) for name, one in found.items()}, {
                "vip": (1, 2, 1, 0, 1, 0),
                "described": (0, 1, 1, 0, 0, 0),
                "gold": (0, 1, 1, 0, 0, 0),
                "gone": (1, 0, 0, 1, 0, 0),
            })
            self.assertEqual(found["gold"].errors, 3, "tickets without an organization")
            other, newly = found["vip"].examples
            self.assertEqual((other.ticket_id, [*other.before.effects], [*other.after.effects]), (made[0].id, ["set priority to HIGH"], ["set priority to URGENT"]))
            self.assertEqual((newly.ticket_id, newly.HasField("before")), (made[1].id, False))
            self.assertEqual([*found["described"].examples[0].after.effects], ["add tag general"])
            self.assertEqual((answer.next_position, answer.looked_at), (0, self.head(api)))
            self.assertEqual({run.workflow for run in answer.runs}, {"vip", "described", "gold"})
            # What was changed since is not guessed.
            self.time("2026-09-21T10:00:00Z")
            api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "free"})
            (gold,) = [one for one in api.SimulateWorkflow(source=WOULD).differences if one.workflow == "gold"]
            self.assertEqual((gold.unknown, gold.matched), (1, 0))
            # A part of the log, and a family of it.
            later = api.SimulateWorkflow(source=RULES, window={"seconds": 3 * 86_400}).differences
            self.assertEqual([(one.workflow, self.counts(one)) for one in later], [("answers", (1, 1, 0, 0, 0, 0))])
            first = api.SimulateWorkflow(source=WOULD, to_position=answer.runs[0].position)
            self.assertEqual(first.looked_at, answer.runs[0].position)

    def test_before_rules_are_asked_about_the_change_that_was_made(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            made = self.fill(api)
            self.time("2026-09-22T10:00:00Z")
            api.ResolveTicket(id=made[1].id)
            gate = "name: gate\non: {event}\nif: {condition}\ndo: [{{deny: {{message: stop}}}}]\n"
            for event, condition, times in (
                ("ticket.resolving", "before.status == 'OPEN' && ticket.category == 'spam'", 1),
                ("ticket.creating", "ticket.category == 'spam' && before == null", 1),
                ("ticket.updating", "changed('category')", 1),
                ("ticket.escalating", "true", 0),
            ):
                with self.subTest(event):
                    found = api.SimulateWorkflow(source=gate.format(event=event, condition=f'"{condition}"')).differences
                    self.assertEqual(sum(one.newly_matched for one in found), times)

    def test_a_source_with_mistakes_is_an_answer(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            answer = api.SimulateWorkflow(source="name: a\non: ticket.craeted\ndo: []\n")
            self.assertEqual(self.word(answer.diagnostics[0], "severity"), "SEVERITY_ERROR")
            self.assertEqual(len(answer.runs), 0)
            for bad, fields in (
                ({}, ["source"]),
                ({"source": WOULD, "from_position": -1}, ["from_position"]),
                ({"source": WOULD, "from_position": 1, "window": {"seconds": 1}}, ["window"]),
                ({"source": WOULD, "to_position": 1, "event": {"call": "CreateTicket"}}, ["event"]),
                ({"source": WOULD, "event": {}}, ["event.call"]),
                ({"source": WOULD, "event": {"call": "GetTicket"}}, ["event.call"]),
                ({"source": WOULD, "event": {"call": "CreateTicket", "request": {"ticket": {"subjekt": "x"}}}}, None),
            ):
                with self.subTest(bad), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    api.SimulateWorkflow(**bad)
                if fields:
                    self.assertEqual(seen.fields, fields)
            with self.refused("NOT_FOUND", "WORKFLOW_NOT_FOUND"):
                api.SimulateWorkflow(removed=["nobody"])
            large = api.SimulateWorkflow(source="#" * (256 * 1024 + 1)).diagnostics
            self.assertIn("262144 is the limit", large[0].message)

    def test_a_call_that_might_come_is_carried_out_and_forgotten(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            event = {"call": "CreateTicket", "request": {"ticket": {"subject": "a", "tags": ["vip"]}}}
            answer = api.SimulateWorkflow(source=WOULD, event=event)
            (run,) = [run for run in answer.runs if run.workflow == "vip"]
            self.assertEqual([*run.effects], ['ticket.priority_changed: priority "MEDIUM" to "URGENT"'])
            (vip,) = [one for one in answer.differences if one.workflow == "vip"]
            self.assertEqual(self.counts(vip), (1, 1, 0, 0, 1, 0))
            self.assertEqual([*vip.examples[0].before.effects], ['ticket.priority_changed: priority "MEDIUM" to "HIGH"'])
            low = {"call": "CreateTicket", "request": {"ticket": {"subject": "a", "priority": "LOW"}}}
            self.assertIn("say how urgent it is", api.SimulateWorkflow(source=WOULD, event=low).refused)
            self.assertEqual(api.SimulateWorkflow(removed=["no-low"], event=low).refused, "")
            with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                api.SimulateWorkflow(source=WOULD, event={"call": "CloseTicket", "request": {"id": "4711"}})
            auditor = server.api(self.schema, self.issuer.token(self.tenant, "otto", ["auditor"]))
            self.assertEqual([*auditor.SimulateWorkflow(source=WOULD).diagnostics][:0], [])
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                auditor.SimulateWorkflow(source=WOULD, event=event)
            self.assertEqual([*api.ListTickets().tickets], [])

    def test_a_folder_is_held_against_the_log(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.fill(api)
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            backtest = lambda *words: self.run_docket("workflow", "backtest", *map(str, words), **environment)
            same = backtest(self.rules, "--since", "start")
            self.assertEqual((same.returncode, same.stderr), (0, ""))
            self.assertIn("nothing differs", same.stdout)
            kept = RULES.split("---\nname: gone")[0].split("---\n", 1)[1]
            folder = self.folder_of("would", f"{WOULD}---\n{kept}")
            told = backtest(folder, "--since", "start").stdout
            self.assertIn(f"Rules that are new or differ: 3; that are removed: 1; activities looked at: {self.head(api)}\n", told)
            self.assertIn("vip: matched 1 before, 2 now: 1 newly, 0 no longer, 1 with other effects", told)
            self.assertIn("gone: matched 1 before, 0 now: 0 newly, 1 no longer, 0 with other effects", told)
            self.assertIn("    before: set priority to HIGH\n    now:    set priority to URGENT\n", told)
            report = json.loads(backtest(folder, "--since", "start", "-o", "json").stdout)
            self.assertEqual((report["changed"], report["removed"]), (["described", "gold", "vip"], ["gone"]))
            self.assertEqual(report["differences"]["vip"]["newly_matched"], 1)
            self.assertEqual(json.loads(backtest(folder, "--since", str(self.head(api)), "-o", "json").stdout)["looked_at"], 0)
            broken = backtest(self.folder_of("broken", "name: a\n"))
            self.assertEqual(broken.returncode, 1)
            self.assertIn("all.yaml:1:1: error", broken.stderr)

    def everything(self) -> dict:
        """Every row of every table, every sequence, and every file of rules."""
        tables = self.postgres.sql(TABLES, self.database).split()
        self.assertGreater(len(tables), 20)
        digest = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM {} t"
        seen = {table: self.postgres.sql(digest.format(table), self.database) for table in tables}
        files = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(self.rules.rglob("*")) if path.is_file()}
        return seen | {"sequences": self.postgres.sql(SEQUENCES, self.database)} | files

    def test_nothing_of_it_writes(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            made = self.fill(api)
            with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW"):
                api.CreateTicket(ticket={"subject": "low", "priority": "PRIORITY_LOW"})
            (denied,) = api.ListRuns().runs
            (caused,) = {it.cause.run_id for it in api.ListActivities(ticket_id=made[0].id).activities if it.cause.workflow == "vip"}
            # Projections keep up by themselves.
            api.SearchTickets(query="a")
            api.GetTicketStats()
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            command = lambda *words: self.run_docket("workflow", *map(str, words), **environment)
            event = {"call": "CreateTicket", "request": {"ticket": {"subject": "x", "tags": ["vip"]}}}
            before = self.everything()
            for what in (
                lambda: api.ExplainWorkflow(workflow="vip", ticket_id=made[0].id),
                lambda: api.ExplainWorkflow(workflow="no-low", position=2),
                lambda: api.SimulateWorkflow(source=WOULD, removed=["gone"]),
                lambda: api.SimulateWorkflow(source=WOULD, event=event),
                lambda: api.ValidateWorkflow(source=WOULD),
                lambda: api.GetRun(id=denied.id),
                lambda: api.GetRun(id=caused),
                lambda: api.GetWorkflow(name="vip"),
                lambda: api.ListRuns(filter="run.verdict == 'MATCHED'"),
                lambda: self.assertEqual(command("backtest", self.folder_of("would", WOULD), "--since", "start").returncode, 0),
                lambda: self.assertEqual(command("explain", "vip", "1").returncode, 0),
            ):
                what()
            self.assertEqual(self.everything(), before)
            # A check that could not fail would be none.
            api.TagTicket(id=made[0].id, add=["x"])
            self.assertNotEqual(self.everything(), before)
