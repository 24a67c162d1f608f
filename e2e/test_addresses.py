"""People speak for themselves, whoever posts for them, and their addresses are the same in any spelling."""

from case import Case, api, params


class Addresses(Case):
    def setUp(self) -> None:
        super().setUp()
        self.gateway = api(self.tenant, "gateway", "service")
        self.api.UpsertContact(contact={"id": "rita", "name": "Rita", "email": "Rita@Example.com"})
        self.api.UpsertAgent(agent={"id": "bob", "name": "Bob", "email": "bob@example.com"})

    def kind(self, ticket, **author) -> str:
        message = self.gateway.PostMessage(ticket_id=ticket.id, message={"body": "Hello", **author}).message
        return self.word(message, "author_kind").removeprefix("AUTHOR_KIND_")

    def test_the_person_speaks_and_not_the_gateway(self) -> None:
        ticket = self.ticket(self.gateway, requester_id="rita")
        self.assertEqual(self.kind(ticket, author_email="rita@example.COM"), "REQUESTER", "by the directory")
        self.assertEqual(self.kind(ticket), "SERVICE")
        self.assertFalse(self.api.GetTicket(id=ticket.id).ticket.HasField("first_response_at"))
        self.assertEqual(self.kind(ticket, author_id="bob"), "AGENT")
        self.assertTrue(self.api.GetTicket(id=ticket.id).ticket.HasField("first_response_at"))
        self.assertEqual(self.kind(ticket, author_id="nobody"), "SERVICE")
        by_mail = self.ticket(self.gateway, requester_email="RITA@example.com")
        self.assertEqual(self.kind(by_mail, author_id="rita"), "REQUESTER", "who has the address of the ticket")
        self.assertEqual(self.kind(by_mail, author_email="rita@EXAMPLE.com"), "REQUESTER")

    def test_lists_find_an_address_in_any_spelling(self) -> None:
        for email in ("rita@example.com", "Rita@Example.com", "dörte@example.com", "otto@example.com", ""):
            self.ticket(requester_email=email)
        numbers = lambda filter, **values: [it.number for it in self.api.pages("ListTickets", "tickets", filter=filter, filter_params=params(**values), order_by="created_at")]
        for filter, found in (
            ("ticket.requester_email == 'RITA@EXAMPLE.COM'", [1, 2]),
            ("'rita@example.com' == ticket.requester_email", [1, 2]),
            ("ticket.requester_email in ['Otto@example.com', 'DÖRTE@example.com']", [3, 4]),
            ("ticket.requester_email != 'OTTO@example.com'", [1, 2, 3, 5]),
            ("ticket.requester_email == ''", [5]),
            ("ticket.requester_email == 'RITA@EXAMPLE.COM' && ticket.number + 0 == 2", [2]),
        ):
            with self.subTest(filter):
                self.assertEqual(numbers(filter), found)
        self.assertEqual(numbers("ticket.requester_email == params.who", who="oTTo@example.com"), [4])
        contacts = lambda filter: [it.id for it in self.api.ListContacts(filter=filter).contacts]
        self.assertEqual(contacts("contact.email == 'rita@example.com'"), ["rita"])
        self.assertEqual(contacts("contact.email in ['RITA@EXAMPLE.COM', 'x@example.com']"), ["rita"])
        self.assertEqual([it.id for it in self.api.ListAgents(filter="agent.email == 'BOB@example.com'").agents], ["bob"])
        # As the log has it, too: the same evaluated in memory.
        log = self.api.ListActivities(filter="activity.type == 'ticket.created' && activity.ticket.requester_email == 'RITA@example.com'").activities
        self.assertEqual(len(log), 2)
