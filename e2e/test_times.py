"""Times as people and programs write them: read exactly, or refused where they stand."""

from case import Case

MICRO = 1_000


class Times(Case):
    def created(self, ticket) -> tuple[str, int]:
        """When it was created: up to the second, and nanoseconds."""
        at = ticket.created_at
        return at.ToDatetime().strftime("%Y-%m-%dT%H:%M:%S"), at.nanos

    def numbers(self, filter: str) -> list[int]:
        return [ticket.number for ticket in self.api.pages("ListTickets", "tickets", filter=filter)]

    def test_every_digit_of_a_second_counts(self) -> None:
        second, nanos = self.created(self.ticket())
        for beside, holds in ((0, "== <= >="), (1, "!= < <="), (999, "!= < <="), (-1, "!= > >="), (MICRO, "!= < <=")):
            if not 0 <= nanos + beside < 1_000_000_000:
                continue
            time = f"timestamp('{second}.{nanos + beside:09}Z')"
            for symbol in ("==", "!=", "<", "<=", ">", ">="):
                with self.subTest(time, symbol=symbol):
                    self.assertEqual(self.numbers(f"ticket.created_at {symbol} {time}") == [1], symbol in holds.split())
        # The log says the same, where memory decides and where the database does.
        for filter in (f"activity.occurred_at < timestamp('{second}.{nanos + 1:09}Z')", f"activity.ticket.created_at >= timestamp('{second}.{nanos + 1:09}Z')"):
            self.assertEqual(len(self.log(filter=filter)), int("<" in filter), filter)

    def test_what_is_no_time_is_refused_where_it_stands(self) -> None:
        for text in (
            "2026-01-31T09:00:00+25:00",
            "2026-01-31T09:00:00+02:60",
            "2026-01-31T09:00:60Z",
            "2026-01-31T09:00Z",
            "2026-01-31 09:00:00Z",
            "2026-01-31",
            "2026-02-29T09:00:00Z",
            "0000-01-01T00:00:00Z",
            "12026-01-31T09:00:00Z",
        ):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as refusal:
                self.numbers(f"ticket.created_at > timestamp('{text}')")
            self.assertEqual(refusal.metadata["column"], "31")
            rule = f"name: late\non: ticket.created\nif: ticket.created_at > timestamp('{text}')\ndo:\n  - tag: {{add: [late]}}\n"
            self.assertEqual([found.code for found in self.api.ValidateWorkflow(source=rule).diagnostics], ["literal"], text)
        for text in ("1.0000001s", "0.5us", "1d"):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
                self.numbers(f"now - ticket.created_at > duration('{text}')")
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as refusal:
            self.numbers("now - timestamp('2026-01-31T09:00:00.1234567Z') > duration('1h')")
        self.assertIn("finer than a microsecond", refusal.text)

    def test_a_stream_begins_at_a_time_and_not_a_part_of_a_microsecond_before_it(self) -> None:
        position = self.api.CreateTicket(ticket={"subject": "first"}).position
        at = self.log()[-1].occurred_at
        for nanos, expected in ((at.nanos, [position]), (at.nanos + 1, [])):
            start = {"seconds": at.seconds, "nanos": nanos}
            frames = self.read_until(self.api.stream("StreamActivities", at_time=start), position)
            self.assertEqual([activity.position for activity in self.activities(frames)], expected, nanos)

    def test_lengths_are_whole_microseconds(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            window = {"seconds": 1, "nanos": 1}
            self.api.UpdateTenant(tenant={"push_back_window": window}, update_mask={"paths": ["push_back_window"]})
        self.assertEqual(refusal.fields, ["tenant.push_back_window"])
