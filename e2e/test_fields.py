"""Requests that are wrong in themselves: every violation at once, and nothing half written."""

import grpc

from case import Case, client

NUL = "a\x00b"


class Fields(Case):
    def test_all_violations_are_told_at_once(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.CreateTicket(
                ticket={
                    "subject": "",
                    "description": NUL,
                    "priority": 99,
                    "tags": ["good", "", "x" * 65],
                    "requester_email": "e" * 321,
                    "organization_id": "o" * 129,
                    "custom": {"": {"bool_value": True}},
                },
                request_id="not\nprintable",
            )
        expected = {
            "ticket.subject",
            "ticket.description",
            "ticket.priority",
            "ticket.tags[1]",
            "ticket.tags[2]",
            "ticket.requester_email",
            "ticket.organization_id",
            "request_id",
        }
        self.assertLessEqual(expected, set(seen.fields), str(seen))
        self.assertTrue(any(field.startswith("ticket.custom") for field in seen.fields), str(seen))
        self.assertEqual(self.log(), [], "nothing half written")

    def test_an_empty_request_names_what_it_needs(self) -> None:
        for rpc, field in (
            ("CreateTicket", "ticket"),
            ("UpdateTicket", "ticket"),
            ("GetTicket", "id"),
            ("DeleteTicket", "id"),
            ("AssignTicket", "id"),
            ("EscalateTicket", "id"),
            ("PostMessage", "ticket_id"),
            ("BatchCreateTickets", "requests"),
            ("CreateIssue", "issue"),
            ("ResolveIssue", "id"),
            ("UpsertAgent", "agent"),
            ("UpsertTeam", "team"),
            ("UpsertDeal", "deal"),
            ("UpsertAsset", "asset"),
            ("UpsertOrganization", "organization"),
            ("UpsertContact", "contact"),
            ("UpdateTenant", "tenant"),
            ("CreateFollowUp", "id"),
            ("RateTicket", "satisfaction"),
            ("ValidateWorkflow", "source"),
        ):
            with self.subTest(rpc), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                getattr(self.api, rpc)()
            self.assertTrue(any(found.split(".")[0] == field for found in seen.fields), str(seen))

    def test_nul_is_refused_in_every_text(self) -> None:
        ticket = self.ticket()
        for rpc, fields, path in (
            ("CreateTicket", {"ticket": {"subject": NUL}}, "ticket.subject"),
            ("CreateTicket", {"ticket": {"subject": "s", "tags": [NUL]}}, "ticket.tags[0]"),
            ("CreateTicket", {"ticket": {"subject": "s", "requester_id": NUL}}, "ticket.requester_id"),
            ("CreateTicket", {"ticket": {"subject": "s", "custom": {"f": {"string_value": NUL}}}}, "ticket.custom"),
            ("CreateTicket", {"ticket": {"subject": "s"}, "request_id": NUL}, "request_id"),
            ("UpdateTicket", {"ticket": {"id": ticket.id, "category": NUL}, "update_mask": {"paths": ["category"]}}, "ticket.category"),
            ("AssignTicket", {"id": ticket.id, "assignee_id": NUL}, "assignee_id"),
            ("TagTicket", {"id": ticket.id, "add": [NUL]}, "add[0]"),
            ("CloseTicket", {"id": ticket.id, "reason": NUL}, "reason"),
            ("PostMessage", {"ticket_id": ticket.id, "message": {"body": NUL}}, "message.body"),
            ("CreateIssue", {"issue": {"title": NUL}}, "issue.title"),
            ("UpsertAgent", {"agent": {"id": NUL}}, "agent.id"),
            ("UpsertOrganization", {"organization": {"id": "o", "name": NUL}}, "organization.name"),
        ):
            with self.subTest(path), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                getattr(self.api, rpc)(**fields)
            self.assertTrue(any(found.startswith(path) for found in seen.fields), str(seen))
        self.assertEqual(self.head(), 1)

    def test_texts_end_where_the_contract_says(self) -> None:
        ticket = self.ticket(subject="ü" * 500, description="d" * 65536, tags=[f"t{i}" + "x" * 50 for i in range(64)])
        self.assertEqual(len(ticket.subject), 500)
        self.assertEqual(len(ticket.tags), 64)
        many = {f"field-{i}": {"number_value": i} for i in range(65)}
        for fields, path in (
            ({"subject": "ü" * 501}, "ticket.subject"),
            ({"description": "d" * 65537}, "ticket.description"),
            ({"tags": [f"t{i}" for i in range(65)]}, "ticket.tags"),
            ({"custom": many}, "ticket.custom"),
            ({"custom": {"big": {"string_value": "x" * 17000}}}, "ticket.custom"),
            ({"category": "c" * 129}, "ticket.category"),
            ({"requester_name": "n" * 201}, "ticket.requester_name"),
        ):
            with self.subTest(path), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.ticket(**fields)
            self.assertTrue(any(found.startswith(path) for found in seen.fields), str(seen))
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.PostMessage(ticket_id=ticket.id, message={"body": "b" * 65537})
        self.assertEqual(seen.fields, ["message.body"])

    def test_a_message_above_four_mebibytes_is_refused(self) -> None:
        request = self.api.request("CreateTicket", ticket={"subject": "s", "description": "d" * (4 * 1024 * 1024 + 1)})
        with self.assertRaises(grpc.RpcError) as caught:
            self.api.call("CreateTicket", request)
        self.assertIn(caught.exception.code().name, ("RESOURCE_EXHAUSTED", "OUT_OF_RANGE", "INVALID_ARGUMENT"))
        self.assertEqual(self.head(), 0)

    def test_metadata_above_eight_kibibytes_is_refused(self) -> None:
        with self.assertRaises(grpc.RpcError) as caught:
            self.api.call("GetTicket", self.api.request("GetTicket", id="1"), metadata=[("x-large", "x" * 20000)])
        self.assertNotIn(caught.exception.code().name, ("INTERNAL", "NOT_FOUND"))

    def test_bytes_that_are_no_message_are_refused(self) -> None:
        for raw in (b"\xff\xff\xff\xff", b"\x0a\x02\x22", b"\x12\x02\xff\xfe"):
            with self.subTest(raw), self.assertRaises(grpc.RpcError) as caught:
                self.api.raw("CreateTicket", raw)
            self.assertEqual(client.Refusal(caught.exception).code, "INVALID_ARGUMENT")

    def test_tags_that_are_added_and_removed_contradict(self) -> None:
        ticket = self.ticket()
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.api.TagTicket(id=ticket.id, add=["a"], remove=["a"])

    def test_the_sixty_fifth_tag_is_one_too_many(self) -> None:
        ticket = self.ticket(tags=[f"t{i}" for i in range(64)])
        with self.refused("FAILED_PRECONDITION", "LIMIT_EXCEEDED") as seen:
            self.api.TagTicket(id=ticket.id, add=["one-more"])
        self.assertEqual((seen.metadata["what"], seen.metadata["limit"]), ("tags", "64"))

    def test_output_only_fields_are_ignored_on_input(self) -> None:
        made = self.ticket(id="tkt_mine", number=900, created_by="someone", tenant_id="other", etag="x", message_count=7)
        self.assertEqual((made.number, made.created_by, made.tenant_id, made.message_count), (1, "ada", self.tenant, 0))
        self.assertNotEqual(made.id, "tkt_mine")
        self.assertEqual(made.display_number, "TKT-0001")


class Masks(Case):
    def test_masks_must_name_fields_that_can_be_written(self) -> None:
        ticket = self.ticket()
        for paths in ([], ["subjekt"], ["number"], ["created_at"], ["subject", "id"], ["*", "subject"], ["tags.x"], [""]):
            with self.subTest(paths), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.UpdateTicket(ticket={"id": ticket.id, "subject": "new"}, update_mask={"paths": paths})
            self.assertTrue(all(field.startswith("update_mask") for field in seen.fields), str(seen))
        self.assertEqual(self.api.GetTicket(id=ticket.id).ticket, ticket)

    def test_only_what_the_mask_names_is_changed(self) -> None:
        ticket = self.ticket(description="long", category="billing")
        new = self.api.UpdateTicket(
            ticket={"id": "1", "subject": "New", "description": "not named"}, update_mask={"paths": ["subject"]}
        ).ticket
        self.assertEqual((new.subject, new.description, new.category), ("New", "long", "billing"))
        self.assertNotEqual(new.etag, ticket.etag)

    def test_a_star_replaces_everything_that_can_be_written(self) -> None:
        ticket = self.ticket(description="long", category="billing", tags=["a"])
        new = self.api.UpdateTicket(
            ticket={"id": ticket.id, "subject": "Whole", "status": "TICKET_STATUS_OPEN"}, update_mask={"paths": ["*"]}
        ).ticket
        self.assertEqual((new.subject, new.description, list(new.tags)), ("Whole", "", []))
        self.assertEqual(new.number, ticket.number)

    def test_one_custom_field_can_be_named(self) -> None:
        ticket = self.ticket(custom={"a": {"string_value": "1"}, "b": {"string_value": "2"}})
        new = self.api.UpdateTicket(
            ticket={"id": ticket.id, "custom": {"b": {"string_value": "3"}}}, update_mask={"paths": ["custom.b"]}
        ).ticket
        self.assertEqual({key: value.string_value for key, value in new.custom.items()}, {"a": "1", "b": "3"})
