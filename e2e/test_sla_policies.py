"""What a tenant promises and when it works: policies and calendars, from outside."""

import datetime

from case import Case, api

MONDAY = {"day": "MONDAY", "open": "09:00", "close": "17:00"}
HORIZON = 5_256_000


class Promises(Case):
    def setUp(self) -> None:
        super().setUp()
        self.lead = api(self.tenant, "lea", "lead")

    def policy(self, name: str, **fields):
        fields = {"resolution_minutes": 60} | fields
        return self.lead.CreateSlaPolicy(sla_policy={"name": name, **fields}).sla_policy

    def calendar(self, name: str, **fields):
        fields = {"time_zone": "America/New_York", "weekly": [MONDAY]} | fields
        return self.lead.CreateCalendar(calendar={"name": name, **fields}).calendar

    def update(self, id: str, **fields):
        mask = {"paths": list(fields)}
        return self.lead.UpdateSlaPolicy(sla_policy={"id": id, **fields}, update_mask=mask).sla_policy

    def update_calendar(self, id: str, **fields):
        mask = {"paths": list(fields)}
        return self.lead.UpdateCalendar(calendar={"id": id, **fields}, update_mask=mask).calendar


class Policies(Promises):
    def names(self, **fields) -> list[str]:
        return [policy.name for policy in self.api.pages("ListSlaPolicies", "sla_policies", page_size=2, **fields)]

    def test_one_is_made_read_changed_and_retired(self) -> None:
        new = {"name": "gold", "first_response_minutes": 30, "resolution_minutes": 240, "warn_at": [{"percent": 80}, {"before": {"seconds": 3600}}]}
        answer = self.lead.CreateSlaPolicy(sla_policy=new, request_id="make")
        made = answer.sla_policy
        self.assertTrue(made.id.startswith("slp_") and len(made.id) == 30, made.id)
        self.assertEqual((made.version, self.word(made, "status"), made.created_by), (1, "SLA_POLICY_STATUS_ACTIVE", "lea"))
        self.assertEqual([*made.pause_on], [4], "ON_HOLD is the default")
        self.assertEqual((self.word(made, "on_priority_change"), self.word(made, "on_reopen")), ("ON_PRIORITY_CHANGE_RETROACTIVE", "ON_REOPEN_CONTINUE"))
        self.assertEqual((made.HasField("next_response_minutes"), made.warn_at[0].percent, made.warn_at[1].before.seconds), (False, 80, 3600))
        for id in (made.id, "gold"):
            self.assertEqual(self.api.GetSlaPolicy(id=id, min_position=answer.position).sla_policy, made)
        mask = {"paths": ["description", "resolution_minutes", "pause_on"]}
        changed = self.lead.UpdateSlaPolicy(sla_policy={"id": "gold", "resolution_minutes": 480, "etag": made.etag}, update_mask=mask).sla_policy
        self.assertEqual((changed.version, changed.resolution_minutes, [*changed.pause_on]), (2, 480, []))
        head = self.head()
        self.assertEqual(self.update("gold", resolution_minutes=480), changed)
        self.assertEqual(self.head(), head, "no difference is no version")
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.lead.DeleteSlaPolicy(id="gold", etag=made.etag)
        gone = self.lead.DeleteSlaPolicy(id="gold", request_id="drop")
        self.assertEqual((gone.sla_policy.version, self.word(gone.sla_policy, "status")), (3, "SLA_POLICY_STATUS_INACTIVE"))
        self.assertEqual(self.lead.DeleteSlaPolicy(id=made.id).position, gone.position)
        # Each of its versions is there as it was.
        for version, was in ((1, made), (2, changed), (3, gone.sla_policy), (0, gone.sla_policy)):
            self.assertEqual(self.api.GetSlaPolicy(id="gold", version=version).sla_policy, was)
        with self.refused("NOT_FOUND", "SLA_POLICY_NOT_FOUND"):
            self.api.GetSlaPolicy(id="gold", version=4)
        self.assertEqual([a.type for a in self.log()], ["policy.changed"] * 3)
        self.assertEqual(self.log()[1].data["resolution_minutes"], 480)
        self.assertEqual(self.lead.CreateSlaPolicy(sla_policy=new, request_id="make"), answer)
        self.assertEqual(self.lead.DeleteSlaPolicy(id="gold", request_id="drop"), gone)
        self.assertEqual(self.update("gold", status="SLA_POLICY_STATUS_ACTIVE").version, 4)

    def test_a_name_and_a_slot_are_taken_once(self) -> None:
        high = {"priority": "PRIORITY_HIGH"}
        first = self.policy("high", **high)
        with self.refused("ALREADY_EXISTS", "NAME_TAKEN"):
            self.policy("high", team_id="core")
        with self.refused("ALREADY_EXISTS", "SLA_POLICY_OVERLAPS") as seen:
            self.policy("again", **high)
        self.assertEqual(seen.metadata, {"name": "high", "slot": "any team, any type, priority HIGH"})
        for name, beside in (
            ("any", {}),
            ("core", high | {"team_id": "core"}),
            ("typed", high | {"applies_to": ["TICKET_TYPE_INCIDENT", "TICKET_TYPE_PROBLEM"]}),
            ("vips", high | {"match": "'vip' in ticket.tags"}),
            ("kept", high | {"status": "SLA_POLICY_STATUS_INACTIVE"}),
        ):
            self.policy(name, **beside)
        with self.refused("ALREADY_EXISTS", "SLA_POLICY_OVERLAPS") as seen:
            self.policy("more", **high, applies_to=["TICKET_TYPE_CHANGE", "TICKET_TYPE_PROBLEM"])
        self.assertEqual(seen.metadata, {"name": "typed", "slot": "any team, type PROBLEM, priority HIGH"})
        with self.refused("ALREADY_EXISTS", "SLA_POLICY_OVERLAPS"):
            self.update("vips", match="")
        with self.refused("ALREADY_EXISTS", "SLA_POLICY_OVERLAPS"):
            self.update("kept", status="SLA_POLICY_STATUS_ACTIVE")
        self.lead.DeleteSlaPolicy(id=first.id)
        self.update("kept", status="SLA_POLICY_STATUS_ACTIVE")
        # All of them at once: one is taken, whatever the order.
        fields = {"team_id": "race", "resolution_minutes": 5}
        racing = [self.lead.future("CreateSlaPolicy", sla_policy={"name": f"race-{n}", **fields}) for n in range(8)]
        self.assertEqual(sum(call.exception() is None for call in racing), 1)

    def test_lists_are_filtered_ordered_and_paged(self) -> None:
        for name, position, team in (("b", 3, "core"), ("c", 1, ""), ("a", 2, "desk")):
            self.policy(name, position=position, team_id=team)
        self.lead.DeleteSlaPolicy(id="c")
        self.assertEqual(self.names(), ["a", "b", "c"])
        self.assertEqual(self.names(order_by="position"), ["c", "a", "b"])
        self.assertEqual(self.names(order_by="created_at desc"), ["a", "c", "b"])
        self.assertEqual(self.names(filter="sla_policy.status == 'active' && sla_policy.resolution_minutes < 90"), ["a", "b"])
        self.assertEqual(self.names(filter="sla_policy.team_id in ['', 'core']"), ["b", "c"])

    def test_what_cannot_be_is_told_at_once(self) -> None:
        wrong = {
            "name": "go\nld", "resolution_minutes": 0, "first_response_minutes": -5, "next_response_minutes": 1_000_000_000,
            "match": "ticket.prioritty == 'HIGH'", "applies_to": [99], "warn_at": [{}, {"percent": 80}, {"percent": 80}],
            "team_id": "x" * 129,
        }
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.policy(**wrong)
        self.assertEqual(
            sorted(seen.fields),
            sorted(f"sla_policy.{field}" for field in (
                "name", "resolution_minutes", "first_response_minutes", "next_response_minutes", "match", "applies_to[0]",
                "warn_at[0]", "warn_at[2]", "team_id",
            )),
        )
        self.assertIn(f"1 to {HORIZON} minutes", seen.text)
        self.assertIn("column 8", seen.text)
        for fields, field, says in (
            ({"resolution_minutes": None}, "resolution_minutes", "must be set"),
            ({"resolution_minutes": HORIZON + 1}, "resolution_minutes", str(HORIZON)),
            ({"warn_at": [{"percent": 100}]}, "warn_at[0]", "1 to 99"),
            ({"warn_at": [{"percent": 0}]}, "warn_at[0]", "1 to 99"),
            ({"warn_at": [{"before": {"seconds": 0}}]}, "warn_at[0]", "more than no time"),
            ({"warn_at": [{"before": {"seconds": 3600}}]}, "warn_at[0]", "shorter than the longest target"),
            ({"warn_at": [{"before": {"nanos": 5_000_000}}]}, "warn_at[0].before", "whole seconds"),
            ({"warn_at": [{"percent": n} for n in range(1, 12)]}, "warn_at", "at most 10"),
            ({"pause_on": ["TICKET_STATUS_RESOLVED"]}, "pause_on[0]", "ends the resolution"),
            ({"pause_on": ["TICKET_STATUS_ON_HOLD", "TICKET_STATUS_CLOSED"]}, "pause_on[1]", "ends the resolution"),
            ({"position": -1}, "position", "from 0"),
            ({"match": "now > ticket.created_at"}, "match", "now"),
            ({"match": "ticket.subject"}, "match", "true or false"),
            ({"match": "true" + " || true" * 200}, "match", "1024"),
            ({"name": "slp_mine"}, "name", "slp_"),
            ({"business_hours_only": True}, "calendar_id", "default_calendar_id"),
            ({"calendar_id": "nowhere"}, "calendar_id", "nowhere"),
            ({"calendar_id": "cal_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "calendar_id", "cal_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        ):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                given = {"name": "gold", "resolution_minutes": 60} | fields
                self.lead.CreateSlaPolicy(sla_policy={name: value for name, value in given.items() if value is not None})
            self.assertEqual(seen.fields, [f"sla_policy.{field}"])
            self.assertIn(says, seen.text)
        self.assertEqual((self.names(), self.head()), ([], 0))
        self.policy("longest", resolution_minutes=HORIZON)

    def test_a_trial_writes_nothing(self) -> None:
        answer = self.lead.CreateSlaPolicy(sla_policy={"name": "gold", "resolution_minutes": 1}, validate_only=True)
        self.assertEqual((answer.sla_policy.version, self.names(), self.head()), (1, [], 0))

    def test_a_ticket_names_a_policy_that_is_active(self) -> None:
        gold = self.policy("gold")
        ticket = self.ticket(sla_policy_id=gold.id)
        self.assertEqual(ticket.sla_policy_id, gold.id)
        self.lead.DeleteSlaPolicy(id="gold")
        elsewhere = api("another-tenant", roles="admin").CreateSlaPolicy(sla_policy={"name": "x", "resolution_minutes": 1}).sla_policy
        update = {"update_mask": {"paths": ["sla_policy_id"]}}
        other = self.ticket()
        for id in (gold.id, elsewhere.id, "slp_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.ticket(sla_policy_id=id)
            self.assertEqual((seen.fields, id in seen.text), (["ticket.sla_policy_id"], True))
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
                self.api.UpdateTicket(ticket={"id": other.id, "sla_policy_id": id}, **update)
        # What it had when the policy was retired it keeps, until it is cleared.
        kept = self.api.UpdateTicket(ticket={"id": ticket.id, "subject": "b", "sla_policy_id": gold.id}, update_mask={"paths": ["subject", "sla_policy_id"]})
        self.assertEqual(kept.ticket.sla_policy_id, gold.id)
        self.assertEqual(self.api.UpdateTicket(ticket={"id": ticket.id}, **update).ticket.sla_policy_id, "")

    def test_an_app_has_policies_of_its_own(self) -> None:
        self.policy("ours")
        crm = api(self.tenant, "crm", "service", app_id="crm")
        theirs = crm.CreateSlaPolicy(sla_policy={"name": "theirs", "resolution_minutes": 60}).sla_policy
        self.assertEqual(theirs.app_id, "crm")
        self.assertEqual([policy.name for policy in crm.ListSlaPolicies().sla_policies], ["theirs"])
        with self.refused("NOT_FOUND", "SLA_POLICY_NOT_FOUND"):
            crm.GetSlaPolicy(id="ours")
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.ticket(sla_policy_id=theirs.id)
        self.assertEqual(self.ticket(crm, sla_policy_id=theirs.id).sla_policy_id, theirs.id)


class Calendars(Promises):
    def test_one_is_made_read_changed_and_deleted(self) -> None:
        holidays = [{"date": "2026-12-25", "name": "Christmas"}, {"date": "2026-11-26"}]
        answer = self.lead.CreateCalendar(calendar={"name": "us", "time_zone": "US/Eastern", "weekly": [MONDAY], "holidays": holidays}, request_id="make")
        made = answer.calendar
        self.assertTrue(made.id.startswith("cal_") and len(made.id) == 30, made.id)
        self.assertEqual((made.time_zone, made.version), ("US/Eastern", 1), "a link's name is kept as sent")
        self.assertEqual([day.date for day in made.holidays], ["2026-11-26", "2026-12-25"])
        for id in (made.id, "us"):
            self.assertEqual(self.api.GetCalendar(id=id, min_position=answer.position).calendar, made)
        split = [MONDAY | {"close": "12:00"}, MONDAY | {"open": "13:30", "close": "24:00"}, {"day": "TUESDAY", "open": "00:00", "close": "06:00"}]
        changed = self.update_calendar("us", weekly=split)
        self.assertEqual((changed.version, len(changed.weekly), changed.weekly[1].close), (2, 3, "24:00"))
        self.assertEqual(self.update_calendar("us", weekly=split), changed)
        gone = self.lead.DeleteCalendar(id="us").calendar
        self.assertTrue(gone.HasField("deleted_at"))
        for id in ("us", made.id):
            with self.refused("NOT_FOUND", "CALENDAR_NOT_FOUND"):
                self.api.GetCalendar(id=id)
        # A clock that counted by it can still be explained.
        for version, was in ((1, made), (2, changed), (3, gone)):
            self.assertEqual(self.api.GetCalendar(id=made.id, version=version).calendar, was)
        self.assertEqual([a.type for a in self.log()], ["calendar.changed"] * 3)
        self.assertEqual(self.lead.CreateCalendar(calendar={"name": "us", "time_zone": "US/Eastern", "weekly": [MONDAY], "holidays": holidays}, request_id="make"), answer)
        self.assertNotEqual(self.calendar("us").id, made.id)

    def test_bad_hours_say_what_is_wrong_with_them(self) -> None:
        for fields, field, says in (
            ({"time_zone": ""}, "time_zone", "IANA"),
            ({"time_zone": "EST5EDT4"}, "time_zone", "EST5EDT4"),
            ({"time_zone": "GMT+25"}, "time_zone", "GMT+25"),
            ({"time_zone": "+02:00"}, "time_zone", "+02:00"),
            ({"weekly": [MONDAY | {"close": "09:00"}]}, "weekly[0].close", "later"),
            ({"weekly": [MONDAY | {"open": "17:00", "close": "09:00"}]}, "weekly[0].close", "midnight"),
            ({"weekly": [MONDAY, MONDAY | {"open": "16:00", "close": "18:00"}]}, "weekly[1].open", "overlaps"),
            ({"weekly": [MONDAY | {"close": "24:01"}]}, "weekly[0].close", "24:01"),
            ({"weekly": [MONDAY | {"open": "9:00"}]}, "weekly[0].open", "9:00"),
            ({"weekly": [{"open": "09:00", "close": "17:00"}]}, "weekly[0].day", "MONDAY"),
            ({"weekly": [MONDAY | {"day": 9}]}, "weekly[0].day", "MONDAY"),
            ({"holidays": [{"date": "2026-02-30"}]}, "holidays[0].date", "2026-02-30"),
            ({"holidays": [{"date": "25.12.2026"}]}, "holidays[0].date", "YYYY-MM-DD"),
            ({"holidays": [{"date": "2026-12-25"}, {"date": "2026-12-25"}]}, "holidays[1].date", "once"),
            ({"name": ""}, "name", "1 to 200"),
        ):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.calendar(**({"name": "us"} | fields))
            self.assertEqual(seen.fields, [f"calendar.{field}"])
            self.assertIn(says, seen.text)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.calendar("", time_zone="Mars/Olympus", weekly=[MONDAY | {"open": "x"}], holidays=[{"date": "x"}])
        self.assertEqual(set(seen.fields), {f"calendar.{field}" for field in ("name", "time_zone", "weekly[0].open", "holidays[0].date")})
        self.assertEqual(self.head(), 0)

    def test_ten_thousand_holidays_are_taken_and_one_more_is_not(self) -> None:
        days = [{"date": f"{year}-{month:02}-{day:02}"} for year in range(2000, 2040) for month in range(1, 13) for day in range(1, 29)]
        self.assertEqual(len(self.calendar("all", holidays=days[:10_000]).holidays), 10_000)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.calendar("more", holidays=days[:10_001])
        self.assertEqual(seen.fields, ["calendar.holidays"])
        self.assertIn("10000", seen.text)

    def test_what_is_used_is_not_taken_away(self) -> None:
        us = self.calendar("us")
        gold = self.policy("gold", calendar_id="us", business_hours_only=True)
        self.assertEqual(gold.calendar_id, us.id)
        with self.refused("FAILED_PRECONDITION", "CALENDAR_IN_USE") as seen:
            self.lead.DeleteCalendar(id="us")
        self.assertEqual(seen.metadata, {"name": "us", "users": 'SLA policy "gold"'})
        with self.refused("FAILED_PRECONDITION", "CALENDAR_IN_USE"):
            self.update_calendar("us", weekly=[])
        self.lead.DeleteSlaPolicy(id="gold")
        self.api.UpdateTenant(tenant={"default_calendar_id": "us"}, update_mask={"paths": ["default_calendar_id"]})
        with self.refused("FAILED_PRECONDITION", "CALENDAR_IN_USE") as seen:
            self.lead.DeleteCalendar(id=us.id)
        self.assertEqual(seen.metadata["users"], "the tenant's default_calendar_id")
        self.api.UpdateTenant(tenant={}, update_mask={"paths": ["default_calendar_id"]})
        self.lead.DeleteCalendar(id="us")
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.update("gold", status="SLA_POLICY_STATUS_ACTIVE")
        self.assertEqual(seen.fields, ["sla_policy.calendar_id"])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS"):
            self.api.UpdateTenant(tenant={"default_calendar_id": us.id}, update_mask={"paths": ["default_calendar_id"]})

    def test_the_tenants_default_is_taken_over_when_a_policy_is_written(self) -> None:
        us, eu = self.calendar("us"), self.calendar("eu", time_zone="Europe/Berlin")
        self.calendar("never", weekly=[])
        default = lambda id: self.api.UpdateTenant(tenant={"default_calendar_id": id}, update_mask={"paths": ["default_calendar_id"]}).tenant
        self.assertEqual(default("us").default_calendar_id, us.id)
        gold = self.policy("gold", business_hours_only=True)
        self.assertEqual(gold.calendar_id, us.id)
        default("eu")
        self.assertEqual(self.api.GetTenant().tenant.default_calendar_id, eu.id)
        self.assertEqual(self.api.GetSlaPolicy(id="gold").sla_policy, gold)
        self.assertEqual(self.update("gold", calendar_id="").calendar_id, eu.id)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.update("gold", calendar_id="never")
        self.assertIn("has no hours", seen.text)
        # Every minute counts: then it needs none, and may have any.
        self.assertEqual(self.update("gold", business_hours_only=False, calendar_id="").calendar_id, "")
        self.assertNotEqual(self.update("gold", calendar_id="never").calendar_id, "")

    def test_lists_are_filtered_and_ordered(self) -> None:
        for name, zone in (("b", "UTC"), ("a", "Asia/Kolkata"), ("c", "UTC")):
            self.calendar(name, time_zone=zone)
        names = lambda **fields: [calendar.name for calendar in self.api.pages("ListCalendars", "calendars", page_size=1, **fields)]
        self.assertEqual((names(), names(order_by="created_at desc")), (["a", "b", "c"], ["c", "a", "b"]))
        self.assertEqual(names(filter="calendar.time_zone == 'UTC' && calendar.version == 1"), ["b", "c"])

    def test_holidays_are_imported_from_an_ics_text(self) -> None:
        made = self.calendar("us", holidays=[{"date": "2026-12-25", "name": "Day off"}, {"date": "2026-07-04"}])
        event = lambda *lines: "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])
        text = lambda *events: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n"
        christmas = event("DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY", "SUMMARY:Christmas")
        thanksgiving = event("DTSTART;VALUE=DATE:20261126", "SUMMARY:Thanksgiving Day")
        years = {"first_year": 2026, "last_year": 2027}
        answer = self.lead.ImportHolidays(id="us", ics=text(christmas, thanksgiving), **years, request_id="once")
        self.assertEqual(
            [(day.date, day.name) for day in answer.calendar.holidays],
            [("2026-07-04", ""), ("2026-11-26", "Thanksgiving Day"), ("2026-12-25", "Christmas"), ("2027-12-25", "Christmas")],
        )
        self.assertEqual((answer.calendar.version, answer.calendar.weekly), (2, made.weekly))
        again = self.lead.ImportHolidays(id=made.id, ics=text(christmas, thanksgiving), **years)
        self.assertEqual((again.calendar, again.position), (answer.calendar, answer.position))
        self.assertEqual(self.lead.ImportHolidays(id="us", ics=text(christmas, thanksgiving), **years, request_id="once"), answer)
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.lead.ImportHolidays(id="us", ics=text(event("DTSTART:20261126T100000Z"), event("SUMMARY:When?")))
        self.assertEqual(set(seen.fields), {"ics"})
        for line in ("line 3: \"20261126T100000Z\" is a time of day", "line 6: the event has no DTSTART"):
            self.assertIn(line, seen.text)
        for fields, wrong in (({"ics": ""}, "ics"), ({"ics": "x"}, "ics"), ({"first_year": 10_000}, "first_year"), ({"first_year": 2027, "last_year": 2026}, "last_year")):
            with self.subTest(fields), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.lead.ImportHolidays(**({"id": "us", "ics": text(thanksgiving)} | fields))
            self.assertEqual(seen.fields, [wrong])
        with self.refused("NOT_FOUND", "CALENDAR_NOT_FOUND"):
            self.lead.ImportHolidays(id="eu", ics=text(thanksgiving))
        with self.refused("ABORTED", "ETAG_MISMATCH"):
            self.lead.ImportHolidays(id="us", ics=text(thanksgiving), etag=made.etag)


DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
US = {"time_zone": "America/New_York", "weekly": [MONDAY | {"day": day} for day in DAYS], "holidays": [{"date": "2026-11-26"}]}


def at(text: str) -> dict:
    return {"seconds": int(datetime.datetime.fromisoformat(text).timestamp())}


class Previews(Promises):
    def due(self, start: str, minutes: int, **fields) -> str:
        fields = {"calendar": US} | fields
        answer = self.api.PreviewDeadline(start=at(start), target={"seconds": 60 * minutes}, **fields)
        self.assertTrue(answer.HasField("deadline"), answer)
        return answer.deadline.ToDatetime().isoformat() + "Z"

    def test_deadlines_are_those_of_the_calendar(self) -> None:
        self.assertEqual(self.due("2026-09-18T16:30:00-04:00", 60), "2026-09-21T13:30:00Z")
        self.assertEqual(self.due("2026-11-25T16:00:00-05:00", 480), "2026-11-27T21:00:00Z")
        pause = [{"from": at("2026-09-14T13:00:00-04:00"), "to": at("2026-09-15T11:00:00-04:00")}]
        self.assertEqual(self.due("2026-09-14T10:00:00-04:00", 480, pauses=pause), "2026-09-15T20:00:00Z")
        self.lead.CreateCalendar(calendar={"name": "us"} | US)
        self.assertEqual(self.due("2026-09-18T16:30:00-04:00", 60, calendar=None, calendar_id="us"), "2026-09-21T13:30:00Z")
        self.assertEqual(self.due("2026-09-19T00:00:00Z", 60, calendar=None), "2026-09-19T01:00:00Z")
        self.assertEqual(self.due("2026-09-19T00:00:00Z", 0), "2026-09-19T00:00:00Z", "none to count: due at once")

    def test_what_is_never_reached_has_no_deadline(self) -> None:
        start, target = at("2026-09-14T10:00:00Z"), {"seconds": 60}
        for fields in ({"calendar": US | {"weekly": []}}, {"pauses": [{"from": start}]}, {"start": at("9999-12-31T23:59:30+00:00")}):
            with self.subTest(fields):
                answer = self.api.PreviewDeadline(**({"start": start, "target": target} | fields))
                self.assertFalse(answer.HasField("deadline"))
        self.assertEqual(answer.elapsed_at_now.seconds, 0)

    def test_elapsed_time_is_open_and_not_paused(self) -> None:
        between = {"from": at("2026-09-14T08:00:00-04:00"), "to": at("2026-09-15T10:00:00-04:00")}
        self.assertEqual(self.api.PreviewElapsed(calendar=US, **between).elapsed.seconds, 9 * 3600)
        self.assertEqual(self.api.PreviewElapsed(**between).elapsed.seconds, 26 * 3600)
        pauses = [{"from": at("2026-09-14T12:00:00-04:00"), "to": at("2026-09-14T14:00:00-04:00")}, {"from": at("2026-09-14T13:00:00-04:00"), "to": at("2026-09-14T15:00:00-04:00")}]
        self.assertEqual(self.api.PreviewElapsed(calendar=US, pauses=pauses, **between).elapsed.seconds, 6 * 3600)

    def test_bad_questions_are_answered_with_all_that_is_wrong(self) -> None:
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.PreviewDeadline(calendar={"time_zone": "Mars", "weekly": [MONDAY | {"close": "25:00"}]}, target={"seconds": -1}, pauses=[{}])
        self.assertEqual(set(seen.fields), {"calendar.time_zone", "calendar.weekly[0].close", "start", "target", "pauses[0].from"})
        start = at("2026-09-14T10:00:00Z")
        for fields, wrong in (
            ({"target": {"seconds": 10**9}}, "target"),
            ({"pauses": [{"from": start}] * 1001, "target": {"seconds": 1}}, "pauses"),
            ({"calendar_id": "", "target": {"seconds": 1}}, "calendar_id"),
        ):
            with self.subTest(wrong), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.api.PreviewDeadline(start=start, **fields)
            self.assertEqual(seen.fields, [wrong])
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.api.PreviewElapsed(**{"from": start, "to": at("2026-09-14T09:00:00Z")})
        self.assertEqual(seen.fields, ["to"])
        with self.refused("NOT_FOUND", "CALENDAR_NOT_FOUND"):
            self.api.PreviewDeadline(start=start, target={"seconds": 1}, calendar_id="us")
