"""StreamActivities: every start, filters that lose nothing, bookmarks, and positions that do not exist."""

import random
import time

from case import Case, api, new_tenant


class Streams(Case):
    def test_from_the_earliest_then_as_it_grows(self) -> None:
        for _ in range(3):
            self.ticket()
        stream = self.api.stream("StreamActivities", earliest=True)
        log = self.activities(self.read_until_live(stream, lambda: self.api.CloseTicket(id="2"), self.head() + 1))
        self.assertEqual([a.position for a in log], list(range(1, len(log) + 1)))
        self.assertEqual(log[-1].type, "ticket.closed")
        self.assertIn("ticket.status_changed", log[-1].families)
        self.assertFalse(log[-1].HasField("ticket"), "BASIC has no ticket")

    def read_until_live(self, stream, act, position: int) -> list:
        """Reads the first frame, acts, and reads on."""
        frames = [next(stream)]
        self.assertEqual(frames[0].WhichOneof("event"), "bookmark")
        act()
        reached = frames[0].bookmark.position
        for frame in stream:
            self.assertEqual(frame.since, reached)
            reached = frame.activity.position if frame.HasField("activity") else frame.bookmark.position
            frames.append(frame)
            if reached >= position:
                stream.cancel()
                return frames
        self.fail("the stream ended")

    def test_the_latest_is_only_what_comes(self) -> None:
        for _ in range(3):
            self.ticket()
        head = self.head()
        for start in ({"latest": True}, {}):
            stream = self.api.stream("StreamActivities", **start)
            frames = self.read_until_live(stream, lambda: self.ticket(), self.head() + 1)
            self.assertGreaterEqual(frames[0].bookmark.position, head)
            self.assertEqual([a.position for a in self.activities(frames)], [frames[0].bookmark.position + 1])

    def test_after_a_position(self) -> None:
        for _ in range(5):
            self.ticket()
        head = self.head()
        frames = self.read_until(self.api.stream("StreamActivities", after_position=2), head)
        self.assertEqual(frames[0].bookmark.position, 2)
        self.assertEqual([a.position for a in self.activities(frames)], list(range(3, head + 1)))
        frames = self.read_until(self.api.stream("StreamActivities", after_position=0), head)
        self.assertEqual(len(self.activities(frames)), head)

    def test_at_a_time(self) -> None:
        for _ in range(4):
            self.ticket()
        log = self.log()
        instant = log[2].occurred_at
        frames = self.read_until(
            self.api.stream("StreamActivities", at_time={"seconds": instant.seconds, "nanos": instant.nanos}), len(log)
        )
        expected = [a.position for a in log if (a.occurred_at.seconds, a.occurred_at.nanos) >= (instant.seconds, instant.nanos)]
        self.assertEqual([a.position for a in self.activities(frames)], expected)

    def test_a_filter_that_costs_too_much_ends_its_streams_and_stops_nobody(self) -> None:
        """Twenty streams with an expression that can be in 1,500 places at once, and a message that leads it into all of them."""
        self.ticket()
        before = self.head()
        heavy = "activity.message.body.matches('x[xy]{1500}z')"
        streams = [self.api.stream("StreamActivities", timeout=60, latest=True, filter=heavy) for _ in range(20)]
        for stream in streams:
            self.assertEqual(next(stream).bookmark.position, before)
        body = "".join(random.Random(7).choices("xy", k=64_000))
        quiet, calls = api(new_tenant()), []
        posted = self.api.future("PostMessage", ticket_id="1", message={"body": body, "visibility": "VISIBILITY_PUBLIC"})
        while len(calls) < 50 or not posted.done():
            began = time.monotonic()
            quiet.ListTickets()
            calls.append(time.monotonic() - began)
        for stream in streams:
            with self.refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED") as seen:
                for frame in stream:
                    self.assertFalse(frame.HasField("activity"))
            self.assertEqual(seen.metadata["position"], str(before))
        self.assertLess(max(calls), 1.0, "others are served meanwhile")
        with self.refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED"):
            self.log(filter=heavy)
        # What people write takes the longest of bodies.
        self.assertEqual(len(self.log(filter="activity.message.body.matches('(?i)refund|x{3}y{3}x')")), 1)

    def test_a_filter_leaves_out_and_loses_nothing(self) -> None:
        for _ in range(4):
            self.ticket()
        self.api.CloseTicket(id="1")
        self.api.TagTicket(id="2", add=["vip"])
        self.api.ResolveTicket(id="2")
        head = self.head()
        one = self.api.GetTicket(id="1").ticket.id
        for text, types in (
            ("activity.type == 'ticket.closed'", ["ticket.closed"]),
            ("'ticket.status_changed' in activity.families", ["ticket.closed", "ticket.resolved"]),
            (f"activity.ticket_id == '{one}'", ["ticket.created", "ticket.closed"]),
            ("activity.actor.id == 'nobody'", []),
            ("activity.actor.id == 'ada' && activity.type != 'ticket.created'", ["ticket.closed", "ticket.tag_added", "ticket.resolved"]),
            ("'vip' in activity.ticket.tags && activity.ticket.status == 'RESOLVED'", ["ticket.resolved"]),
        ):
            with self.subTest(text):
                frames = self.read_until(self.api.stream("StreamActivities", earliest=True, filter=text), head)
                self.assertEqual([a.type for a in self.activities(frames)], types)

    def test_a_bookmark_comes_when_nothing_matches(self) -> None:
        self.ticket()
        stream = self.api.stream("StreamActivities", latest=True, filter="activity.type == 'ticket.closed'", timeout=15)
        first = next(stream)
        self.ticket()
        began = time.monotonic()
        second = next(stream)
        stream.cancel()
        self.assertLess(time.monotonic() - began, 11)
        self.assertEqual((second.WhichOneof("event"), second.since), ("bookmark", first.bookmark.position))
        self.assertGreater(second.bookmark.position, first.bookmark.position)

    def test_the_full_view_has_the_ticket_as_it_was(self) -> None:
        self.ticket(subject="First")
        self.api.UpdateTicket(ticket={"id": "1", "subject": "Second"}, update_mask={"paths": ["subject"]})
        frames = self.read_until(self.api.stream("StreamActivities", earliest=True, view="ACTIVITY_VIEW_FULL"), self.head())
        created, updated = self.activities(frames)
        self.assertEqual((created.ticket.subject, updated.ticket.subject), ("First", "Second"))
        self.assertEqual([(c.field, c.old_value.string_value, c.new_value.string_value) for c in updated.changes], [("subject", "First", "Second")])
        self.assertEqual((created.ticket_version, updated.ticket_version), (1, 2))

    def test_positions_that_do_not_exist(self) -> None:
        epoch = self.api.CreateTicket(ticket={"subject": "s"}).epoch
        for start in ({"after_position": 1000}, {"after_position": 1, "epoch": epoch + 1}):
            with self.subTest(start), self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
                next(self.api.stream("StreamActivities", **start))
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            next(self.api.stream("StreamActivities", after_position=-1))
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            next(self.api.stream("StreamActivities", earliest=True, filter="activity.tipe == 'x'"))

    def test_two_readers_see_the_same(self) -> None:
        streams = [self.api.stream("StreamActivities", earliest=True) for _ in range(2)]
        for _ in range(20):
            self.ticket()
        head = self.head()
        logs = [self.activities(self.read_until(stream, head)) for stream in streams]
        self.assertEqual(logs[0], logs[1])
