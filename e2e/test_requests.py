"""Request ids, validate_only and batches: what is sent twice happens once, what is only asked does not happen."""

from case import Case, api


class Requests(Case):
    def test_the_same_request_again_gets_the_first_answer_again(self) -> None:
        first = self.api.CreateTicket(ticket={"subject": "Once"}, request_id="create-1")
        self.api.TagTicket(id=first.ticket.id, add=["later"])
        self.assertEqual(self.api.CreateTicket(ticket={"subject": "Once"}, request_id="create-1"), first)
        for rpc, fields in (
            ("TagTicket", {"id": "1", "add": ["x"]}),
            ("AssignTicket", {"id": "1", "assignee_id": "ann"}),
            ("EscalateTicket", {"id": "1"}),
            ("PostMessage", {"ticket_id": "1", "message": {"body": "hello"}}),
            ("UpdateTicket", {"ticket": {"id": "1", "subject": "New"}, "update_mask": {"paths": ["subject"]}}),
            ("DeleteTicket", {"id": "1"}),
            ("UndeleteTicket", {"id": "1"}),
            ("CreateIssue", {"issue": {"title": "Work", "ticket_ids": ["1"]}}),
            ("UpsertOrganization", {"organization": {"id": "acme", "name": "Acme"}}),
            ("BatchCreateTickets", {"requests": [{"ticket": {"subject": "a"}}, {"ticket": {"subject": "b"}}]}),
        ):
            with self.subTest(rpc):
                answer = getattr(self.api, rpc)(request_id=f"again-{rpc}", **fields)
                head = self.head()
                self.assertEqual(getattr(self.api, rpc)(request_id=f"again-{rpc}", **fields), answer)
                self.assertEqual(self.head(), head)

    def test_another_request_with_the_same_id_is_refused(self) -> None:
        self.api.CreateTicket(ticket={"subject": "Once"}, request_id="r")
        head = self.head()
        with self.refused("ALREADY_EXISTS", "REQUEST_ID_REUSED") as seen:
            self.api.CreateTicket(ticket={"subject": "Other"}, request_id="r")
        self.assertEqual(seen.metadata["request_id"], "r")
        with self.refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
            self.api.CloseTicket(id="1", request_id="r")
        self.assertEqual(self.head(), head)

    def test_a_request_id_belongs_to_its_sender(self) -> None:
        self.api.CreateTicket(ticket={"subject": "Ada's"}, request_id="r")
        other = api(self.tenant, sub="eve").CreateTicket(ticket={"subject": "Eve's"}, request_id="r").ticket
        self.assertEqual((other.number, other.subject), (2, "Eve's"))

    def test_a_refused_request_uses_up_nothing(self) -> None:
        ticket = self.ticket()
        self.api.ResolveTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "ILLEGAL_TRANSITION"):
            self.api.HoldTicket(id=ticket.id, request_id="r")
        self.api.ReopenTicket(id=ticket.id)
        self.assertEqual(self.word(self.api.HoldTicket(id=ticket.id, request_id="r").ticket, "status"), "TICKET_STATUS_ON_HOLD")

    def test_twins_in_flight_together_are_one(self) -> None:
        calls = [self.api.future("CreateTicket", ticket={"subject": "Twin"}, request_id="twin") for _ in range(40)]
        answers = {call.result().SerializeToString(deterministic=True) for call in calls}
        self.assertEqual(len(answers), 1)
        self.assertEqual([ticket.number for ticket in self.api.ListTickets().tickets], [1])

    def test_request_ids_are_printable_and_short(self) -> None:
        for bad in ("x" * 129, "ü", "tab\t", "line\n"):
            with self.subTest(bad), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.CreateTicket(ticket={"subject": "s"}, request_id=bad)
            self.assertEqual(seen.fields, ["request_id"])
        self.api.CreateTicket(ticket={"subject": "s"}, request_id="~" * 128)

    def test_validate_only_decides_and_writes_nothing(self) -> None:
        self.api.UpsertAgent(agent={"id": "ann", "status": "AGENT_STATUS_ONLINE"})
        self.api.UpsertTeam(team={"id": "support", "member_ids": ["ann"]})
        head = self.head()
        asked = self.api.CreateTicket(ticket={"subject": "Login", "team_id": "support"}, validate_only=True, request_id="r")
        self.assertEqual(asked.ticket.assignee_id, "ann", "rules run too")
        self.assertEqual((self.head(), list(self.api.ListTickets().tickets)), (head, []))
        self.assertEqual(self.api.GetAgent(id="ann").agent.open_count, 0)
        made = self.api.CreateTicket(ticket={"subject": "Another", "team_id": "support"}, request_id="r")
        self.assertEqual(made.ticket.number, 1, "neither the number nor the request id was used up")
        with self.refused("FAILED_PRECONDITION", "ILLEGAL_TRANSITION"):
            self.api.ResolveTicket(id="1")
            self.api.HoldTicket(id="1", validate_only=True)


class Batches(Case):
    def test_a_batch_is_made_in_its_order(self) -> None:
        answer = self.api.BatchCreateTickets(requests=[{"ticket": {"subject": f"n{i}"}} for i in range(500)])
        self.assertEqual([ticket.subject for ticket in answer.tickets], [f"n{i}" for i in range(500)])
        self.assertEqual([ticket.number for ticket in answer.tickets], list(range(1, 501)))
        self.assertEqual(answer.position, self.head())

    def test_a_batch_with_a_fault_makes_nothing(self) -> None:
        requests = [{"ticket": {"subject": f"n{i}"}} for i in range(5)]
        requests[3] = {"ticket": {"subject": ""}}
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.BatchCreateTickets(requests=requests)
        self.assertEqual(seen.fields, ["requests[3].ticket.subject"])
        self.assertEqual(self.head(), 0)
        self.assertEqual(self.ticket().number, 1)

    def test_a_batch_has_1_to_500(self) -> None:
        for size in (0, 501):
            with self.subTest(size), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.BatchCreateTickets(requests=[{"ticket": {"subject": "s"}}] * size)
            self.assertEqual(seen.fields, ["requests"])
