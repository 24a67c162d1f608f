"""An index of older rules is searched until that of the newest is made beside it."""

from house import until
from operated import Operated

# What an older version left: its index as of the beginning of the log, and none by the newest rules. Nothing of that can be made while
# the gate is shut.
OLDER = """
CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.name = 'search.2' THEN RAISE EXCEPTION USING errcode = 'lock_not_available'; END IF;
    RETURN new;
END $$;
CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON projection FOR EACH ROW EXECUTE FUNCTION gate();
DELETE FROM projection WHERE name = 'search.2';
DELETE FROM ticket_search_2;
INSERT INTO projection SELECT tenant_id, 'search', 0, 0 FROM tenant_head;
"""
LEFT = "SELECT (SELECT count(*) FROM ticket_search) || ' ' || (SELECT count(*) FROM projection WHERE name = 'search')"


class SearchRules(Operated):
    def test_no_search_waits_for_the_rules_to_change(self) -> None:
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            found = lambda query, **more: [ticket.number for ticket in api.SearchTickets(query=query, **more).tickets]
            for subject in ("Straße", "パスワード", "비밀번호를 변경"):
                api.CreateTicket(ticket={"subject": subject})
            self.assertEqual((found("strasse"), found("비밀번호 변경")), ([1], [3]))
            self.postgres.sql(OLDER, self.database)

            # In the middle: by the rules of the index that there is, with everything that was written.
            self.assertEqual((found("strasse"), found("straße "), found("비밀번호 변경"), found("ワード")), ([], [1], [], [2]))
            api.CreateTicket(ticket={"subject": "Another Straße"})
            self.assertEqual(found("straße "), [4, 1])
            page = api.SearchTickets(query="straße ", page_size=1)
            self.assertEqual(found("straße ", page_size=1, page_token=page.next_page_token), [1])
            # A long question, and what has no word by these rules.
            long = " ".join(f"w{n}" for n in range(40))
            api.CreateTicket(ticket={"subject": "n", "description": long})
            self.assertEqual(found(long), [5])
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                found("℡")

            self.postgres.sql("DROP TRIGGER gate ON projection", self.database)
            until(lambda: found("strasse") == [4, 1], "the newest rules answer")
            self.assertEqual((found("비밀번호 변경"), found("straße "), found(long)), ([3], [4, 1], [5]))
            with self.refused("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"):
                found("straße ", page_size=1, page_token=page.next_page_token)
            until(lambda: self.postgres.sql(LEFT, self.database).strip() == "0 0", "nothing is left of the older index")
            api.CreateTicket(ticket={"subject": "A third STRASSE"})
            self.assertEqual(found("straße "), [6, 4, 1])

    def test_an_index_that_was_never_whole_is_not_searched(self) -> None:
        with self.serve() as server:
            api = server.ready().api(self.schema, self.issuer.token(self.tenant))
            api.CreateTicket(ticket={"subject": "Straße"})
            self.assertEqual(len(api.SearchTickets(query="strasse").tickets), 1)
            self.postgres.sql("INSERT INTO projection SELECT tenant_id, 'search', 0, 1 FROM tenant_head", self.database)
            self.postgres.sql("DELETE FROM projection WHERE name = 'search.2'; DELETE FROM ticket_search_2", self.database)
            self.assertEqual(len(api.SearchTickets(query="strasse").tickets), 1)
            until(lambda: self.postgres.sql(LEFT, self.database).strip() == "0 0", "nothing is left of the older index")
