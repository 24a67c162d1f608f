"""The same request again: the first answer again, however much has happened since, and whatever the write was."""

from case import Case, api


class Replays(Case):
    def again(self, rpc: str, caller=None, change=None, **fields):
        """Sends it, lets something happen, sends it again; returns the answer."""
        caller = caller or self.api
        first = getattr(caller, rpc)(request_id=f"again-{rpc}", **fields)
        (change or self.churn)()
        head = self.head()
        self.assertEqual(getattr(caller, rpc)(request_id=f"again-{rpc}", **fields), first)
        self.assertEqual(self.head(), head)
        return first

    def churn(self) -> None:
        """Everything about the first ticket changes."""
        ticket = self.api.GetTicket(id="1").ticket
        self.api.UpdateTicket(
            ticket={"id": "1", "description": ticket.description + "+", "priority": "PRIORITY_URGENT", "category": "other"},
            update_mask={"paths": ["description", "priority", "category"]},
        )
        self.api.TagTicket(id="1", add=[f"churn-{ticket.etag}"])

    def test_a_description_of_long_ago_is_told_again(self) -> None:
        self.ticket(description="the **first** words", custom={"seats": {"number_value": 3}}, tags=["a"])
        for _ in range(3):
            self.api.TagTicket(id="1", add=["x"])
            self.api.TagTicket(id="1", remove=["x"])
        answer = self.again("HoldTicket", id="1", reason="waiting")
        self.assertEqual(answer.ticket.description, "the **first** words")
        self.assertEqual(answer.ticket.custom["seats"].number_value, 3)

    def test_a_write_that_changed_nothing_is_told_again(self) -> None:
        self.ticket(description="as it was")
        self.api.ResolveTicket(id="1")
        answer = self.again("ResolveTicket", id="1")
        self.assertEqual(answer.ticket.description, "as it was")

    def test_every_verb(self) -> None:
        self.ticket(description="d")
        for rpc in ("StartTicket", "HoldTicket", "EscalateTicket", "ResolveTicket", "ReopenTicket", "CloseTicket"):
            with self.subTest(rpc):
                self.again(rpc, id="1")
        self.api.ReopenTicket(id="1")
        self.again("DeleteTicket", id="1", change=lambda: self.ticket(subject="another"))
        self.again("UndeleteTicket", id="1")

    def test_a_batch_with_rules_at_work(self) -> None:
        tickets = [{"subject": "Login broken", "description": "one"}, {"subject": "b"}, {"subject": "c", "description": "three"}]
        answer = self.again("BatchCreateTickets", requests=[{"ticket": ticket} for ticket in tickets])
        self.assertEqual([ticket.description for ticket in answer.tickets], ["one", "", "three"])

    def test_a_batch_over_more_teams_than_a_decision_has_passes(self) -> None:
        for i in range(12):
            self.api.UpsertAgent(agent={"id": f"agent{i}", "name": f"Agent {i}"})
            self.api.UpsertTeam(team={"id": f"team{i}", "name": f"Team {i}", "member_ids": [f"agent{i}"]})
        tickets = [{"subject": f"n{i}", "team_id": f"team{i}"} for i in range(12)]
        answer = self.again("BatchCreateTickets", requests=[{"ticket": ticket} for ticket in tickets])
        self.assertEqual([ticket.assignee_id for ticket in answer.tickets], [f"agent{i}" for i in range(12)])

    def test_a_message_and_the_ticket_it_moved(self) -> None:
        rita = api(self.tenant, sub="rita", roles="requester")
        mine = rita.CreateTicket(ticket={"subject": "Help", "description": "please"}).ticket
        self.api.ResolveTicket(id=mine.id)
        answer = self.again("PostMessage", rita, ticket_id=mine.id, message={"body": "it is back"})
        self.assertEqual(self.word(answer.ticket, "status"), "TICKET_STATUS_REOPENED")
        self.assertEqual((answer.message.body, answer.ticket.description), ("it is back", "please"))

    def test_a_requester_is_shown_the_public_part_again(self) -> None:
        rita = api(self.tenant, sub="rita", roles="requester")
        mine = rita.CreateTicket(ticket={"subject": "Help"}).ticket
        self.api.PostMessage(ticket_id=mine.id, message={"body": "note", "visibility": "VISIBILITY_INTERNAL"})
        answer = self.again("PostMessage", rita, ticket_id=mine.id, message={"body": "hello"})
        self.assertEqual(answer.ticket.message_count, 1)

    def test_issues(self) -> None:
        self.ticket()
        self.ticket()
        made = self.again("CreateIssue", issue={"title": "Work", "ticket_ids": ["1"], "metadata": {"a": [1, {"b": None}]}})
        linked = self.again("LinkIssue", id=made.issue.id, ticket_id="2")
        self.assertEqual(len(linked.issue.ticket_ids), 2)
        self.api.UpdateTicket(ticket={"id": "1", "status": "TICKET_STATUS_IN_PROGRESS"}, update_mask={"paths": ["status"]})
        self.again("ResolveIssue", id=made.issue.id)

    def test_the_directory(self) -> None:
        organization = {"id": "acme", "name": "Acme", "tier": "Gold", "subscription": {"plan": "pro", "status": "active"}}
        for rpc, kind, row in (
            ("UpsertOrganization", "organization", {**organization, "attributes": {"seats": 7}}),
            ("UpsertContact", "contact", {"id": "rita", "name": "Rita", "email": "r@acme.example", "organization_id": "acme"}),
            ("UpsertTeam", "team", {"id": "support", "name": "Support", "member_ids": ["ann", "bob"]}),
            ("UpsertAgent", "agent", {"id": "ann", "name": "Ann", "status": "AGENT_STATUS_ONLINE", "capacity": 5, "skills": ["x"]}),
            ("UpsertDeal", "deal", {"id": "d-17", "name": "New office", "stage": "Negotiation", "attributes": {"amount": 60000}}),
            ("UpsertAsset", "asset", {"id": "printer-2", "name": "Printer, floor 2", "kind": "printer"}),
        ):
            with self.subTest(rpc):
                renamed = {kind: {**row, "name": "Other"}}
                answer = self.again(rpc, change=lambda: getattr(self.api, rpc)(**renamed), **{kind: row})
                self.assertEqual(getattr(answer, kind).name, row["name"])

    def test_a_trial_is_never_a_replay(self) -> None:
        fields = {"ticket": {"subject": "Once"}, "request_id": "r", "validate_only": True}
        first, second = self.api.CreateTicket(**fields), self.api.CreateTicket(**fields)
        self.assertEqual((first.ticket.number, second.ticket.number), (1, 1))
        made = self.api.CreateTicket(ticket={"subject": "Once"}, request_id="r")
        self.assertEqual((made.ticket.number, self.head()), (1, made.position))

    def test_a_note_is_not_told_again_to_who_is_no_agent_any_more(self) -> None:
        mine = self.ticket(requester_id="ann", subject="Hers")
        others = {"subject": "Somebody else's", "description": "SECRET"}
        was, now = (api(self.tenant, "ann", roles) for roles in ("agent", "requester"))
        note = {"body": "SECRET note", "visibility": "VISIBILITY_INTERNAL"}
        said = was.PostMessage(ticket_id=mine.id, message=note).message
        edit = {"ticket_id": mine.id, "message": {"id": said.id, "body": "SECRET too"}, "update_mask": {"paths": ["body"]}}
        deleted = was.PostMessage(ticket_id=mine.id, message=note).message
        closed = self.api.CloseTicket(id=self.ticket(**others).id).ticket
        for rpc, fields in (
            ("PostMessage", {"ticket_id": mine.id, "message": note}),
            ("UpdateMessage", edit),
            ("DeleteMessage", {"ticket_id": mine.id, "id": deleted.id}),
            ("CreateTicket", {"ticket": others}),
            ("CreateFollowUp", {"id": closed.id}),
            ("RateTicket", {"id": closed.id, "satisfaction": 4}),
            ("ReopenTicket", {"id": closed.id}),
        ):
            with self.subTest(rpc):
                answer = getattr(was, rpc)(**fields, request_id=f"once-{rpc}")
                head = self.head()
                self.assertEqual(getattr(was, rpc)(**fields, request_id=f"once-{rpc}"), answer, "to who still is one")
                with self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
                    getattr(now, rpc)(**fields, request_id=f"once-{rpc}")
                self.assertNotIn("SECRET", str(seen.refusal))
                self.assertEqual(self.head(), head)
        # What it may see it is told, as much of it as it may see.
        public = {"ticket_id": mine.id, "message": {"body": "hello"}}
        first = was.PostMessage(**public, request_id="public")
        again = now.PostMessage(**public, request_id="public")
        self.assertEqual((again.message.body, again.position), ("hello", first.position))
        self.assertLess(again.ticket.message_count, first.ticket.message_count)
