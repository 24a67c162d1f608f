"""Many tickets in one call, and tickets as they were: each answer of long ago, once more."""

from case import Case, api, new_tenant


class Histories(Case):
    def told(self) -> list:
        """(position, ticket) after each of a ticket's writes, as GetTicket showed it then."""
        self.ticket(description="the first words", requester_id="rita", custom={"seats": {"number_value": 3}})
        writes = (
            lambda: None,
            lambda: self.api.TagTicket(id="1", add=["vip"]),
            lambda: self.api.PostMessage(ticket_id="1", message={"body": "on it", "visibility": "VISIBILITY_PUBLIC"}),
            lambda: self.ticket(subject="another"),
            lambda: self.api.UpdateTicket(
                ticket={"id": "1", "description": "other words", "priority": "PRIORITY_URGENT"},
                update_mask={"paths": ["description", "priority"]},
            ),
            lambda: self.api.EscalateTicket(id="1"),
            lambda: self.api.ResolveTicket(id="1"),
            lambda: self.api.ReopenTicket(id="1"),
            lambda: self.api.DeleteTicket(id="1"),
            lambda: self.api.UndeleteTicket(id="1"),
        )
        told = []
        for write in writes:
            write()
            told.append((self.head(), self.api.GetTicket(id="1").ticket))
        return told

    def test_as_of_a_position_is_what_was_told_there(self) -> None:
        told = self.told()
        for position, ticket in told:
            with self.subTest(position):
                self.assertEqual(self.api.GetTicket(id="1", as_of_position=position).ticket, ticket)
                self.assertEqual(self.api.GetTicket(id=ticket.id, as_of_position=position).ticket, ticket)

    def test_as_of_a_time_is_what_was_told_there(self) -> None:
        told = self.told()
        times = {activity.position: activity.occurred_at for activity in self.log()}
        # Of several writes in one microsecond, the last one counts.
        latest = {times[position].ToNanoseconds(): ticket for position, ticket in told}
        self.assertGreater(len(latest), 1)
        for position, _ in told:
            with self.subTest(position):
                seen = self.api.GetTicket(id="1", as_of_time=times[position]).ticket
                self.assertEqual(seen, latest[times[position].ToNanoseconds()])
        self.assertEqual(self.api.GetTicket(id="1", as_of_time={"seconds": 253402300799}).ticket, told[-1][1])

    def test_before_it_was_made_it_was_not_there(self) -> None:
        self.ticket()
        self.ticket(subject="the second")
        born = self.log(ticket_id="2")[0].position
        self.assertEqual(self.api.GetTicket(id="2", as_of_position=born).ticket.subject, "the second")
        for as_of in ({"as_of_position": born - 1}, {"as_of_position": 0}, {"as_of_time": {"seconds": 0}}):
            with self.subTest(as_of), self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                self.api.GetTicket(id="2", **as_of)

    def test_moments_that_are_none(self) -> None:
        self.ticket()
        with self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
            self.api.GetTicket(id="1", as_of_position=self.head() + 1)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.GetTicket(id="1", as_of_position=-1)
        self.assertEqual(seen.fields, ["as_of_position"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.GetTicket(id="1", as_of_time={"seconds": 1, "nanos": -1})
        self.assertEqual(seen.fields, ["as_of_time"])

    def test_a_requester_sees_of_the_past_what_is_theirs_then_and_now(self) -> None:
        self.ticket(subject="Rita's", requester_id="rita")
        ritas = self.head()
        self.api.PostMessage(ticket_id="1", message={"body": "among us", "visibility": "VISIBILITY_INTERNAL"})
        noted = self.head()
        rita, otto = (api(self.tenant, sub, "requester") for sub in ("rita", "otto"))
        self.assertEqual(rita.GetTicket(id="1", as_of_position=noted).ticket.message_count, 0)
        self.api.UpdateTicket(ticket={"id": "1", "requester_id": "otto"}, update_mask={"paths": ["requester_id"]})
        for caller in (rita, otto):
            with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                caller.GetTicket(id="1", as_of_position=ritas)
        self.assertEqual(otto.GetTicket(id="1", as_of_position=self.head()).ticket.requester_id, "otto")


class Batches(Case):
    def test_tickets_come_in_the_order_asked_for(self) -> None:
        made = [self.ticket(subject=f"n{n}") for n in range(1, 6)]
        self.api.DeleteTicket(id="4")
        asked = ["5", made[1].id, "TKT-0004", "1", "5"]
        found = self.api.BatchGetTickets(ids=asked).tickets
        self.assertEqual([ticket.number for ticket in found], [5, 2, 4, 1, 5])
        self.assertEqual(list(found), [self.api.GetTicket(id=id).ticket for id in asked])

    def test_five_hundred_and_no_more(self) -> None:
        self.api.BatchCreateTickets(requests=[{"ticket": {"subject": f"n{n}"}} for n in range(500)])
        numbers = list(range(500, 0, -1))
        found = self.api.BatchGetTickets(ids=[str(n) for n in numbers], min_position=self.head()).tickets
        self.assertEqual([ticket.number for ticket in found], numbers)
        for ids in ([], ["1"] * 501, ["1", ""]):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                self.api.BatchGetTickets(ids=ids)

    def test_the_first_that_is_missing_is_named(self) -> None:
        mine = self.ticket()
        other = api(new_tenant()).CreateTicket(ticket={"subject": "elsewhere"}).ticket
        for missing in (other.id, "77", "TKT-0077"):
            with self.subTest(missing), self.refused("NOT_FOUND", "TICKET_NOT_FOUND") as seen:
                self.api.BatchGetTickets(ids=[mine.id, missing, "78"])
            self.assertIn(missing, seen.text)

    def test_a_requester_gets_all_of_theirs_or_nothing(self) -> None:
        for who in ("rita", "rita", "otto"):
            self.ticket(requester_id=who)
        rita = api(self.tenant, "rita", "requester")
        self.assertEqual(len(rita.BatchGetTickets(ids=["1", "2"]).tickets), 2)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            rita.BatchGetTickets(ids=["1", "3"])
