"""A requester asks for internal notes in every way there is, and is told as much as if there were none."""

import itertools
import json
import time

import grpc
from google.protobuf.descriptor import FieldDescriptor

import fill
from case import Case, api
from client import Refusal
from test_roles import INCLUDE, MAY, READS
from test_walk import requests

SECRET = "zanzibar"
TIMESTAMP = "google.protobuf.Timestamp"


class Notes(Case):
    """rita's ticket, with a public thread; what the desk does among itself comes later."""

    def setUp(self) -> None:
        super().setUp()
        self.rita = api(self.tenant, "rita", "requester")
        self.ticket(self.rita, subject="Login broken", description="since noon")
        self.id = self.rita.ListTickets().tickets[0].id
        self.api.TagTicket(id=self.id, add=["auth"])
        self.rita.PostMessage(ticket_id=self.id, message={"body": "please help"})
        self.said = self.api.PostMessage(ticket_id=self.id, message={"body": "on it"}).message
        self.api.UpdateTicket(ticket={"id": self.id, "status": "TICKET_STATUS_PENDING"}, update_mask={"paths": ["status"]})
        self.issue = self.api.CreateIssue(issue={"title": "unrelated"}).issue
        self.known = self.head()

    def behind_the_desk(self):
        """What the desk does among itself, one thing after the other."""
        note = lambda body: {"body": f"{SECRET} {body}", "visibility": "VISIBILITY_INTERNAL"}
        posted = self.api.PostMessage(ticket_id=self.id, message=note("says @bob")).message
        yield "a note"
        self.api.PostMessage(ticket_id=self.id, message=note("again"))
        yield "another note"
        edited = {"id": posted.id, "body": f"{SECRET} edited"}
        self.api.UpdateMessage(ticket_id=self.id, message=edited, update_mask={"paths": ["body"]})
        yield "a note edited"
        self.api.DeleteMessage(ticket_id=self.id, id=posted.id)
        yield "a note deleted"
        self.api.LinkIssue(id=self.issue.id, ticket_id=self.id)
        yield "an issue linked"
        self.api.CreateIssue(issue={"title": SECRET, "ticket_ids": [self.id]})
        yield "an issue made"

    def test_every_answer_is_the_same_as_before(self) -> None:
        before = self.everything()
        self.assertGreater(len(before), 50)
        self.assertFalse([way for way, answer in before.items() if SECRET in answer])
        for what in self.behind_the_desk():
            after = self.everything()
            for way, answer in before.items():
                with self.subTest(what, way=way):
                    self.assertEqual(after.get(way), answer)

    def everything(self) -> dict[str, str]:
        """Every way to ask, and what the answer shows."""
        told = {}
        for way, ask in self.ways():
            try:
                told[way] = str(ask())
            except grpc.RpcError as error:
                told[way] = str(Refusal(error))
        return told

    def ways(self):
        yield from self.reads()
        yield from self.orders()
        yield from self.moments()
        yield from self.words()
        message = {"body": "anything new?"}
        dry = lambda: self.rita.PostMessage(ticket_id=self.id, message=message, validate_only=True).ticket
        yield "a message that is not posted", lambda: (dry().message_count, dry().status, dry().etag, dry().first_response_at)
        note = {"body": "mine", "visibility": "VISIBILITY_INTERNAL"}
        yield "a note of her own", lambda: self.rita.PostMessage(ticket_id=self.id, message=note)

    def reads(self):
        """Every read that is open to requesters, with every switch that it has."""
        for rpc, fields in requests(self.id, self.issue.id, self.said.id).items():
            if not rpc.startswith(READS) or "requester" not in MAY[rpc]:
                continue
            for field in self.schema.methods[rpc].input_type.fields:
                if field.type == FieldDescriptor.TYPE_ENUM:
                    for word in (value.name for value in field.enum_type.values[1:]):
                        more = {field.name: [word] if field.is_repeated else word}
                        yield f"{rpc} {more}", lambda rpc=rpc, more=more, fields=fields: self.ask(rpc, fields | more)
                elif field.name == "include":
                    more = {"include": list(INCLUDE)}
                    yield f"{rpc} {more}", lambda rpc=rpc, more=more, fields=fields: self.ask(rpc, fields | more)
                elif field.type == FieldDescriptor.TYPE_BOOL and field.containing_oneof is None:
                    # A snapshot of the beginning is empty.
                    more = {field.name: True} | ({"latest": True} if field.name == "snapshot_first" else {})
                    yield f"{rpc} {more}", lambda rpc=rpc, more=more, fields=fields: self.ask(rpc, fields | more)
            yield rpc, lambda rpc=rpc, fields=fields: self.ask(rpc, fields)

    def ask(self, rpc: str, fields: dict):
        if not self.schema.methods[rpc].server_streaming:
            return getattr(self.rita, rpc)(**fields)
        return self.told(self.read_until(self.rita.stream(rpc, **fields), self.head()))

    def orders(self):
        """Every order that a list knows, each way, in pages of one."""
        for rpc, field, fields in (
            ("ListTickets", "tickets", {}),
            ("ListMessages", "messages", {"ticket_id": self.id}),
            ("ListActivities", "activities", {"ticket_id": self.id, "view": "ACTIVITY_VIEW_FULL"}),
        ):
            with self.refused("INVALID_ARGUMENT", "ORDER_BY_INVALID") as seen:
                getattr(self.rita, rpc)(order_by="nonsense", **fields)
            names = seen.text.split("fields are ")[1].split(", each once")[0].split(", ")
            self.assertTrue(names)
            for name, way in itertools.product(names, ("asc", "desc")):
                more = fields | {"order_by": f"{name} {way}", "page_size": 1}
                pages = lambda rpc=rpc, field=field, more=more: list(self.rita.pages(rpc, field, **more))
                yield f"{rpc} by {name} {way}", pages

    def moments(self):
        """The ticket as it was at each moment that she knows of."""
        for position in range(1, self.known + 1):
            yield f"as of {position}", lambda position=position: self.rita.GetTicket(id=self.id, as_of_position=position)
        head = self.head()
        yield "as of the head", lambda: self.rita.GetTicket(id=self.id, as_of_position=head)
        now = {"seconds": int(time.time()) + 3600}
        yield "as of now", lambda: self.rita.GetTicket(id=self.id, as_of_time=now)

    def words(self):
        """Filters and searches that ask for what only the desk knows."""
        for text in (
            *(f"ticket.message_count {how} {n}" for how in ("==", ">") for n in range(5)),
            "ticket.updated_by == 'ada'",
            "has(ticket.last_message_at)",
            "ticket.last_message_at > ticket.updated_at",
            "ticket.last_message_at == ticket.updated_at",
        ):
            yield text, lambda text=text: self.rita.ListTickets(filter=text)
            yield f"search {text}", lambda text=text: self.rita.SearchTickets(query="login", filter=text)
            snapshot = {"snapshot_first": True, "latest": True, "filter": text}
            yield f"snapshot {text}", lambda snapshot=snapshot: self.ask("StreamActivities", snapshot)
            yield f"stats {text}", lambda text=text: self.rita.GetTicketStats(filter=text, group_by="team")
            for stream_text in (text, text.replace("ticket.", "activity.ticket.")):
                asked = {"earliest": True, "filter": stream_text, "view": "ACTIVITY_VIEW_FULL"}
                yield f"stream {stream_text}", lambda asked=asked: self.ask("StreamActivities", asked)
                listed = {"filter": stream_text, "view": "ACTIVITY_VIEW_FULL"}
                yield f"list {stream_text}", lambda listed=listed: self.rita.ListActivities(**listed)
        for text in (
            f"activity.message.body.contains('{SECRET}')",
            "activity.message.visibility == 'INTERNAL'",
            "activity.type == 'ticket.note_added'",
            "activity.type == 'issue.created'",
            f"activity.issue.title == '{SECRET}'",
            *(f"activity.ticket_version == {n}" for n in range(12)),
        ):
            asked = {"earliest": True, "filter": text}
            yield f"stream {text}", lambda asked=asked: self.ask("StreamActivities", asked)
            yield f"list {text}", lambda text=text: self.rita.ListActivities(filter=text)
        for text in (f"message.body.contains('{SECRET}')", f"'{SECRET}' in ticket.messages"):
            yield text, lambda text=text: self.rita.ListTickets(filter=text)
        for query in (SECRET, SECRET[:4], "login", f"login {SECRET}", f"login -{SECRET}", "please", "again"):
            yield f"search {query}", lambda query=query: self.rita.SearchTickets(query=query)

    def test_a_page_token_of_the_desk_opens_nothing(self) -> None:
        self.ticket(self.rita, subject="Another")
        list(self.behind_the_desk())
        for rpc, fields in (
            ("ListMessages", {"ticket_id": self.id}),
            ("ListActivities", {"ticket_id": self.id}),
            ("ListTickets", {}),
        ):
            token = getattr(self.api, rpc)(page_size=1, **fields).next_page_token
            self.assertTrue(token)
            with self.subTest(rpc), self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID") as seen:
                getattr(self.rita, rpc)(page_size=1, page_token=token, **fields)
            self.assertNotIn(SECRET, str(seen))

    def test_a_filter_tells_only_what_is_shown(self) -> None:
        """For each field, as the desk sees it: it matches for her exactly where she is shown the same."""
        list(self.behind_the_desk())
        self.api.EscalateTicket(id=self.id, reason=f"{SECRET} reason", request_id=f"{SECRET}-request")
        self.api.PostMessage(ticket_id=self.id, message={"body": "the experts look at it"})
        whole, shown = self.api.GetTicket(id=self.id).ticket, self.rita.GetTicket(id=self.id).ticket
        asked = 0
        for path, literal, same in self.leaves("ticket", whole, shown):
            asked += self.answers(path, literal, same, lambda text: self.rita.ListTickets(filter=text).tickets)
            self.answers(path, literal, same, lambda text: self.rita.SearchTickets(query="login", filter=text).tickets)
            self.answers(path, literal, same, lambda text: range(self.rita.GetTicketStats(filter=text).total))
        self.assertGreater(asked, 20)
        hers = {a.position: a for a in self.log(self.rita, view="ACTIVITY_VIEW_FULL")}
        kinds = ["created", "message_added", "message_added", "status_changed", "escalated", "message_added"]
        self.assertEqual([activity.type for activity in hers.values()], [f"ticket.{kind}" for kind in kinds])
        self.assertNotIn(SECRET, str(hers))
        # Versions count what she is not shown.
        self.assertEqual({activity.ticket_version for activity in hers.values()}, {0})
        asked = 0
        for activity in self.log(view="ACTIVITY_VIEW_FULL"):
            if activity.position in hers:
                only = f"activity.position == {activity.position} && "
                for path, literal, same in self.leaves("activity", activity, hers[activity.position]):
                    asked += self.answers(path, literal, same, self.streamed, only)
                    self.answers(path, literal, same, lambda text: self.rita.ListActivities(filter=text).activities, only)
        self.assertGreater(asked, 100)

    def streamed(self, text: str) -> list:
        return self.ask("StreamActivities", {"earliest": True, "filter": text})

    def answers(self, path: str, literal: str, same: bool, ask, only: str = "") -> bool:
        """Whether the filter can be asked at all; that it tells no more than is shown is asserted."""
        test = f"{path} == {literal}"
        try:
            found = ask(only + test)
        except grpc.RpcError as error:
            self.assertEqual(Refusal(error).reason, "FILTER_INVALID")
            return False
        with self.subTest(test):
            self.assertEqual(len(found), 1 if same else 0)
        return True

    def leaves(self, root: str, whole, shown):
        """Each single value of the desk's view as (path, literal, whether she is shown the same)."""
        for field, value in whole.ListFields():
            path, same = f"{root}.{field.name}", getattr(shown, field.name) == value
            if fill.is_map(field) or field.is_repeated:
                continue
            if field.message_type is None:
                yield path, literal_of(field, value), same
            elif field.message_type.full_name == TIMESTAMP:
                yield path, f"timestamp('{value.ToJsonString()}')", same
            elif not field.message_type.full_name.startswith("google."):
                yield from self.leaves(path, value, getattr(shown, field.name))


def literal_of(field: FieldDescriptor, value) -> str:
    if field.type == FieldDescriptor.TYPE_ENUM:
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        return f"'{field.enum_type.values_by_number[value].name.removeprefix(prefix)}'"
    if field.type == FieldDescriptor.TYPE_STRING:
        return f"'{value}'"
    return json.dumps(value)
