"""Tickets and pages that are looked at again and again, while they change: each is as new as the first look."""

import random

import grpc

from case import Case, api


class PagesAgain(Case):
    def setUp(self) -> None:
        super().setUp()
        self.pick = random.Random(7)
        self.rita = api(self.tenant, "rita", "requester")
        made = self.api.BatchCreateTickets(requests=[{"ticket": {"subject": f"It is broken {n}", "requester_id": "rita"}} for n in range(30)])
        self.ids = [ticket.id for ticket in made.tickets]

    def change(self) -> None:
        ticket = self.pick.choice(self.ids)
        paths = {"paths": ["subject", "priority"]}
        changes = [
            lambda: self.api.UpdateTicket(ticket={"id": ticket, "subject": f"Again {self.pick.random()}", "priority": self.pick.randrange(1, 5)}, update_mask=paths),
            lambda: self.api.TagTicket(id=ticket, add=[f"t{self.pick.randrange(9)}"]),
            lambda: self.api.PostMessage(ticket_id=ticket, message={"body": "Said to all"}),
            lambda: self.api.PostMessage(ticket_id=ticket, message={"body": "Said inside", "visibility": "VISIBILITY_INTERNAL"}),
            lambda: self.rita.PostMessage(ticket_id=ticket, message={"body": "And now?"}),
            lambda: self.api.AssignTicket(id=ticket, team_id=f"team-{self.pick.randrange(3)}"),
            lambda: self.api.UndeleteTicket(id=self.api.DeleteTicket(id=ticket).ticket.id),
        ]
        self.pick.choice(changes)()

    def test_a_page_is_as_new_as_the_first_look(self) -> None:
        orders = ("", "number", "priority desc", "updated_at desc, number")
        for _ in range(120):
            self.change()
            for caller in (self.api, self.rita):
                page = caller.ListTickets(page_size=20, order_by=self.pick.choice(orders)).tickets
                self.assertEqual(len(page), 20)
                self.assertEqual(list(page), list(caller.BatchGetTickets(ids=[ticket.id for ticket in page]).tickets))

    def test_a_ticket_is_as_new_as_the_first_look(self) -> None:
        for _ in range(60):
            self.change()
            for caller in (self.api, self.rita):
                looked_at = self.pick.sample(self.ids, 6)
                whole = list(caller.BatchGetTickets(ids=looked_at).tickets)
                self.assertEqual([caller.GetTicket(id=ticket).ticket for ticket in looked_at], whole)
                self.assertEqual(caller.GetTicket(id=whole[0].display_number).ticket, whole[0])

    def test_who_may_no_longer_see_a_ticket_does_not(self) -> None:
        ticket = self.ids[0]

        def sees(caller) -> bool:
            try:
                return caller.GetTicket(id=ticket).ticket.id == ticket
            except grpc.RpcError as error:
                self.assertEqual(error.code(), grpc.StatusCode.NOT_FOUND)
                return False

        sam = api(self.tenant, "sam", "requester")
        for _ in range(2):
            self.assertEqual((sees(self.api), sees(self.rita), sees(sam)), (True, True, False))
        self.api.UpdateTicket(ticket={"id": ticket, "requester_id": "sam"}, update_mask={"paths": ["requester_id"]})
        for _ in range(2):
            self.assertEqual((sees(self.api), sees(self.rita), sees(sam)), (True, False, True))
        self.assertFalse(sees(api(self.tenant + "-other")))

    def test_filters_see_what_changed(self) -> None:
        urgent = lambda: {ticket.id for ticket in self.api.ListTickets(filter="ticket.priority == 'URGENT'").tickets}
        for ticket in self.ids[:9]:
            before = urgent()
            self.assertNotIn(ticket, before)
            self.api.UpdateTicket(ticket={"id": ticket, "priority": "PRIORITY_URGENT"}, update_mask={"paths": ["priority"]})
            self.assertEqual(urgent(), before | {ticket})
        self.api.DeleteTicket(id=self.ids[0])
        self.assertEqual(urgent(), set(self.ids[1:9]))

    def test_the_next_page_follows_a_page_that_was_known(self) -> None:
        for order in ("", "number", "priority desc", "updated_at"):
            for _ in range(3):
                walked = [ticket.id for ticket in self.api.pages("ListTickets", "tickets", page_size=7, order_by=order)]
                self.assertEqual(sorted(walked), sorted(self.ids), order)
                self.assertEqual(len(walked), len(self.ids), order)
                self.change()

    def test_nobody_is_shown_what_another_was_shown(self) -> None:
        self.api.PostMessage(ticket_id=self.ids[0], message={"body": "Said inside", "visibility": "VISIBILITY_INTERNAL"})
        counts = lambda caller: {ticket.message_count for ticket in caller.ListTickets(order_by="number", page_size=1).tickets}
        for _ in range(2):
            self.assertEqual((counts(self.api), counts(self.rita)), ({1}, {0}))
        other = api(self.tenant + "-other")
        self.assertEqual(list(other.ListTickets().tickets), [])
