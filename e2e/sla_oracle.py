"""The slow oracle of business time: asks of one UTC minute after another whether it is open, by zoneinfo over PyPI's tzdata.

It has no code and no idea in common with the engine: no table of changes, no skipping, no arithmetic on local time. Only
where something changes within a minute does it look at each second of it.
"""

import datetime
import json
import random
import subprocess
import zoneinfo

# The machine's own zones are not looked at: the package's release is the one that is bundled.
zoneinfo.reset_tzpath(to=[])

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]

# Clocks that do something near: DST, half an hour of it or two, at midnight, a lost day, offsets with seconds.
EDGES = [
    ("America/New_York", "2026-03-08T07:00"), ("America/New_York", "2026-11-01T06:00"),
    ("Europe/Berlin", "2026-03-29T01:00"), ("Europe/Berlin", "2026-10-25T01:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"), ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Antarctica/Troll", "2026-03-29T01:00"), ("Pacific/Chatham", "2026-04-04T14:00"),
    ("Asia/Beirut", "2026-03-28T22:00"), ("Asia/Beirut", "2026-10-24T21:00"),
    ("America/Havana", "2026-03-08T05:00"), ("America/Sao_Paulo", "2018-11-04T03:00"),
    ("America/Sao_Paulo", "2018-02-18T02:00"), ("Africa/Cairo", "2026-10-29T21:00"),
    ("Africa/Casablanca", "2026-02-15T02:00"), ("Europe/Dublin", "2026-10-25T01:00"),
    ("America/St_Johns", "2010-03-14T03:31"), ("America/St_Johns", "2010-11-07T02:31"),
    ("America/Caracas", "2016-05-01T07:00"), ("Asia/Pyongyang", "2018-05-04T15:00"),
    ("Pacific/Apia", "2011-12-30T10:00"), ("Pacific/Fakaofo", "2011-12-30T11:00"),
    ("Pacific/Kwajalein", "1993-08-21T12:00"), ("Asia/Manila", "1993-07-24T16:00"),
    ("Africa/Monrovia", "1972-01-07T00:44"), ("Europe/Amsterdam", "1937-06-30T23:40"),
    ("America/New_York", "2437-03-08T07:00"), ("Australia/Lord_Howe", "9001-04-05T15:00"),
]


def seconds(text: str) -> int:
    return int((datetime.datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH).total_seconds())


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def a_week(pick: random.Random) -> list[dict]:
    """Offices, split days, nights over midnight, single minutes, everything, and heaps."""
    def each(days, *hours):
        return [{"day": DAYS[day], "open": opens, "close": closes} for day in days for opens, closes in hours]

    shape = pick.randrange(8)
    if shape == 0:
        return each(range(5), ("09:00", "17:00"))
    if shape == 1:
        return each(range(6), ("08:00", "12:00"), ("13:30", "18:00"))
    if shape == 2:
        return each(range(7), ("00:00", "06:00"), ("22:00", "24:00"))
    if shape == 3:
        return each(range(7), ("00:00", "24:00"))
    if shape == 4:
        minute = pick.randrange(1440)
        return each(pick.sample(range(7), 2), (clock(minute), clock(minute + 1)))
    if shape == 5:
        return each([6], ("01:00", "04:00")) + each([5], ("23:30", "24:00"))
    weekly = []
    for day in range(7):
        bounds = sorted(pick.sample(range(1441), 2 * pick.randrange(4)))
        weekly += each([day], *[(clock(a), clock(b)) for a, b in zip(bounds[::2], bounds[1::2])])
    pick.shuffle(weekly)
    return weekly


def a_case(pick: random.Random, zones: list[str]) -> dict:
    if pick.random() < 0.6:
        zone, near = pick.choice(EDGES)
        near = seconds(near)
    else:
        zone, near = pick.choice(zones), pick.randrange(seconds("1972-01-01"), seconds("2200-01-01"))
    start = near + pick.randrange(-2 * 86_400, 43_200) // (unit := pick.choice([1, 1, 60, 1800])) * unit
    # Some are of weeks: those may be skipped whole.
    days = 40 if pick.random() < 0.01 else pick.choice([0.1, 0.5, 0.5, 1, 1, 2, 6])
    long = int(86_400 * days * pick.uniform(0.3, 1))
    date = EPOCH.date() + datetime.timedelta(days=near // 86_400)
    away = {pick.randrange(-4, 8 if days < 40 else 36) for _ in range(pick.choice([0, 0, 1, 2, 4]))}
    pauses = []
    for _ in range(pick.choice([0, 0, 1, 2, 4])):
        begins = start + pick.randrange(-long // 2, long)
        ends = begins + int(long * pick.choice([0.01, 0.1, 0.5]) * pick.random())
        pauses.append([begins, None if pick.random() < 0.05 else ends])
    def hours() -> list[dict]:
        bounds = sorted(pick.sample(range(1441), 2 * pick.randrange(3)))
        return [{"open": clock(a), "close": clock(b)} for a, b in zip(bounds[::2], bounds[1::2])]

    # Some are holidays, too.
    special = {pick.randrange(-4, 8 if days < 40 else 36) for _ in range(pick.choice([0, 0, 0, 1, 3]))}
    return {
        "special_dates": [{"date": str(date + datetime.timedelta(days=day)), "hours": hours()} for day in sorted(special)],
        "time_zone": zone, "weekly": a_week(pick), "start": start, "until": start + long, "pauses": pauses,
        "holidays": [{"date": str(date + datetime.timedelta(days=day)), "name": ""} for day in sorted(away)],
        "target": pick.choice([0, 1, 59, 60, pick.randrange(1, 7_200), pick.randrange(1, 86_400), pick.randrange(1, 5 * 86_400)]),
    }


class Oracle:
    def __init__(self, case: dict):
        self.zone = zoneinfo.ZoneInfo(case["time_zone"])
        self.closed = {datetime.date.fromisoformat(holiday["date"]) for holiday in case["holidays"]}
        self.minutes = [[False] * 1440 for _ in DAYS]
        self.special = {datetime.date.fromisoformat(special["date"]): [False] * 1440 for special in case["special_dates"]}
        parts = [(self.minutes[DAYS.index(part["day"])], part) for part in case["weekly"]]
        for special in case["special_dates"]:
            parts += [(self.special[datetime.date.fromisoformat(special["date"])], part) for part in special["hours"]]
        for minutes, part in parts:
            opens, closes = (int(part[k][:2]) * 60 + int(part[k][3:]) for k in ("open", "close"))
            for minute in range(opens, closes):
                minutes[minute] = True
        self.pauses = [(begins, float("inf") if ends is None else ends) for begins, ends in case["pauses"]]

    def local(self, second: int) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(second, self.zone)

    def kind(self, second: int, local: datetime.datetime) -> str:
        minute, special = local.hour * 60 + local.minute, self.special.get(local.date())
        if special is not None and not special[minute]:
            return "closed"
        if special is None and (not self.minutes[local.weekday()][minute] or local.date() in self.closed):
            return "closed"
        return "paused" if any(begins <= second < ends for begins, ends in self.pauses) else "counted"

    def is_even(self, minute: int, local: datetime.datetime) -> bool:
        """Whether all of its seconds are alike: its clocks show one whole minute, and no pause begins or ends in it."""
        last = self.local(minute + 59)
        return (
            (local.second, last.second, local.minute) == (0, 59, last.minute)
            and local.utcoffset() == last.utcoffset()
            and not any(minute < edge < minute + 60 for pause in self.pauses for edge in pause)
        )

    def walk(self, start: int, until: int):
        """(second, how many alike, kind) of all of [start, until)."""
        second = start
        while second < until:
            local = self.local(second)
            long = 60 if second % 60 == 0 and second + 60 <= until and self.is_even(second, local) else 1
            yield second, long, self.kind(second, local)
            second += long


def judged(case: dict) -> dict:
    counted, due, last, segments = 0, None, None, []
    for second, long, kind in Oracle(case).walk(case["start"], case["until"]):
        if kind != last:
            segments.append([second, last := kind])
        if due is None and counted == case["target"]:
            due = second
        if kind == "counted":
            if due is None and counted < case["target"] < counted + long:
                due = second + case["target"] - counted
            counted += long
    return {"due": due, "counted": counted, "segments": segments}


def runs(segments: list) -> list:
    """Without the bounds that only a holiday's name makes."""
    return [s for i, s in enumerate(segments) if i == 0 or segments[i - 1][1] != s[1]]


def differs(case: dict, said: dict) -> str:
    """How the engine's answer is not the oracle's; '' where it is."""
    true = judged(case)
    # What falls due at the end of the walk or later, the oracle does not know, but that it is not earlier.
    due = said["due"] if said["due"] is not None and said["due"] < case["until"] else None
    said = {"due": due, "counted": said["counted"], "segments": runs(said["segments"])}
    return "" if said == true else f"{json.dumps(case)}\n  engine {json.dumps(said)}\n  oracle {json.dumps(true)}"


def cases(seed: str, count: int) -> list[dict]:
    pick = random.Random(seed)
    zones = sorted(zoneinfo.available_timezones())
    return [a_case(pick, zones) for _ in range(count)]


def answers(program: str, asked: list[dict]) -> list[dict]:
    lines = "".join(json.dumps(case) + "\n" for case in asked)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
