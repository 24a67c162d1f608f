"""Ids that are unknown, another tenant's, or deleted; etags that are stale; moves that the lifecycle forbids."""

import grpc

from case import Case, api, client, new_tenant, params

UNKNOWN = "tkt_01JD8Q7Z2M5V9T3K4N6P8R1W0X"


class Ids(Case):
    def test_a_ticket_is_found_by_id_number_and_display_number(self) -> None:
        ticket = self.ticket()
        for name in (ticket.id, "1", "TKT-0001", "tkt-1", "#1", "#TKT-0001", " 1\n", ticket.id.lower(), ticket.id.upper()):
            with self.subTest(name):
                self.assertEqual(self.api.GetTicket(id=name).ticket, ticket)
                self.assertEqual(list(self.api.BatchGetTickets(ids=[name]).tickets), [ticket])
                self.assertEqual(self.log(ticket_id=name)[0].ticket_id, ticket.id)

    def test_a_filter_names_tickets_in_the_same_ways(self) -> None:
        first, second = self.ticket(), self.ticket()
        self.api.CloseTicket(id="1")
        self.api.CreateFollowUp(id="1")
        issue = self.api.CreateIssue(issue={"title": "Theirs", "ticket_ids": [second.id]}).issue
        for name in (first.id, first.id.lower(), "1", "TKT-0001", "tkt-1", "#1", " 1 "):
            for text, numbers in (
                (f"ticket.id == '{name}'", [1]),
                (f"ticket.id != '{name}'", [2, 3]),
                (f"ticket.id in ['{name}', '2']", [1, 2]),
                (f"ticket.follow_up_of == '{name}'", [3]),
            ):
                with self.subTest(text):
                    found = self.api.pages("ListTickets", "tickets", filter=text, order_by="number")
                    self.assertEqual([ticket.number for ticket in found], numbers)
            for text in (f"activity.ticket_id == '{name}'", f"activity.ticket.id == '{name}'", f"ticket.id == '{name}'"):
                with self.subTest(text):
                    of_first = [it for it in self.log() if it.ticket_id == first.id]
                    self.assertEqual(self.log(filter=text), of_first)
                    stream = self.api.stream("StreamActivities", filter=text, earliest=True)
                    self.assertEqual(self.activities(self.read_until(stream, self.head())), of_first)
        for text in ("'TKT-0002' in issue.ticket_ids", "issue.ticket_ids.exists(t, t == '#2')"):
            self.assertEqual([it.id for it in self.api.ListIssues(filter=text).issues], [issue.id], text)
        given = self.api.ListTickets(filter="ticket.id in params.them", filter_params=params(them=["tkt-0002", "#1"]))
        self.assertEqual([ticket.number for ticket in given.tickets], [2, 1])
        shown = self.api.ListTickets(filter="ticket.display_number in ['tkt-2', '#1']")
        self.assertEqual([ticket.number for ticket in shown.tickets], [2, 1])

    def test_a_filter_that_names_no_ticket_says_so(self) -> None:
        self.ticket()
        rita = api(self.tenant, "rita", "requester")
        for caller, number in ((self.api, "TKT-0009"), (rita, "TKT-0001"), (api(new_tenant()), "TKT-0001")):
            with self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
                caller.ListActivities(filter=f"activity.ticket_id == '{number}'")
            self.assertEqual(seen.metadata["problem"], f"there is no ticket {number}")

    def test_unknown_ids_are_not_found(self) -> None:
        for name in (UNKNOWN, "999", "TKT-0999", "nonsense", "0", "-1", "9" * 30, "tkt_", "iss_01JD8Q7Z2M5V9T3K4N6P8R1W0X"):
            with self.subTest(name), self.refused("NOT_FOUND", "TICKET_NOT_FOUND") as seen:
                self.api.GetTicket(id=name)
            self.assertEqual(seen.metadata["id"], name)
            with self.subTest(name), self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                self.api.CloseTicket(id=name)
        for rpc, reason in (
            ("GetIssue", "ISSUE_NOT_FOUND"),
            ("ResolveIssue", "ISSUE_NOT_FOUND"),
            ("GetOrganization", "ORGANIZATION_NOT_FOUND"),
            ("GetContact", "CONTACT_NOT_FOUND"),
            ("GetTeam", "TEAM_NOT_FOUND"),
            ("GetDeal", "DEAL_NOT_FOUND"),
            ("GetAsset", "ASSET_NOT_FOUND"),
            ("GetAgent", "AGENT_NOT_FOUND"),
        ):
            with self.subTest(rpc), self.refused("NOT_FOUND", reason):
                getattr(self.api, rpc)(id="iss_01JD8Q7Z2M5V9T3K4N6P8R1W0X")
        self.assertEqual(self.head(), 0)

    def test_another_tenants_id_is_byte_for_byte_like_an_unknown_one(self) -> None:
        ticket = self.ticket()
        issue = self.api.CreateIssue(issue={"title": "Theirs", "ticket_ids": [ticket.id]}).issue
        stranger = api(new_tenant())
        stranger.CreateTicket(ticket={"subject": "Mine"})
        for rpc, field, foreign, unknown in (
            ("GetTicket", "id", ticket.id, UNKNOWN),
            ("DeleteTicket", "id", ticket.id, UNKNOWN),
            ("EscalateTicket", "id", ticket.id, UNKNOWN),
            ("TagTicket", "id", ticket.id, UNKNOWN),
            ("ListMessages", "ticket_id", ticket.id, UNKNOWN),
            ("ListActivities", "ticket_id", ticket.id, UNKNOWN),
            ("ListIssues", "ticket_id", ticket.id, UNKNOWN),
            ("GetIssue", "id", issue.id, "iss_01JD8Q7Z2M5V9T3K4N6P8R1W0X"),
            ("ResolveIssue", "id", issue.id, "iss_01JD8Q7Z2M5V9T3K4N6P8R1W0X"),
        ):
            with self.subTest(rpc):
                self.assertEqual(
                    answer_bytes(stranger, rpc, field, foreign).replace(foreign.encode(), unknown.encode()),
                    answer_bytes(stranger, rpc, field, unknown),
                )
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket.subject, ticket.subject)

    def test_a_deleted_ticket_is_read_by_whoever_might_read_it_before(self) -> None:
        """As docs/roles.md has it."""
        ticket = self.ticket(requester_id="rita")
        issue = self.api.CreateIssue(issue={"title": "Theirs", "ticket_ids": [ticket.id]}).issue
        self.api.DeleteTicket(id=ticket.id)
        rita, bob = (api(self.tenant, who, "requester") for who in ("rita", "bob"))
        for caller, seen in ((self.api, 1), (rita, 1), (bob, 0)):
            self.assertEqual(len(caller.ListTickets().tickets), 0)
            self.assertEqual(len(caller.ListTickets(show_deleted=True).tickets), seen)
        self.assertEqual(rita.GetTicket(id="1").ticket.id, ticket.id)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            bob.GetTicket(id="1")
        self.assertEqual(list(self.api.ResolveIssue(id=issue.id).issue.ticket_ids), [ticket.id])
        self.assertIn("issue.resolved", [activity.type for activity in self.log(ticket_id="1")])

    def test_deleted_tickets_are_read_but_not_written(self) -> None:
        ticket = self.ticket()
        deleted = self.api.DeleteTicket(id=ticket.id).ticket
        self.assertTrue(deleted.HasField("deleted_at"))
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket, deleted)
        before = self.head()
        for rpc, fields in (
            ("CloseTicket", {"id": ticket.id}),
            ("EscalateTicket", {"id": ticket.id}),
            ("AssignTicket", {"id": ticket.id, "assignee_id": "ann"}),
            ("TagTicket", {"id": ticket.id, "add": ["a"]}),
            ("UpdateTicket", {"ticket": {"id": ticket.id, "subject": "s"}, "update_mask": {"paths": ["subject"]}}),
            ("PostMessage", {"ticket_id": ticket.id, "message": {"body": "hello"}}),
        ):
            with self.subTest(rpc), self.refused("FAILED_PRECONDITION", "DELETED"):
                getattr(self.api, rpc)(**fields)
        self.assertEqual(self.api.DeleteTicket(id=ticket.id).ticket, deleted, "deleting twice changes nothing")
        self.assertEqual(self.head(), before)
        self.assertEqual(list(self.api.pages("ListTickets", "tickets")), [])
        self.assertEqual(len(list(self.api.pages("ListTickets", "tickets", show_deleted=True))), 1)
        self.assertFalse(self.api.UndeleteTicket(id=ticket.id).ticket.HasField("deleted_at"))
        self.assertEqual(len(list(self.api.pages("ListTickets", "tickets"))), 1)

    def test_a_stale_etag_is_aborted(self) -> None:
        ticket = self.ticket()
        current = self.api.TagTicket(id=ticket.id, add=["a"], etag=ticket.etag).ticket
        for rpc, fields in (
            ("CloseTicket", {"id": ticket.id, "etag": ticket.etag}),
            ("TagTicket", {"id": ticket.id, "add": ["b"], "etag": ticket.etag}),
            ("DeleteTicket", {"id": ticket.id, "etag": "no etag at all"}),
            ("UpdateTicket", {"ticket": {"id": ticket.id, "subject": "s", "etag": ticket.etag}, "update_mask": {"paths": ["subject"]}}),
        ):
            with self.subTest(rpc), self.refused("ABORTED", "ETAG_MISMATCH") as seen:
                getattr(self.api, rpc)(**fields)
            self.assertEqual(seen.metadata["current"], current.etag)
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket, current)


class Moves(Case):
    def test_an_illegal_move_says_what_is_allowed(self) -> None:
        ticket = self.ticket()
        self.api.ResolveTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "ILLEGAL_TRANSITION") as seen:
            self.api.EscalateTicket(id=ticket.id)
        self.assertEqual({key: seen.metadata[key] for key in ("from", "to", "verb")}, {"from": "RESOLVED", "to": "ESCALATED", "verb": "escalate"})
        self.assertIn("TKT-0001", seen.text)
        self.assertIn("reopen", seen.text)
        with self.refused("FAILED_PRECONDITION", "ILLEGAL_TRANSITION"):
            self.api.HoldTicket(id=ticket.id)
        self.api.CloseTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "ILLEGAL_TRANSITION") as seen:
            self.api.UpdateTicket(ticket={"id": "1", "status": "TICKET_STATUS_OPEN"}, update_mask={"paths": ["status"]})
        self.assertIn("reopen", seen.text)

    def test_the_same_state_again_changes_nothing(self) -> None:
        ticket = self.ticket()
        held = self.api.HoldTicket(id=ticket.id)
        again = self.api.HoldTicket(id=ticket.id)
        self.assertEqual((again.ticket, again.position), (held.ticket, held.position))

    def test_a_reopened_ticket_is_counted_and_cleared(self) -> None:
        ticket = self.ticket()
        closed = self.api.CloseTicket(id=ticket.id).ticket
        self.assertTrue(closed.HasField("resolved_at") and closed.HasField("closed_at"))
        answer = self.api.ReopenTicket(id=ticket.id)
        self.assertEqual(self.word(answer, "outcome"), "REOPEN_OUTCOME_REOPENED")
        self.assertEqual(self.word(answer.ticket, "status"), "TICKET_STATUS_REOPENED")
        self.assertEqual(answer.ticket.reopen_count, 1)
        self.assertFalse(answer.ticket.HasField("resolved_at") or answer.ticket.HasField("closed_at"))

    def test_a_status_in_a_mask_is_the_verb(self) -> None:
        ticket = self.ticket()
        self.api.UpdateTicket(ticket={"id": ticket.id, "status": "TICKET_STATUS_RESOLVED"}, update_mask={"paths": ["status"]})
        self.assertEqual(self.log()[-1].type, "ticket.resolved")

    def test_nobody_answers_in_public_on_a_closed_ticket(self) -> None:
        ticket = self.ticket()
        self.api.CloseTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "TICKET_CLOSED"):
            self.api.PostMessage(ticket_id=ticket.id, message={"body": "hello"})
        self.api.PostMessage(ticket_id=ticket.id, message={"body": "a note", "visibility": "VISIBILITY_INTERNAL"})


def answer_bytes(caller: client.Api, rpc: str, field: str, value: str) -> bytes:
    """The whole answer as bytes, be it a refusal (text, status, trailers) or a message."""
    try:
        return caller.call(rpc, caller.request(rpc, **{field: value})).SerializeToString()
    except grpc.RpcError as error:
        refusal = client.Refusal(error)
        return f"{refusal.code} {refusal.text}".encode() + refusal.status.SerializeToString()
