"""Files of public holidays in the styles in which programs write them, and how a second implementation expands them."""

import datetime

import icalendar
import recurring_ical_events


def calendar(*events: str, head: str = "PRODID:-//Example//EN") -> str:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}\n{body}END:VCALENDAR\n".replace("\n", "\r\n")


def day(date: str, *more: str, uid: str = "") -> str:
    return "\n".join([f"DTSTART;VALUE=DATE:{date}", *([f"UID:{uid}"] if uid else []), *more])


# One list a style. Each event has the one name or none, so that merging names is no part of the comparison.
FILES = {
    "a list of single days": calendar(
        day("20260101", "DTEND;VALUE=DATE:20260102", "SUMMARY:New Year", "TRANSP:TRANSPARENT", uid="1@a"),
        day("20261225", "DTEND;VALUE=DATE:20261227", "SUMMARY:Christmas", uid="2@a"),
    ),
    "yearly days with names that are folded": calendar(
        day("20100503", "RRULE:FREQ=YEARLY", "SUMMARY;LANGUAGE=pl:Święto Narodowe\n  Trzeciego Maja", uid="1@b"),
        day("20000229", "RRULE:FREQ=YEARLY;INTERVAL=4", "SUMMARY:Leap day", uid="2@b"),
    ),
    "the nth weekday of a month": calendar(
        day("20150119", "RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=3MO", "SUMMARY:King", uid="1@c"),
        day("20150525", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "SUMMARY:Memorial", uid="2@c"),
        day("20151126", "RRULE:FREQ=YEARLY;BYDAY=4TH;BYMONTH=11", "DURATION:P2D", "SUMMARY:Thanks", uid="3@c"),
    ),
    "a weekday among days of the month": calendar(
        day("20200620", "RRULE:FREQ=YEARLY;BYMONTH=6;BYDAY=SA;BYMONTHDAY=20,21,22,23,24,25,26", "SUMMARY:Midsommar", uid="1@d"),
        day("20201103", "RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "SUMMARY:Vote", uid="2@d"),
    ),
    "the last working day of a month": calendar(
        day("20260130", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "SUMMARY:Closing", uid="1@e"),
        day("20260105", "RRULE:FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO", "SUMMARY:Quarter", uid="2@e"),
    ),
    "weeks and days": calendar(
        day("20261228", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Between the years", uid="1@f"),
        day("20260703", "RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20260828", "SUMMARY:Summer Fridays", uid="2@f"),
        day("20260706", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU;COUNT=6", "SUMMARY:Shifts", uid="3@f"),
    ),
    "over the turn of the year": calendar(
        day("20101224", "DTEND;VALUE=DATE:20110104", "RRULE:FREQ=YEARLY", "SUMMARY:Closed", uid="1@g"),
    ),
    "exceptions and additions": calendar(
        day("20200501", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20270501", "SUMMARY:May", uid="1@h"),
        day("20200406", "RDATE;VALUE=DATE:20260406,20270329,20280417", "SUMMARY:Easter Monday", uid="2@h"),
        day("20200601", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20260601", "EXDATE;VALUE=DATE:20280601", "SUMMARY:June", uid="3@h"),
    ),
    "a moved day and one that is cancelled": calendar(
        day("20200104", "RRULE:FREQ=YEARLY", "SUMMARY:Founders", uid="1@i"),
        day("20270105", "RECURRENCE-ID;VALUE=DATE:20270104", "SUMMARY:Founders", uid="1@i"),
        day("20200204", "RRULE:FREQ=YEARLY", "SUMMARY:Second", uid="2@i"),
        day("20280204", "RECURRENCE-ID;VALUE=DATE:20280204", "STATUS:CANCELLED", "SUMMARY:Second", uid="2@i"),
    ),
    "two revisions of one event": calendar(
        day("20260505", "SEQUENCE:0", "SUMMARY:Moved", uid="1@j"),
        day("20260506", "SEQUENCE:1", "SUMMARY:Moved", uid="1@j"),
    ),
    "days of the year": calendar(
        day("20201231", "RRULE:FREQ=YEARLY;BYYEARDAY=-1", "SUMMARY:Last", uid="1@k"),
        day("20200913", "RRULE:FREQ=YEARLY;BYYEARDAY=256", "SUMMARY:Programmers", uid="2@k"),
        day("20200105", "RRULE:FREQ=YEARLY;BYDAY=1SU", "SUMMARY:First Sunday", uid="3@k"),
    ),
    "a start beside its rule, and one after its end": calendar(
        day("20260508", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=1MO", "SUMMARY:Beside", uid="1@l"),
    ),
    "names that need unescaping": calendar(
        day("20260814", "SUMMARY:Assumption\\, Ferragosto\\; and more", uid="1@m"),
    ),
}


def expected(text: str, first: int, last: int) -> list[tuple[str, str]]:
    """`(date, name)` of each day that an all-day event of these years covers."""
    days = set()
    begin, end = datetime.date(first, 1, 1), datetime.date(last + 1, 1, 1)
    for event in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(begin, end):
        if event.get("STATUS") == "CANCELLED":
            continue
        at, until = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
        until = until or at + (event["DURATION"].dt if "DURATION" in event else datetime.timedelta(days=1))
        while at < until:
            if begin <= at < end:
                days.add((at.isoformat(), str(event.get("SUMMARY", ""))))
            at += datetime.timedelta(days=1)
    return sorted(days)
