"""`include: sla`: a ticket's clocks in the ticket itself, as they are at the instant of the answer."""

from seam import Desk, at


class Include(Desk):
    def test_clocks_come_in_the_ticket_as_they_are_at_the_instant(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"first_response_minutes": 30, "resolution_minutes": 480})
            first, held = self.create(api, "2026-09-14T09:00:00-04:00"), self.create(api, "2026-09-14T09:00:00-04:00")
            self.time("2026-09-14T10:00:00-04:00")
            api.HoldTicket(id=held)
            self.time("2026-09-14T12:00:00-04:00")
            sla = api.GetTicket(id=first, include=["sla"]).ticket.sla
            self.assertEqual([self.word(it, "metric").removeprefix("SLA_METRIC_") for it in sla.clocks], ["FIRST_RESPONSE", "RESOLUTION"])
            response, resolution = sla.clocks
            self.assertEqual(response.breached_at.ToDatetime(at("2026-01-01T00:00:00Z").tzinfo), at("2026-09-14T09:30:00-04:00"))
            self.assertEqual((resolution.elapsed.seconds, resolution.remaining.seconds, resolution.target.seconds), (3 * 3600, 5 * 3600, 8 * 3600))
            self.assertEqual(sla.next_due_at, response.due_at, "the earliest that runs, missed or not")
            paused = api.GetTicket(id=held, include=["sla"]).ticket.sla.clocks[1]
            self.assertEqual((self.word(paused, "state"), paused.HasField("due_at")), ("CLOCK_STATE_PAUSED", False))
            self.assertEqual((paused.elapsed.seconds, paused.remaining.seconds), (3600, 7 * 3600))
            api.PostMessage(ticket_id=first, message={"body": "On it", "visibility": "VISIBILITY_PUBLIC"})
            self.assertEqual(api.GetTicket(id=first, include=["sla"]).ticket.sla.next_due_at, resolution.due_at)
            api.ResolveTicket(id=first)
            sla = api.GetTicket(id=first, include=["sla"]).ticket.sla
            self.assertEqual((sla.HasField("next_due_at"), self.word(sla.clocks[1], "state")), (False, "CLOCK_STATE_FULFILLED"))
            self.agree(api, [first, held])

    def agree(self, api, tickets: list[str]) -> None:
        """However they are read, they are the same, and those of GetTicketSla; what is not asked for does not come."""
        wanted = {ticket: api.GetTicketSla(id=ticket) for ticket in tickets}
        reads = {
            "one": [api.GetTicket(id=ticket, include=["sla"]).ticket for ticket in tickets],
            "batch": api.BatchGetTickets(ids=tickets, include=["sla", "team"]).tickets,
            "list": api.ListTickets(include=["sla"], order_by="number").tickets,
        }
        for how, read in reads.items():
            with self.subTest(how):
                self.assertEqual([ticket.id for ticket in read], tickets)
                for ticket in read:
                    told = wanted[ticket.id]
                    self.assertEqual((list(ticket.sla.clocks), ticket.sla.at), (list(told.clocks), told.at))
                    self.assertEqual((ticket.sla.next_due_at, ticket.sla.HasField("next_due_at")), (told.next_due_at, told.HasField("next_due_at")))
        self.assertFalse(api.GetTicket(id=tickets[0], include=["team"]).ticket.HasField("sla"))
        self.assertFalse(any(ticket.HasField("sla") for ticket in api.ListTickets().tickets))
        self.assertFalse(api.GetTicket(id=tickets[0], include=["sla"]).HasField("included"), "it stands in the ticket")
        self.assertEqual(len(api.BatchGetTickets(ids=tickets, include=["sla", "team"]).included), len(tickets))

    def test_a_policy_and_a_calendar_that_changed_are_read_in_the_clocks_versions(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480})
            done = self.create(api, "2026-09-14T09:00:00-04:00")
            self.time("2026-09-14T11:00:00-04:00")
            api.ResolveTicket(id=done)
            weekly = [{"day": "MONDAY", "open": "10:00", "close": "12:00"}]
            api.UpdateCalendar(calendar={"id": "us", "weekly": weekly}, update_mask={"paths": ["weekly"]})
            open = self.create(api, "2026-09-14T11:30:00-04:00")
            self.time("2026-09-21T11:00:00-04:00")
            elapsed = {it.id: it.sla.clocks[0].elapsed.seconds for it in api.ListTickets(include=["sla"]).tickets}
            self.assertEqual(elapsed, {done: 2 * 3600, open: 90 * 60})

    def test_who_has_none(self) -> None:
        with self.serve() as server:
            server.ready()
            api = self.desk(server, {"resolution_minutes": 480, "priority": "PRIORITY_URGENT"})
            urgent = self.create(api, "2026-09-14T09:00:00-04:00", priority="PRIORITY_URGENT", requester_id="rita")
            nothing = self.create(api, "2026-09-14T09:00:00-04:00", requester_id="rita")
            sla = api.GetTicket(id=nothing, include=["sla"]).ticket.sla
            self.assertEqual((list(sla.clocks), sla.HasField("at")), ([], True), "nothing was promised")
            # A requester sees when it is due, and no more.
            rita = server.api(self.schema, self.issuer.token(self.tenant, "rita", ("requester",)))
            seen = rita.GetTicket(id=urgent, include=["sla"]).ticket
            self.assertEqual((seen.HasField("sla"), seen.HasField("due_at")), (False, True))
            self.assertFalse(any(ticket.HasField("sla") for ticket in rita.ListTickets(include=["sla"]).tickets))
            for path in ("sla", "sla.clocks"):
                with self.subTest(path), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                    api.UpdateTicket(ticket={"id": urgent}, update_mask={"paths": [path]})
            sent_back = api.GetTicket(id=urgent, include=["sla"]).ticket
            self.assertFalse(api.UpdateTicket(ticket=sent_back, update_mask={"paths": ["*"]}).ticket.HasField("sla"))
