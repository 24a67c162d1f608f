"""`include`: what comes along with tickets, for each caller as much as it may see."""

from case import Case, api

ALL = ["requester", "assignee", "creator", "organization", "team", "deal", "asset", "tags", "issues", "links", "messages", "sla"]


class Includes(Case):
    def setUp(self) -> None:
        super().setUp()
        self.api.UpsertOrganization(organization={"id": "acme", "name": "Acme"})
        self.api.UpsertContact(contact={"id": "rita", "name": "Rita"})
        self.api.UpsertAgent(agent={"id": "ann", "name": "Ann"})
        self.api.UpsertAgent(agent={"id": "ada", "name": "Ada"})
        self.api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann"]})
        self.api.UpsertDeal(deal={"id": "d-17", "name": "New office"})
        self.api.UpsertAsset(asset={"id": "printer-2", "name": "Printer"})
        who = {"requester_id": "rita", "assignee_id": "ann", "team_id": "support", "organization_id": "acme"}
        who |= {"deal_id": "d-17", "related_asset_id": "printer-2", "tags": ["VIP", "unregistered", "eu"]}
        for tag in ("eu", "vip", "other"):
            self.api.CreateTag(tag={"name": tag, "color": "#ef4444"})
        self.first = self.ticket(subject="first", **who)
        self.other = self.ticket(subject="other", requester_id="nobody-knows", assignee_id="a-stranger")
        self.issues = [self.api.CreateIssue(issue={"title": f"issue {n}", "ticket_ids": ["1"]}).issue.id for n in range(2)]
        for n in range(12):
            for visibility in ("PUBLIC", "INTERNAL"):
                message = {"body": f"{visibility} {n}", "visibility": f"VISIBILITY_{visibility}"}
                self.api.PostMessage(ticket_id="1", message=message)

    def get(self, ticket_id: str, include: list[str], caller=None):
        return (caller or self.api).GetTicket(id=ticket_id, include=include).included

    def test_everything_around_a_ticket_comes_along(self) -> None:
        around = self.get("1", ALL)
        self.assertEqual(
            (around.requester.name, around.assignee.name, around.creator_agent.name, around.organization.name, around.team.name),
            ("Rita", "Ann", "Ada", "Acme", "Support"),
        )
        self.assertEqual((around.deal.name, around.asset.name), ("New office", "Printer"))
        self.assertEqual([(tag.name, tag.color) for tag in around.tags], [("vip", "#ef4444"), ("eu", "#ef4444")])
        self.assertEqual([issue.id for issue in around.issues], self.issues[::-1], "newest first")
        bodies = [f"{visibility} {n}" for n in range(2, 12) for visibility in ("PUBLIC", "INTERNAL")]
        self.assertEqual([message.body for message in around.messages], bodies, "the newest 20, oldest of them first")
        self.assertTrue(around.more_messages)

    def test_only_what_is_asked_for_comes_and_what_is_not_there_is_left_out(self) -> None:
        self.assertFalse(self.api.GetTicket(id="1").HasField("included"))
        names = [field.name for field, _ in self.get("1", ["team", "creator"]).ListFields()]
        self.assertEqual(sorted(names), ["creator_agent", "team"])
        self.assertEqual([field.name for field, _ in self.get("2", ALL).ListFields()], ["creator_agent"])

    def test_a_creator_who_is_no_agent_is_a_contact(self) -> None:
        made = self.ticket(api(self.tenant, "rita", "requester"))
        self.assertEqual(self.get(made.id, ["creator"]).creator_contact.name, "Rita")

    def test_lists_and_batches_have_one_for_each_ticket(self) -> None:
        listed = self.api.ListTickets(order_by="number", include=ALL)
        self.assertEqual([around.requester.id for around in listed.included], ["rita", ""])
        self.assertEqual([len(around.messages) for around in listed.included], [20, 0])
        batch = self.api.BatchGetTickets(ids=["2", "1", "2"], include=["assignee", "issues"])
        self.assertEqual([around.assignee.id for around in batch.included], ["", "ann", ""])
        self.assertEqual([len(around.issues) for around in batch.included], [0, 2, 0])
        self.assertEqual(len(self.api.ListTickets().included), 0)

    def test_follow_ups_are_links_from_both_ends(self) -> None:
        rita = api(self.tenant, "rita", "requester")
        self.api.CloseTicket(id="1")
        answer = rita.ReopenTicket(id="1")
        self.assertNotEqual(answer.ticket.id, self.first.id)
        [before] = self.get(answer.ticket.id, ["links"]).links
        [after] = self.get("1", ["links"]).links
        self.assertEqual((self.word(before, "relation"), before.ticket.id), ("LINK_RELATION_FOLLOW_UP_OF", self.first.id))
        self.assertEqual((self.word(after, "relation"), after.ticket.id), ("LINK_RELATION_FOLLOWED_UP_BY", answer.ticket.id))
        self.assertEqual(len(self.get("1", ["links"], rita).links), 1, "her own")

    def test_a_requester_gets_public_messages_and_nothing_of_the_desk(self) -> None:
        around = self.get("1", ALL, api(self.tenant, "rita", "requester"))
        self.assertEqual([field.name for field, _ in around.ListFields()], ["messages"])
        self.assertEqual([message.body for message in around.messages], [f"PUBLIC {n}" for n in range(12)])

    def test_a_word_that_is_not_served_is_named_and_the_others_are_answered(self) -> None:
        for rpc, fields in (("GetTicket", {"id": "1"}), ("BatchGetTickets", {"ids": ["1"]}), ("ListTickets", {})):
            with self.subTest(rpc):
                answer = getattr(self.api, rpc)(include=["team", "weather", "Team", "weather"], **fields)
                self.assertEqual(list(answer.left_out), ["weather", "Team"])
                around = answer.included if rpc == "GetTicket" else answer.included[-1]
                self.assertEqual(around.team.name, "Support")
                only = getattr(self.api, rpc)(include=["weather"], **fields)
                self.assertEqual(list(only.left_out), ["weather"])
                self.assertEqual(list(getattr(self.api, rpc)(include=["team"], **fields).left_out), [])
            with self.subTest(rpc), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                getattr(self.api, rpc)(include=["team", "w" * 65], **fields)
            self.assertEqual(seen.fields, ["include[1]"])

    def test_what_is_included_is_of_now(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.GetTicket(id="1", include=["team"], as_of_position=1)
        self.assertEqual(seen.fields, ["include"])
