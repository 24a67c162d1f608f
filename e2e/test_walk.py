"""A walk over every RPC that the descriptors name: each answers, and none tells what another may not see."""

import grpc

from case import Case, api, new_tenant

MARK = "canary"
# Refusals that tell nothing: it is not there, or that sort of caller may not ask.
NOTHING_TOLD = ("NOT_FOUND", "PERMISSION_DENIED")


def requests(ticket: str, issue: str) -> dict[str, dict]:
    """A minimal valid request of each RPC, in an order in which all of them succeed in one tenant."""
    named = {"id": ticket}
    return {
        "CreateTicket": {"ticket": {"subject": "walked"}},
        "BatchCreateTickets": {"requests": [{"ticket": {"subject": "walked"}}]},
        "GetTicket": named,
        "BatchGetTickets": {"ids": [ticket]},
        "ListTickets": {},
        "UpdateTicket": {"ticket": {"id": ticket, "category": "walked"}, "update_mask": {"paths": ["category"]}},
        "AssignTicket": {"id": ticket, "assignee_id": "walker"},
        "TagTicket": {"id": ticket, "add": ["walked"]},
        "StartTicket": named,
        "HoldTicket": named,
        "EscalateTicket": named,
        "ResolveTicket": named,
        "CloseTicket": named,
        "ReopenTicket": named,
        "DeleteTicket": named,
        "UndeleteTicket": named,
        "PostMessage": {"ticket_id": ticket, "message": {"body": "walked", "visibility": "VISIBILITY_PUBLIC"}},
        "ListMessages": {"ticket_id": ticket},
        "CreateIssue": {"issue": {"title": "walked", "ticket_ids": [ticket]}},
        "GetIssue": {"id": issue},
        "ListIssues": {"ticket_id": ticket},
        "LinkIssue": {"id": issue, "ticket_id": ticket},
        "ResolveIssue": {"id": issue},
        "UpsertOrganization": {"organization": {"id": "walked", "name": "Walked"}},
        "GetOrganization": {"id": f"{MARK}-org"},
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
        "ListActivities": {"view": "ACTIVITY_VIEW_FULL"},
        "StreamActivities": {"earliest": True, "view": "ACTIVITY_VIEW_FULL"},
        "ListWorkflows": {},
        "ValidateWorkflow": {"source": "name: walked\non: ticket.created\ndo:\n  - tag: {add: [walked]}\n"},
        "ListRuns": {},
    }


class Walk(Case):
    def setUp(self) -> None:
        super().setUp()
        marked = api(self.tenant, f"{MARK}-ann", "agent,admin")
        text = lambda field: f"{MARK}-{field}"
        fields = ("subject", "description", "category", "requester_email", "requester_name", "assignee_id")
        fields += ("team_id", "organization_id", "deal_id", "related_asset_id", "related_vulnerability_id", "source")
        marked.UpsertOrganization(organization={"id": text("org"), "name": text("org")})
        marked.UpsertContact(contact={"id": text("contact"), "name": text("contact"), "email": text("contact@example.org")})
        marked.UpsertAgent(agent={"id": text("agent"), "name": text("agent"), "skills": [text("skill")]})
        marked.UpsertTeam(team={"id": text("team"), "name": text("team"), "member_ids": [text("agent")]})
        ticket = {field: text(field) for field in fields} | {"requester_id": "rita"}
        ticket |= {"tags": [text("tag")], "custom": {text("key"): {"string_value": text("value")}}}
        self.marked = marked.CreateTicket(ticket=ticket).ticket
        for visibility in ("VISIBILITY_PUBLIC", "VISIBILITY_INTERNAL"):
            marked.PostMessage(ticket_id=self.marked.id, message={"body": text(visibility), "visibility": visibility})
        self.issue = marked.CreateIssue(issue={"title": text("issue"), "ticket_ids": [self.marked.id]}).issue
        self.requests = requests(self.marked.id, self.issue.id)

    def answer(self, tenant: str, caller, rpc: str) -> bytes:
        """Everything that the call tells; of a stream, all that there is now."""
        fields = self.requests[rpc]
        if not self.schema.methods[rpc].server_streaming:
            return getattr(caller, rpc)(**fields).SerializeToString()
        frames = self.read_until(caller.stream(rpc, **fields), self.head(api(tenant)))
        return b"".join(frame.SerializeToString() for frame in frames)

    def test_every_method_is_walked(self) -> None:
        self.assertEqual(set(self.requests), set(self.schema.methods))

    def test_every_method_answers_its_own_tenant(self) -> None:
        for rpc in self.requests:
            with self.subTest(rpc):
                self.assertTrue(self.answer(self.tenant, self.api, rpc) or rpc == "ListRuns", "an empty answer")

    def test_what_is_marked_is_told_to_those_who_may_see_it(self) -> None:
        told = [rpc for rpc in self.requests if rpc.startswith(("Get", "BatchGet", "List", "Stream"))]
        for rpc in told:
            if rpc not in ("ListWorkflows", "ListRuns"):
                with self.subTest(rpc):
                    self.assertIn(MARK.encode(), self.answer(self.tenant, self.api, rpc))

    def test_nothing_marked_is_told_to_anybody_else(self) -> None:
        elsewhere = new_tenant()
        others = {
            "another tenant": (elsewhere, api(elsewhere, "otto", "agent,lead,admin,auditor,service,importer")),
            "a requester's namesake in another tenant": (elsewhere, api(elsewhere, "rita", "requester")),
            "another requester": (self.tenant, api(self.tenant, "otto", "requester")),
            "another app": (self.tenant, api(self.tenant, "otto", "agent,service", app_id="another")),
        }
        for who, (tenant, caller) in others.items():
            for rpc in self.requests:
                # The directory is the whole tenant's: an app reads it.
                if who == "another app" and rpc in DIRECTORY:
                    continue
                with self.subTest(who=who, rpc=rpc):
                    self.tells_nothing(tenant, caller, rpc)
        # Nor could any of them change it.
        self.assertEqual(self.api.GetTicket(id=self.marked.id).ticket.etag, self.marked.etag)

    def tells_nothing(self, tenant: str, caller, rpc: str) -> None:
        try:
            told = self.answer(tenant, caller, rpc)
        except grpc.RpcError as error:
            self.assertIn(error.code().name, NOTHING_TOLD, error.details())
            asked = str(self.requests[rpc])
            for word in error.details().split():
                self.assertTrue(MARK not in word or word.strip("\"'`,.:") in asked, error.details())
        else:
            self.assertNotIn(MARK.encode(), told)


DIRECTORY = {f"{verb}{kind}{s}" for kind in ("Organization", "Contact", "Team", "Agent") for verb, s in (("Get", ""), ("List", "s"))}
