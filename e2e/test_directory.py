"""The directory: entries in batches, entries that are taken out, and what of them is left."""

from case import Case, api

ROWS = {
    "Organization": {"id": "acme", "name": "Acme", "tier": "Gold"},
    "Contact": {"id": "rita", "name": "Rita", "email": "rita@acme.example"},
    "Team": {"id": "support", "name": "Support", "member_ids": ["ann"]},
    "Agent": {"id": "ann", "name": "Ann"},
    "Deal": {"id": "d-17", "name": "New office", "stage": "Negotiation"},
    "Asset": {"id": "printer-2", "name": "Printer", "kind": "printer"},
}


class Directory(Case):
    def upsert(self, kind: str, **more):
        return getattr(getattr(self.api, f"Upsert{kind}")(**{kind.lower(): ROWS[kind] | more}), kind.lower())

    def test_a_deleted_entry_is_not_there_and_an_upsert_brings_it_back(self) -> None:
        for kind, row in ROWS.items():
            with self.subTest(kind):
                field, name = kind.lower(), row["id"]
                made = self.upsert(kind)
                fields = {"id": name, "etag": made.etag, "request_id": f"delete-{kind}"}
                answer = getattr(self.api, f"Delete{kind}")(**fields)
                gone = getattr(answer, field)
                self.assertTrue(gone.HasField("deleted_at"))
                self.assertEqual((gone.name, gone.deleted_by), (row["name"], "ada"))
                with self.refused("NOT_FOUND", f"{kind.upper()}_NOT_FOUND"):
                    getattr(self.api, f"Get{kind}")(id=name)
                self.assertEqual(list(self.api.pages(f"List{kind}s", f"{field}s")), [])
                before = self.head()
                self.assertEqual(getattr(getattr(self.api, f"Delete{kind}")(id=name), field), gone)
                self.assertEqual(self.head(), before, "deleting twice changes nothing")
                # No etag of its earlier life is good for the next one.
                back = self.upsert(kind)
                self.assertFalse(back.HasField("deleted_at"))
                self.assertNotIn(back.etag, (made.etag, gone.etag))
                self.assertEqual(getattr(self.get(kind, name), field), back)
                self.assertEqual(getattr(self.api, f"Delete{kind}")(**fields), answer)
                newest = [a for a in self.log() if a.type == f"{field}.changed"]
                self.assertEqual([bool(a.data.fields.get("deleted_at")) for a in newest], [False, True, False])

    def get(self, kind: str, name: str):
        return getattr(self.api, f"Get{kind}")(id=name)

    def test_what_was_never_there_cannot_be_deleted(self) -> None:
        self.ticket(assignee_id="ann")
        for kind, row in ROWS.items():
            # An agent whom only an assignment names is none.
            with self.subTest(kind), self.refused("NOT_FOUND", f"{kind.upper()}_NOT_FOUND"):
                getattr(self.api, f"Delete{kind}")(id=row["id"])
            self.upsert(kind)
            with self.subTest(kind), self.refused("ABORTED", "ETAG_MISMATCH"):
                getattr(self.api, f"Delete{kind}")(id=row["id"], etag="ff")
            other = api(self.tenant, "crm", "service", app_id="crm")
            with self.subTest(kind), self.refused("NOT_FOUND", f"{kind.upper()}_NOT_FOUND"):
                getattr(other, f"Delete{kind}")(id=row["id"])

    def test_a_deleted_agent_keeps_its_tickets_and_gets_no_more(self) -> None:
        for agent in ("ann", "bob"):
            self.api.UpsertAgent(agent={"id": agent, "name": agent.title(), "status": "AGENT_STATUS_ONLINE"})
        self.api.UpsertTeam(team={"id": "support", "name": "Support", "member_ids": ["ann", "bob"]})
        kept = self.ticket(assignee_id="ann")
        self.api.DeleteAgent(id="ann")
        self.ticket(assignee_id="bob")
        # The rule would choose the idler one.
        self.assertEqual(self.ticket(subject="Login broken", team_id="support").assignee_id, "bob")
        self.assertEqual(self.api.GetTicket(id=kept.id).ticket.assignee_id, "ann")
        self.assertEqual(self.upsert("Agent").open_count, 1)

    def test_a_deleted_organization_is_none_for_rules(self) -> None:
        self.api.UpsertOrganization(organization={"id": "acme", "name": "Acme", "tier": "Enterprise"})
        raised = self.ticket(organization_id="acme")
        self.assertEqual(self.word(raised, "priority"), "PRIORITY_HIGH")
        self.api.DeleteOrganization(id="acme")
        self.assertEqual(self.word(self.ticket(organization_id="acme"), "priority"), "PRIORITY_MEDIUM")

    def test_a_batch_is_all_or_none_and_is_answered_again(self) -> None:
        for kind, row in ROWS.items():
            with self.subTest(kind):
                field = kind.lower()
                self.upsert(kind, id="old")
                rows = [row | {"id": "one"}, row | {"id": "old"}, row | {"id": "two", "name": "Two"}]
                fields = {"requests": [{field: row} for row in rows], "request_id": f"batch-{kind}"}
                answer = getattr(self.api, f"BatchUpsert{kind}s")(**fields)
                self.assertEqual([entry.id for entry in getattr(answer, f"{field}s")], ["one", "old", "two"])
                self.upsert(kind, id="two", name="Other")
                self.assertEqual(getattr(self.api, f"BatchUpsert{kind}s")(**fields), answer)
                self.assertEqual(getattr(self.get(kind, "two"), field).name, "Other")
                before = self.head()
                stale = [{field: row | {"id": "three"}}, {field: row | {"id": "one", "name": "x", "etag": "ff"}}]
                with self.refused("ABORTED", "ETAG_MISMATCH"):
                    getattr(self.api, f"BatchUpsert{kind}s")(requests=stale)
                with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                    wrong = [{field: row}, {field: {}, "request_id": "own", "validate_only": True}]
                    getattr(self.api, f"BatchUpsert{kind}s")(requests=wrong)
                wanted = ["requests[1].request_id", "requests[1].validate_only", f"requests[1].{field}.id"]
                self.assertEqual(sorted(seen.fields), sorted(wanted))
                with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                    getattr(self.api, f"BatchUpsert{kind}s")()
                self.assertEqual(self.head(), before)
