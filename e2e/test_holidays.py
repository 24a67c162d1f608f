"""Holidays from files, and dates with hours of their own: what a second implementation finds in a file, Docket finds."""

import datetime
import random

import ics_files
from case import Case, api
from ics_files import calendar, day

WEEK = [{"day": name, "open": "09:00", "close": "17:00"} for name in ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")]
FIRST, LAST = 2026, 2028


class Office(Case):
    def setUp(self) -> None:
        super().setUp()
        self.lead = api(self.tenant, "lea", "lead")
        self.lead.CreateCalendar(calendar={"name": "us", "time_zone": "America/New_York", "weekly": WEEK})


class Holidays(Office):
    def imported(self, text: str, **fields):
        fields = {"first_year": FIRST, "last_year": LAST, "validate_only": True} | fields
        return self.lead.ImportHolidays(id="us", ics=text, **fields)

    def days(self, text: str) -> list[tuple[str, str]]:
        return [(day.date, day.name) for day in self.imported(text).taken]

    def test_files_in_the_styles_of_public_calendars_are_read_as_others_read_them(self) -> None:
        for style, text in ics_files.FILES.items():
            with self.subTest(style):
                expected = ics_files.expected(text, FIRST, LAST)
                self.assertTrue(expected)
                self.assertEqual(self.days(text), expected)

    def test_random_rules_are_read_as_others_read_them(self) -> None:
        pick = random.Random("holidays")
        seen = 0
        for _ in range(150):
            text = calendar(day(*self.rule(pick), "SUMMARY:x", uid="1"))
            with self.subTest(text):
                expected = ics_files.expected(text, FIRST, LAST)
                seen += len(expected)
                self.assertEqual(self.days(text), expected)
        self.assertGreater(seen, 1000, "hardly a day among the rules: they prove little")

    @staticmethod
    def rule(pick: random.Random) -> tuple[str, str]:
        start = datetime.date(2024, 1, 1) + datetime.timedelta(days=pick.randrange(900))
        often = pick.choice(["YEARLY", "YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
        parts = [f"FREQ={often}", f"INTERVAL={pick.choice([1, 1, 2, 3])}"]
        weekdays = pick.sample(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], pick.randrange(1, 4))
        several = lambda *numbers: ",".join(str(number) for number in sorted(pick.sample(numbers, pick.randrange(1, 4))))
        by = pick.choice(["", "BYDAY", "BYMONTHDAY", "BYMONTH"])
        if by == "BYDAY" and often in ("YEARLY", "MONTHLY") and pick.random() < 0.6:
            parts.append("BYDAY=" + ",".join(pick.choice(["1", "2", "3", "-1", "-2"]) + weekday for weekday in weekdays))
        elif by == "BYDAY":
            parts.append("BYDAY=" + ",".join(weekdays))
        elif by == "BYMONTHDAY" and often != "WEEKLY":
            parts.append("BYMONTHDAY=" + several(1, 13, 15, 29, 31, -1, -2))
        if by and pick.random() < 0.5:
            parts.append("BYMONTH=" + several(*range(1, 13)))
        if by == "BYDAY" and often in ("YEARLY", "MONTHLY") and pick.random() < 0.3:
            parts.append(f"BYSETPOS={pick.choice([1, 2, -1])}")
        ends = pick.random()
        if ends < 0.3:
            parts.append(f"COUNT={pick.randrange(1, 60)}")
        elif ends < 0.6:
            parts.append(f"UNTIL={(start + datetime.timedelta(days=pick.randrange(0, 1500))):%Y%m%d}")
        return f"{start:%Y%m%d}", "RRULE:" + ";".join(parts)

    def test_the_answer_tells_what_was_taken_and_what_was_left_out(self) -> None:
        text = calendar(
            day("20261224", "DTEND;VALUE=DATE:20261227", "SUMMARY:Christmas", uid="1"),
            "DTSTART:20261010T090000Z\nSUMMARY:Team lunch\nUID:2",
            day("20260926", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY", "SUMMARY:Working Saturday", uid="3"),
            day("20260101", "STATUS:CANCELLED", "SUMMARY:Cancelled", uid="4"),
        )
        with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
            self.imported(text)
        for words in ("line 10: \"20261010T090000Z\" is a time of day", "line 15: the event makes a day off a working day"):
            self.assertIn(words, seen.text)
        answer = self.imported(text, exclude=["team LUNCH", "Working Saturday", "2026-12-24"], validate_only=False, request_id="once")
        self.assertEqual([day.date for day in answer.taken], ["2026-12-25", "2026-12-26"])
        self.assertEqual(answer.calendar.holidays, answer.taken)
        left = [(left.line, left.name, left.date, self.word(left, "reason")) for left in answer.left_out]
        excluded, cancelled = "HOLIDAY_LEFT_OUT_REASON_EXCLUDED", "HOLIDAY_LEFT_OUT_REASON_CANCELLED"
        self.assertEqual(left, [
            (4, "Christmas", "2026-12-24", excluded), (10, "Team lunch", "", excluded),
            (15, "Working Saturday", "", excluded), (21, "Cancelled", "", cancelled),
        ])
        self.assertEqual(answer.left_out_size, 4)
        again = self.imported(text, exclude=["team LUNCH", "Working Saturday", "2026-12-24"], validate_only=False, request_id="once")
        self.assertEqual(again, answer)

    def test_the_bytes_of_a_file_are_taken_as_they_are(self) -> None:
        text = calendar(day("20261225", "SUMMARY:Noël", uid="1")).encode()
        at = text.index("ë".encode()) + 1
        folded = text[:at] + b"\r\n " + text[at:]
        taken = self.imported("", content=folded).taken
        self.assertEqual([(day.date, day.name) for day in taken], [("2026-12-25", "Noël")])
        for fields in ({"ics": text.decode(), "content": folded}, {"content": text.replace("ë".encode(), b"\xeb")}):
            with self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.lead.ImportHolidays(id="us", **fields)
            self.assertEqual(set(seen.fields), {"content"})


class SpecialDates(Office):
    def due(self, start: str, minutes: int) -> str:
        begins = {"seconds": int(datetime.datetime.fromisoformat(start).timestamp())}
        answer = self.api.PreviewDeadline(calendar_id="us", start=begins, target={"seconds": minutes * 60})
        return answer.deadline.ToDatetime(tzinfo=datetime.timezone.utc).isoformat()

    def update(self, **fields):
        return self.lead.UpdateCalendar(calendar={"id": "us", **fields}, update_mask={"paths": list(fields)}).calendar

    def test_a_date_has_hours_of_its_own(self) -> None:
        eve = {"date": "2026-12-24", "name": "Christmas Eve", "hours": [{"open": "09:00", "close": "12:00"}]}
        saturday = {"date": "2026-12-26", "name": "Makes up", "hours": [{"open": "10:00", "close": "12:00"}, {"open": "13:00", "close": "14:00"}]}
        made = self.update(special_dates=[saturday, eve], holidays=[{"date": "2026-12-25"}, {"date": "2026-12-26"}])
        self.assertEqual([special.date for special in made.special_dates], ["2026-12-24", "2026-12-26"])
        self.assertEqual(made.version, 2)
        # Thursday 24 December until noon, the 25th closed, the 26th a working Saturday although it is a holiday.
        self.assertEqual(self.due("2026-12-24T11:00:00-05:00", 60), "2026-12-24T17:00:00+00:00")
        self.assertEqual(self.due("2026-12-24T11:00:00-05:00", 120), "2026-12-26T16:00:00+00:00")
        self.assertEqual(self.due("2026-12-24T11:00:00-05:00", 240), "2026-12-26T19:00:00+00:00")
        self.assertEqual(self.due("2026-12-24T11:00:00-05:00", 241), "2026-12-28T14:01:00+00:00")
        self.assertEqual(self.api.GetCalendar(id="us", version=1).calendar.special_dates[:], [])
        self.assertEqual(self.api.GetCalendar(id="us").calendar, made)

    def test_what_cannot_be_says_where(self) -> None:
        night = {"date": "2026-12-24", "hours": [{"open": "22:00", "close": "06:00"}]}
        twice = {"date": "2026-12-25", "hours": [{"open": "09:00", "close": "12:00"}, {"open": "11:00", "close": "13:00"}]}
        for dates, field in (
            ([night], "special_dates[0].hours[0].close"), ([twice], "special_dates[0].hours[1].open"),
            ([{"date": "24.12.2026"}], "special_dates[0].date"), ([twice | {"hours": []}] * 2, "special_dates[1].date"),
            ([{"date": "2026-12-24", "name": "x" * 201}], "special_dates[0].name"),
        ):
            with self.subTest(field), self.refused("INVALID_ARGUMENT", "INVALID_FIELDS") as seen:
                self.update(special_dates=dates)
            self.assertEqual(seen.fields, [f"calendar.{field}"])

    def test_the_explanation_names_the_date(self) -> None:
        today = datetime.datetime.now(datetime.timezone.utc).date()
        dates = [(today + datetime.timedelta(days=days)).isoformat() for days in range(-1, 3)]
        moment = [{"open": "00:00", "close": "00:01"}]
        self.update(special_dates=[{"date": date, "name": "Stocktaking", "hours": moment} for date in dates])
        policy = {"name": "gold", "resolution_minutes": 600, "calendar_id": "us", "business_hours_only": True}
        self.lead.CreateSlaPolicy(sla_policy=policy)
        told = self.api.ExplainSla(id=self.ticket(subject="Late").id)
        named = {segment.holiday for segment in told.segments if segment.holiday}
        self.assertEqual(named, {"Stocktaking"})
