"""What a tenant decides for itself: how tickets come back, which categories they may have, what rules read of it."""

from case import Case, api

WEEK = 7 * 24 * 3600


class Settings(Case):
    def update(self, caller=None, paths=None, **tenant):
        fields = {"tenant": tenant, "update_mask": {"paths": paths or [name for name in tenant if name != "etag"]}}
        return (caller or self.api).UpdateTenant(**fields).tenant

    def test_a_tenant_that_nobody_wrote_answers_its_defaults(self) -> None:
        tenant = self.api.GetTenant().tenant
        self.assertEqual((tenant.id, tenant.tenant_id), (self.tenant, self.tenant))
        self.assertEqual(self.word(tenant, "reopen_agent"), "REOPEN_MODE_IN_PLACE")
        self.assertEqual(self.word(tenant, "reopen_requester"), "REOPEN_MODE_FOLLOW_UP")
        self.assertEqual(self.word(tenant, "tag_mode"), "TAG_MODE_FREE")
        self.assertEqual((tenant.push_back_window.seconds, tenant.requester_reply_reopens_pending), (WEEK, True))
        self.assertFalse(tenant.HasField("created_at"))
        self.assertTrue(tenant.etag)
        self.assertEqual(self.update(categories=["billing"], etag=tenant.etag).categories, ["billing"])

    def test_what_the_mask_names_is_written_and_told_in_the_log(self) -> None:
        self.update(categories=["billing", "access"], push_back_window={"seconds": 90, "nanos": 500_000_000})
        tenant = self.update(requester_reply_reopens_pending=False, attributes={"plan": "pro", "seats": 7})
        self.assertEqual(list(tenant.categories), ["billing", "access"])
        self.assertEqual((tenant.push_back_window.seconds, tenant.push_back_window.nanos), (90, 500_000_000))
        self.assertFalse(tenant.requester_reply_reopens_pending)
        self.assertEqual(self.api.GetTenant().tenant, tenant)
        newest = self.log()[-1]
        self.assertEqual((newest.type, newest.actor.id), ("tenant.changed", "ada"))
        self.assertEqual(newest.data["push_back_window"], "90.5s")
        self.assertEqual((newest.data["etag"], newest.data["attributes"]["seats"]), (tenant.etag, 7))
        back = self.update(paths=["*"])
        self.assertEqual((list(back.categories), back.push_back_window.seconds), ([], WEEK))
        self.assertEqual((back.created_at, back.created_by), (tenant.created_at, "ada"))

    def test_bad_input_is_named_whole(self) -> None:
        tenant = {
            "reopen_agent": 9,
            "push_back_window": {"seconds": -1},
            "categories": ["ok", "", "a\0b"],
            "attributes": {"x" * 65: 1},
        }
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.update(paths=["reopen_agent", "push_back_window", "categories", "attributes", "colour", "etag"], **tenant)
        fields = {"tenant.reopen_agent", "tenant.push_back_window", "tenant.categories[1]", "tenant.categories[2]", "update_mask"}
        self.assertLessEqual(fields, set(seen.fields), str(seen))
        self.assertTrue(any(field.startswith("tenant.attributes") for field in seen.fields), str(seen))
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.api.UpdateTenant(tenant={"categories": ["x"]})
        self.assertEqual(self.head(), 0)

    def test_a_stale_etag_writes_nothing(self) -> None:
        first = self.update(categories=["billing"])
        self.update(categories=["access"])
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.update(categories=["other"], etag=first.etag)
        self.assertEqual(list(self.api.GetTenant().tenant.categories), ["access"])

    def test_admins_write_the_others_read_and_an_app_does_neither(self) -> None:
        self.update(categories=["billing"])
        for roles in ("agent", "lead", "service", "importer", "auditor"):
            caller = api(self.tenant, "eve", roles)
            with self.subTest(roles):
                self.assertEqual(list(caller.GetTenant().tenant.categories), ["billing"])
                with self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                    self.update(caller, categories=["mine"])
        for rpc in ("GetTenant", "UpdateTenant"):
            with self.subTest(rpc), self.refused("PERMISSION_DENIED", "ROLE_MISSING"):
                getattr(api(self.tenant, "rita", "requester"), rpc)()
        app = api(self.tenant, "crm", "admin", app_id="crm")
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            app.GetTenant()
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            self.update(app, categories=["mine"])

    def test_the_same_request_again_is_answered_from_the_log(self) -> None:
        fields = {
            "tenant": {"reopen_agent": "REOPEN_MODE_REJECT", "push_back_window": {"seconds": 5}, "attributes": {"a": [1, None]}},
            "update_mask": {"paths": ["reopen_agent", "push_back_window", "attributes"]},
            "request_id": "settings-1",
        }
        first = self.api.UpdateTenant(**fields)
        self.update(paths=["*"])
        self.assertEqual(self.api.UpdateTenant(**fields), first)
        trial = self.api.UpdateTenant(**fields | {"request_id": "", "validate_only": True}).tenant
        self.assertEqual(self.word(trial, "reopen_agent"), "REOPEN_MODE_REJECT")
        self.assertEqual(self.word(self.api.GetTenant().tenant, "reopen_agent"), "REOPEN_MODE_IN_PLACE")

    def test_a_category_is_one_of_the_tenants(self) -> None:
        self.update(categories=["billing", "access"])
        self.ticket(category="billing")
        self.ticket()
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.ticket(category="biling")
        self.assertEqual(seen.fields, ["ticket.category"])
        self.assertIn('did you mean "billing"?', seen.text)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.BatchCreateTickets(requests=[{"ticket": {"subject": "a"}}, {"ticket": {"subject": "b", "category": "x"}}])
        self.assertEqual(seen.fields, ["requests[1].ticket.category"])
        # Settings hold from the next write on, whoever else configures meanwhile.
        self.api.UpsertAgent(agent={"id": "ann", "name": "Ann"})
        self.update(categories=["billing", "biling"])
        self.ticket(category="biling")
        self.update(categories=[])
        self.ticket(category="anything")


class ComingBack(Case):
    def setUp(self) -> None:
        super().setUp()
        self.rita = api(self.tenant, "rita", "requester")

    def settings(self, **tenant) -> None:
        self.api.UpdateTenant(tenant=tenant, update_mask={"paths": list(tenant)})

    def closed(self):
        ticket = self.ticket(subject="Help", description="please", tags=["vip"], team_id="support", requester_id="rita")
        return self.api.CloseTicket(id=ticket.id).ticket

    def status(self, ticket) -> str:
        return self.word(ticket, "status").removeprefix("TICKET_STATUS_")

    def outcome(self, answer) -> str:
        return self.word(answer, "outcome").removeprefix("REOPEN_OUTCOME_")

    def test_by_default_agents_reopen_and_requesters_get_a_follow_up(self) -> None:
        closed = self.closed()
        answer = self.rita.ReopenTicket(id=closed.id)
        self.assertEqual((self.outcome(answer), answer.original_id), ("FOLLOW_UP_CREATED", closed.id))
        self.assertEqual((answer.ticket.follow_up_of, answer.ticket.subject), (closed.id, "Help"))
        # Both ends know; the requester is told that there is one, and finds it among its own.
        told = lambda caller: [a for a in self.log(caller, ticket_id=closed.id) if a.type == "ticket.followed_up"]
        self.assertEqual([activity.data["follow_up_id"] for activity in told(self.api)], [answer.ticket.id])
        self.assertEqual(len(told(self.rita)), 1)
        found = self.rita.ListTickets(filter=f"ticket.follow_up_of == '{closed.id}'").tickets
        self.assertEqual([ticket.id for ticket in found], [answer.ticket.id])
        answer = self.api.ReopenTicket(id=closed.id)
        self.assertEqual((self.outcome(answer), answer.original_id), ("REOPENED", ""))
        self.assertEqual((answer.ticket.id, self.status(answer.ticket)), (closed.id, "REOPENED"))

    def test_the_tenant_may_want_it_otherwise(self) -> None:
        self.settings(reopen_agent="REOPEN_MODE_REJECT", reopen_requester="REOPEN_MODE_IN_PLACE")
        closed = self.closed()
        with self.refused("FAILED_PRECONDITION", "REOPEN_REJECTED") as seen:
            self.api.ReopenTicket(id=closed.id)
        self.assertEqual((seen.metadata["setting"], seen.metadata["mode"]), ("reopen_agent", "REJECT"))
        with self.refused("FAILED_PRECONDITION", "REOPEN_REJECTED"):
            self.api.UpdateTicket(ticket={"id": closed.id, "status": "TICKET_STATUS_REOPENED"}, update_mask={"paths": ["status"]})
        answer = self.rita.PostMessage(ticket_id=closed.id, message={"body": "it is back"})
        self.assertEqual((answer.ticket.id, self.status(answer.ticket)), (closed.id, "REOPENED"))
        self.settings(reopen_requester="REOPEN_MODE_REJECT")
        closed = self.closed()
        before = self.head()
        for rpc, fields in (
            ("ReopenTicket", {"id": closed.id}),
            ("PostMessage", {"ticket_id": closed.id, "message": {"body": "hello?"}}),
            ("CreateFollowUp", {"id": closed.id}),
        ):
            with self.subTest(rpc), self.refused("FAILED_PRECONDITION", "REOPEN_REJECTED") as seen:
                getattr(self.rita, rpc)(**fields)
            self.assertIn("create a new ticket", seen.text)
        self.assertEqual(self.head(), before)

    def test_the_callers_mode_overrides_where_its_role_allows(self) -> None:
        self.settings(reopen_agent="REOPEN_MODE_REJECT")
        answer = self.api.ReopenTicket(id=self.closed().id, mode="REOPEN_MODE_IN_PLACE")
        self.assertEqual(self.outcome(answer), "REOPENED")
        service = api(self.tenant, "gate", "service")
        answer = service.ReopenTicket(id=self.closed().id, mode="REOPEN_MODE_FOLLOW_UP")
        self.assertEqual(self.outcome(answer), "FOLLOW_UP_CREATED")
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            self.rita.ReopenTicket(id=self.closed().id, mode="REOPEN_MODE_IN_PLACE")
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.ReopenTicket(id="1", mode="REOPEN_MODE_REJECT")
        self.assertEqual(seen.fields, ["mode"])

    def test_without_a_push_back_window_resolved_is_as_closed(self) -> None:
        ticket = self.ticket(self.rita, subject="Help")
        self.api.ResolveTicket(id=ticket.id)
        answer = self.rita.PostMessage(ticket_id=ticket.id, message={"body": "no!"})
        self.assertEqual((answer.ticket.id, self.status(answer.ticket)), (ticket.id, "REOPENED"))
        self.settings(push_back_window={"seconds": 0})
        self.api.ResolveTicket(id=ticket.id)
        answer = self.rita.PostMessage(ticket_id=ticket.id, message={"body": "still not"}, request_id="late")
        self.assertEqual((answer.ticket.follow_up_of, answer.message.ticket_id), (ticket.id, answer.ticket.id))
        self.assertEqual(self.rita.PostMessage(ticket_id=ticket.id, message={"body": "still not"}, request_id="late"), answer)
        self.assertEqual(self.status(self.api.GetTicket(id=ticket.id).ticket), "RESOLVED")

    def test_a_reply_may_leave_a_pending_ticket_pending(self) -> None:
        self.settings(requester_reply_reopens_pending=False)
        ticket = self.ticket(self.rita, subject="Help")
        self.api.UpdateTicket(ticket={"id": ticket.id, "status": "TICKET_STATUS_PENDING"}, update_mask={"paths": ["status"]})
        self.assertEqual(self.status(self.rita.PostMessage(ticket_id=ticket.id, message={"body": "x"}).ticket), "PENDING")
        self.settings(requester_reply_reopens_pending=True)
        self.assertEqual(self.status(self.rita.PostMessage(ticket_id=ticket.id, message={"body": "y"}).ticket), "OPEN")


class FollowUps(Case):
    def test_a_follow_up_is_linked_from_both_ends(self) -> None:
        old = self.ticket(subject="Printer", priority="PRIORITY_HIGH", requester_id="rita", tags=["vip"], category="printers")
        self.api.ResolveTicket(id=old.id)
        fields = {"id": old.display_number, "ticket": {"description": "it smokes again"}, "request_id": "follow-1"}
        answer = self.api.CreateFollowUp(**fields)
        new = answer.ticket
        self.assertEqual((new.follow_up_of, new.subject, new.category, list(new.tags)), (old.id, "Printer", "printers", ["vip"]))
        self.assertEqual((self.word(new, "priority"), new.requester_id, new.description), ("PRIORITY_HIGH", "rita", "it smokes again"))
        newest = self.log(ticket_id=old.id)[-1]
        self.assertEqual((newest.type, newest.data["follow_up_id"]), ("ticket.followed_up", new.id))
        self.api.UpdateTicket(ticket={"id": new.id, "subject": "other"}, update_mask={"paths": ["subject"]})
        self.assertEqual(self.api.CreateFollowUp(**fields), answer)
        self.assertEqual(len(self.api.ListTickets(filter=f"ticket.follow_up_of == '{old.id}'").tickets), 1)

    def test_only_what_is_done_is_followed_up(self) -> None:
        ticket = self.ticket()
        with self.refused("FAILED_PRECONDITION", "TICKET_NOT_DONE") as seen:
            self.api.CreateFollowUp(id=ticket.id)
        self.assertEqual((seen.metadata["status"], seen.metadata["verb"]), ("OPEN", "follow up"))
        self.api.ResolveTicket(id=ticket.id)
        self.api.DeleteTicket(id=ticket.id)
        with self.refused("FAILED_PRECONDITION", "DELETED"):
            self.api.CreateFollowUp(id=ticket.id)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            self.api.CreateFollowUp(id="TKT-9999")
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.CreateFollowUp(id=ticket.id, ticket={"subject": "x" * 501, "status": "TICKET_STATUS_CLOSED", "tags": [""]})
        self.assertEqual(seen.fields, ["ticket.status", "ticket.subject", "ticket.tags[0]"])

    def test_another_requester_brings_nothing_of_the_first(self) -> None:
        old = self.ticket(requester_id="rita", requester_email="rita@example.org", organization_id="acme")
        self.api.CloseTicket(id=old.id)
        new = self.api.CreateFollowUp(id=old.id, ticket={"requester_id": "ron"}).ticket
        self.assertEqual((new.requester_id, new.requester_email, new.organization_id), ("ron", "", ""))


class Ratings(Case):
    def test_a_requester_rates_its_ticket_once_it_is_done(self) -> None:
        rita = api(self.tenant, "rita", "requester")
        ticket = self.ticket(rita, subject="Help")
        with self.refused("FAILED_PRECONDITION", "TICKET_NOT_DONE"):
            rita.RateTicket(id=ticket.id, satisfaction=5)
        self.api.ResolveTicket(id=ticket.id)
        fields = {"id": ticket.id, "satisfaction": 4.5, "comment": "quick", "request_id": "rate-1"}
        answer = rita.RateTicket(**fields)
        self.assertEqual((answer.ticket.satisfaction, answer.ticket.satisfaction_comment), (4.5, "quick"))
        self.api.RateTicket(id=ticket.id, satisfaction=1)
        self.assertEqual(rita.RateTicket(**fields), answer)
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket.satisfaction, 1)
        self.assertEqual([a.type for a in self.log(rita, ticket_id=ticket.id)].count("ticket.rated"), 2)
        self.assertEqual(len(self.api.ListTickets(filter="ticket.satisfaction < 2").tickets), 1)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            api(self.tenant, "ron", "requester").RateTicket(id=ticket.id, satisfaction=5)

    def test_a_rating_is_from_one_to_five(self) -> None:
        ticket = self.ticket()
        self.api.CloseTicket(id=ticket.id)
        for satisfaction in (0, 0.99, 5.01, -1, float("nan"), float("inf")):
            with self.subTest(satisfaction), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.RateTicket(id=ticket.id, satisfaction=satisfaction, comment="x" * 2001)
            self.assertEqual(seen.fields, ["comment", "satisfaction"])
