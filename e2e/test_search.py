"""SearchTickets: what support people type, and what nobody may find."""

from case import Case, api, new_tenant

# Spellings that find each other, and what they do not find.
SPELLINGS = (
    (("cafe\u0301 one", "CAFÉ one"), ("cafés one",)),
    (("ＡＢＣ１２３", "abc123"), ("abc12",)),
    (("ｶﾞｰﾃﾞﾝ", "ガーデン"), ("カーテン",)),
    (("oﬃce", "office", "OFFICE"), ("offices",)),
    (("ﬂow ﬁx", "flow fix"), ()),
    (("ΟΔΟΣ", "οδος", "οδοσ", "οδός"), ("οδοι",)),
    (("STRASSE", "straße", "STRAẞE"), ("strase",)),
    (("İSTANBUL", "istanbul", "ıstanbul", "ISTANBUL"), ()),
    (("pass\u200bword", "password", "pass\u2060word", "pass\u200dword", "\ufeffpassword"), ("pass word",)),
    (("key\u00adboard", "keyboard"), ("key board",)),
    (("problème", "probleme", "PROBLÈME", "proble\u0300me"), ("problems",)),
    (("Łódź", "lodz"), ()),
    (("smørrebrød", "smorrebrod"), ()),
    (("مَلِكٌ", "ملك", "مـلـك"), ("مال",)),
    (("إسلام", "اسلام"), ()),
    (("שָׁלוֹם", "שלום"), ()),
    (("می\u200cخواهم", "میخواهم"), ()),
    (("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"), ("한국",)),
    (("हिन्दी", "हिन्\u200dदी"), ("हन्दी",)),
    (("①②③ ㎏", "123 kg"), ()),
    (("Ёлка", "елка"), ()),
    (("ꮳꮃꭹ", "ᏣᎳᎩ"), ()),
)


class Search(Case):
    def found(self, query: str, caller=None, **fields) -> list[int]:
        return [ticket.number for ticket in (caller or self.api).SearchTickets(query=query, **fields).tickets]

    def test_a_morning_at_the_desk(self) -> None:
        self.ticket(subject="Paper jam in printer 7", description="The third tray takes two sheets at once.")
        self.ticket(subject="Refund for order E-1234", requester_name="Ann Example", requester_email="ann@example.org")
        self.ticket(subject="Cannot log in", tags=["vip"], category="access")
        self.ticket(subject="Printers are offline")
        self.api.PostMessage(ticket_id="3", message={"body": "Is it the printer's network?", "visibility": "VISIBILITY_INTERNAL"})
        self.api.PostMessage(ticket_id="3", message={"body": "Please reset my password", "visibility": "VISIBILITY_PUBLIC"})
        for query, numbers in (
            ("paper jam", [1]),
            ("JAM paper ", [1]),
            ('"two sheets"', [1]),
            ('"sheets two"', []),
            ("printer", [4, 1, 3]),
            ("printer ", [1, 3]),
            ("print* -jam", [4, 3]),
            ("e-1234", [2]),
            ("ann@example.org", [2]),
            ("Ann Exa", [2]),
            ("vip", [3]),
            ("access", [3]),
            ("password", [3]),
            ("TKT-0002", [2]),
            ("4", [4]),
            ("nothing of the kind", []),
        ):
            with self.subTest(query):
                self.assertEqual(self.found(query), numbers)

    def test_what_was_written_is_found_and_what_was_taken_back_is_not(self) -> None:
        answer = self.api.CreateTicket(ticket={"subject": "zebra crossing"})
        self.assertEqual(self.found("zebra", min_position=answer.position), [1])
        self.api.UpdateTicket(ticket={"id": "1", "subject": "lion crossing"}, update_mask={"paths": ["subject"]})
        self.assertEqual((self.found("zebra"), self.found("lion")), ([], [1]))
        self.api.TagTicket(id="1", add=["savanna"])
        self.assertEqual(self.found("savanna"), [1])
        self.api.DeleteTicket(id="1")
        self.assertEqual(self.found("lion"), [])
        self.api.UndeleteTicket(id="1")
        self.assertEqual(self.found("lion"), [1])

    def test_the_best_comes_first_and_pages_go_on_from_there(self) -> None:
        self.api.BatchCreateTickets(
            requests=[{"ticket": {"subject": f"n{i}", "description": "about the okapi"}} for i in range(30)]
            + [{"ticket": {"subject": "okapi"}}]
            + [{"ticket": {"subject": f"m{i}", "description": "about the okapi"}} for i in range(30)]
        )
        page = self.api.SearchTickets(query="okapi", page_size=7)
        self.assertEqual([ticket.number for ticket in page.tickets], [31, 61, 60, 59, 58, 57, 56])
        self.assertEqual(sorted(page.scores, reverse=True), list(page.scores))
        self.assertFalse(page.newest_only)
        numbers = [ticket.number for ticket in page.tickets]
        while page.next_page_token:
            self.ticket(subject="okapi")
            page = self.api.SearchTickets(query="okapi", page_size=7, page_token=page.next_page_token)
            numbers += [ticket.number for ticket in page.tickets]
        self.assertEqual(numbers, [31, *range(61, 31, -1), *range(30, 0, -1)], "each once, and none that came meanwhile")

    def test_more_than_can_be_ranked_is_said(self) -> None:
        for _ in range(2):
            self.api.BatchCreateTickets(requests=[{"ticket": {"subject": "heron"}} for _ in range(300)])
        pages = [self.api.SearchTickets(query="heron", page_size=500)]
        self.assertTrue(pages[0].newest_only)
        self.assertEqual([ticket.number for ticket in pages[0].tickets], list(range(600, 100, -1)))
        self.assertEqual(self.found("heron 42"), [42])

    def test_filters_narrow_it(self) -> None:
        self.ticket(subject="stork", priority="PRIORITY_HIGH")
        self.ticket(subject="stork", priority="PRIORITY_LOW")
        self.assertEqual(self.found("stork", filter="ticket.priority == 'HIGH'"), [1])
        self.assertEqual(self.found("stork", filter="ticket.subject.startsWith('s') && ticket.number > 1"), [2])
        with self.refused("INVALID_ARGUMENT", "FILTER_INVALID"):
            self.found("stork", filter="ticket.colour == 'white'")

    def test_nobody_finds_what_they_may_not_see(self) -> None:
        self.ticket(subject="My invoice", requester_id="rita")
        self.ticket(subject="Another invoice", requester_id="otto")
        self.ticket(api(self.tenant, "crm", "service", app_id="crm"), subject="Their invoice", requester_id="rita")
        self.api.PostMessage(ticket_id="1", message={"body": "suspected fraud, keep quiet", "visibility": "VISIBILITY_INTERNAL"})
        rita = api(self.tenant, "rita", "requester")
        self.assertEqual(self.found("invoice", rita), [3, 1])
        self.assertEqual(self.found("fraud"), [1])
        for query in ("fraud", "frau*", '"suspected fraud"', "invoice fraud", "suspected invoice", "quiet -nothing"):
            with self.subTest(query):
                self.assertEqual(self.found(query, rita), [])
        # Not by what it would leave out, either, nor by how it is ranked.
        self.assertEqual(self.found("invoice -fraud", rita), [3, 1])
        scores = list(rita.SearchTickets(query="invoice").scores)
        self.assertEqual(scores[0], scores[1])
        self.assertEqual(self.found("invoice", api(self.tenant, "a", "agent", app_id="crm")), [3])
        self.assertEqual(self.found("invoice", api(self.tenant, "a", "agent", app_id="other")), [])
        self.assertEqual(self.found("invoice", api(new_tenant())), [])

    def test_another_tenants_words_move_nothing(self) -> None:
        self.ticket(subject="pelican pelican", description="a pelican")
        self.ticket(subject="one pelican")
        before = self.api.SearchTickets(query="pelican")
        other = api(new_tenant())
        other.BatchCreateTickets(requests=[{"ticket": {"subject": "pelican " * 9}} for _ in range(50)])
        other.SearchTickets(query="pelican")
        self.assertEqual(self.api.SearchTickets(query="pelican"), before)

    def test_whatever_is_typed(self) -> None:
        self.ticket(subject="ordinary")
        for query in ("' OR 1=1 --", "a & b | !c", ":* <-> (", "\\", '"', "-", "日本語", "x" * 256, "a\tb", "%_"):
            with self.subTest(query):
                try:
                    self.found(query)
                except Exception as refused:
                    self.assertEqual(refused.code().name, "INVALID_ARGUMENT")
        for query in ("", "   ", "-ordinary", "!!!", "😀", "x" * 2049, "é" * 1025, "a " + "-b " * 17, "nul\0"):
            with self.subTest(query), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.found(query)
            self.assertEqual(seen.fields, ["query"])

    def test_a_word_is_found_however_it_is_spelt(self) -> None:
        """Each line: spellings that find each other, and then what they do not find."""
        for number, (spellings, others) in enumerate(SPELLINGS, start=1):
            tickets = [self.ticket(subject=spelling).number for spelling in spellings]
            others = [self.ticket(subject=other).number for other in others]
            for query in spellings:
                with self.subTest(number=number, query=query):
                    found = set(self.found(query + " "))
                    self.assertLessEqual(set(tickets), found)
                    self.assertFalse(found & set(others))

    def test_other_accents_come_second(self) -> None:
        exact = self.ticket(subject="n", description="Un problème de réseau, et bien d'autres mots qui ne disent rien ici.").number
        bare = self.ticket(subject="probleme probleme reseau probleme reseau").number
        other = self.ticket(subject="problêmé du réseau").number
        self.assertEqual(self.found("problème ")[0], exact)
        self.assertEqual(set(self.found("problème ")), {exact, bare, other})
        self.assertEqual(self.found("probleme ")[0], bare)
        self.assertEqual(self.found("problème réseau")[0], exact)
        self.assertEqual(self.found("reseau probleme ")[0], bare)
        self.assertEqual(set(self.found("PROBL* réseau ")), {exact, bare, other})
        self.assertEqual(self.found("problème -reseau"), [])
        page = self.api.SearchTickets(query="problème ", page_size=1)
        rest = self.api.SearchTickets(query="problème ", page_token=page.next_page_token)
        self.assertEqual([ticket.number for ticket in page.tickets], [exact])
        self.assertEqual({ticket.number for ticket in rest.tickets}, {bare, other})

    def test_a_word_within_a_run_is_found(self) -> None:
        for run, words, no_words in (
            ("ฉันไม่สามารถเข้าสู่ระบบได้เพราะลืมรหัสผ่านของฉัน", ("รหัสผ่าน", "เข้าสู่ระบบ", "ลืม"), ("กระดาษ", "ผ่านรหัส")),
            ("ຂ້ອຍລືມລະຫັດຜ່ານຂອງຂ້ອຍ", ("ລະຫັດຜ່ານ", "ລືມ"), ("ເຄື່ອງພິມ",)),
            ("ខ្ញុំភ្លេចពាក្យសម្ងាត់របស់ខ្ញុំ", ("ពាក្យសម្ងាត់", "ភ្លេច"), ("បោះពុម្ព",)),
            ("ကျွန်တော်စကားဝှက်မေ့သွားတယ်", ("စကားဝှက်",), ("ပရင်တာ",)),
            ("研究生命起源的论文", ("生命", "论文", "研究生命"), ("命生", "源起")),
            ("東京都に住んでいます", ("東京", "京都", "都", "住んで"), ("京東",)),
            ("ﾊﾟｽﾜｰﾄﾞを再設定できません", ("パスワード", "再設定", "ﾜｰﾄﾞ"), ("バスワード",)),
            ("비밀번호를 변경했습니다", ("비밀번호 변경", "변경 비밀번호 ", '"비밀번호 변경"', "비밀 "), ("번호 ",)),
        ):
            number = self.ticket(subject=run).number
            for query in words:
                with self.subTest(run=run, query=query):
                    self.assertIn(number, self.found(query))
                    self.assertNotIn(number, self.found(f"{run} -{query.strip()}"))
            for query in no_words:
                with self.subTest(run=run, no=query):
                    self.assertNotIn(number, self.found(query))

    def test_what_is_long_is_found_by_its_rarest_words(self) -> None:
        japanese = "注文した商品がまだ届いていないので確認してくださいませ"
        error = (
            "ERROR 2026-11-29 10:03:14 worker-7 could not connect to upstream host db-3.internal port 5432 because the "
            "server closed the connection unexpectedly while reading the response for request 8f31 of tenant acme retry 3 of 5"
        )
        for _ in range(3):
            self.ticket(subject="could not connect to the server", description=error.replace("8f31", "77aa"))
        numbers = [self.ticket(subject="n", description=text).number for text in (japanese, error)]
        self.assertEqual(self.found(japanese), numbers[:1])
        self.assertEqual(self.found(error), numbers[1:])
        self.assertEqual(self.found(f'"{error}"'), numbers[1:])
        self.assertEqual(self.found(f"{error} -acme"), [])
        self.assertEqual(len(self.found(error.replace("8f31", ""))), 4)
        # What a requester may not see does not decide which are rare: for her, `others` is the rarest.
        words = " ".join(f"w{n}" for n in range(16))
        number = self.ticket(subject="Mine", description=words, requester_id="rita").number
        for _ in range(3):
            self.ticket(subject="others")
        rita = api(self.tenant, "rita", "requester")
        self.assertEqual((self.found(words, rita), self.found(f"{words} others", rita)), ([number], []))
        self.assertEqual(self.found(f"{words} others"), [number])
        # What is asked is bounded, whatever it is.
        for query in ("の" * 680, "a1 " * 500, " ".join(f"w{n}" for n in range(350)), "e\u0301" * 680, "가 " * 500, "ก" + "\u0e48" * 600):
            with self.subTest(query[:9]):
                self.assertEqual(self.found(query), [])

    def test_tokens_belong_to_their_query(self) -> None:
        for _ in range(3):
            self.ticket(subject="egret")
        token = self.api.SearchTickets(query="egret", page_size=1).next_page_token
        for name, caller, query in (
            ("cut", self.api, {"query": "egret", "page_token": token[:-3]}),
            ("of another query", self.api, {"query": "egret ", "page_token": token}),
            ("of another filter", self.api, {"query": "egret", "filter": "ticket.number > 0", "page_token": token}),
            ("of another tenant", api(new_tenant()), {"query": "egret", "page_token": token}),
            ("of another caller", api(self.tenant, "rita", "requester"), {"query": "egret", "page_token": token}),
        ):
            with self.subTest(name), self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
                caller.SearchTickets(page_size=1, **query)
        with self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
            self.api.ListTickets(page_size=1, page_token=token)
