"""Who may do and see what: tokens, roles, requesters, and tokens that are limited to one app."""

import json
import time

import case
import tokens
from case import Case, api
from tokens import encode


class Tokens(Case):
    def sign(self, claims: dict, algorithm: str = "EdDSA", **header) -> str:
        return tokens.sign(self.server, claims, algorithm, **header)

    def claims(self, **changes) -> dict:
        return tokens.claims(self.tenant, **changes)

    def test_a_good_token_of_the_same_key_is_taken(self) -> None:
        self.assertEqual(list(case.with_token(self.sign(self.claims())).ListTickets().tickets), [])

    def test_no_token(self) -> None:
        with self.refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            case.with_token(None).ListTickets()

    def test_malformed_tokens(self) -> None:
        good = self.sign(self.claims())
        head, body, signature = good.split(".")
        nothing = encode(b'{"alg":"none","typ":"JWT"}')
        for name, token in (
            ("empty", ""),
            ("no token at all", "x"),
            ("cut", good[:-10]),
            ("no signature", f"{head}.{body}."),
            ("alg none", f"{nothing}.{body}."),
            ("other claims", f"{head}.{encode(json.dumps(self.claims(tenant_id='other')).encode())}.{signature}"),
            ("HS256 by the name of it", self.sign(self.claims(), "HS256")),
            ("no tenant", self.sign(self.claims(tenant_id=None))),
            ("empty tenant", self.sign(self.claims(tenant_id=""))),
            ("tenant with U+0000", self.sign(self.claims(tenant_id="a\x00"))),
            ("no sub", self.sign(self.claims(sub=None))),
            ("no roles", self.sign(self.claims(roles=[]))),
            ("unknown role only", self.sign(self.claims(roles=["emperor"]))),
            ("no expiry", self.sign(self.claims(exp=None))),
            ("not yet valid", self.sign(self.claims(nbf=int(time.time()) + 3600))),
            ("issued in the future", self.sign(self.claims(iat=int(time.time()) + 120))),
            ("no time of issue", self.sign(self.claims(iat=None))),
            ("a time of issue that is none", self.sign(self.claims(iat="now"))),
            ("ten years", self.sign(self.claims(exp=int(time.time()) + 10 * 365 * 86_400))),
            ("more than a day", self.sign(self.claims(exp=int(time.time()) + 86_400 + 60))),
            ("for logging out", self.sign(self.claims(), typ="logout+jwt")),
            ("an operator of a tenant", self.sign(self.claims(operator=True))),
            ("an operator with a role", self.sign(self.claims(operator=True, tenant_id=None))),
            ("operator, in words", self.sign(self.claims(operator="yes"))),
        ):
            with self.subTest(name), self.refused("UNAUTHENTICATED", "TOKEN_INVALID"):
                case.with_token(token).ListTickets()

    def test_expired_tokens(self) -> None:
        with self.refused("UNAUTHENTICATED", "TOKEN_EXPIRED"):
            case.with_token(self.sign(self.claims(exp=int(time.time()) - 3600))).ListTickets()

    def test_types_of_access_tokens_are_taken_in_any_case(self) -> None:
        for typ in ("JWT", "jwt", "at+jwt", "AT+JWT"):
            with self.subTest(typ):
                case.with_token(self.sign(self.claims(), typ=typ)).ListTickets()

    def test_a_stream_lives_as_long_as_calls_are_let_in(self) -> None:
        made = self.api.CreateTicket(ticket={"subject": "one"}).position
        # It has expired, and the leeway of 30 s is not over.
        late = case.with_token(self.sign(self.claims(exp=int(time.time()) - 26)))
        stream = late.stream("StreamActivities", earliest=True)
        first = [next(stream) for _ in range(2)]
        self.assertEqual([it.position for it in self.activities(first)], [made])
        with self.refused("UNAUTHENTICATED", "TOKEN_EXPIRED") as seen:
            while True:
                late.ListTickets()
                time.sleep(0.05)
        with self.refused("UNAUTHENTICATED", "TOKEN_EXPIRED") as seen:
            for _ in stream:
                pass
        self.assertEqual(seen.metadata["position"], str(made))

    def test_a_stream_needs_a_token_too(self) -> None:
        with self.refused("UNAUTHENTICATED", "TOKEN_MISSING"):
            next(case.with_token(None).stream("StreamActivities", earliest=True))


class Roles(Case):
    def test_a_role_that_may_not_is_refused(self) -> None:
        self.ticket()
        for roles, rpc, fields in (
            ("requester", "CreateIssue", {"issue": {"title": "t"}}),
            ("requester", "UpsertAgent", {"agent": {"id": "ann"}}),
            ("requester", "EscalateTicket", {"id": "1"}),
            ("auditor", "CreateTicket", {"ticket": {"subject": "s"}}),
            ("auditor", "CloseTicket", {"id": "1"}),
            ("agent", "UpsertTeam", {"team": {"id": "t"}}),
        ):
            with self.subTest((roles, rpc)), self.refused("PERMISSION_DENIED", "ROLE_MISSING") as seen:
                getattr(api(self.tenant, "eve", roles), rpc)(**fields)
            self.assertEqual(seen.metadata["roles"], roles)
            self.assertTrue(seen.metadata["method"].endswith("/" + rpc))
        self.assertEqual(self.head(), 1)

    def test_an_auditor_reads_all(self) -> None:
        self.ticket()
        auditor = api(self.tenant, "eve", "auditor")
        self.assertEqual(len(auditor.ListTickets().tickets), 1)
        self.assertEqual([a.position for a in self.log(auditor)], [1])


class Requesters(Case):
    def setUp(self) -> None:
        super().setUp()
        self.rita = api(self.tenant, "rita", "requester")

    def test_a_requester_sees_its_own_tickets_only(self) -> None:
        other = self.ticket(subject="Somebody else's", requester_id="ron")
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            self.ticket(self.rita, subject="Mine", requester_id="ron")
        mine = self.ticket(self.rita, subject="Mine")
        self.assertEqual(mine.requester_id, "rita")
        self.assertEqual([ticket.id for ticket in self.rita.ListTickets().tickets], [mine.id])
        self.assertEqual([ticket.id for ticket in self.rita.ListTickets(filter="ticket.requester_id == 'ron'").tickets], [])
        for name in (other.id, "1", "TKT-0001"):
            with self.subTest(name), self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
                self.rita.GetTicket(id=name)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            self.rita.PostMessage(ticket_id=other.id, message={"body": "let me in"})
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            self.rita.ListMessages(ticket_id=other.id)

    def test_internal_notes_are_not_there_for_a_requester(self) -> None:
        mine = self.ticket(self.rita, subject="Mine")
        self.rita.PostMessage(ticket_id=mine.id, message={"body": "please"})
        public = self.api.PostMessage(ticket_id=mine.id, message={"body": "on it"}).ticket
        self.api.PostMessage(ticket_id=mine.id, message={"body": "SECRET note", "visibility": "VISIBILITY_INTERNAL"})
        self.api.PostMessage(ticket_id=mine.id, message={"body": "SECRET again", "visibility": "VISIBILITY_INTERNAL"})
        self.assertEqual(self.api.GetTicket(id=mine.id).ticket.message_count, 4)
        seen = self.rita.GetTicket(id=mine.id).ticket
        self.assertEqual((seen.message_count, seen.last_message_at), (2, public.last_message_at))
        self.assertEqual([message.body for message in self.rita.ListMessages(ticket_id=mine.id).messages], ["please", "on it"])
        self.assertEqual(len(self.api.ListMessages(ticket_id=mine.id).messages), 4)
        answer = self.rita.PostMessage(ticket_id=mine.id, message={"body": "thanks"}).ticket
        self.assertEqual(answer.message_count, 3)
        for log in (self.log(self.rita), self.log(self.rita, view="ACTIVITY_VIEW_FULL"), self.log(self.rita, ticket_id=mine.id)):
            self.assertNotIn("SECRET", str(log))
            self.assertNotIn("ticket.note_added", [activity.type for activity in log])
            self.assertTrue(all(not a.HasField("ticket") or a.ticket.message_count <= 3 for a in log))
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            self.rita.PostMessage(ticket_id=mine.id, message={"body": "note", "visibility": "VISIBILITY_INTERNAL"})

    def test_a_requesters_stream_accounts_for_what_it_does_not_show(self) -> None:
        mine = self.ticket(self.rita, subject="Mine")
        self.ticket(subject="Somebody else's", requester_id="ron")
        self.api.PostMessage(ticket_id=mine.id, message={"body": "SECRET", "visibility": "VISIBILITY_INTERNAL"})
        self.api.ResolveTicket(id=mine.id)
        head = self.head()
        frames = self.read_until(self.rita.stream("StreamActivities", earliest=True, view="ACTIVITY_VIEW_FULL"), head)
        self.assertEqual([a.type for a in self.activities(frames)], ["ticket.created", "ticket.resolved"])
        self.assertNotIn("SECRET", str(frames))

    def test_a_first_response_is_public_and_an_agents(self) -> None:
        mine = self.ticket(self.rita, subject="Mine")
        self.api.PostMessage(ticket_id=mine.id, message={"body": "note", "visibility": "VISIBILITY_INTERNAL"})
        self.rita.PostMessage(ticket_id=mine.id, message={"body": "hello?"})
        self.assertFalse(self.api.GetTicket(id=mine.id).ticket.HasField("first_response_at"))
        first = self.api.PostMessage(ticket_id=mine.id, message={"body": "hello"})
        self.assertEqual(self.word(first.message, "author_kind"), "AUTHOR_KIND_AGENT")
        self.assertEqual(first.ticket.first_response_at, first.message.created_at)
        second = self.api.PostMessage(ticket_id=mine.id, message={"body": "still here"}).ticket
        self.assertEqual(second.first_response_at, first.ticket.first_response_at)

    def test_a_requesters_message_returns_a_pending_ticket(self) -> None:
        mine = self.ticket(self.rita, subject="Mine")
        self.api.UpdateTicket(ticket={"id": mine.id, "status": "TICKET_STATUS_PENDING"}, update_mask={"paths": ["status"]})
        answer = self.rita.PostMessage(ticket_id=mine.id, message={"body": "here you are"})
        self.assertEqual(self.word(answer.ticket, "status"), "TICKET_STATUS_OPEN")
        self.assertEqual(self.word(answer.message, "author_kind"), "AUTHOR_KIND_REQUESTER")


class Apps(Case):
    def test_a_token_of_an_app_sees_and_stamps_that_app_only(self) -> None:
        everywhere = self.ticket()
        crm = api(self.tenant, "crm", "agent", app_id="crm")
        own = self.ticket(crm, app_id="other")
        self.assertEqual(own.app_id, "crm")
        self.assertEqual([ticket.id for ticket in crm.ListTickets().tickets], [own.id])
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            crm.GetTicket(id=everywhere.id)
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            crm.CloseTicket(id=everywhere.id)
        self.assertEqual([a.ticket_id for a in self.log(crm)], [own.id])
        self.assertEqual(len(self.api.ListTickets().tickets), 2)

    def test_the_thread_of_an_apps_ticket_is_the_apps(self) -> None:
        crm = api(self.tenant, "crm", "service", app_id="crm")
        own = self.ticket(crm)
        crm.PostMessage(ticket_id=own.id, message={"body": "our customer asks"})
        self.api.PostMessage(ticket_id=own.id, message={"body": "and the desk answers"})
        self.assertEqual([m.body for m in crm.ListMessages(ticket_id=own.id).messages], ["our customer asks", "and the desk answers"])
        self.assertEqual(crm.GetTicket(id=own.id).ticket.message_count, 2)

    def test_what_another_app_links_to_its_ticket_shows_nothing_of_the_other(self) -> None:
        crm, portal = (api(self.tenant, "otto", "agent,admin", app_id=app) for app in ("crm", "portal"))
        ticket = self.ticket(portal, subject="Slow")
        issue = crm.CreateIssue(issue={"title": "SECRET title", "description": "SECRET text"}).issue
        own = portal.CreateIssue(issue={"title": "Our own", "ticket_ids": [ticket.id]}).issue
        live = portal.stream("StreamActivities", latest=True, view="ACTIVITY_VIEW_FULL")
        next(live)
        known = self.head()
        # Whoever is limited to no application sees both.
        self.api.LinkIssue(id=issue.id, ticket_id=ticket.id)
        secret = {"id": issue.id, "title": "SECRET again", "priority": "PRIORITY_URGENT"}
        self.api.UpdateIssue(issue=secret, update_mask={"paths": ["title", "priority"]})
        head = self.head()
        told = {"live": [next(live) for _ in range(head - known)]}
        for view in ("ACTIVITY_VIEW_BASIC", "ACTIVITY_VIEW_FULL"):
            told[f"list {view}"] = self.log(portal, view=view)
            told[f"ticket {view}"] = self.log(portal, view=view, ticket_id=ticket.id)
            told[f"stream {view}"] = self.activities(self.read_until(portal.stream("StreamActivities", earliest=True, view=view), head))
        told["get"] = [portal.GetTicket(id=ticket.id, include=["issues"])]
        told["issues"] = list(portal.ListIssues(ticket_id=ticket.id).issues)
        for where, answer in told.items():
            with self.subTest(where):
                self.assertTrue(answer)
                self.assertNotIn("SECRET", str(answer))
                self.assertNotIn(issue.id, str(answer))
        # Its ticket's history has no hole, and its own issue is there.
        log = self.log(portal, ticket_id=ticket.id)
        self.assertEqual([it.ticket_version for it in log], list(range(1, len(log) + 1)))
        self.assertEqual([it.issue.id for it in log if it.type == "issue.created"], [own.id])
        self.assertEqual([(it.HasField("issue"), len(it.changes)) for it in log if it.type == "issue.updated"], [(False, 0)] * 2)
        for text in ("activity.issue.title.contains('SECRET')", "activity.changes.priority.new == 'URGENT'"):
            with self.subTest(text):
                self.assertEqual(self.log(portal, filter=text), [])
                self.assertTrue(self.log(filter=text))
                frames = self.read_until(portal.stream("StreamActivities", earliest=True, filter=text), head)
                self.assertEqual(self.activities(frames), [])

    def test_an_app_mentions_nobody_whom_another_app_entered(self) -> None:
        crm, portal = (api(self.tenant, "otto", "agent,admin", app_id=app) for app in ("crm", "portal"))
        crm.UpsertAgent(agent={"id": "sam-of-crm", "name": "Sam"})
        ticket = self.ticket(portal)
        say = lambda caller, of: list(caller.PostMessage(ticket_id=of.id, message={"body": "@Sam @sam-of-crm, look"}).message.mentions)
        self.assertEqual(say(portal, ticket), [])
        self.assertNotIn("ticket.mentioned", [it.type for it in self.log(portal)])
        self.assertEqual(say(crm, self.ticket(crm)), ["sam-of-crm"])
        message = portal.PostMessage(ticket_id=ticket.id, message={"body": "hello"}).message
        edited = {"id": message.id, "body": "hello @Sam"}
        answer = portal.UpdateMessage(ticket_id=ticket.id, message=edited, update_mask={"paths": ["body"]})
        self.assertEqual(list(answer.message.mentions), [])

    def test_an_app_is_told_who_was_chosen_and_not_among_whom(self) -> None:
        for agent in ("ann", "busy-bob"):
            self.api.UpsertAgent(agent={"id": agent, "name": agent})
        self.api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann", "busy-bob"]})
        self.ticket(assignee_id="busy-bob")
        portal = api(self.tenant, "otto", "agent", app_id="portal")
        ticket = self.ticket(portal, team_id="support")
        self.assertEqual(ticket.assignee_id, "ann")
        assigned = lambda caller: next(it for it in self.log(caller, ticket_id=ticket.id) if it.type == "ticket.assigned")
        self.assertIn("busy-bob", str(assigned(self.api).explanation))
        self.assertEqual([it.new_value.string_value for it in assigned(portal).changes], ["ann"])
        frames = self.read_until(portal.stream("StreamActivities", earliest=True), self.head())
        for told in (self.log(portal), frames):
            self.assertNotIn("busy-bob", str(told))
