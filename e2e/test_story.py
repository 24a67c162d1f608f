"""The main job, told from the outside: tickets in, rules at work in the very answers, and the stream that shows it all."""

from case import Case, api, new_tenant


class Story(Case):
    """The chapters run in the order of their numbers, over one tenant."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.story_tenant = new_tenant()
        cls.story_api = api(cls.story_tenant)

    def setUp(self) -> None:
        self.tenant, self.api = self.story_tenant, self.story_api

    def issues(self, ticket_id: str) -> list:
        return list(self.api.pages("ListIssues", "issues", ticket_id=ticket_id))

    def test_1_agents_with_three_and_one_open_tickets(self) -> None:
        for agent in ("ann", "bob"):
            self.api.UpsertAgent(agent={"id": agent, "name": agent.title(), "status": "AGENT_STATUS_ONLINE"})
        self.api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann", "bob"]})
        for agent in ("ann", "ann", "ann", "bob"):
            self.assertEqual(self.ticket(subject="Old work", assignee_id=agent).assignee_id, agent)
        self.assertEqual(self.api.GetAgent(id="ann").agent.open_count, 3)
        self.assertEqual(self.api.GetAgent(id="bob").agent.open_count, 1)

    def test_2_a_login_ticket_goes_to_the_idler_agent_with_its_tag(self) -> None:
        answer = self.api.CreateTicket(ticket={"subject": "Login broken", "team_id": "support"})
        self.assertEqual(answer.ticket.assignee_id, "bob")
        self.assertIn("auth", answer.ticket.tags)
        self.assertEqual(answer.position, self.head(), "the answer's position accounts for the rules' effects")
        self.assertEqual(self.api.GetTicket(id=answer.ticket.id).ticket, answer.ticket)
        self.assertEqual(self.api.GetAgent(id="bob").agent.open_count, 2)
        Story.login = answer.ticket

    def test_3_an_enterprise_customer_is_raised_to_high(self) -> None:
        self.api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "Enterprise"})
        self.api.UpsertOrganization(organization={"id": "corner", "name": "Corner Shop", "tier": "Free"})
        raised = self.ticket(subject="Printer is slow", organization_id="acme")
        self.assertEqual(self.word(raised, "priority"), "PRIORITY_HIGH")
        other = self.ticket(subject="Printer is slow", organization_id="corner")
        self.assertEqual(self.word(other, "priority"), "PRIORITY_MEDIUM")

    def test_4_escalating_makes_one_linked_issue(self) -> None:
        answer = self.api.EscalateTicket(id=self.login.display_number, reason="the customer calls")
        self.assertEqual(self.word(answer.ticket, "status"), "TICKET_STATUS_ESCALATED")
        self.assertEqual(answer.ticket.escalation_level, 1)
        issues = self.issues(self.login.id)
        self.assertEqual([issue.title for issue in issues], ["Escalation: Login broken"])
        self.assertEqual(list(issues[0].ticket_ids), [self.login.id])
        Story.issue = issues[0]

    def test_5_escalating_again_makes_none(self) -> None:
        answer = self.api.EscalateTicket(id=self.login.id)
        self.assertEqual(answer.ticket.escalation_level, 2)
        self.assertEqual([issue.id for issue in self.issues(self.login.id)], [self.issue.id])

    def test_6_escalating_a_closed_ticket_is_refused_with_what_to_do(self) -> None:
        closed = self.api.CloseTicket(id=self.ticket(subject="Done").id).ticket
        before = self.head()
        with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW") as seen:
            self.api.EscalateTicket(id=closed.id)
        self.assertEqual(seen.metadata["workflow"], "no-escalate-closed")
        self.assertRegex(seen.text.lower(), "reopen")
        self.assertEqual(self.head(), before)
        self.assertEqual(self.api.GetTicket(id=closed.id).ticket, closed)

    def test_7_resolving_the_issue_resolves_its_ticket(self) -> None:
        resolved = self.api.ResolveIssue(id=self.issue.id).issue
        self.assertEqual(self.word(resolved, "status"), "ISSUE_STATUS_RESOLVED")
        ticket = self.api.GetTicket(id=self.login.id).ticket
        self.assertEqual(self.word(ticket, "status"), "TICKET_STATUS_RESOLVED")
        self.assertTrue(ticket.HasField("resolved_at"))
        self.assertEqual(self.api.GetAgent(id="bob").agent.open_count, 1)

    def test_8_a_stream_from_the_earliest_shows_all_of_it(self) -> None:
        head = self.head()
        stream = self.api.stream("StreamActivities", earliest=True, view="ACTIVITY_VIEW_FULL")
        log = self.activities(self.read_until(stream, head))
        self.assertEqual([activity.position for activity in log], list(range(1, head + 1)), "1 to N without a hole")
        self.assertEqual(len({activity.epoch for activity in log}), 1)
        self.every_effect_names_its_rule_and_its_parent(log)
        self.expect_effect(log, "triage-new", "ticket.assigned", "ticket.created", self.login.id)
        self.expect_effect(log, "triage-new", "ticket.tag_added", "ticket.created", self.login.id)
        self.expect_effect(log, "escalation-to-issue", "issue.created", "ticket.escalated", self.login.id)
        self.expect_effect(log, "issue-resolved-resolves-ticket", "ticket.resolved", "issue.resolved", self.login.id)
        self.assertEqual([a.type for a in log].count("issue.created"), 1)
        last = [activity for activity in log if activity.ticket_id == self.login.id][-1]
        self.assertEqual(self.word(last.ticket, "status"), "TICKET_STATUS_RESOLVED")
        self.assertEqual(log, self.log(view="ACTIVITY_VIEW_FULL"), "the stream and the list say the same")

    def every_effect_names_its_rule_and_its_parent(self, log: list) -> None:
        effects = 0
        for activity in log:
            by_rule = self.word(activity.actor, "kind") == "ACTOR_KIND_WORKFLOW"
            self.assertEqual(by_rule, activity.HasField("cause"), activity)
            if not by_rule:
                continue
            effects += 1
            cause = activity.cause
            self.assertTrue(cause.workflow, activity)
            self.assertEqual(activity.actor.id, cause.workflow)
            self.assertTrue(cause.run_id.startswith("run_"), activity)
            self.assertTrue(1 <= cause.root_position <= cause.parent_position < activity.position, activity)
            parent = log[cause.parent_position - 1]
            self.assertEqual(cause.depth, 1 + (parent.cause.depth if parent.HasField("cause") else 0), activity)
        self.assertGreaterEqual(effects, 4)

    def expect_effect(self, log: list, rule: str, effect: str, cause: str, ticket_id: str) -> None:
        found = [a for a in log if a.type == effect and a.cause.workflow == rule and a.ticket_id == ticket_id]
        self.assertEqual(len(found), 1, f"{rule} makes one {effect}")
        parent = log[found[0].cause.parent_position - 1]
        self.assertEqual((parent.type, parent.ticket_id), (cause, ticket_id))


