"""What can be written is kept: each field of each resource, alone, through its Update or Upsert RPC and back through Get."""

import grpc

import case
import client
import fill
from case import Case, api

# Callers name these, but not in a mask: an etag is a precondition, the others are given once, when the resource is made.
NOT_BY_MASK = {
    "Message": {"author_id", "author_email", "source", "source_type"},
    "Tag": {"name"},
    "Issue": {"ticket_ids"},
}
# A mask may name these, but not change them.
GUARDED = {"Message": {"visibility": "VISIBILITY_FIXED"}}
# What is not made up by type.
GIVEN = {
    "Tag": {"color": "#0c0c0c"},
    "Calendar": {
        "time_zone": "Europe/Paris",
        "weekly": [{"day": "MONDAY", "open": "09:00", "close": "17:00"}],
        "holidays": [{"date": "2026-12-25", "name": "Christmas"}],
        "special_dates": [{"date": "2026-12-24", "name": "Christmas Eve", "hours": [{"open": "09:00", "close": "12:00"}]}],
    },
    "Tenant": {"requester_fields": ["priority"]},
    "SlaPolicy": {"match": "ticket.category == 'walked'", "warn_at": [{"percent": 50}]},
}


def other(field, now):
    """A value of the field that is not what it is `now`."""
    if fill.is_map(field):
        return {"walked": {"string_value": "yes"}}
    if field.is_repeated:
        return [one(field, now[0] if now else None)]
    return one(field, now)


def one(field, now):
    if field.enum_type is not None:
        words = field.enum_type.values[1:]
        at = next((index for index, word in enumerate(words) if word.number == now), -1)
        return words[(at + 1) % len(words)].name
    if field.message_type is None:
        domain = "@example.com" if field.name.endswith("email") else ""
        by_type = {field.TYPE_STRING: f"walked-{field.name}{domain}", field.TYPE_BOOL: not now}
        return by_type[field.type] if field.type in by_type else (now or 0) + 1
    match field.message_type.full_name:
        case "google.protobuf.Struct":
            return {"walked": "yes"}
        case "google.protobuf.Duration" | "google.protobuf.Timestamp":
            return {"seconds": 60}
    plain = [part for part in field.message_type.fields if part.message_type is None and not part.is_repeated]
    return {part.name: one(part, None) for part in plain}


def only(message, field: str):
    """The message without its other fields."""
    kept = type(message)()
    kept.CopyFrom(message)
    for beside in message.DESCRIPTOR.fields:
        if beside.name != field:
            kept.ClearField(beside.name)
    return kept


class Resource:
    """One resource that is there: written by a mask of one field, and read."""

    def __init__(self, caller: client.Api, name: str, given: dict = {}, **named):
        self.api, self.name, self.named = caller, name, named
        request = caller.schema.methods[f"Update{name}"].input_type
        self.place = next(field.name for field in request.fields if field.message_type and field.message_type.name == name)
        self.descriptor = request.fields_by_name[self.place].message_type
        self.given = GIVEN.get(name, {}) | given

    def read(self):
        return getattr(getattr(self.api, f"Get{self.name}")(**self.named), self.place)

    def write(self, field: str, value) -> None:
        beside = {name: value for name, value in self.named.items() if name != "id"}
        resource = {name: value for name, value in self.named.items() if name == "id"} | {field: value}
        getattr(self.api, f"Update{self.name}")(**{self.place: resource}, update_mask={"paths": [field]}, **beside)

    def other(self, field):
        return self.given[field.name] if field.name in self.given else other(field, getattr(self.read(), field.name))

    def verdict(self, field) -> str:
        """`written` and read back, `dropped`, `fixed` where the mask is refused, or why the value is."""
        value = self.other(field)
        wanted = only(self.api.schema.message(self.descriptor)(**{field.name: value}), field.name)
        assert only(self.read(), field.name) != wanted, f"{self.name}.{field.name} is {value} already"
        try:
            self.write(field.name, value)
        except grpc.RpcError as error:
            refusal = client.Refusal(error)
            by_mask = refusal.code == "INVALID_ARGUMENT" and refusal.fields == ["update_mask"]
            return "fixed" if by_mask else refusal.reason
        return "written" if only(self.read(), field.name) == wanted else "dropped"

    def verdicts(self) -> dict[str, str]:
        return {field.name: self.verdict(field) for field in self.descriptor.fields}

    def promised(self) -> dict[str, str]:
        """What the contract says of each field."""
        fixed = NOT_BY_MASK.get(self.name, set()) | {"etag"}
        guarded = GUARDED.get(self.name, {})
        return {
            field.name: "fixed" if fill.is_output_only(field) or field.name in fixed else guarded.get(field.name, "written")
            for field in self.descriptor.fields
        }


class Forgetful(Resource):
    """As a server would be that takes a field in the mask and does nothing with it."""

    def write(self, field: str, value) -> None:
        super().write(field, getattr(self.read(), field) if field == "deal_id" else value)


class Writable(Case):
    def policy(self, caller: client.Api, name: str):
        return caller.CreateSlaPolicy(sla_policy={"name": name, "team_id": name, "resolution_minutes": 60}).sla_policy

    def calendar(self, caller: client.Api):
        weekly = [{"day": "FRIDAY", "open": "08:00", "close": "12:00"}]
        return caller.CreateCalendar(calendar={"name": "office", "time_zone": "UTC", "weekly": weekly}).calendar

    def resource(self, name: str) -> Resource:
        """A resource of the kind, in a tenant of its own."""
        caller = api(case.new_tenant())
        match name:
            case "Ticket":
                return Resource(caller, name, {"sla_policy_id": self.policy(caller, "gold").id}, id=self.ticket(caller).id)
            case "Message":
                ticket = self.ticket(caller).id
                message = caller.PostMessage(ticket_id=ticket, message={"body": "Hello"}).message
                return Resource(caller, name, ticket_id=ticket, id=message.id)
            case "Issue":
                return Resource(caller, name, id=caller.CreateIssue(issue={"title": "An issue"}).issue.id)
            case "Tag":
                return Resource(caller, name, id=caller.CreateTag(tag={"name": "vip"}).tag.id)
            case "CannedResponse":
                made = caller.CreateCannedResponse(canned_response={"title": "Hi", "body": "Hello"}).canned_response
                return Resource(caller, name, id=made.id)
            case "SlaPolicy":
                made = self.policy(caller, "gold")
                return Resource(caller, name, {"calendar_id": self.calendar(caller).id}, id=made.id)
            case "Calendar":
                return Resource(caller, name, id=self.calendar(caller).id)
            case "Tenant":
                return Resource(caller, name, {"default_calendar_id": self.calendar(caller).id})
        self.fail(f"say in e2e/test_writable.py how a {name} is made")

    def kinds(self, verb: str) -> list[str]:
        return [rpc.removeprefix(verb) for rpc in self.schema.methods if rpc.startswith(verb)]

    def test_each_field_of_an_update_is_written_or_refused_by_its_mask(self) -> None:
        self.assertGreaterEqual(len(self.kinds("Update")), 8)
        for name in self.kinds("Update"):
            with self.subTest(name):
                resource = self.resource(name)
                self.assertEqual(resource.verdicts(), resource.promised())

    def test_a_field_that_is_taken_and_dropped_is_found(self) -> None:
        ticket = self.resource("Ticket")
        forgetful = Forgetful(ticket.api, ticket.name, ticket.given, **ticket.named)
        found, promised = forgetful.verdicts(), forgetful.promised()
        self.assertEqual({name for name in found if found[name] != promised[name]}, {"deal_id"})
        self.assertEqual(found["deal_id"], "dropped")

    def test_what_is_made_has_each_field_that_an_update_writes_and_so_has_the_log(self) -> None:
        for name in ("Ticket", "Issue"):
            resource = self.resource(name)
            message, fields = self.schema.message(resource.descriptor), resource.descriptor.fields_by_name
            # A new one is OPEN.
            written = [field for field, verdict in resource.promised().items() if verdict == "written" and field != "status"]
            for field in written:
                value = resource.other(fields[field])
                needed = {"Ticket": {"subject": "A ticket"}, "Issue": {"title": "An issue"}}[name]
                made = getattr(resource.api, f"Create{name}")(**{resource.place: needed | {field: value}})
                wanted = only(message(**{field: value}), field)
                logged = resource.api.ListActivities(
                    filter=f"activity.position == {made.position}", view="ACTIVITY_VIEW_FULL"
                ).activities
                with self.subTest(name, field=field):
                    self.assertEqual(only(getattr(made, resource.place), field), wanted)
                    # A ticket's description is in its changes, not in its image.
                    image = message() if (name, field) == ("Ticket", "description") else wanted
                    self.assertEqual([only(getattr(activity, resource.place), field) for activity in logged], [image])

    def test_each_field_of_an_upsert_is_written_and_what_is_output_only_is_not(self) -> None:
        kinds = self.kinds("Upsert")
        self.assertGreaterEqual(len(kinds), 4)
        for name in kinds:
            place, beside = name.lower(), {"id": "walked"}
            upsert, get = getattr(self.api, f"Upsert{name}"), getattr(self.api, f"Get{name}")
            first = getattr(upsert(**{place: beside}), place)
            for field in first.DESCRIPTOR.fields:
                if field.name in ("id", "etag"):
                    continue
                value = other(field, getattr(first, field.name))
                upsert(**{place: beside | {field.name: value}})
                read = only(getattr(get(id="walked"), place), field.name)
                with self.subTest(name, field=field.name):
                    kept = read == only(type(first)(**{field.name: value}), field.name)
                    self.assertEqual(kept, not fill.is_output_only(field), f"{field.name} is {read}")
