"""GetTicketStats: what a lead asks at the end of a day."""

from datetime import timedelta

from case import Case, api, new_tenant


def counted(counts) -> dict:
    return {word: count for word, count in counts.items() if count}


class Day(Case):
    """A day of six tickets."""

    def setUp(self) -> None:
        super().setUp()
        for team, priority in (("billing", "HIGH"), ("billing", "LOW"), ("support", "HIGH"), ("support", "MEDIUM"), ("", "MEDIUM")):
            self.ticket(team_id=team, priority=f"PRIORITY_{priority}", channel="CHANNEL_EMAIL", requester_id="rita")
        self.gone = self.ticket(team_id="billing")
        self.api.AssignTicket(id="1", assignee_id="ada")
        self.api.PostMessage(ticket_id="1", message={"body": "On it", "visibility": "VISIBILITY_PUBLIC"})
        self.api.ResolveTicket(id="1")
        self.api.EscalateTicket(id="3")
        self.api.DeleteTicket(id=self.gone.id)

    def test_a_day_in_figures(self) -> None:
        stats = self.api.GetTicketStats()
        self.assertEqual(counted(stats.by_status), {"OPEN": 3, "RESOLVED": 1, "ESCALATED": 1})
        self.assertEqual(counted(stats.by_priority), {"HIGH": 2, "MEDIUM": 2, "LOW": 1})
        self.assertEqual((len(stats.by_status), len(stats.by_priority)), (8, 4), "words that nothing has are there too")
        self.assertEqual((stats.total, stats.unassigned, stats.escalated, stats.breached), (5, 4, 1, 0))
        self.assertAlmostEqual(stats.escalation_rate, 0.2)
        self.assertEqual((stats.first_response.count, stats.resolution.count), (1, 1))
        self.assertLess(stats.resolution.p90.ToTimedelta().total_seconds(), 60)
        self.assertEqual((stats.satisfaction.count, list(stats.groups)), (0, []))
        self.assertEqual(stats.position, self.head())

    def test_by_team_priority_category_and_channel(self) -> None:
        teams = {group.value: group for group in self.api.GetTicketStats(group_by="team").groups}
        self.assertEqual({team: group.total for team, group in teams.items()}, {"billing": 2, "support": 2, "": 1})
        self.assertEqual(counted(teams["billing"].by_status), {"OPEN": 1, "RESOLVED": 1})
        self.assertEqual((teams["support"].escalated, teams["support"].escalation_rate), (1, 0.5))
        for word, groups in (
            ("priority", {"HIGH": 2, "MEDIUM": 2, "LOW": 1}),
            ("category", {"general": 5}),
            ("channel", {"EMAIL": 5}),
        ):
            with self.subTest(word):
                stats = self.api.GetTicketStats(group_by=word)
                self.assertEqual({group.value: group.total for group in stats.groups}, groups)
                self.assertEqual(stats.total, 5)

    def test_every_way_to_ask_gives_the_same_figures(self) -> None:
        # The first of each pair reads sums, the second counts tickets.
        for kept, counting in (
            ("", "ticket.number > 0"),
            ("ticket.team_id == 'billing'", "ticket.team_id == 'billing' && ticket.number > 0"),
            ("ticket.team_id in ['', 'support']", "ticket.team_id != 'billing'"),
            ("ticket.channel == 'EMAIL'", "!(ticket.channel == 'CHAT')"),
        ):
            for window in (None, timedelta(hours=1), timedelta(days=40)):
                with self.subTest(kept, window=window):
                    one = self.api.GetTicketStats(filter=kept, window=window)
                    other = self.api.GetTicketStats(filter=counting, window=window)
                    self.assertGreater(one.total, 0)
                    self.assertEqual(one, other)

    def test_a_write_is_in_the_next_answer(self) -> None:
        for n in range(6, 12):
            answer = self.api.CreateTicket(ticket={"subject": "one more"})
            stats = self.api.GetTicketStats(min_position=answer.position, epoch=answer.epoch)
            self.assertEqual((stats.total, stats.position, stats.epoch), (n, answer.position, answer.epoch))

    def test_a_window_leaves_out_what_is_older(self) -> None:
        self.assertEqual(self.api.GetTicketStats(window=timedelta(microseconds=1)).total, 0)
        self.assertEqual(self.api.GetTicketStats(window=timedelta(minutes=10)).total, 5)

    def test_deleting_and_undeleting_count(self) -> None:
        self.api.UndeleteTicket(id=self.gone.id)
        self.assertEqual(self.api.GetTicketStats().total, 6)
        self.api.DeleteTicket(id=self.gone.id)
        self.assertEqual(self.api.GetTicketStats(group_by="team").groups[0].total, 2)

    def test_who_sees_a_part_counts_that_part(self) -> None:
        program = api(self.tenant, "crm", "service", app_id="crm")
        self.ticket(program, requester_id="rita")
        self.ticket(requester_id="otto")
        for who, caller, total in (
            ("the desk", self.api, 7),
            ("an app", program, 1),
            ("a requester", api(self.tenant, "rita", "requester"), 6),
            ("a stranger", api(self.tenant, "nobody", "requester"), 0),
            ("another tenant", api(new_tenant()), 0),
        ):
            with self.subTest(who):
                self.assertEqual(caller.GetTicketStats(group_by="team").total, total)
                self.assertEqual(caller.GetTicketStats(filter="ticket.number > 0").total, total)

    def test_bad_questions(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.GetTicketStats(group_by="colour", window=timedelta(seconds=-1), min_position=-1)
        self.assertEqual(seen.fields, ["group_by", "min_position", "window"])
        for bad in ("ticket.colour == 'red'", "ticket.tenant_id == 'x'", "ticket.team_id ==", "x" * 1025):
            with self.subTest(bad), self.assertRaises(Exception) as refused:
                self.api.GetTicketStats(filter=bad)
            self.assertEqual(refused.exception.code().name, "INVALID_ARGUMENT")
        with self.refused("FAILED_PRECONDITION", "POSITION_UNKNOWN"):
            self.api.GetTicketStats(min_position=self.head() + 1000)


class Satisfaction(Case):
    def test_how_content_people_are(self) -> None:
        for team, rating in (("billing", 5), ("billing", 4), ("support", 1), ("support", 3.5)):
            ticket = self.ticket(team_id=team, requester_id="rita")
            self.api.ResolveTicket(id=ticket.id)
            self.api.RateTicket(id=ticket.id, satisfaction=rating)
        # The last word counts.
        self.api.RateTicket(id="3", satisfaction=2)
        stats = self.api.GetTicketStats(group_by="team")
        self.assertEqual((stats.satisfaction.count, dict(stats.satisfaction.by_stars)), (4, {1: 0, 2: 1, 3: 0, 4: 2, 5: 1}))
        self.assertAlmostEqual(stats.satisfaction.mean, (5 + 4 + 2 + 3.5) / 4)
        self.assertEqual({group.value: group.satisfaction.mean for group in stats.groups}, {"billing": 4.5, "support": 2.75})
        self.assertEqual(self.api.GetTicketStats(filter="ticket.number > 0").satisfaction, stats.satisfaction)

    def test_nobody_yet(self) -> None:
        stats = self.api.GetTicketStats(group_by="team")
        self.assertEqual((stats.total, stats.position, stats.unassigned, list(stats.groups)), (0, 0, 0, []))
        self.assertFalse(stats.resolution.HasField("mean"))
