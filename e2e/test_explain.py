"""Why a rule ran, or did not: asked of a server about what happened, and answered without changing anything."""

import concurrent.futures
import contextlib
import os
import subprocess
import threading

from house import until
from seam import Desk

RULES = """\
# The loud ones first.
name: vip
on: [ticket.created, ticket.tag_added]
order: 10
if:
  - "'vip' in ticket.tags && ticket.priority != 'URGENT'"
do:
  - set: {priority: URGENT}
---
name: off
on: ticket.created
enabled: false
do: [{tag: {add: [off]}}]
---
name: theirs
on: ticket.created
tenants: tenant.id == 'somebody'
do: [{tag: {add: [theirs]}}]
---
name: tenth
on: ticket.created
rollout: {percent: 0}
do: [{tag: {add: [tenth]}}]
---
name: tried
on: ticket.created
rollout: shadow
do: [{tag: {add: [tried]}}]
---
name: slips
on: ticket.created
if: organization.tier == 'gold'
do: [{tag: {add: [gold]}}]
---
name: guarded
on: ticket.created
if: has(organization.tier) && organization.tier == 'gold'
do: [{tag: {add: [gold]}}]
---
name: ends
on: ticket.created
order: 20
if: ticket.category == 'spam'
stop: true
do: []
---
name: last
on: ticket.created
order: 30
do: [{tag: {add: [last]}}]
---
name: three-fields
on: ticket.updated
if: changed('subject') && changed('category')
do: [{message: {body: "Changed"}}]
---
name: answers
on: ticket.message_added
do: [{message: {body: "Thank you"}}]
---
name: no-resolve
on: ticket.resolving
if: ticket.category == 'general'
do: [{deny: {message: "say what it was"}}]
---
name: makes-high
on: ticket.creating
if: ticket.priority == 'LOW'
do: [{set: {priority: HIGH}}]
"""
LATER = "name: later\non: ticket.created\ndo: [{tag: {add: [later]}}]\n"


class Explain(Desk):
    def setUp(self) -> None:
        super().setUp()
        self.rules = self.folder / f"{self.database}-rules"
        self.rules.mkdir()
        (self.rules / "all.yaml").write_text(RULES)

    def said(self, answer) -> tuple[str, str]:
        return self.word(answer, "verdict").removeprefix("RUN_VERDICT_"), answer.reason

    def test_each_reason_for_not_running_is_told(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login"}).ticket
            why = lambda rule, **about: self.said(api.ExplainWorkflow(workflow=rule, **(about or {"ticket_id": ticket.id})))
            self.assertEqual(why("off"), ("NOT_MATCHED", "the rule is disabled: `enabled: false`"))
            self.assertEqual(why("theirs"), ("NOT_MATCHED", "the rule is not this tenant's: tenants does not hold"))
            self.assertEqual(why("tenth")[0], "NOT_MATCHED")
            self.assertIn("rollout {percent: 0}", why("tenth")[1])
            self.assertEqual(why("tried"), ("SHADOW", "would add tag tried"))
            self.assertEqual(why("slips"), ("ERROR", "if: organization.tier is absent"))
            self.assertEqual(why("guarded"), ("NOT_MATCHED", "if is false"))
            self.assertEqual(why("last")[0], "MATCHED")
            self.assertIn("it ran and made ticket.tag_added (", why("last")[1])
            verdict, reason = why("answers")
            self.assertEqual(verdict, "NOT_MATCHED")
            self.assertIn("it waits for ticket.message_added; what happened, the newest first, is ", reason)
            self.assertIn("ticket.created (", reason)
            spam = api.CreateTicket(ticket={"subject": "Win", "category": "spam"}).ticket
            self.assertEqual(
                why("last", ticket_id=spam.id),
                ("NOT_MATCHED", "rule ends matched before it and has `stop: true`, so no later rule ran for this event"),
            )
            with self.refused("NOT_FOUND", "WORKFLOW_NOT_FOUND"):
                why("nobody")
            with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                why("vip", ticket_id="4711")
            with self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
                why("vip", position=4711)
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                api.ExplainWorkflow(workflow="vip")

    def test_the_tree_has_every_value_as_the_rule_saw_it(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login", "tags": ["eu"]}).ticket
            self.time("2026-09-14T11:00:00Z")
            api.TagTicket(id=ticket.id, add=["vip"])
            # As of then, the ticket had no such tag.
            (created,) = api.ListActivities(ticket_id=ticket.id, filter="activity.type == 'ticket.created'").activities
            answer = api.ExplainWorkflow(workflow="vip", position=created.position)
            self.assertEqual(self.said(answer), ("NOT_MATCHED", "if is false"))
            (tree,) = answer.tree
            self.assertEqual((tree.key, tree.value.bool_value, tree.decides), ("if", False, False))
            has_tag, urgent = tree.parts
            self.assertEqual((has_tag.expression, has_tag.value.bool_value, has_tag.decides), ("'vip' in ticket.tags", False, True))
            self.assertEqual([*has_tag.parts[0].value.list_value], ["eu"])
            self.assertEqual((urgent.expression, urgent.parts[0].value.string_value), ("ticket.priority != 'URGENT'", "MEDIUM"))
            # Then it had, and the rule saw the priority that it changed.
            answer = api.ExplainWorkflow(workflow="vip", ticket_id=ticket.id)
            self.assertEqual(self.said(answer)[0], "MATCHED")
            self.assertTrue(answer.recorded)
            self.assertEqual((answer.event, answer.earlier[-1]), ("ticket.tag_added", created.position))
            self.assertEqual([*answer.effects], ["set priority to URGENT"])
            self.assertEqual(answer.tree[0].parts[1].parts[0].value.string_value, "MEDIUM")

    def test_a_family_is_asked_about_once_at_its_last_activity(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            ticket = api.CreateTicket(ticket={"subject": "Login"}).ticket
            update = {"id": ticket.id, "subject": "Log-in", "category": "billing", "priority": "PRIORITY_HIGH"}
            api.UpdateTicket(ticket=update, update_mask={"paths": ["subject", "category", "priority"]})
            happened = api.ListActivities(ticket_id=ticket.id, filter="'ticket.updated' in activity.families || activity.type == 'ticket.updated'").activities
            happened = [it for it in happened if not it.cause.workflow]
            self.assertGreater(len(happened), 1)
            for activity in happened:
                answer = api.ExplainWorkflow(workflow="three-fields", position=activity.position)
                self.assertEqual((self.said(answer)[0], answer.position, answer.event), ("MATCHED", max(it.position for it in happened), "ticket.updated"))

    def test_before_rules_say_what_they_judged_and_own_what_nobody_recorded(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login", "priority": "PRIORITY_LOW"}).ticket
            # The rule may have raised the priority itself: what was asked for is not in the log.
            answer = api.ExplainWorkflow(workflow="makes-high", ticket_id=ticket.id)
            self.assertEqual(self.word(answer, "verdict"), "RUN_VERDICT_UNSPECIFIED")
            self.assertIn("before-rule makes-high writes priority, and what it was before that is not recorded", answer.reason)
            self.time("2026-09-14T11:00:00Z")
            with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW"):
                api.ResolveTicket(id=ticket.id)
            answer = api.ExplainWorkflow(workflow="no-resolve", ticket_id=ticket.id)
            self.assertEqual((self.said(answer)[0], answer.recorded, answer.position), ("MATCHED", True, 0))
            self.assertIn("say what it was (as recorded: there was no change", answer.reason)
            self.time("2026-09-14T12:00:00Z")
            api.UpdateTicket(ticket={"id": ticket.id, "category": "billing"}, update_mask={"paths": ["category"]})
            self.time("2026-09-14T13:00:00Z")
            api.ResolveTicket(id=ticket.id)
            answer = api.ExplainWorkflow(workflow="no-resolve", ticket_id=ticket.id)
            self.assertEqual((self.said(answer), answer.event), (("NOT_MATCHED", "if is false"), "ticket.resolving"))
            self.assertEqual(answer.tree[0].parts[0].value.string_value, "billing")

    def test_what_was_changed_since_is_not_guessed(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "gold"})
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login", "organization_id": "acme"}).ticket
            self.assertEqual(self.said(api.ExplainWorkflow(workflow="guarded", ticket_id=ticket.id))[0], "MATCHED")
            other = api.CreateTicket(ticket={"subject": "Login"}).ticket
            api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "free"})
            # What stands in the log is told, and the values are not.
            answer = api.ExplainWorkflow(workflow="guarded", ticket_id=ticket.id)
            self.assertEqual(self.said(answer)[0], "MATCHED")
            self.assertIn('organization "acme" was changed after position', answer.tree[0].unknown)
            self.assertEqual(self.said(api.ExplainWorkflow(workflow="guarded", ticket_id=other.id))[0], "NOT_MATCHED")

    def test_the_rules_of_then_are_asked(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login", "category": "spam"}).ticket
            self.time("2026-09-15T10:00:00Z")
            (self.rules / "later.yaml").write_text(LATER)
            changed = RULES.replace("ticket.category == 'spam'", "ticket.category == 'ham'")
            (self.rules / "all.yaml").write_text(changed)
            self.assertEqual({self.word(it, "severity") for it in self.reload(server).diagnostics}, {"SEVERITY_WARNING"})
            verdict, reason = self.said(api.ExplainWorkflow(workflow="later", ticket_id=ticket.id))
            self.assertEqual(verdict, "NOT_MATCHED")
            self.assertRegex(reason, r"the set that was active then, \w{64}, has no such rule; the active one has it, since 2026-09-15T10:00:00Z")
            answer = api.ExplainWorkflow(workflow="ends", ticket_id=ticket.id)
            self.assertEqual(self.said(answer)[0], "MATCHED")
            self.assertIn("(the set of rules was another then than now)", answer.reason)
            self.assertEqual(answer.tree[0].expression, "ticket.category == 'spam'")
            shown = api.GetWorkflow(name="ends")
            self.assertNotEqual(shown.workflow.hash, answer.hash)
            self.assertIn("if: ticket.category == 'ham'\nstop: true\ndo: []\n", shown.source)

    def test_a_run_is_found_by_what_it_did(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            ticket = api.CreateTicket(ticket={"subject": "Login", "tags": ["vip"]}, request_id="r1").ticket
            (made,) = api.ListActivities(ticket_id=ticket.id, filter="activity.cause.workflow == 'vip'").activities
            found = api.GetRun(id=made.cause.run_id)
            run = found.run
            self.assertEqual((run.workflow, run.ticket_id, run.position, run.request_id), ("vip", ticket.id, made.cause.parent_position, "r1"))
            self.assertEqual((self.word(run, "verdict"), run.hash), ("RUN_VERDICT_MATCHED", api.GetWorkflow(name="vip").workflow.hash))
            self.assertEqual([(it.position, it.type, it.ticket_id) for it in found.effects], [(made.position, made.type, ticket.id)])
            (tried,) = api.ListRuns(filter="run.workflow == 'tried' && run.verdict == 'SHADOW'").runs
            self.assertEqual(api.GetRun(id=tried.id).run, tried)
            last = tried.id[:-1] + ("0" if tried.id[-1] != "0" else "1")
            for unknown in (last, "run_01JD8Q7Z2M5V9T3K4N6P8R1W0X", ticket.id):
                with self.refused("NOT_FOUND", "RUN_NOT_FOUND"):
                    api.GetRun(id=unknown)
            source = api.GetWorkflow(name="vip")
            self.assertTrue(source.source.startswith("# The loud ones first.\nname: vip\n"), source.source)
            self.assertEqual((source.workflow.file, source.workflow.line, source.workflow.rollout), ("all.yaml", 2, "active"))
            self.assertEqual(api.GetWorkflow(name="tenth").workflow.rollout, "{percent: 0}")

    def test_the_command_prints_the_tree(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            api.CreateTicket(ticket={"subject": "Login", "tags": ["eu"]})
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            explain = lambda *words: self.run_docket("workflow", "explain", *words, **environment)
            told = explain("vip", "1")
            self.assertEqual(told.returncode, 0, told.stderr)
            lines = told.stdout.splitlines()
            self.assertRegex(lines[0], r"^NOT_MATCHED: rule vip on ticket.tag_added, position \d+$")
            self.assertTrue(any("'vip' in ticket.tags" in line and line.endswith("false   <-- this decides") for line in lines), told.stdout)
            self.assertTrue(any(line.endswith("['eu', 'last']") for line in lines), told.stdout)
            (created,) = api.ListActivities(filter="activity.type == 'ticket.created'").activities
            told = explain("vip", "--position", str(created.position)).stdout
            self.assertTrue(any(line.endswith("['eu']") for line in told.splitlines()), told)
            self.assertEqual(explain("vip").returncode, 2)
            away = explain("nobody", "1")
            self.assertEqual(away.returncode, 1)
            self.assertIn("WORKFLOW_NOT_FOUND", away.stderr)

    def test_trace_prints_a_line_for_each_run_as_they_happen(self) -> None:
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            first = api.CreateTicket(ticket={"subject": "Login", "tags": ["vip"]}).ticket
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            told = self.run_docket("workflow", "trace", **environment)
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            lines = told.stdout.splitlines()
            self.assertTrue(all(line.startswith("2026-09-14T10:00:00Z  ") for line in lines), told.stdout)
            ran = {tuple(line.split()[1:3]) for line in lines}
            self.assertEqual(ran, {("MATCHED", "vip"), ("MATCHED", "last"), ("SHADOW", "tried"), ("ERROR", "slips")})
            (vip,) = [line for line in lines if " vip " in line]
            self.assertRegex(vip, rf"on \d+  {first.display_number}: ticket.priority_changed \(\d+\)$")
            unknown = self.run_docket("workflow", "trace", "vipp", **environment)
            self.assertEqual((unknown.returncode, unknown.stdout), (1, ""))
            self.assertIn("there is no rule `vipp`, and no run of one: did you mean `vip`?", unknown.stderr)
            quiet = self.run_docket("workflow", "trace", "answers", **environment)
            self.assertEqual((quiet.returncode, quiet.stdout, quiet.stderr), (0, "", ""), "it is there, and did nothing")
            with self.following("workflow", "trace", "vip", "--follow", "-n", "0", **environment) as lines:
                # It looks from here on: what happens until then is no news.
                until(lambda: self.sees(api, lines), "a line for a run")
                self.assertRegex(lines[0], r"  MATCHED    vip  on \d+  TKT-\d+: ticket.priority_changed \(\d+\)$")

    def test_trace_misses_no_effect_of_a_run_that_is_recorded_while_it_looks(self) -> None:
        (self.rules / "calm.yaml").write_text("name: calm\non: manual\ndo: [{set: {priority: LOW}}, {tag: {add: [calm]}}]\n")
        with self.serve(workflows=str(self.rules)) as server:
            server.ready()
            api = self.desk(server)
            self.time("2026-09-14T10:00:00Z")
            made = api.BatchCreateTickets(requests=[{"ticket": {"subject": "Loud"}}] * 240).tickets
            environment = {"DOCKET_ADDRESS": server.address, "DOCKET_TOKEN": self.issuer.token(self.tenant)}
            api.RunWorkflow(workflow="calm", ticket_id=made[0].id)
            with self.following("workflow", "trace", "calm", "--follow", "-n", "1", **environment) as lines:
                until(lambda: lines, "the run of before")
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    [*pool.map(lambda ticket: api.RunWorkflow(workflow="calm", ticket_id=ticket.id), made[1:])]
                until(lambda: len(lines) >= len(made), "a line for each run")
            self.assertEqual(len(lines), len(made))
            for line in lines:
                self.assertRegex(line, r"calm  TKT-\d+: ticket.priority_changed \(\d+\), ticket.tag_added \(\d+\), ada ran it$")
            ran = self.run_docket("workflow", "run", "calm", made[0].display_number, "--dry-run", **environment)
            self.assertEqual(ran.stdout, f"MATCHED      {made[0].display_number}  ada ran it; would change nothing\n")

    def sees(self, api, lines: list) -> bool:
        api.CreateTicket(ticket={"subject": "Again", "tags": ["vip"]})
        return bool(lines)

    @contextlib.contextmanager
    def following(self, *words: str, **environment: str):
        """A command that goes on, and the lines that it has printed so far."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKET_")}
        command = [os.environ["DOCKET_BIN"], *words]
        lines: list = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept | environment) as process:
            reader = threading.Thread(target=lambda: [lines.append(line.rstrip()) for line in process.stdout], daemon=True)
            reader.start()
            yield lines
            process.terminate()
            reader.join(timeout=10)
