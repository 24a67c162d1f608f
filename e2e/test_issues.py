"""Issues as their people work on them: changed, resolved, reopened, tied to tickets and untied, made out of tickets."""

from case import Case, api


class Issues(Case):
    def issue(self, **fields):
        return self.api.CreateIssue(issue={"title": "Session store", **fields}).issue

    def update(self, issue, **fields):
        return self.api.UpdateIssue(issue={"id": issue.id, **fields}, update_mask={"paths": list(fields)}).issue

    def status(self, issue) -> str:
        return self.word(issue, "status").removeprefix("ISSUE_STATUS_")

    def linked(self, ticket) -> list[str]:
        return [issue.id for issue in self.api.pages("ListIssues", "issues", ticket_id=ticket.id)]

    def test_an_update_changes_what_the_mask_names_and_says_what_it_was(self) -> None:
        ticket = self.ticket()
        issue = self.issue(ticket_ids=[ticket.id], metadata={"sprint": 4}, project="core")
        self.assertEqual(issue.reporter_id, "ada")
        after = self.update(issue, title="Sessions", priority="PRIORITY_HIGH", metadata={"sprint": 5})
        self.assertEqual((after.title, after.metadata["sprint"], after.project), ("Sessions", 5, "core"))
        self.assertNotEqual(after.etag, issue.etag)
        told = self.log(ticket_id=ticket.id)[-1]
        self.assertEqual(told.type, "issue.updated")
        changes = {change.field: (change.old_value.string_value, change.new_value.string_value) for change in told.changes}
        self.assertEqual((changes["title"], changes["priority"]), (("Session store", "Sessions"), ("MEDIUM", "HIGH")))
        self.assertEqual(set(changes), {"title", "priority", "metadata"})
        before = self.head()
        self.assertEqual(self.update(after, title="Sessions"), after)
        self.assertEqual(self.head(), before, "the same again is no change")
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.api.UpdateIssue(issue={"id": issue.id, "title": "x", "etag": issue.etag}, update_mask={"paths": ["title"]})

    def test_a_status_in_the_mask_is_its_verb(self) -> None:
        issue = self.issue()
        self.assertEqual(self.status(self.update(issue, status="ISSUE_STATUS_IN_PROGRESS")), "IN_PROGRESS")
        resolved = self.update(issue, status="ISSUE_STATUS_RESOLVED", title="Done")
        self.assertTrue(resolved.HasField("resolved_at"))
        reopened = self.update(issue, status="ISSUE_STATUS_IN_PROGRESS")
        self.assertFalse(reopened.HasField("resolved_at"))
        kinds = [activity.type for activity in self.log()]
        self.assertEqual(kinds, ["issue.created", "issue.updated", "issue.updated", "issue.resolved", "issue.reopened"])

    def test_a_resolved_issue_is_reopened_and_its_tickets_are_told(self) -> None:
        ticket = self.ticket()
        issue = self.issue(ticket_ids=[ticket.id])
        self.api.ResolveIssue(id=issue.id)
        fields = {"id": issue.id, "request_id": "again"}
        answer = self.api.ReopenIssue(**fields)
        self.assertEqual((self.status(answer.issue), answer.issue.HasField("resolved_at")), ("OPEN", False))
        self.assertIn("issue.reopened", [activity.type for activity in self.log(ticket_id=ticket.id)])
        before = self.head()
        self.assertEqual(self.api.ReopenIssue(id=issue.id).issue, answer.issue)
        self.assertEqual(self.head(), before)
        self.api.ResolveIssue(id=issue.id)
        self.assertEqual(self.api.ReopenIssue(**fields), answer)

    def test_a_ticket_is_untied_and_may_be_tied_again(self) -> None:
        one, two = self.ticket(), self.ticket()
        issue = self.issue(ticket_ids=[one.id, two.id])
        fields = {"id": issue.id, "ticket_id": one.display_number, "request_id": "untie"}
        answer = self.api.UnlinkIssue(**fields)
        self.assertEqual(list(answer.issue.ticket_ids), [two.id])
        self.assertEqual((self.linked(one), self.linked(two)), ([], [issue.id]))
        for ticket in (one, two):
            self.assertEqual(self.log(ticket_id=ticket.id)[-1].type, "issue.updated", "both are told")
        before = self.head()
        self.assertEqual(self.api.UnlinkIssue(id=issue.id, ticket_id=one.id).issue, answer.issue)
        self.assertEqual(self.head(), before)
        self.assertEqual(list(self.api.LinkIssue(id=issue.id, ticket_id=one.id).issue.ticket_ids), [two.id, one.id])
        self.assertEqual(self.linked(one), [issue.id])
        self.assertEqual(self.api.UnlinkIssue(**fields), answer)

    def test_an_issue_out_of_a_ticket(self) -> None:
        ticket = self.ticket(subject="Printer", description="it smokes", priority="PRIORITY_URGENT", requester_id="rita")
        fields = {"id": ticket.id, "issue": {"type": "ISSUE_TYPE_BUG", "project": "print"}, "request_id": "convert"}
        answer = self.api.ConvertToIssue(**fields)
        issue = answer.issue
        self.assertEqual((issue.title, issue.description, issue.reporter_id, issue.project), ("Printer", "it smokes", "rita", "print"))
        self.assertEqual((self.word(issue, "priority"), self.word(issue, "type")), ("PRIORITY_URGENT", "ISSUE_TYPE_BUG"))
        self.assertEqual((list(issue.ticket_ids), self.linked(ticket)), ([ticket.id], [issue.id]))
        self.assertEqual(self.api.ConvertToIssue(**fields), answer)
        self.assertEqual(self.linked(ticket), [issue.id])

    def test_bad_input(self) -> None:
        issue = self.issue()
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.UpdateIssue(
                issue={"id": issue.id, "title": "", "external_url": "x" * 2049, "priority": 9},
                update_mask={"paths": ["title", "external_url", "priority", "status", "ticket_ids", "colour"]},
            )
        wanted = ["issue.external_url", "issue.priority", "issue.status", "issue.title", "update_mask"]
        self.assertEqual(seen.fields, wanted)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.ConvertToIssue(id="1", issue={"title": "x" * 501, "ticket_ids": ["2"]})
        self.assertEqual(seen.fields, ["issue.ticket_ids", "issue.title"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.issue(status="ISSUE_STATUS_RESOLVED")
        self.assertEqual(seen.fields, ["issue.status"])
        nobody = "iss_" + "0" * 26
        for rpc, fields in (
            ("UpdateIssue", {"issue": {"id": nobody, "title": "x"}, "update_mask": {"paths": ["title"]}}),
            ("ReopenIssue", {"id": nobody}),
            ("UnlinkIssue", {"id": nobody, "ticket_id": "1"}),
        ):
            with self.subTest(rpc), self.refused("NOT_FOUND", "ISSUE_NOT_FOUND"):
                getattr(self.api, rpc)(**fields)
        ticket = self.ticket()
        self.api.DeleteTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "DELETED"):
            self.api.ConvertToIssue(id=ticket.id)

    def test_an_app_touches_its_own_issues_only(self) -> None:
        issue = self.issue()
        crm = api(self.tenant, "crm", "agent", app_id="crm")
        for rpc, fields in (
            ("UpdateIssue", {"issue": {"id": issue.id, "title": "x"}, "update_mask": {"paths": ["title"]}}),
            ("ReopenIssue", {"id": issue.id}),
        ):
            with self.subTest(rpc), self.refused("NOT_FOUND", "ISSUE_NOT_FOUND"):
                getattr(crm, rpc)(**fields)
