"""WorkflowService: what is active, what is wrong with a source and where, and the record of what failed."""

from case import Case

GOOD = """\
name: tag-refunds
on: ticket.created
if: ticket.subject == 'Refund'
do:
  - tag: {add: [refund]}
"""

BROKEN = (
    # What is wrong, the source, and the line that says so.
    ("not YAML", "name: x\n  on: [", 2),
    ("unknown key", GOOD.replace("if:", "iff:"), 3),
    ("duplicate key", GOOD + "name: again\n", 6),
    ("unknown field", GOOD.replace("ticket.subject", "ticket.subjekt"), 3),
    ("unknown enum word", GOOD.replace("ticket.subject == 'Refund'", "ticket.priority == 'HIGHEST'"), 3),
    ("not a condition", GOOD.replace("ticket.subject == 'Refund'", "ticket.subject"), 3),
    ("text against number", GOOD.replace("ticket.subject == 'Refund'", "ticket.number == 'one'"), 3),
    ("broken CEL", GOOD.replace("ticket.subject == 'Refund'", "ticket.subject =="), 3),
    ("unknown event", GOOD.replace("ticket.created", "ticket.exploded"), 2),
    ("reacts to workflows", GOOD.replace("ticket.created", "workflow.failed"), 2),
    ("unknown clock", GOOD.replace("ticket.created", "{sla: resolutoin, at: breach}"), 2),
    ("no mark", GOOD.replace("ticket.created", "[{sla: resolution, at: 1h}]"), 2),
    ("unknown action", GOOD.replace("tag:", "tagg:"), 5),
    ("two actions in one", GOOD.replace("tag: {add: [refund]}", "{tag: {add: [a]}, set: {priority: HIGH}}"), 5),
    ("anchor", GOOD.replace("[refund]", "&a [refund]"), 5),
    ("tag of YAML", GOOD.replace("[refund]", "!!set [refund]"), 5),
    ("bad name", GOOD.replace("tag-refunds", "Tag Refunds"), 1),
    ("deny after the fact", GOOD.replace("tag: {add: [refund]}", "deny: {message: no}"), 5),
    ("broken template", GOOD.replace("tag: {add: [refund]}", 'message: {body: "${ticket.subjekt}"}'), 5),
)


class Workflows(Case):
    def validate(self, source: str):
        return self.api.ValidateWorkflow(source=source, file_name="mine.yaml")

    def test_the_shipped_rules_are_active(self) -> None:
        answer = self.api.ListWorkflows()
        names = {workflow.name for workflow in answer.workflows}
        shipped = {"triage-new", "enterprise-priority", "no-escalate-closed", "escalation-to-issue", "enterprise-sla"}
        shipped |= {"issue-resolved-resolves-ticket", "vulnerability-incident", "breach-warning-then-escalate"}
        self.assertLessEqual(shipped, names)
        (waits,) = (list(workflow.on) for workflow in answer.workflows if workflow.name == "breach-warning-then-escalate")
        self.assertEqual(waits, ["{sla: resolution, at: 80%}", "{sla: resolution, at: breach}"])
        self.assertTrue(answer.hash)
        self.assertEqual(answer.last_error, "")
        self.assertTrue(all(workflow.hash and workflow.file and workflow.line for workflow in answer.workflows))

    def test_a_good_source_has_nothing_to_say(self) -> None:
        answer = self.validate(GOOD)
        self.assertEqual(list(answer.diagnostics), [])
        self.assertEqual([(w.name, list(w.on), w.enabled) for w in answer.workflows], [("tag-refunds", ["ticket.created"], True)])

    def test_broken_sources_are_told_with_line_and_column(self) -> None:
        for name, source, line in BROKEN:
            with self.subTest(name):
                errors = [d for d in self.validate(source).diagnostics if self.word(d, "severity") == "SEVERITY_ERROR"]
                self.assertTrue(errors, "an error is told")
                self.assertIn(line, [error.line for error in errors], errors)
                self.assertTrue(all(error.column >= 1 and error.code and error.message for error in errors), errors)

    def test_every_problem_is_told_at_once_with_a_hint(self) -> None:
        for source, hint in (
            (GOOD.replace("if:", "iff:").replace("tag:", "tagg:"), "tag"),
            (GOOD.replace("ticket.subject", "ticket.subjekt").replace("[refund]", "['${ticket.tipe}']"), "subject"),
        ):
            with self.subTest(hint):
                errors = self.validate(source).diagnostics
                self.assertEqual(sorted({error.line for error in errors}), [3, 5])
                self.assertTrue(any(hint in error.hint + error.message for error in errors), errors)

    def test_sources_that_would_hurt_are_refused_quickly(self) -> None:
        deep = "true" + " && (true" * 300 + ")" * 300
        for name, condition in (
            ("long", "ticket.subject == '" + "x" * 1100 + "'"),
            ("deep", deep[:1000]),
            ("nested comprehensions", "[1,2].all(a, [1,2].all(b, [1,2].all(c, [1,2].all(d, a + b + c + d > 0))))"),
        ):
            with self.subTest(name):
                self.assertTrue(self.validate(GOOD.replace("ticket.subject == 'Refund'", condition)).diagnostics)
        laughs = "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
        self.assertTrue(self.validate("a0: &a0 x\n" + laughs).diagnostics)
        self.assertTrue(self.validate("[" * 5000).diagnostics)
        self.assertTrue(self.validate("# " + "x" * 256 * 1024).diagnostics)

    def test_validating_changes_nothing(self) -> None:
        before = self.api.ListWorkflows()
        self.validate(GOOD)
        self.assertEqual(self.api.ListWorkflows(), before)

    def test_a_denial_is_recorded(self) -> None:
        ticket = self.ticket()
        self.api.CloseTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW"):
            self.api.EscalateTicket(id=ticket.id, request_id="denied")
        runs = [run for run in self.api.ListRuns().runs if run.workflow == "no-escalate-closed"]
        self.assertEqual([(run.position, run.request_id) for run in runs], [(0, "denied")])
        self.assertTrue(runs[0].id.startswith("run_") and runs[0].hash and runs[0].reason)
