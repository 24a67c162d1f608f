"""What a requester may set in what it writes: what a customer says, and nothing that the desk decides."""

import fill
from case import Case, api

# Of a new ticket, and of one that follows another. Any other field that callers write is the desk's.
TICKET = {
    "subject",
    "description",
    "type",
    "category",
    "channel",
    "custom",
    "related_asset_id",
    "related_vulnerability_id",
    "requester_name",
}


class Rights(Case):
    def setUp(self) -> None:
        super().setUp()
        self.rita = api(self.tenant, "rita", "requester")
        self.api.UpsertOrganization(organization={"id": "small", "name": "Small", "tier": "Free"})
        self.api.UpsertOrganization(organization={"id": "big", "name": "Big", "tier": "Enterprise"})
        contact = {"id": "rita", "name": "Rita", "email": "rita@small.example", "organization_id": "small"}
        self.api.UpsertContact(contact=contact)

    def writable(self) -> dict:
        """A value of each field of a ticket that callers write."""
        descriptor = self.schema.methods["CreateTicket"].input_type.fields_by_name["ticket"].message_type
        filled = fill.resource(descriptor, "said", status=None, sla_policy_id="slp_00000000000000000000000001")
        return filled

    def closed(self):
        ticket = self.ticket(subject="Help", requester_id="rita", organization_id="big", priority="PRIORITY_HIGH", tags=["vip"])
        return self.api.CloseTicket(id=ticket.id).ticket

    def makers(self, caller):
        """The ways to a new ticket."""
        closed = self.closed()
        yield "CreateTicket", lambda **fields: caller.CreateTicket(ticket={"subject": "Help", **fields}).ticket
        yield "CreateFollowUp", lambda **fields: caller.CreateFollowUp(id=closed.id, ticket=fields).ticket

    def test_a_requester_says_what_a_customer_says(self) -> None:
        for rpc, make in self.makers(self.rita):
            said = {name: value for name, value in self.writable().items() if name in TICKET}
            self.assertEqual(set(said), TICKET)
            with self.subTest(rpc):
                made = make(**said)
                for name, value in said.items():
                    self.assertEqual(only(made, name), only(type(made)(**{name: value}), name))

    def test_a_tenant_lets_its_requesters_set_more(self) -> None:
        self.api.UpdateTenant(tenant={"requester_fields": ["priority", "tags"]}, update_mask={"paths": ["requester_fields"]})
        self.assertEqual(list(self.api.GetTenant().tenant.requester_fields), ["priority", "tags"])
        for rpc, make in self.makers(self.rita):
            with self.subTest(rpc):
                made = make(priority="PRIORITY_URGENT", tags=["vip"])
                self.assertEqual((self.word(made, "priority"), list(made.tags)), ("PRIORITY_URGENT", ["vip"]))
                before = self.head()
                for fields, reserved in (({"tags": ["vip"], "team_id": "night"}, "ticket.team_id"), ({"organization_id": "big"}, "ticket.organization_id")):
                    with self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
                        make(**fields)
                    self.assertEqual(seen.metadata["fields"], reserved)
                self.assertEqual(self.head(), before)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.UpdateTenant(tenant={"requester_fields": ["organization_id"]}, update_mask={"paths": ["requester_fields"]})
        self.assertEqual(seen.fields, ["tenant.requester_fields[0]"])
        self.api.UpdateTenant(tenant={}, update_mask={"paths": ["requester_fields"]})
        with self.refused("PERMISSION_DENIED", "FORBIDDEN"):
            self.rita.CreateTicket(ticket={"subject": "Help", "tags": ["vip"]})

    def test_what_the_desk_decides_is_refused_by_name_and_changes_nothing(self) -> None:
        for rpc, make in self.makers(self.rita):
            before = self.head()
            for name, value in self.writable().items():
                if name in TICKET:
                    continue
                with self.subTest(rpc=rpc, field=name), self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
                    make(**{name: value})
                self.assertEqual(seen.metadata["fields"], f"ticket.{name}")
                self.assertIn(f"ticket.{name}", seen.text)
            with self.subTest(rpc), self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
                make(priority="PRIORITY_URGENT", tags=["vip"], source_type="SOURCE_TYPE_SYSTEM")
            self.assertEqual(seen.metadata["fields"], "ticket.priority,ticket.source_type,ticket.tags")
            self.assertEqual(self.head(), before)

    def test_whoever_acts_for_requesters_sets_them(self) -> None:
        service = api(self.tenant, "portal", "service")
        made = self.ticket(service, requester_id="rita", organization_id="big", priority="PRIORITY_URGENT", tags=["vip"])
        self.assertEqual((made.organization_id, self.word(made, "priority"), list(made.tags)), ("big", "PRIORITY_URGENT", ["vip"]))

    def test_a_requester_is_itself_of_its_own_organization(self) -> None:
        own = {"requester_id": "rita", "requester_email": "Rita@small.example", "requester_name": "R."}
        for fields in ({}, own):
            made = self.ticket(self.rita, **fields)
            who = (made.requester_id, made.requester_email, made.organization_id)
            self.assertEqual(who, ("rita", "rita@small.example", "small"))
        with self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
            self.ticket(self.rita, requester_id="ron", requester_email="ron@big.example")
        self.assertEqual(seen.metadata["fields"], "ticket.requester_id,ticket.requester_email")
        stranger = self.ticket(api(self.tenant, "ron", "requester"))
        self.assertEqual((stranger.requester_id, stranger.requester_email, stranger.organization_id), ("ron", "", ""))
        # Another application's contact is not there for hers.
        elsewhere = self.ticket(api(self.tenant, "rita", "requester", app_id="crm"))
        self.assertEqual(elsewhere.organization_id, "")

    def test_her_own_organizations_deadlines_hold(self) -> None:
        policy = {"name": "enterprise", "match": "organization.tier == 'Enterprise'", "resolution_minutes": 5}
        self.api.CreateSlaPolicy(sla_policy=policy)
        self.assertFalse(self.ticket(self.rita).HasField("due_at"))
        self.api.UpsertContact(contact={"id": "rita", "name": "Rita", "organization_id": "big"})
        self.assertTrue(self.ticket(self.rita).HasField("due_at"))

    def test_a_follow_up_stays_its_requesters_and_its_organizations(self) -> None:
        closed = self.closed()
        made = self.rita.CreateFollowUp(id=closed.id, ticket={"requester_name": "R."}).ticket
        self.assertEqual((made.requester_id, made.requester_name, made.organization_id), ("rita", "R.", "big"))
        # What the desk decided of the first holds for the second.
        self.assertEqual((self.word(made, "priority"), list(made.tags)), ("PRIORITY_HIGH", ["vip"]))

    def test_a_message_is_its_authors_and_says_nothing_of_where_it_came_from(self) -> None:
        mine = self.ticket(self.rita)
        say = lambda **fields: self.rita.PostMessage(ticket_id=mine.id, message={"body": "hello", **fields}).message
        for fields in ({}, {"author_id": "rita"}, {"author_email": "rita@small.example"}, {"visibility": "VISIBILITY_PUBLIC"}):
            with self.subTest(fields):
                self.assertEqual(say(**fields).author_id, "rita")
        for name, value in (("source", "zendesk"), ("source_type", "SOURCE_TYPE_SYSTEM"), ("author_email", "boss@big.example")):
            with self.subTest(name), self.refused("PERMISSION_DENIED", "FORBIDDEN") as seen:
                say(**{name: value}, author_id="rita")
            self.assertEqual(seen.metadata["fields"], f"message.{name}")
        for fields in ({"author_id": "ron"}, {"visibility": "VISIBILITY_INTERNAL"}):
            with self.subTest(fields), self.refused("PERMISSION_DENIED", "FORBIDDEN"):
                say(**fields)


def only(message, name: str):
    """The message without its other fields."""
    kept = type(message)()
    kept.CopyFrom(message)
    for field in message.DESCRIPTOR.fields:
        if field.name != name:
            kept.ClearField(field.name)
    return kept
