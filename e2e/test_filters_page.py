"""docs/filters.md, run: each example is answered, each one that is said to be refused is refused where it says."""

import json
import re

from case import Case, params
from server import ROOT

BLOCK = re.compile(r"^```cel (\w+)(?: given (\{[^\n]*\}))?( refused)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class FiltersPage(Case):
    def setUp(self) -> None:
        super().setUp()
        self.page = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
        self.ticket(
            subject="The printer", tags=["vip", "eu"], priority="PRIORITY_URGENT", assignee_id="ann", team_id="support",
            custom={"seats": {"number_value": 12}, "the region": {"string_value": "EU"}},
        )
        self.api.CreateIssue(issue={"title": "Printer", "project": "core", "ticket_ids": ["1"]})
        self.api.UpsertOrganization(organization={"id": "acme", "tier": "Enterprise", "attributes": {"seats": 12}})
        self.api.UpsertContact(contact={"id": "rita", "email": "rita@example.com", "organization_id": "acme"})
        self.api.UpsertAgent(agent={"id": "ann", "skills": ["billing"]})
        self.api.UpsertTeam(team={"id": "support", "member_ids": ["ann", "lead-bob"]})
        self.api.UpsertDeal(deal={"id": "d-17", "name": "New office", "stage": "Negotiation", "attributes": {"amount": 60000}})
        self.api.UpsertAsset(asset={"id": "printer-2", "name": "Printer, floor 2", "kind": "printer"})
        closed = self.ticket()
        self.api.CloseTicket(id=closed.id)
        with self.refused("FAILED_PRECONDITION", "DENIED_BY_WORKFLOW"):
            self.api.EscalateTicket(id=closed.id)
        self.api.UpdateTicket(ticket={"id": "1", "priority": "PRIORITY_LOW"}, update_mask={"paths": ["priority"]})
        self.api.UpdateTicket(ticket={"id": "1", "priority": "PRIORITY_URGENT"}, update_mask={"paths": ["priority"]})

    def examples(self, refused: bool):
        """The RPC of each, its filter, and the parameters of its block."""
        for rpc, given, marked, lines in BLOCK.findall(self.page):
            if bool(marked) == refused:
                given = json.loads(given) if given else {}
                for line in lines.splitlines():
                    # A parameter that the filter does not read is refused.
                    yield rpc, line, params(**{name: given[name] for name in given if refused or f"params.{name}" in line})

    def test_every_example_is_answered_and_each_list_has_one_that_matches(self) -> None:
        matched: dict[str, int] = {}
        for rpc, text, given in self.examples(refused=False):
            with self.subTest(text):
                field = self.schema.methods[rpc].output_type.fields[0].name
                matched[rpc] = matched.get(rpc, 0) + len(list(self.api.pages(rpc, field, filter=text, filter_params=given)))
        self.assertEqual(len(matched), 10)
        self.assertNotIn(0, matched.values(), matched)

    def test_every_example_that_is_refused_is_refused_with_its_column(self) -> None:
        count = 0
        for rpc, text, given in self.examples(refused=True):
            with self.subTest(text), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
                getattr(self.api, rpc)(filter=text, filter_params=given)
            self.assertGreater(int(seen.metadata["column"]), 0)
            count += 1
        self.assertGreater(count, 5)

    def test_the_fields_on_the_page_are_those_of_the_schema(self) -> None:
        for rpc, root, fields in re.findall(r"^\| (List\w+)[^|]*\| `(\w+)` \| ([^|]+)\|$", self.page, re.MULTILINE):
            with self.subTest(root), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as seen:
                getattr(self.api, rpc)(filter=f"{root}.zzzzzzzzzzzz == 1")
            known = set(re.search(r"one of: ([\w, ]+)", seen.metadata["problem"]).group(1).split(", "))
            named = {re.match(r"\w+", field.strip()).group() for field in re.sub(r"\([^)]*\)", "", fields).split(",")}
            self.assertEqual(named, known)

    def test_the_orders_on_the_page_are_those_that_are_taken(self) -> None:
        rows = re.findall(r"^\| (List\w+[^|]*)\| ([^|]+)\| (\w+(?: desc)?) \|$", self.page, re.MULTILINE)
        self.assertEqual(len(rows), 7)
        for rpcs, fields, default in rows:
            for rpc in rpcs.strip().split(", "):
                narrowed = {"ticket_id": "1"} if rpc == "ListMessages" else {}
                names = [re.match(r"\w+", field.strip()).group() for field in fields.split(",")]
                for order in [*names, *(f"{name} desc" for name in names), default]:
                    with self.subTest(rpc, order=order):
                        getattr(self.api, rpc)(order_by=order, **narrowed)
                with self.subTest(rpc), self.refused("INVALID_ARGUMENT", "ORDER_BY_INVALID") as seen:
                    getattr(self.api, rpc)(order_by="nothing", **narrowed)
                self.assertIn(", ".join(names), seen.text)
