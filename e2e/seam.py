"""A desk whose database says what time it is: the one source of time is its clock, and a function of the same name that is
found first stands before it."""

import datetime
import itertools

from operated import Operated

WORK = [{"day": day, "open": "09:00", "close": "17:00"} for day in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")]
US = {"name": "us", "time_zone": "America/New_York", "weekly": WORK, "holidays": [{"date": "2026-11-26", "name": "Thanksgiving"}]}
BERLIN = {
    "name": "berlin",
    "time_zone": "Europe/Berlin",
    "weekly": [
        {"day": part["day"], "open": open, "close": close} for part in WORK for open, close in (("08:00", "12:00"), ("13:30", "18:00"))
    ],
    "holidays": [{"date": "2026-12-24"}, {"date": "2026-12-25"}],
}
SEAM = """
CREATE SCHEMA seam;
GRANT USAGE ON SCHEMA seam TO PUBLIC;
CREATE TABLE seam.clock (stands timestamptz NOT NULL);
INSERT INTO seam.clock VALUES ('2026-01-01');
CREATE FUNCTION seam.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT stands FROM seam.clock';
"""
_tenants = itertools.count(1)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


class Desk(Operated):
    """`self.desk(...)` makes a tenant with a calendar and policies; `self.time(...)` sets the clock."""

    def setUp(self) -> None:
        super().setUp()
        self.postgres.sql(SEAM, self.database)
        self.postgres.sql(f"ALTER DATABASE {self.database} SET search_path = seam, pg_catalog, public")

    def rules(self, *sources: str) -> str:
        """The folder of this test, which then holds these rules and no others."""
        folder = self.folder / f"{self.database}-rules"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for place, source in enumerate(sources):
            (folder / f"{place}.yaml").write_text(source)
        return str(folder)

    def time(self, text: str) -> None:
        self.postgres.sql(f"UPDATE seam.clock SET stands = '{text}'", self.database)

    def desk(self, server, *policies: dict, calendar: dict = US):
        """A tenant with a calendar and policies, made long ago."""
        self.time("2026-01-01T00:00:00Z")
        self.tenant = f"desk-{next(_tenants)}"
        api = server.api(self.schema, self.issuer.token(self.tenant))
        api.CreateCalendar(calendar=calendar)
        for place, policy in enumerate(policies):
            hours = {"calendar_id": calendar["name"], "business_hours_only": policy.get("business_hours_only", True)}
            api.CreateSlaPolicy(sla_policy={"name": f"p{place}", **hours, **policy})
        return api

    def create(self, api, when: str, **fields) -> str:
        self.time(when)
        return api.CreateTicket(ticket={"subject": "It is broken", **fields}).ticket.id

    def assert_due(self, api, ticket: str, wanted: str, what: str = "") -> None:
        self.assertEqual(api.GetTicket(id=ticket).ticket.due_at.ToDatetime(datetime.timezone.utc), at(wanted), what)
