"""Text of one line: what is kept of it, what is refused, and that no RPC that writes takes it any other way."""

import grpc

import case
import client
import fill
from case import Case
from test_writable import NOT_BY_MASK

# Not of one line: what is kept as it was sent (Markdown, CEL, what a person said), and what other systems call their own.
SENT = {
    "body", "description", "match", "filter", "reason", "comment", "ics", "request_id", "etag", "color", "time_zone", "date", "open", "close",
    "project", "member_ids", "ticket_ids", "jti", "sub",
}
BELL = "a\u0007b"


def is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def masked(descriptor) -> dict:
    """Of an update, all of it."""
    return {"update_mask": {"paths": ["*"]}} if "update_mask" in descriptor.fields_by_name else {}


def leaves(descriptor, deep: int = 4):
    """The path of each text that a caller can set, and a message that has this text and no other."""
    for field in descriptor.fields:
        if fill.is_output_only(field) or fill.is_map(field):
            continue
        place = f"{field.name}[0]" if field.is_repeated else field.name
        if field.type == field.TYPE_STRING:
            yield place, lambda text, field=field: {field.name: [text] if field.is_repeated else text}
        elif field.message_type and not field.message_type.full_name.startswith("google.") and deep:
            for path, made in leaves(field.message_type, deep - 1):

                def within(text, field=field, made=made):
                    inner = masked(field.message_type) | made(text)
                    return {field.name: [inner] if field.is_repeated else inner}

                yield f"{place}.{path}", within


class OneLine(Case):
    def test_each_text_of_one_line_that_any_rpc_writes_is_refused_by_its_name_where_it_breaks(self) -> None:
        asked, taken = 0, []
        for rpc, method in sorted(self.schema.methods.items()):
            fields = method.input_type.fields_by_name
            if "request_id" not in fields and rpc != "PreviewPolicyChange":
                continue
            for path, made in leaves(method.input_type):
                name = path.split(".")[-1].removesuffix("[0]")
                # What is given once, when a resource is made, an update does not look at.
                fixed = name in NOT_BY_MASK.get(rpc.removeprefix("Update"), ())
                if name in SENT or is_id(name) or fixed:
                    continue
                asked += 1
                try:
                    getattr(self.api, rpc)(**masked(method.input_type) | made(BELL))
                    taken.append(f"{rpc} {path}")
                except grpc.RpcError as error:
                    if path not in client.Refusal(error).fields:
                        taken.append(f"{rpc} {path}: {client.Refusal(error)}")
        self.assertEqual(taken, [])
        self.assertGreater(asked, 60)

    def test_ends_and_accents_are_the_same_however_they_were_typed(self) -> None:
        typed = {"subject": "\ufeff Cafe\u0301 closed\u00a0\n", "category": " billing\u200b", "requester_name": "Zoe\u0308 "}
        ticket = self.api.CreateTicket(ticket=typed | {"tags": ["vip ", "vip", "\u3000vip", "nai\u0308ve"]}).ticket
        self.assertEqual(
            (ticket.subject, ticket.category, ticket.requester_name, list(ticket.tags)),
            ("Café closed", "billing", "Zoë", ["vip", "naïve"]),
        )
        # What was read can be sent back, and nothing changes.
        again = self.api.UpdateTicket(ticket=ticket, update_mask={"paths": ["*"]})
        self.assertEqual((again.ticket.etag, again.position), (ticket.etag, self.head()))
        removed = self.api.TagTicket(id=ticket.id, remove=[" nai\u0308ve"]).ticket
        self.assertEqual(list(removed.tags), ["vip"])
        # The style of an emoji and the letters of a flag are no invisible rest.
        flag = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
        self.assertEqual(self.ticket(subject=f"❤\ufe0f {flag} ").subject, f"❤\ufe0f {flag}")

    def test_what_cannot_be_seen_is_no_text(self) -> None:
        for blank in ("   ", "\u200b", "\u2060\u00ad", "\u3164", "\n"):
            with self.subTest(repr(blank)), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
                self.ticket(subject=blank, category=blank, tags=["ok", blank])
            self.assertEqual(refusal.fields, ["ticket.category", "ticket.subject", "ticket.tags[1]"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            self.ticket(subject="Hello\r\nBcc: all@example.com")
        self.assertIn("control characters, has U+000D", refusal.text)

    def test_lengths_are_those_of_what_is_kept(self) -> None:
        self.assertEqual(self.ticket(subject="  " + "e\u0301" * 500 + "\t").subject, "é" * 500)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            self.ticket(subject="\ufb2c" * 167)  # three characters each in NFC
        self.assertIn("at most 500 characters, has 501", refusal.text)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.ticket(subject="e\u0301" * 1_000_000)

    def test_a_retry_is_compared_as_it_was_sent(self) -> None:
        sent = {"ticket": {"subject": " Cafe\u0301 "}, "request_id": "once"}
        first = self.api.CreateTicket(**sent)
        self.assertEqual(self.api.CreateTicket(**sent), first)
        with self.refused("ALREADY_EXISTS", "REQUEST_ID_REUSED"):
            self.api.CreateTicket(ticket={"subject": "Café"}, request_id="once")

    def test_names_are_found_however_they_are_typed_and_ids_are_not_touched(self) -> None:
        canned = self.api.CreateCannedResponse(canned_response={"title": "Re\u0301ponse ", "body": " kept \r\n as sent "})
        made = canned.canned_response
        self.assertEqual((made.name, made.body), ("Réponse", " kept \r\n as sent "))
        self.assertEqual(self.api.GetCannedResponse(id="\tRe\u0301ponse").canned_response, made)
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
            self.api.CreateCannedResponse(canned_response={"title": "Réponse", "body": "x"})
        self.api.CreateTag(tag={"name": " caf\u00e9 "})
        self.assertEqual(self.api.GetTag(id="cafe\u0301").tag.name, "café")
        contact = self.api.UpsertContact(contact={"id": " e\u0301 ", "name": " e\u0301 "}).contact
        self.assertEqual((contact.id, contact.name), (" e\u0301 ", "é"))

    def test_the_name_of_a_custom_field_is_a_key_and_has_one_form(self) -> None:
        self.ticket(custom={"the région": {"string_value": " kept "}})
        for name in (" region", "re\u0301gion", "a\nb", "\u200b"):
            with self.subTest(repr(name)), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                self.ticket(custom={name: {"number_value": 1}})

    def test_imported_holidays_have_names_of_one_line(self) -> None:
        calendar = self.api.CreateCalendar(calendar={"name": "office", "time_zone": "UTC"}).calendar
        event = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:2026{}\r\nSUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR"
        for day, summary in (("1225", " Noe\u0308l\\nde tous\u200b"), ("1226", "\u200b")):
            self.api.ImportHolidays(id=calendar.id, ics=event.format(day, summary), first_year=2026, last_year=2026)
        holidays = self.api.GetCalendar(id="office").calendar.holidays
        self.assertEqual([holiday.name for holiday in holidays], ["Noël de tous", ""])


class Addresses(Case):
    def test_an_address_has_the_form_of_one(self) -> None:
        for text in ("not an address", "ann", "Ann <ann@example.com>", "a b@example.com", "ann@", "ann@example..com", "ann@[::1]"):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
                self.ticket(requester_email=text)
            self.assertEqual(refusal.fields, ["ticket.requester_email"])
        ticket = self.ticket(requester_email=" Do\u0308rte+1@Bu\u0308cher.example ")
        self.assertEqual(ticket.requester_email, "Dörte+1@Bücher.example")
        for upsert, place in ((self.api.UpsertContact, "contact"), (self.api.UpsertAgent, "agent")):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
                upsert(**{place: {"id": "ann", "email": "ann at example"}})
            self.assertEqual(refusal.fields, [f"{place}.email"])
        service = case.api(self.tenant, "mail", "service")
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            service.PostMessage(ticket_id=ticket.id, message={"body": "Hello", "author_email": "rita"})
        self.assertEqual(refusal.fields, ["message.author_email"])


class Spellings(Case):
    def numbers(self, filter: str, **fields) -> list[int]:
        return [ticket.number for ticket in self.api.pages("ListTickets", "tickets", filter=filter, **fields)]

    def test_a_tag_is_one_in_any_spelling(self) -> None:
        self.ticket(tags=["VIP", "vip", "Straße", "Cafe\u0301"])
        self.ticket(tags=["vip", "I\u0307zmir"])
        self.ticket(tags=["other"])
        self.assertEqual(list(self.api.GetTicket(id="1").ticket.tags), ["VIP", "Straße", "Café"])
        for tag, numbers in (
            ("vip", [2, 1]),
            ("Vip", [2, 1]),
            ("STRASSE", [1]),
            ("CAFE\u0301", [1]),
            ("café", [1]),
            ("İZMIR", [2]),
            ("cafe", []),
        ):
            with self.subTest(tag):
                self.assertEqual(self.numbers("params.tag in ticket.tags", filter_params=case.params(tag=tag)), numbers)
                self.assertEqual(self.numbers(f"'{tag}' in ticket.tags && ticket.status == 'OPEN'"), numbers)
                # By the list's condition for each row, and by memory.
                self.assertEqual(self.numbers(f"['{tag}'].exists(t, t in ticket.tags)"), numbers)
                log = self.log(filter=f"'{tag}' in activity.ticket.tags", order_by="position desc")
                self.assertEqual([activity.position for activity in log], numbers)
        self.assertEqual(self.numbers("ticket.tags.exists(t, t == 'vip')"), [2], "what is written out compares exactly")

    def test_tags_are_added_and_removed_in_any_spelling(self) -> None:
        self.ticket(tags=["VIP", "eu"])
        added = self.api.TagTicket(id="1", add=["vip", "Web"])
        self.assertEqual(list(added.ticket.tags), ["VIP", "eu", "Web"])
        self.assertEqual(list(self.api.TagTicket(id="1", remove=["EU", "web"]).ticket.tags), ["VIP"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            self.api.TagTicket(id="1", add=["new"], remove=["NEW"])
        self.assertEqual(refusal.fields, ["remove[0]"])
        updated = self.api.UpdateTicket(ticket={"id": "1", "tags": ["vip", "x"]}, update_mask={"paths": ["tags"]}).ticket
        self.assertEqual(list(updated.tags), ["VIP", "x"])

    def test_the_registry_spells_a_tag(self) -> None:
        self.api.CreateTag(tag={"name": "VIP"})
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
            self.api.CreateTag(tag={"name": "vip"})
        self.assertEqual(self.api.GetTag(id="Vip").tag.name, "VIP")
        self.assertEqual(list(self.ticket(tags=["vip", "free"]).tags), ["VIP", "free"])
        self.api.UpdateTenant(tenant={"tag_mode": "TAG_MODE_REGISTERED"}, update_mask={"paths": ["tag_mode"]})
        self.assertEqual(list(self.ticket(tags=["viP"]).tags), ["VIP"])
        with self.refused("FAILED_PRECONDITION", "TAG_NOT_REGISTERED"):
            self.ticket(tags=["vipp"])
        self.api.DeleteTag(id="vip")
        self.assertEqual(list(self.api.ListTags().tags), [])

    def test_names_are_one_in_any_spelling(self) -> None:
        made = self.api.CreateCannedResponse(canned_response={"title": "Größe", "body": "Hello"}).canned_response
        policy = self.api.CreateSlaPolicy(sla_policy={"name": "Gold", "team_id": "gold", "resolution_minutes": 60}).sla_policy
        calendar = self.api.CreateCalendar(calendar={"name": "Office", "time_zone": "UTC"}).calendar
        self.assertEqual(self.api.GetCannedResponse(id="GRÖSSE").canned_response, made)
        self.assertEqual(self.api.GetSlaPolicy(id="GOLD").sla_policy, policy)
        self.assertEqual(self.api.GetCalendar(id="oFFICE").calendar, calendar)
        for make in (
            lambda: self.api.CreateCannedResponse(canned_response={"title": "grösse", "body": "Hello"}),
            lambda: self.api.CreateSlaPolicy(sla_policy={"name": "gold", "team_id": "other", "resolution_minutes": 60}),
            lambda: self.api.CreateCalendar(calendar={"name": "OFFICE", "time_zone": "UTC"}),
        ):
            with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
                make()
        # It can be spelt anew.
        renamed = self.api.UpdateCalendar(calendar={"id": "Office", "name": "OFFICE"}, update_mask={"paths": ["name"]})
        self.assertEqual(renamed.calendar.name, "OFFICE")
        self.assertEqual(self.api.GetCalendar(id="office").calendar, renamed.calendar)
