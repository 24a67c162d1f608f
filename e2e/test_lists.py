"""Lists: filters in CEL, orders, pages without holes, and tokens that are what they were."""

import threading

from case import Case, api, new_tenant


class Filters(Case):
    def setUp(self) -> None:
        super().setUp()
        self.ticket(subject="one", priority="PRIORITY_HIGH", tags=["vip", "a"], category="billing")
        self.ticket(subject="two", priority="PRIORITY_LOW", assignee_id="ann", team_id="support")
        self.ticket(subject="three", type="TICKET_TYPE_CHANGE", requester_id="rita")
        self.api.CloseTicket(id="3")

    def numbers(self, **query) -> list[int]:
        return [ticket.number for ticket in self.api.pages("ListTickets", "tickets", **query)]

    def test_a_filter_is_cel_over_the_ticket(self) -> None:
        for text, numbers in (
            ("ticket.status == 'OPEN'", [1, 2]),
            ("ticket.status != 'OPEN'", [3]),
            ("ticket.priority in ['HIGH', 'URGENT']", [1]),
            ("'vip' in ticket.tags", [1]),
            ("ticket.status == 'OPEN' && !('vip' in ticket.tags)", [2]),
            ("ticket.type == 'CHANGE' || ticket.category == 'billing'", [1, 3]),
            ("ticket.assignee_id == 'ann' && ticket.team_id == 'support'", [2]),
            ("has(ticket.assignee_id)", [2]),
            ("!has(ticket.assignee_id)", [1, 3]),
            ("ticket.requester_id == 'rita'", [3]),
            ("ticket.number >= 2 && ticket.number < 3", [2]),
            ("ticket.created_at > timestamp('2000-01-01T00:00:00Z')", [1, 2, 3]),
            ("ticket.created_at > now - duration('24h')", [1, 2, 3]),
            ("now - ticket.created_at > duration('24h')", []),
            ("ticket.closed_at - ticket.created_at < duration('1h')", [3]),
            ("ticket.number * 2 - 1 == 3", [2]),
            ("ticket.tags.exists(t, t.startsWith('v'))", [1]),
            ("ticket.tags.all(t, size(t) == 1)", [2, 3]),
            ("ticket.tags.exists_one(t, t != 'vip')", [1]),
            ("size(ticket.tags.filter(t, t in ['vip', 'a'])) == 2", [1]),
            ("ticket.tags == ['vip', 'a']", [1]),
            ("ticket.tags[0] == 'vip'", [1]),
            ("lower(ticket.display_number) == 'tkt-0002'", [2]),
            ("(has(ticket.assignee_id) ? ticket.assignee_id : ticket.requester_id) in ['ann', 'rita']", [2, 3]),
            ("has(ticket.closed_at)", [3]),
            ("ticket.closed_at > timestamp('2000-01-01T00:00:00Z')", [3]),
            ("ticket.category == \"it's; DROP TABLE ticket; --\"", []),
        ):
            with self.subTest(text):
                self.assertEqual(self.numbers(filter=text, order_by="number"), numbers)

    def test_broken_filters_name_their_column(self) -> None:
        for text, column in (
            ("ticket.prioritty == 'HIGH'", True),
            ("ticket.status == 'OPENED'", True),
            ("ticket.status == ", True),
            ("ticket.number == 'one'", True),
            ("ticket.subject.matches('a+')", True),
            ("issue.status == 'OPEN'", True),
            ("ticket.status", True),
            ("1 + 1", True),
            ("'a' * 3", True),
            ("ticket.tags.map(t, lower(t)) == ['a']", True),
            ("ticket.subject + 'x' == 'y'", True),
            ("ticket.tenant_id == 'tenant-1'", True),
            ("ticket.created_at > '2026-01-01'", True),
            ("ticket.tags.exists(t, t.exists(u, true))", True),
            ("tenant.id == 'tenant-1'", True),
            ("!(" * 25 + "ticket.number == 1" + ")" * 25, True),
            ("(ticket.number == 1 || " * 30 + "ticket.number == 2" + ")" * 30, False),
        ):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
                self.api.ListTickets(filter=text)
            if column:
                self.assertGreater(int(seen.metadata["column"]), 0, str(seen))

    def test_filters_that_are_no_text_to_read(self) -> None:
        for text in ("ticket.status == 'OPEN' || " * 60 + "false", "ticket.category == 'a\x00b'"):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.ListTickets(filter=text)
            self.assertEqual(seen.fields, ["filter"])

    def test_filters_are_over_every_resource(self) -> None:
        self.api.UpsertAgent(agent={"id": "ann", "skills": ["billing", "vip-care"], "capacity": 3})
        self.api.UpsertAgent(agent={"id": "bob"})
        self.api.UpsertTeam(team={"id": "support", "member_ids": ["ann", "bob"]})
        self.api.UpsertOrganization(organization={"id": "acme", "tier": "Enterprise", "attributes": {"seats": 12}})
        self.api.UpsertContact(contact={"id": "rita", "email": "rita@example.org", "organization_id": "acme"})
        self.api.UpsertDeal(deal={"id": "d-17", "name": "New office", "stage": "Negotiation", "attributes": {"amount": 60000}})
        self.api.UpsertAsset(asset={"id": "printer-2", "name": "Printer, floor 2", "kind": "printer"})
        self.api.CreateIssue(issue={"title": "Printer", "ticket_ids": ["1"]})
        for rpc, field, text, ids in (
            ("ListAssets", "assets", "asset.kind == 'printer' && lower(asset.name).contains('floor 2')", ["printer-2"]),
            ("ListDeals", "deals", "deal.stage == 'Negotiation' && deal.attributes.amount >= 50000", ["d-17"]),
            ("ListAgents", "agents", "agent.skills.exists(s, s.startsWith('vip'))", ["ann"]),
            ("ListAgents", "agents", "agent.capacity - 1 >= 2 && agent.status != 'AWAY'", ["ann"]),
            ("ListTeams", "teams", "'bob' in team.member_ids && team.member_ids.all(m, size(m) == 3)", ["support"]),
            ("ListOrganizations", "organizations", "organization.attributes.seats > 10 && lower(organization.tier) == 'enterprise'", ["acme"]),
            ("ListContacts", "contacts", "contact.email.endsWith('@example.org')", ["rita"]),
            ("ListContacts", "contacts", "contact.created_at > now", []),
        ):
            with self.subTest(text):
                self.assertEqual([item.id for item in self.api.pages(rpc, field, filter=text)], ids)
        issues = list(self.api.pages("ListIssues", "issues", filter="issue.ticket_ids.exists(t, t.startsWith('tkt_'))"))
        self.assertEqual([issue.title for issue in issues], ["Printer"])

    def test_the_log_is_asked_for_what_lies_in_no_column(self) -> None:
        self.api.PostMessage(ticket_id="1", message={"body": "psst", "visibility": "VISIBILITY_INTERNAL"})
        self.api.UpdateTicket(ticket={"id": "2", "priority": "PRIORITY_URGENT"}, update_mask={"paths": ["priority"]})
        for text, types in (
            ("activity.message.visibility == 'INTERNAL'", ["ticket.note_added"]),
            ("activity.type == 'ticket.note_added' && activity.message.body.contains('psst')", ["ticket.note_added"]),
            ("activity.changes.priority.new == 'URGENT'", ["ticket.priority_changed"]),
            ("changed('priority', 'LOW', 'URGENT')", ["ticket.priority_changed"]),
            ("'priority' in activity.changes && activity.position > 3", ["ticket.priority_changed"]),
            ("ticket.status == 'CLOSED'", ["ticket.closed"]),
            ("activity.ticket.status == 'CLOSED' && activity.actor.id == 'nobody'", []),
        ):
            for order in ("", "position desc"):
                with self.subTest(text, order=order):
                    told = [activity.type for activity in self.log(filter=text, order_by=order, page_size=1)]
                    self.assertEqual(told, types)
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
            self.log(filter="activity.ticket.description == 'x'")
        self.assertIn("ListTickets", seen.text)

    def test_a_requester_learns_no_count_by_asking(self) -> None:
        self.api.PostMessage(ticket_id="3", message={"body": "psst", "visibility": "VISIBILITY_INTERNAL"})
        self.api.ReopenTicket(id="3")
        rita = api(self.tenant, "rita", "requester")
        self.assertEqual(len(self.log(filter="activity.ticket.message_count > 0")), 2)
        self.assertEqual(self.log(rita, filter="activity.ticket.message_count > 0"), [])
        self.assertEqual(list(rita.pages("ListTickets", "tickets", filter="ticket.message_count > 0")), [])

    def test_now_stands_still_from_page_to_page(self) -> None:
        first = self.api.ListTickets(filter="ticket.created_at < now", page_size=2)
        self.ticket(subject="meanwhile")
        second = self.api.ListTickets(filter="ticket.created_at < now", page_size=2, page_token=first.next_page_token)
        oldest_first = {"filter": "ticket.created_at < now", "order_by": "number", "page_size": 2}
        page = self.api.ListTickets(**oldest_first)
        self.ticket(subject="later still")
        rest = self.api.ListTickets(**oldest_first, page_token=page.next_page_token)
        self.assertEqual([t.number for t in (*first.tickets, *second.tickets)], [3, 2, 1])
        self.assertEqual([t.number for t in (*page.tickets, *rest.tickets)], [1, 2, 3, 4])
        self.assertEqual(rest.next_page_token, "")

    def test_a_list_that_no_index_serves_ends_in_time_and_says_so(self) -> None:
        # Each tag beside each other one, each time with all of a long text made small.
        self.ticket(description="É" * 30_000, tags=[f"tag-{n}" for n in range(64)])
        slow = "ticket.tags.exists(a, ticket.tags.exists(b, lower(ticket.description) == b))"
        with self.refused("DEADLINE_EXCEEDED", "QUERY_TOO_SLOW") as seen:
            self.api.ListTickets(filter=slow)
        self.assertEqual(seen.metadata["method"], "ListTickets")
        self.assertIn("created_at", seen.metadata["advice"])
        self.assertEqual(self.numbers(filter="ticket.number == 1"), [1], "the next one is answered")

    def test_a_misspelt_field_is_told_with_the_right_one(self) -> None:
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
            self.api.ListTickets(filter="ticket.prioritty == 'HIGH'")
        self.assertIn("priority", seen.metadata["problem"])

    def test_orders_go_both_ways_and_no_other(self) -> None:
        self.assertEqual(self.numbers(order_by="number"), [1, 2, 3])
        self.assertEqual(self.numbers(order_by="number desc"), [3, 2, 1])
        self.assertEqual(self.numbers(), [3, 2, 1], "newest first unless asked")
        self.assertEqual(self.numbers(order_by="priority desc, number"), [1, 3, 2], "HIGH, MEDIUM, LOW")
        for order in ("subjekt", "number sideways", "number,,number", "number; drop table ticket"):
            with self.subTest(order), self.refused("INVALID_ARGUMENT", "ORDER_BY_INVALID") as seen:
                self.api.ListTickets(order_by=order)
            self.assertIn("number, created_at, priority", seen.text)


class Pages(Case):
    def test_what_is_due_first_comes_first_and_what_is_not_due_comes_last(self) -> None:
        def numbers(**query) -> list[int]:
            return [ticket.number for ticket in self.api.pages("ListTickets", "tickets", **query)]

        for priority, minutes in (("HIGH", 600), ("URGENT", 60)):
            policy = {"name": priority, "priority": f"PRIORITY_{priority}", "resolution_minutes": minutes}
            self.api.CreateSlaPolicy(sla_policy=policy)
        for priority in ("HIGH", "URGENT", "LOW", "HIGH", "URGENT"):
            self.ticket(priority=f"PRIORITY_{priority}")
        with_due = numbers(order_by="due_at", filter="has(ticket.due_at)")
        due = {ticket.number: ticket.due_at.ToNanoseconds() for ticket in self.api.ListTickets(filter="has(ticket.due_at)").tickets}
        self.assertEqual(with_due, sorted(due, key=lambda number: (due[number], number)))
        without = sorted(set(numbers()) - set(due))
        self.assertTrue(len(due) == 4 and without)
        for size in (1, 2, 50):
            self.assertEqual(numbers(order_by="due_at", page_size=size), with_due + without)
            backwards = sorted(due, key=lambda number: (-due[number], -number)) + without[::-1]
            self.assertEqual(numbers(order_by="due_at desc", page_size=size), backwards)

    def test_a_ticket_that_moves_between_pages_comes_again_or_not_at_all(self) -> None:
        while self.ticket(subject="more").number < 10:
            pass

        def read(order: str) -> tuple[list[int], int]:
            """All pages; after the first, the ticket that `updated_at` has first is changed, and so comes last."""
            first = self.api.ListTickets(order_by=order, page_size=2)
            oldest = self.api.ListTickets(order_by="updated_at", page_size=1).tickets[0].number
            self.api.UpdateTicket(ticket={"id": str(oldest), "subject": f"{order} {oldest}"}, update_mask={"paths": ["subject"]})
            token, numbers = first.next_page_token, [ticket.number for ticket in first.tickets]
            while token:
                page = self.api.ListTickets(order_by=order, page_size=2, page_token=token)
                numbers += [ticket.number for ticket in page.tickets]
                token = page.next_page_token
            return numbers, oldest

        for order in ("number", "created_at", "created_at desc"):
            numbers, _ = read(order)
            self.assertEqual(sorted(numbers), list(range(1, 11)), "each once: it stands still")
        numbers, moved = read("updated_at")
        self.assertEqual((numbers[0], numbers[-1], len(numbers)), (moved, moved, 11), "again, as it is now; none is missed")
        numbers, moved = read("updated_at desc")
        self.assertEqual(sorted([*numbers, moved]), list(range(1, 11)), "it has gone ahead of what was read")

    def test_page_sizes(self) -> None:
        self.api.BatchCreateTickets(requests=[{"ticket": {"subject": f"n{i}"}} for i in range(500)])
        self.ticket()
        self.assertEqual(len(self.api.ListTickets().tickets), 50)
        self.assertEqual(len(self.api.ListTickets(page_size=3).tickets), 3)
        self.assertEqual(len(self.api.ListTickets(page_size=100000).tickets), 500)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.ListTickets(page_size=-1)
        self.assertEqual(seen.fields, ["page_size"])
        every = [ticket.number for ticket in self.api.pages("ListTickets", "tickets", page_size=7, order_by="number")]
        self.assertEqual(every, list(range(1, 502)))

    def test_tokens_that_were_tampered_with_are_refused(self) -> None:
        for _ in range(3):
            self.ticket()
        token = self.api.ListTickets(page_size=1).next_page_token
        flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
        stranger = api(new_tenant())
        for name, caller, query in (
            ("cut", self.api, {"page_token": token[:-4]}),
            ("flipped", self.api, {"page_token": flipped}),
            ("first flipped", self.api, {"page_token": ("B" if token[0] == "A" else "A") + token[1:]}),
            ("nonsense", self.api, {"page_token": "next please"}),
            ("of another filter", self.api, {"page_token": token, "filter": "ticket.status == 'OPEN'"}),
            ("of another order", self.api, {"page_token": token, "order_by": "number"}),
            ("with deleted ones", self.api, {"page_token": token, "show_deleted": True}),
            ("of another tenant", stranger, {"page_token": token}),
        ):
            with self.subTest(name), self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
                caller.ListTickets(page_size=1, **query)
        with self.subTest("of another list"), self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
            self.api.ListIssues(page_size=1, page_token=token)
        self.assertEqual(self.api.ListTickets(page_size=1, page_token=token).tickets[0].number, 2)

    def test_pages_have_no_holes_while_others_write(self) -> None:
        before = [self.ticket(subject=f"old {i}").id for i in range(60)]
        stop, faults = threading.Event(), []

        def write() -> None:
            try:
                while not stop.is_set():
                    self.ticket(subject="meanwhile")
            except Exception as fault:  # told below, in the test's own thread
                faults.append(fault)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for query in ({"order_by": "number"}, {"order_by": "created_at desc"}, {}):
                seen = [ticket.id for ticket in self.api.pages("ListTickets", "tickets", page_size=7, filter="ticket.number <= 60", **query)]
                with self.subTest(query):
                    self.assertEqual(len(seen), len(set(seen)), "nothing twice")
                    self.assertEqual(set(seen), set(before), "nothing left out")
        finally:
            stop.set()
            writer.join()
        self.assertEqual(faults, [])

    def test_every_list_pages(self) -> None:
        for i in range(5):
            self.api.UpsertAgent(agent={"id": f"agent-{i}"})
            self.api.UpsertTeam(team={"id": f"team-{i}"})
            self.api.UpsertOrganization(organization={"id": f"org-{i}"})
            self.api.UpsertContact(contact={"id": f"contact-{i}"})
            self.api.UpsertDeal(deal={"id": f"deal-{i}"})
            self.api.UpsertAsset(asset={"id": f"asset-{i}"})
            self.api.CreateIssue(issue={"title": f"issue {i}"})
        self.ticket()
        for i in range(5):
            self.api.PostMessage(ticket_id="1", message={"body": f"body {i}"})
        for rpc, field, fields in (
            ("ListAgents", "agents", {}),
            ("ListTeams", "teams", {}),
            ("ListOrganizations", "organizations", {}),
            ("ListContacts", "contacts", {}),
            ("ListAssets", "assets", {}),
            ("ListDeals", "deals", {}),
            ("ListIssues", "issues", {}),
            ("ListMessages", "messages", {"ticket_id": "1"}),
        ):
            with self.subTest(rpc):
                ids = [item.id for item in self.api.pages(rpc, field, page_size=2, **fields)]
                self.assertEqual((len(ids), len(set(ids))), (5, 5))
        bodies = [message.body for message in self.api.pages("ListMessages", "messages", page_size=2, ticket_id="1")]
        self.assertEqual(bodies, [f"body {i}" for i in range(5)])

    def test_answers_end_where_clients_would_refuse_them(self) -> None:
        """100 tickets of 64 KiB, to a client that takes the 4 MiB that gRPC takes by default."""
        def large(n: int) -> dict:
            return {"ticket": {"subject": f"large {n}", "description": "d" * 65_000}}

        for begin in (0, 50):
            self.api.BatchCreateTickets(requests=[large(n) for n in range(begin, begin + 50)])
        for n in range(60):
            self.api.PostMessage(ticket_id="1", message={"body": "b" * 65_000})
        ids = [ticket.id for ticket in self.api.pages("ListTickets", "tickets", page_size=100)]
        self.assertEqual((len(ids), len(set(ids))), (100, 100))
        self.assertEqual(ids, [ticket.id for ticket in self.api.pages("ListTickets", "tickets", page_size=100)], "and from the cache")
        with_messages = [item.id for item in self.api.pages("ListTickets", "tickets", page_size=100, include=["messages", "sla"])]
        self.assertEqual(with_messages, ids)
        found = [ticket.id for ticket in self.api.pages("SearchTickets", "tickets", page_size=100, query="large")]
        self.assertEqual(sorted(found), sorted(ids))
        self.assertEqual(len(list(self.api.pages("ListMessages", "messages", page_size=100, ticket_id="1"))), 60)
        positions = [activity.position for activity in self.log(page_size=500, view="ACTIVITY_VIEW_FULL")]
        self.assertEqual(positions, list(range(1, self.head() + 1)))
        got, rest = [], ids
        while rest:
            answer = self.api.BatchGetTickets(ids=rest)
            self.assertGreater(len(answer.tickets), 40)
            got, rest = got + [ticket.id for ticket in answer.tickets], list(answer.remaining_ids)
        self.assertEqual(got, ids)

    def test_the_log_pages_in_both_directions(self) -> None:
        for i in range(12):
            self.ticket()
        head = self.head()
        self.assertEqual([a.position for a in self.log(page_size=5)], list(range(1, head + 1)))
        self.assertEqual([a.position for a in self.log(page_size=5, order_by="position desc")], list(range(head, 0, -1)))
        self.api.CloseTicket(id="7")
        self.assertEqual([a.type for a in self.log(ticket_id="7", filter="activity.type == 'ticket.closed'")], ["ticket.closed"])
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            self.log(filter="activity.tipe == 'x'")


class Positions(Case):
    def test_a_read_waits_for_the_position_that_it_asks_for(self) -> None:
        answer = self.api.CreateTicket(ticket={"subject": "s"})
        read = self.api.GetTicket(id="1", min_position=answer.position, epoch=answer.epoch).ticket
        self.assertEqual(read, answer.ticket)
        self.assertEqual(len(self.api.ListTickets(min_position=answer.position).tickets), 1)

    def test_a_position_above_the_head_is_unknown(self) -> None:
        answer = self.api.CreateTicket(ticket={"subject": "s"})
        for rpc, fields in (("GetTicket", {"id": "1"}), ("ListTickets", {}), ("ListActivities", {})):
            with self.subTest(rpc), self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN") as seen:
                getattr(self.api, rpc)(min_position=answer.position + 1000, **fields)
            self.assertEqual(seen.metadata["head"], str(answer.position))
            with self.subTest(rpc), self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
                getattr(self.api, rpc)(min_position=1, epoch=answer.epoch + 1, **fields)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.api.GetTicket(id="1", min_position=-1)

    def test_a_requester_is_not_told_how_much_the_others_do(self) -> None:
        rita = api(self.tenant, "rita", "requester")
        mine = rita.CreateTicket(ticket={"subject": "s"}).ticket
        for count in range(120):
            self.ticket(subject=f"another {count}")
        head = self.head()
        self.assertGreater(head, 120)
        reads = [
            ("GetTicket", {"id": mine.id, "min_position": 9_000_000}),
            ("GetTicket", {"id": mine.id, "as_of_position": 9_000_000}),
            ("BatchGetTickets", {"ids": [mine.id], "min_position": 9_000_000}),
            ("ListTickets", {"min_position": 9_000_000}),
            ("SearchTickets", {"query": "s", "min_position": 9_000_000}),
            ("GetTicketStats", {"min_position": 9_000_000}),
            ("ListMessages", {"ticket_id": mine.id, "min_position": 9_000_000}),
            ("ListActivities", {"min_position": 9_000_000}),
        ]
        calls = [(rpc, lambda rpc=rpc, fields=fields: getattr(rita, rpc)(**fields)) for rpc, fields in reads]
        calls.append(("StreamActivities", lambda: next(rita.stream("StreamActivities", after_position=9_000_000))))
        for rpc, call in calls:
            with self.subTest(rpc), self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN") as seen:
                call()
            self.assertEqual(set(seen.metadata), {"position", "epoch"})
            self.assertNotIn(str(head), str(seen.refusal).replace("9000000", ""))
