"""Who may call what, and who is told what: every RPC of the descriptors, by every sort of caller."""

import contextlib
import itertools
import time

import grpc

import case
import tokens
from case import api, new_tenant
from client import Refusal
from test_walk import INSTALLATION, MARK, World

REQUESTER = frozenset({"requester"})
STAFF = frozenset({"agent", "lead", "admin"})
WRITE = STAFF | {"service", "importer"}
READ = WRITE | {"auditor"}
LOG = STAFF | {"service", "auditor"}
RULES = STAFF | {"auditor"}
SETUP = frozenset({"admin", "service", "importer"})
CURATE = SETUP | {"lead"}
EVERYBODY = READ | REQUESTER

# Which roles may call what. A new RPC fails the test until it stands here.
MAY = {
    "CreateTicket": WRITE | REQUESTER,
    "BatchCreateTickets": WRITE,
    "GetTicket": EVERYBODY,
    "BatchGetTickets": EVERYBODY,
    "ListTickets": EVERYBODY,
    "SearchTickets": EVERYBODY,
    "GetTicketStats": EVERYBODY,
    "UpdateTicket": WRITE,
    "AssignTicket": WRITE,
    "TagTicket": WRITE,
    "StartTicket": WRITE,
    "HoldTicket": WRITE,
    "EscalateTicket": WRITE,
    "ResolveTicket": WRITE,
    "CloseTicket": WRITE,
    "ReopenTicket": WRITE | REQUESTER,
    "DeleteTicket": WRITE,
    "UndeleteTicket": WRITE,
    "CreateFollowUp": WRITE | REQUESTER,
    "RateTicket": WRITE | REQUESTER,
    "PostMessage": WRITE | REQUESTER,
    "ListMessages": EVERYBODY,
    "GetMessage": EVERYBODY,
    "UpdateMessage": WRITE | REQUESTER,
    "DeleteMessage": WRITE | REQUESTER,
    "CreateCannedResponse": WRITE,
    "GetCannedResponse": READ,
    "ListCannedResponses": READ,
    "UpdateCannedResponse": WRITE,
    "DeleteCannedResponse": WRITE,
    "RenderCannedResponse": READ,
    "CreateTag": CURATE,
    "GetTag": READ,
    "ListTags": READ,
    "UpdateTag": CURATE,
    "DeleteTag": CURATE,
    "CreateSlaPolicy": CURATE,
    "GetSlaPolicy": READ,
    "ListSlaPolicies": READ,
    "UpdateSlaPolicy": CURATE,
    "DeleteSlaPolicy": CURATE,
    "CreateCalendar": CURATE,
    "GetCalendar": READ,
    "ListCalendars": READ,
    "UpdateCalendar": CURATE,
    "DeleteCalendar": CURATE,
    "ImportHolidays": CURATE,
    "PreviewDeadline": READ,
    "PreviewElapsed": READ,
    "PreviewPolicyChange": CURATE,
    "GetTicketSla": READ,
    "ExplainSla": READ,
    "ListBreaches": READ,
    "GetSlaReport": READ,
    "CreateIssue": WRITE,
    "GetIssue": READ,
    "ListIssues": READ,
    "LinkIssue": WRITE,
    "ResolveIssue": WRITE,
    "UpdateIssue": WRITE,
    "ReopenIssue": WRITE,
    "UnlinkIssue": WRITE,
    "ConvertToIssue": WRITE,
    "UpsertOrganization": SETUP,
    "GetOrganization": READ,
    "ListOrganizations": READ,
    "UpsertContact": SETUP,
    "GetContact": READ,
    "ListContacts": READ,
    "UpsertTeam": SETUP,
    "GetTeam": READ,
    "ListTeams": READ,
    "UpsertAgent": SETUP,
    "GetAgent": READ,
    "ListAgents": READ,
    "BatchUpsertOrganizations": SETUP,
    "DeleteOrganization": SETUP,
    "BatchUpsertContacts": SETUP,
    "DeleteContact": SETUP,
    "BatchUpsertTeams": SETUP,
    "DeleteTeam": SETUP,
    "BatchUpsertAgents": SETUP,
    "DeleteAgent": SETUP,
    "UpsertDeal": SETUP,
    "GetDeal": READ,
    "ListDeals": READ,
    "BatchUpsertDeals": SETUP,
    "DeleteDeal": SETUP,
    "UpsertAsset": SETUP,
    "GetAsset": READ,
    "ListAssets": READ,
    "BatchUpsertAssets": SETUP,
    "DeleteAsset": SETUP,
    "GetTenant": READ,
    "UpdateTenant": frozenset({"admin"}),
    "RevokeToken": frozenset({"admin"}),
    # For operators, who have no role.
    "RevokeTokenEverywhere": frozenset(),
    "ListActivities": LOG | REQUESTER,
    "StreamActivities": LOG | REQUESTER,
    "ListWorkflows": RULES,
    "ValidateWorkflow": RULES,
    # For operators, who have no role.
    "ReloadWorkflows": frozenset(),
    "GetWorkflow": RULES,
    "SimulateWorkflow": RULES,
    "ExplainWorkflow": RULES,
    "GetRun": RULES,
    "ListRuns": RULES,
    "RunWorkflow": frozenset({"agent", "lead", "admin", "service"}),
}

ROLES = ("requester", "agent", "lead", "admin", "auditor", "service", "importer")
# The words that refusals may repeat, because the caller wrote them or they are the gate's own.
GATE = {"method", "roles", "allowed"}
READS = ("Get", "BatchGet", "List", "Search", "Stream", "Download", "Render", "Preview", "Explain", "Simulate")
# All that comes along with a ticket.
INCLUDE = ["requester", "assignee", "creator", "organization", "team", "deal", "asset", "issues", "links", "messages", "sla"]


class Access(World):
    def outcome(self, caller, rpc: str, **more) -> Refusal | None:
        """How the call was refused; None when it was answered. A stream is answered with its first frame."""
        fields = self.requests[rpc] | more
        try:
            if self.schema.methods[rpc].server_streaming:
                stream = caller.stream(rpc, **fields)
                next(iter(stream))
                stream.cancel()
            else:
                getattr(caller, rpc)(**fields)
        except grpc.RpcError as error:
            return Refusal(error)
        return None

    def test_every_method_stands_in_the_table(self) -> None:
        missing = set(self.schema.methods) - set(MAY)
        self.assertFalse(missing, "say in MAY of e2e/test_roles.py which roles may call each of these")
        self.assertFalse(set(MAY) - set(self.schema.methods), "the server has no such RPC")

    def test_a_role_opens_its_methods_and_no_other(self) -> None:
        for role in ROLES:
            # A tenant for each: what one role did is not in the way of the next.
            self.setUp()
            caller = api(self.tenant, "rita", role)
            for rpc in self.requests:
                with self.subTest(role=role, rpc=rpc):
                    self.opens(caller, rpc, role in MAY[rpc])

    def test_two_roles_open_what_either_opens(self) -> None:
        for pair in itertools.combinations(ROLES, 2):
            caller = api(self.tenant, "rita", ",".join(pair))
            for rpc in self.requests:
                with self.subTest(roles=pair, rpc=rpc):
                    self.opens(caller, rpc, not MAY[rpc].isdisjoint(pair))

    def test_an_operator_opens_what_concerns_all_tenants_and_nothing_else(self) -> None:
        operator = case.with_token(self.server.operator_token())
        for rpc in self.requests:
            with self.subTest(rpc):
                if rpc in INSTALLATION:
                    self.assertIsNone(self.outcome(operator, rpc))
                    continue
                refusal = self.outcome(operator, rpc)
                self.assertIsNotNone(refusal, "answered")
                self.assertEqual((refusal.code, refusal.reason), ("PERMISSION_DENIED", "ROLE_MISSING"), refusal)
                self.assertEqual((set(refusal.metadata), refusal.metadata["roles"]), (GATE, "operator"))
                self.assertNotIn(MARK, str(refusal))

    def test_a_tenants_admin_does_not_reload_the_rules_of_all(self) -> None:
        everything = api(self.tenant, "root", ",".join(ROLES))
        for caller in (everything, api(self.tenant, "root", "lead"), api(self.tenant, "root", "admin", app_id="crm")):
            with self.refused("PERMISSION_DENIED", "ROLE_MISSING") as seen:
                caller.ReloadWorkflows()
            self.assertEqual(seen.metadata["allowed"], "operator")
            self.assertIn("docket token --operator", seen.text)

    def opens(self, caller, rpc: str, allowed: bool) -> None:
        refusal = self.outcome(caller, rpc)
        if allowed:
            # One that comes too late for the ticket's state was let in all the same.
            self.assertIn(refusal.code if refusal else "OK", ("OK", "FAILED_PRECONDITION"), refusal)
            return
        self.assertIsNotNone(refusal, "answered")
        self.assertEqual((refusal.code, refusal.reason), ("PERMISSION_DENIED", "ROLE_MISSING"), refusal)
        self.assertEqual(set(refusal.metadata), GATE)
        self.assertNotIn(MARK, str(refusal))

    def test_an_auditor_who_asks_for_help_writes_as_a_requester_only(self) -> None:
        both = api(self.tenant, "rita", "requester,auditor")
        self.assertIn(MARK, both.GetTicket(id=self.marked.id).ticket.subject)
        note = {"body": "a note", "visibility": "VISIBILITY_INTERNAL"}
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            both.PostMessage(ticket_id=self.marked.id, message=note)
        others = self.ticket(requester_id="ron")
        with self.refused("NOT_FOUND", "TICKET_NOT_FOUND"):
            both.PostMessage(ticket_id=others.id, message={"body": "not mine"})

    def test_nobody_comes_in_without_a_good_token(self) -> None:
        signed = lambda **changes: tokens.sign(self.server, tokens.claims(self.tenant, **changes))
        everything = {"sub": "rita", "roles": list(ROLES)}
        for who, token, reason in (
            ("no token", None, "TOKEN_MISSING"),
            ("no role", signed(sub="rita", roles=[]), "TOKEN_INVALID"),
            ("a role that is none", signed(sub="rita", roles=["owner"]), "TOKEN_INVALID"),
            ("expired", signed(**everything, exp=int(time.time()) - 3600), "TOKEN_EXPIRED"),
        ):
            caller = case.with_token(token)
            for rpc in self.requests:
                with self.subTest(who=who, rpc=rpc):
                    refusal = self.outcome(caller, rpc)
                    self.assertIsNotNone(refusal, "answered")
                    self.assertEqual((refusal.code, refusal.reason), ("UNAUTHENTICATED", reason))
                    self.assertNotIn(MARK, str(refusal))


class Outsiders(World):
    """Callers whose tenant, app or tickets are others than the marked ones."""

    def setUp(self) -> None:
        super().setUp()
        elsewhere = new_tenant()
        everything = ",".join(ROLES)
        self.outsiders = {
            "every role in another tenant": (elsewhere, api(elsewhere, "otto", everything)),
            "the requester's namesake in another tenant": (elsewhere, api(elsewhere, "rita", "requester")),
            "another requester": (self.tenant, api(self.tenant, "ron", "requester")),
            "the requester herself, by another app": (self.tenant, api(self.tenant, "rita", "requester", app_id="another")),
        }
        for role in ROLES[1:]:
            self.outsiders[f"{role} of another app"] = (self.tenant, api(self.tenant, "otto", role, app_id="another"))

    def variants(self, rpc: str) -> list[dict]:
        """The ways to ask for more: every switch and every word of an enumeration that the request has."""
        asked = [{}]
        for field in self.schema.methods[rpc].input_type.fields:
            if field.type == field.TYPE_BOOL and field.containing_oneof is None and field.name != "validate_only":
                asked.append({field.name: True})
            elif field.type == field.TYPE_ENUM:
                words = [value.name for value in field.enum_type.values[1:]]
                asked += [{field.name: [word] if field.is_repeated else word} for word in words]
            elif field.name == "include":
                asked.append({field.name: INCLUDE})
        # A snapshot of the beginning is empty.
        return [more | {"latest": True} if more == {"snapshot_first": True} else more for more in asked]

    def test_what_another_may_not_see_is_not_there(self) -> None:
        nothing = self.nothing()
        for who, (tenant, caller) in self.outsiders.items():
            for rpc in self.requests:
                for more in self.variants(rpc):
                    with self.subTest(who=who, rpc=rpc, **more):
                        self.tells_nothing(tenant, caller, rpc, more, nothing)
        # Nor could any of them change it.
        self.assertEqual(self.api.GetTicket(id=self.marked.id).ticket, self.marker.GetTicket(id=self.marked.id).ticket)
        self.assertEqual(self.api.GetTicket(id=self.marked.id).ticket.etag, self.marked.etag)

    def nothing(self) -> dict[str, str]:
        """For each id of a marked thing, one of the same form that no thing has."""
        last = lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")
        return {text: last(text) for text in self.ids(self.requests)}

    def ids(self, value) -> set[str]:
        """The ids that requests name: Docket's own, and those of other systems that the marks made."""
        if isinstance(value, dict):
            return set().union(*(self.ids(item) for item in value.values()))
        if isinstance(value, list):
            return set().union(*(self.ids(item) for item in value))
        is_id = isinstance(value, str) and (value.startswith(f"{MARK}-") or value[3:4] == "_" and len(value) == 30)
        return {value} if is_id else set()

    def tells_nothing(self, tenant: str, caller, rpc: str, more: dict, nothing: dict[str, str]) -> None:
        try:
            told = self.answer(tenant, caller, rpc, **more)
        except grpc.RpcError as error:
            refusal = Refusal(error)
            self.assertIn(refusal.code, ("NOT_FOUND", "PERMISSION_DENIED", "INVALID_ARGUMENT"), refusal)
            # A word that no request may say is refused before anything is looked for.
            if refusal.code != "PERMISSION_DENIED":
                self.assertEqual(str(refusal), self.about_nothing(caller, rpc, more, nothing))
        else:
            self.assertNotIn(MARK.encode(), told)

    def about_nothing(self, caller, rpc: str, more: dict, nothing: dict[str, str]) -> str:
        """The refusal of the same call about things that nobody has, in the words of the real one."""
        request, real = self.requests[rpc], dict(nothing)

        def renamed(value):
            if isinstance(value, dict):
                return {name: renamed(item) for name, item in value.items()}
            if isinstance(value, list):
                return [renamed(item) for item in value]
            return real.get(value, value) if isinstance(value, str) else value

        with self.assertRaises(grpc.RpcError) as caught:
            self.answer(self.tenant, caller, rpc, **renamed(request), **more)
        text = str(Refusal(caught.exception))
        for there, absent in real.items():
            text = text.replace(absent, there)
        return text

    def test_lists_and_counts_are_as_if_the_others_were_not_there(self) -> None:
        for _, caller in self.outsiders.values():
            with contextlib.suppress(grpc.RpcError):
                caller.CreateTicket(ticket={"subject": "their own"})
        before = self.everything_read()
        self.mark()
        after = self.everything_read()
        for key, answer in before.items():
            with self.subTest(key):
                self.assertEqual(after[key], answer)

    def everything_read(self) -> dict[str, object]:
        """What each of them is told by each read; of a stream, no positions: the log's length is everybody's."""
        told = {}
        for who, (tenant, caller) in self.outsiders.items():
            for rpc in self.requests:
                for more in self.variants(rpc) if rpc.startswith(READS) else ():
                    try:
                        told[f"{who}: {rpc} {more}"] = str(self.read(tenant, caller, rpc, more))
                    except grpc.RpcError as error:
                        told[f"{who}: {rpc} {more}"] = error.code()
        return told

    def read(self, tenant: str, caller, rpc: str, more: dict):
        fields = self.requests[rpc] | more
        if not self.schema.methods[rpc].server_streaming:
            answer = getattr(caller, rpc)(**fields)
            # Clocks say at which instant they are shown.
            for ticket in getattr(answer, "tickets", []):
                ticket.sla.ClearField("at")
            return answer
        return self.told(self.read_until(caller.stream(rpc, **fields), self.head(api(tenant))))
