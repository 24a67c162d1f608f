"""A walk over every RPC that the descriptors name: each answers, and tells what there is. test_roles.py says to whom."""

import contextlib

import grpc

import fill
from case import Case, api

MARK = "canary"
# What concerns every tenant: a tenant's callers are refused.
INSTALLATION = {"ReloadWorkflows", "RevokeTokenEverywhere"}
# What a caller can write, but not in any words: a status of its own making, ids of things that are there.
NOT_MARKED = {
    "Ticket": {"status": None, "sla_policy_id": None},
    "Message": {"author_id": None, "author_email": None},
}


def requests(ticket: str, issue: str, message: str, run: str = "run_01JD8Q7Z2M5V9T3K4N6P8R1W0X") -> dict[str, dict]:
    """A minimal valid request of each RPC, in an order in which all of them succeed in one tenant."""
    named = {"id": ticket}
    said = {"ticket_id": ticket, "id": message}
    return {
        "CreateTicket": {"ticket": {"subject": "walked"}},
        "BatchCreateTickets": {"requests": [{"ticket": {"subject": "walked"}}]},
        "GetTicket": named,
        "BatchGetTickets": {"ids": [ticket]},
        "ListTickets": {},
        "SearchTickets": {"query": MARK},
        "GetTicketStats": {"group_by": "team"},
        "UpdateTicket": {"ticket": {"id": ticket, "category": "walked"}, "update_mask": {"paths": ["category"]}},
        "AssignTicket": {"id": ticket, "assignee_id": "walker"},
        "TagTicket": {"id": ticket, "add": ["walked"]},
        "StartTicket": named,
        "HoldTicket": named,
        "EscalateTicket": named,
        "ResolveTicket": named,
        "CloseTicket": named,
        "RateTicket": named | {"satisfaction": 4},
        "CreateFollowUp": named,
        "ReopenTicket": named,
        "DeleteTicket": named,
        "UndeleteTicket": named,
        "PostMessage": {"ticket_id": ticket, "message": {"body": "walked", "visibility": "VISIBILITY_PUBLIC"}},
        "ListMessages": {"ticket_id": ticket},
        "GetMessage": said,
        "UpdateMessage": {"ticket_id": ticket, "message": {"id": message, "body": "walked"}, "update_mask": {"paths": ["body"]}},
        "DeleteMessage": said,
        "CreateCannedResponse": {"canned_response": {"title": "walked", "body": "walked"}},
        "GetCannedResponse": {"id": f"{MARK}-reply"},
        "ListCannedResponses": {},
        "UpdateCannedResponse": {"canned_response": {"id": f"{MARK}-reply", "title": f"{MARK}-walked"}, "update_mask": {"paths": ["title"]}},
        "RenderCannedResponse": {"id": f"{MARK}-reply", "ticket_id": ticket},
        "DeleteCannedResponse": {"id": "walked"},
        "CreateTag": {"tag": {"name": "walked"}},
        "GetTag": {"id": f"{MARK}-tag"},
        "ListTags": {},
        "UpdateTag": {"tag": {"id": f"{MARK}-tag", "description": f"{MARK}-walked"}, "update_mask": {"paths": ["description"]}},
        "DeleteTag": {"id": "walked"},
        # A policy that is deleted keeps its name: none is made in earnest.
        "CreateSlaPolicy": {"sla_policy": {"name": "walked", "team_id": "walked", "resolution_minutes": 60}, "validate_only": True},
        "GetSlaPolicy": {"id": f"{MARK}-policy"},
        "ListSlaPolicies": {},
        "UpdateSlaPolicy": {"sla_policy": {"id": f"{MARK}-policy", "description": f"{MARK}-walked"}, "update_mask": {"paths": ["description"]}},
        "DeleteSlaPolicy": {"id": f"{MARK}-policy"},
        "CreateCalendar": {"calendar": {"name": "walked", "time_zone": "UTC"}},
        "GetCalendar": {"id": f"{MARK}-calendar"},
        "ListCalendars": {},
        "UpdateCalendar": {"calendar": {"id": f"{MARK}-calendar", "time_zone": "UTC"}, "update_mask": {"paths": ["time_zone"]}},
        "ImportHolidays": {"id": "walked", "ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nEND:VEVENT\nEND:VCALENDAR\n"},
        "DeleteCalendar": {"id": "walked"},
        "PreviewDeadline": {"calendar_id": f"{MARK}-calendar", "start": {"seconds": 1_800_000_000}, "target": {"seconds": 60}},
        "PreviewElapsed": {"calendar_id": f"{MARK}-calendar", "from": {"seconds": 1_800_000_000}, "to": {"seconds": 1_800_600_000}},
        "PreviewPolicyChange": {"delete_sla_policy": {"id": f"{MARK}-policy"}},
        "GetTicketSla": {"id": ticket},
        "ExplainSla": {"id": ticket},
        "ListBreaches": {},
        "GetSlaReport": {"group_by": "team", "from": {"seconds": 1_700_000_000}, "to": {"seconds": 4_000_000_000}},
        "CreateIssue": {"issue": {"title": "walked", "ticket_ids": [ticket]}},
        "GetIssue": {"id": issue},
        "ListIssues": {"ticket_id": ticket},
        "UpdateIssue": {"issue": {"id": issue, "project": "walked"}, "update_mask": {"paths": ["project"]}},
        "LinkIssue": {"id": issue, "ticket_id": ticket},
        "ResolveIssue": {"id": issue},
        "ReopenIssue": {"id": issue},
        "UnlinkIssue": {"id": issue, "ticket_id": ticket},
        "ConvertToIssue": named,
        "UpsertOrganization": {"organization": {"id": "walked", "name": "Walked"}},
        "GetOrganization": {"id": f"{MARK}-organization"},
        "ListOrganizations": {},
        "UpsertContact": {"contact": {"id": "walked", "name": "Walked"}},
        "GetContact": {"id": f"{MARK}-contact"},
        "ListContacts": {},
        "UpsertTeam": {"team": {"id": "walked", "name": "Walked"}},
        "GetTeam": {"id": f"{MARK}-team"},
        "ListTeams": {},
        "UpsertAgent": {"agent": {"id": "walked", "name": "Walked"}},
        "GetAgent": {"id": f"{MARK}-agent"},
        "ListAgents": {},
        "BatchUpsertOrganizations": {"requests": [{"organization": {"id": "walked", "name": "Walked"}}]},
        "DeleteOrganization": {"id": "walked"},
        "BatchUpsertContacts": {"requests": [{"contact": {"id": "walked", "name": "Walked"}}]},
        "DeleteContact": {"id": "walked"},
        "BatchUpsertTeams": {"requests": [{"team": {"id": "walked", "name": "Walked"}}]},
        "DeleteTeam": {"id": "walked"},
        "BatchUpsertAgents": {"requests": [{"agent": {"id": "walked", "name": "Walked"}}]},
        "DeleteAgent": {"id": "walked"},
        "UpsertDeal": {"deal": {"id": "walked", "name": "Walked"}},
        "GetDeal": {"id": f"{MARK}-deal"},
        "ListDeals": {},
        "BatchUpsertDeals": {"requests": [{"deal": {"id": "walked", "name": "Walked"}}]},
        "DeleteDeal": {"id": "walked"},
        "UpsertAsset": {"asset": {"id": "walked", "name": "Walked"}},
        "GetAsset": {"id": f"{MARK}-asset"},
        "ListAssets": {},
        "BatchUpsertAssets": {"requests": [{"asset": {"id": "walked", "name": "Walked"}}]},
        "DeleteAsset": {"id": "walked"},
        "UpdateTenant": {"tenant": {"requester_reply_reopens_pending": False}, "update_mask": {"paths": ["requester_reply_reopens_pending"]}},
        "GetTenant": {},
        "RevokeToken": {"jti": "walked"},
        "RevokeTokenEverywhere": {"jti": "walked"},
        "ListActivities": {"view": "ACTIVITY_VIEW_FULL"},
        "StreamActivities": {"earliest": True, "view": "ACTIVITY_VIEW_FULL"},
        "ListWorkflows": {},
        "GetWorkflow": {"name": "triage-new"},
        "SimulateWorkflow": {"source": "name: walked\non: ticket.created\ndo:\n  - tag: {add: ['${ticket.subject}']}\n"},
        "ExplainWorkflow": {"workflow": "triage-new", "ticket_id": ticket},
        "GetRun": {"id": run},
        "ValidateWorkflow": {"source": "name: walked\non: ticket.created\ndo:\n  - tag: {add: [walked]}\n"},
        "ReloadWorkflows": {},
        "ListRuns": {},
        "RunWorkflow": {"workflow": "triage-new", "ticket_id": ticket},
    }


class World(Case):
    """A tenant in which every resource has a mark in every text that a caller can write, made from the descriptors."""

    def setUp(self) -> None:
        super().setUp()
        self.marker = api(self.tenant, f"{MARK}-ann", "agent,admin")
        self.mark()
        self.requests = requests(self.marked.id, self.issue.id, self.message.id, self.a_run())

    def a_run(self) -> str:
        """One that is told from what it did: a shipped rule makes an issue of a ticket that is escalated."""
        ticket = self.ticket()
        self.api.EscalateTicket(id=ticket.id)
        caused = self.api.pages("ListActivities", "activities", ticket_id=ticket.id)
        return next(it.cause.run_id for it in caused if it.cause.workflow == "escalation-to-issue")

    def mark(self) -> None:
        for kind in ("Organization", "Contact", "Agent", "Team", "Deal", "Asset"):
            self.make(f"Upsert{kind}", kind.lower(), id=f"{MARK}-{kind.lower()}")
        with contextlib.suppress(grpc.RpcError):
            self.make_promises()
        categories = [f"{MARK}-category", "walked"]
        default = f"{MARK}-calendar"
        self.make("UpdateTenant", "tenant", {"update_mask": {"paths": ["*"]}}, categories=categories, requester_fields=["priority"], default_calendar_id=default)
        with contextlib.suppress(grpc.RpcError):
            # Marked a second time, it is there already.
            self.make("CreateTag", "tag", name=f"{MARK}-tag", color="#0c0c0c")
            self.make("CreateCannedResponse", "canned_response", name=f"{MARK}-reply", body=f"{MARK} for ${{ticket.subject}}")
        self.marked = self.make("CreateTicket", "ticket", requester_id="rita", **NOT_MARKED["Ticket"]).ticket
        for visibility in ("VISIBILITY_PUBLIC", "VISIBILITY_INTERNAL"):
            message = {"body": f"{MARK}-{visibility}", "visibility": visibility}
            self.make("PostMessage", "message", {"ticket_id": self.marked.id}, **NOT_MARKED["Message"], **message)
        # Whoever walks as rita is its author.
        rita = api(self.tenant, "rita", "requester")
        self.message = rita.PostMessage(ticket_id=self.marked.id, message={"body": f"{MARK}-hers"}).message
        self.issue = self.make("CreateIssue", "issue", ticket_ids=[self.marked.id]).issue

    def make_promises(self) -> None:
        weekly = [{"day": "MONDAY", "open": "09:00", "close": "17:00"}]
        holidays = [{"date": "2026-12-25", "name": f"{MARK}-day"}]
        special = [{"date": "2026-12-24", "name": f"{MARK}-eve", "hours": [{"open": "09:00", "close": "12:00"}]}]
        days = {"weekly": weekly, "holidays": holidays, "special_dates": special}
        self.make("CreateCalendar", "calendar", name=f"{MARK}-calendar", time_zone="Europe/Berlin", **days)
        # For the ticket that is marked, whatever else it is.
        any_ticket = {"priority": None, "team_id": None, "applies_to": None}
        when = any_ticket | {"match": f"ticket.subject.contains('{MARK}')", "pause_on": ["TICKET_STATUS_PENDING"], "warn_at": [{"percent": 80}]}
        self.make("CreateSlaPolicy", "sla_policy", name=f"{MARK}-policy", calendar_id=f"{MARK}-calendar", resolution_minutes=60, **when)

    def make(self, rpc: str, field: str, beside: dict = {}, **given):
        """Calls an RPC with its resource filled; what is `given` as None is left out."""
        descriptor = self.schema.methods[rpc].input_type.fields_by_name[field].message_type
        return getattr(self.marker, rpc)(**beside, **{field: fill.resource(descriptor, MARK, **given)})

    def answer(self, tenant: str, caller, rpc: str, **more) -> bytes:
        """Everything that the call tells; of a stream, all that there is now."""
        fields = self.requests[rpc] | more
        if not self.schema.methods[rpc].server_streaming:
            return getattr(caller, rpc)(**fields).SerializeToString()
        frames = self.read_until(caller.stream(rpc, **fields), self.head(api(tenant)))
        return b"".join(frame.SerializeToString() for frame in frames)


class Walk(World):
    def test_every_method_is_walked(self) -> None:
        missing = set(self.schema.methods) - set(self.requests)
        self.assertFalse(missing, "add a minimal valid request of each to `requests` in e2e/test_walk.py")
        self.assertFalse(set(self.requests) - set(self.schema.methods), "the server has no such RPC")

    def test_every_method_answers_its_own_tenant(self) -> None:
        for rpc in self.requests:
            if rpc in INSTALLATION:
                continue
            with self.subTest(rpc):
                self.assertTrue(self.answer(self.tenant, self.api, rpc) or rpc in ("ListRuns", "ListBreaches"), "an empty answer")

    def test_what_is_marked_is_told_to_those_who_may_see_it(self) -> None:
        told = [rpc for rpc in self.requests if rpc.startswith(("Get", "BatchGet", "List", "Search", "Stream", "Explain"))]
        for rpc in told:
            # Of a ticket's clocks there are ids and instants only; ExplainSla names what they come from. No deadline is
            # missed, and none met, within moments: test_sla_outcomes.py says who sees those that are.
            if rpc not in ("ListWorkflows", "GetWorkflow", "GetRun", "ListRuns", "GetTicketSla", "ListBreaches", "GetSlaReport"):
                with self.subTest(rpc):
                    self.assertIn(MARK.encode(), self.answer(self.tenant, self.api, rpc))
