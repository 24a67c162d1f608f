"""Parameters of filters: values that stay values, wherever a filter is taken."""

from case import Case, params

# What would list everything, if it were pasted between quotes.
CLEVER = "x' || true || '"


class Params(Case):
    def setUp(self) -> None:
        super().setUp()
        for requester, tags in (("o'hara", ["vip"]), (CLEVER, []), ("ann", ["vip", "eu"])):
            self.ticket(requester_id=requester, subject=f"of {requester}", tags=tags)

    def numbers(self, filter: str, **values) -> list[int]:
        return [ticket.number for ticket in self.api.pages("ListTickets", "tickets", filter=filter, filter_params=params(**values))]

    def test_a_quote_in_a_value_ends_nothing(self) -> None:
        mine = "ticket.requester_id == params.who"
        self.assertEqual(self.numbers(mine, who="o'hara"), [1])
        self.assertEqual(self.numbers(mine, who="x' || true"), [])
        self.assertEqual(self.numbers(mine, who=CLEVER), [2], "it is a text like any other")
        for nothing in ("\\", "params.who", "' OR '1'='1", '"', "%", "\u0007"):
            self.assertEqual(self.numbers(mine, who=nothing), [], nothing)

    def test_a_parameter_is_what_the_same_literal_is(self) -> None:
        self.assertEqual(self.numbers("ticket.number in params.all && params.yes", all=[1, 3, 99], yes=True), [3, 1])
        self.assertEqual(self.numbers("params.tag in ticket.tags && ticket.status == params.status", tag="eu", status="open"), [3])
        self.assertEqual(self.numbers("params.tags.exists(t, t in ticket.tags)", tags=["eu", "us"]), [3])
        self.assertEqual(self.numbers("ticket.created_at > timestamp(params.since)", since="2000-01-01T00:00:00Z"), [3, 2, 1])
        self.assertEqual(self.numbers("ticket.due_at == params.none && ticket.number > params.n", none=None, n=2.5), [3])

    def test_what_does_not_fit_is_refused_where_it_is_read(self) -> None:
        for filter, values, column in (
            ("ticket.number > params.n", {"n": "7"}, 15),
            ("ticket.status == params.s", {"s": "OPENED"}, 18),
            ("ticket.number > params.n", {}, 17),
            ("ticket.number > params.nn", {"n": 7}, 17),
            ("ticket.number > 7", {"n": 7}, 1),
            ("params.n", {"n": 7}, 1),
            ("has(params.n)", {"n": True}, 1),
            ("params['n']", {"n": True}, 7),
            ("ticket.tags.exists(params, params == 'vip')", {}, 20),
        ):
            with self.subTest(filter, **values), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as refusal:
                self.numbers(filter, **values)
            self.assertEqual(int(refusal.metadata["column"]), column, refusal.text)
        for values, fields in (
            ({"o": {"a": 1}}, ["filter_params.o"]),
            ({"o": [[1]]}, ["filter_params.o[0]"]),
            ({"o": "x" * 20_000}, ["filter_params"]),
            ({f"p{n}": n for n in range(33)}, ["filter_params"]),
            ({"o": list(range(501))}, ["filter_params.o"]),
        ):
            with self.subTest(str(values)[:40]), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
                self.numbers("true", **values)
            self.assertEqual(refusal.fields, fields)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as refusal:
            self.numbers("", who="ann")
        self.assertEqual(refusal.fields, ["filter_params"], "what a program forgot would be everything")

    def test_a_page_token_belongs_to_the_values(self) -> None:
        asked = {"filter": "ticket.number > params.n", "page_size": 1}
        first = self.api.ListTickets(**asked, filter_params=params(n=0))
        with self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
            self.api.ListTickets(**asked, filter_params=params(n=1), page_token=first.next_page_token)
        second = self.api.ListTickets(**asked, filter_params=params(n=0), page_token=first.next_page_token)
        self.assertEqual([ticket.number for page in (first, second) for ticket in page.tickets], [3, 2])

    def test_streams_snapshots_search_and_figures_read_them_too(self) -> None:
        asked = {"filter": "ticket.requester_id in params.who", "filter_params": params(who=["ann", CLEVER])}
        start = {"view": "ACTIVITY_VIEW_FULL", "snapshot_first": True, "earliest": True}
        frames = self.read_until(self.api.stream("StreamActivities", **start, **asked), 3)
        snapshot = [frame.snapshot.number for frame in frames if frame.WhichOneof("event") == "snapshot"]
        self.assertEqual(sorted(snapshot + [it.ticket.number for it in self.activities(frames)]), [2, 3])
        self.assertEqual([ticket.number for ticket in self.api.SearchTickets(query="of", **asked).tickets], [3, 2])
        self.assertEqual(self.api.GetTicketStats(**asked).by_status["OPEN"], 2)
        log = self.log(filter="activity.actor.id == params.who && activity.ticket.number == params.n", filter_params=params(who="ada", n=2))
        self.assertEqual([activity.position for activity in log], [2])

    def test_each_rpc_that_takes_a_filter_reads_its_parameters(self) -> None:
        """Every one of them refuses a parameter that its filter does not read."""
        needed, asked = {"SearchTickets": {"query": "x"}, "RunWorkflow": {"workflow": "triage-new"}}, 0
        for rpc, method in self.schema.methods.items():
            if "filter" not in method.input_type.fields_by_name:
                continue
            asked += 1
            fields = {"filter": "true", "filter_params": params(unread=1)}
            with self.subTest(rpc), self.refused("INVALID_ARGUMENT", "FILTER_INVALID") as refusal:
                if method.server_streaming:
                    next(iter(self.api.stream(rpc, **fields)))
                else:
                    getattr(self.api, rpc)(**fields | needed.get(rpc, {}))
            self.assertIn("`unread`", refusal.text)
        self.assertGreater(asked, 15)
