"""snapshot_first: the tickets as of one position, whatever is written meanwhile, and then what comes after it."""

import threading

import grpc

import case
from case import Case


class Snapshots(Case):
    def snapshot(self, caller=None, **fields):
        """The tickets by number, the position that they are of, and the stream behind them."""
        stream = (caller or self.api).stream("StreamActivities", snapshot_first=True, **fields)
        tickets, since = {}, None
        for frame in stream:
            since = frame.since if since is None else since
            self.assertEqual(frame.since, since, "a snapshot accounts for nothing")
            if frame.WhichOneof("event") == "bookmark":
                self.assertEqual(frame.bookmark.position, since)
                return tickets, since, stream
            self.assertEqual(frame.WhichOneof("event"), "snapshot")
            self.assertNotIn(frame.snapshot.number, tickets)
            tickets[frame.snapshot.number] = frame.snapshot
        self.fail("the stream ended within its snapshot")

    def as_of(self, position: int) -> dict:
        """What GetTicket says of that position, of all tickets that were there and not deleted."""
        found = {}
        for ticket in self.api.pages("ListTickets", "tickets", show_deleted=True):
            try:
                then = self.api.GetTicket(id=ticket.id, as_of_position=position).ticket
            except grpc.RpcError:
                continue
            if not then.HasField("deleted_at"):
                found[then.number] = then
        return found

    def setUp(self) -> None:
        super().setUp()
        for number in range(1, 6):
            self.ticket(subject=f"Ticket {number}", description=f"text {number}", priority="PRIORITY_HIGH" if number % 2 else "PRIORITY_LOW", requester_id="rita" if number < 3 else "otto")
        self.middle = self.head()
        self.api.UpdateTicket(ticket={"id": "1", "subject": "New", "description": "new text"}, update_mask={"paths": ["subject", "description"]})
        self.api.CloseTicket(id="2")
        self.api.DeleteTicket(id="3")
        self.ticket(subject="Ticket 6")

    def test_a_mirror_gets_a_ticket_back_whole(self) -> None:
        deleted = self.api.DeleteTicket(id=self.ticket(description="It smokes.\n\nSince Monday.").id).ticket
        mirror, since, _ = self.snapshot(latest=True)
        self.assertNotIn(deleted.number, mirror)
        restored = self.api.UndeleteTicket(id=deleted.id).ticket
        self.assertEqual(restored.description, "It smokes.\n\nSince Monday.")
        for caller in (self.api, case.api(self.tenant, "ada", "agent")):
            [activity] = [it for it in self.log(caller, ticket_id=deleted.id, view="ACTIVITY_VIEW_FULL") if it.position > since]
            self.assertEqual(activity.type, "ticket.restored")
            [text] = [change.new_value.string_value for change in activity.changes if change.field == "description"]
            whole = type(restored).FromString(activity.ticket.SerializeToString())
            whole.description = text
            self.assertEqual(whole, restored)
        mirror, since, _ = self.snapshot(after_position=since + 1)
        self.assertEqual(mirror[deleted.number], restored)
        self.assertEqual(self.as_of(since)[deleted.number], restored)

    def test_the_latest(self) -> None:
        tickets, position, stream = self.snapshot()
        self.assertEqual(position, self.head())
        self.assertEqual(sorted(tickets), [1, 2, 4, 5, 6], "deleted ones are left out")
        self.assertEqual(tickets, self.as_of(position))
        self.assertEqual(tickets[1].description, "new text")
        self.api.TagTicket(id="5", add=["vip"])
        self.assertEqual(next(stream).activity.position, position + 1)
        stream.cancel()

    def test_a_position_and_a_time_of_the_past(self) -> None:
        for position in range(0, self.head() + 1):
            with self.subTest(position):
                tickets, of, stream = self.snapshot(after_position=position)
                self.assertEqual((of, tickets), (position, self.as_of(position)))
                if position < self.head():
                    self.assertEqual(next(stream).activity.position, position + 1)
                stream.cancel()
        then = self.log()[2].occurred_at
        tickets, of, stream = self.snapshot(at_time={"seconds": then.seconds, "nanos": then.nanos})
        stream.cancel()
        self.assertEqual(tickets, self.as_of(of))
        tickets, of, stream = self.snapshot(earliest=True)
        stream.cancel()
        self.assertEqual((tickets, of), ({}, 0))

    def test_a_filter_chooses_tickets_and_then_activities(self) -> None:
        for position in (self.middle, self.head()):
            tickets, _, stream = self.snapshot(after_position=position, filter="ticket.priority == 'HIGH' && ticket.subject != 'New'")
            stream.cancel()
            wanted = {n for n, t in self.as_of(position).items() if self.word(t, "priority") == "PRIORITY_HIGH" and t.subject != "New"}
            self.assertEqual(set(tickets), wanted)
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            self.snapshot(filter="activity.type == 'ticket.closed'")
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            self.snapshot(filter="activity.ticket.priority == 'HIGH'")

    def test_a_requester_gets_their_own(self) -> None:
        self.api.PostMessage(ticket_id="1", message={"body": "internal", "visibility": "VISIBILITY_INTERNAL"})
        tickets, _, stream = self.snapshot(case.api(self.tenant, "rita", "requester"))
        stream.cancel()
        self.assertEqual(sorted(tickets), [1, 2])
        self.assertEqual(tickets[1].message_count, 0)
        tickets, _, stream = self.snapshot(case.api(self.tenant, "rita", "requester"), filter="ticket.message_count > 0")
        stream.cancel()
        self.assertEqual(tickets, {})

    def test_it_is_of_one_position_while_others_write(self) -> None:
        for _ in range(4):
            self.api.BatchCreateTickets(requests=[{"ticket": {"subject": f"More {n}"}} for n in range(100)])
        stop = threading.Event()

        def write() -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                self.api.TagTicket(id=str(10 + turn % 390), add=[f"t{turn}"])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                tickets, position, stream = self.snapshot()
                self.assertEqual(len(tickets), 405)
                # What comes after it begins where it ended.
                tags = {t.id: list(t.tags) for t in tickets.values()}
                for frame in stream:
                    if not frame.HasField("activity"):
                        continue
                    (change,) = [c for c in frame.activity.changes if c.field == "tags"]
                    before, after = ([v.string_value for v in value.list_value.values] for value in (change.old_value, change.new_value))
                    self.assertEqual(before, tags[frame.activity.ticket_id])
                    tags[frame.activity.ticket_id] = after
                    if frame.activity.position >= position + 50:
                        break
                stream.cancel()
                for number in (10, 57, 200, 399):
                    self.assertEqual(tickets[number], self.api.GetTicket(id=str(number), as_of_position=position).ticket)
        finally:
            stop.set()
            writer.join()
