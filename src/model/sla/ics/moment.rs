//! Dates, times and durations of iCalendar, as far as they tell of whole days.

use jiff::civil::Date;

/// A value of DTSTART and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `20261225`.
    Day(Date),
    /// `20261225T090000`, in whatever zone: seconds after midnight.
    Local(Date, u32),
    /// `20261225T090000Z`.
    Utc(Date, u32),
}

const HOUR: u32 = 3_600;
const LAST_MINUTE: u32 = 24 * HOUR - 60;
const LAST_SECOND: u32 = 24 * HOUR - 1;

impl Moment {
    pub fn parse(text: &str) -> Option<Moment> {
        let Some((day, time)) = text.trim().split_once(['T', 't']) else { return date(text).map(Moment::Day) };
        let (time, utc) = match time.strip_suffix(['Z', 'z']) {
            Some(time) => (time, true),
            None => (time, false),
        };
        if time.len() != 6 || !time.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |at: usize, below: u32| time.get(at..at + 2)?.parse::<u32>().ok().filter(|n| *n < below);
        // A leap second is taken as the one before it.
        let seconds = part(0, 24)? * HOUR + part(2, 60)? * 60 + part(4, 61)?.min(59);
        let day = date(day)?;
        Some(if utc { Moment::Utc(day, seconds) } else { Moment::Local(day, seconds) })
    }

    /// The day that begins with it.
    pub fn begins(self) -> Option<Date> {
        match self {
            Moment::Day(day) | Moment::Local(day, 0) => Some(day),
            Moment::Local(..) | Moment::Utc(..) => None,
        }
    }

    /// The day before which it ends: itself, or the next one where the last minute or second of a day is written for its end.
    pub fn ends(self) -> Option<Date> {
        match self {
            Moment::Local(day, LAST_MINUTE..=LAST_SECOND) => day.tomorrow().ok(),
            Moment::Day(_) | Moment::Local(..) | Moment::Utc(..) => self.begins(),
        }
    }

    /// The day that an exception to whole days names: programs write its midnight, too, and some say UTC there.
    pub fn names(self) -> Option<Date> {
        match self {
            Moment::Utc(day, 0) => Some(day),
            Moment::Day(_) | Moment::Local(..) | Moment::Utc(..) => self.begins(),
        }
    }

    /// The last day that may begin by then. Whole days have no zone: an instant of UTC that is a midnight somewhere is taken as the
    /// midnight of the nearest day. `None`: it is none.
    pub fn until(self) -> Option<Date> {
        match self {
            Moment::Day(day) | Moment::Local(day, _) | Moment::Utc(day, 0) => Some(day),
            // One second before a midnight is the end of that day.
            Moment::Utc(day, seconds) if seconds % 60 == 59 => Some(day),
            Moment::Utc(_, seconds) if !seconds.is_multiple_of(900) => None,
            // Zones reach from UTC-12 to UTC+14; where both are possible, it is not clear.
            Moment::Utc(day, seconds) if seconds < 10 * HOUR => Some(day),
            Moment::Utc(day, seconds) if seconds > 12 * HOUR => day.tomorrow().ok(),
            Moment::Utc(..) => None,
        }
    }
}

/// `20261225`.
fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let date = Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    date.ok().filter(|date| date.year() > 0)
}

/// Whole days of a duration: `P1D`, `P2W`, `PT24H`, `P1DT0H0M0S`.
pub fn days(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_uppercase();
    let rest = text.strip_prefix('+').unwrap_or(&text).strip_prefix('P')?;
    let (dates, times) = rest.split_once('T').unwrap_or((rest, ""));
    let (dates, times) =
        (parts(dates, &[('W', 7 * 86_400), ('D', 86_400)])?, parts(times, &[('H', 3_600), ('M', 60), ('S', 1)])?);
    let seconds = dates + times;
    (seconds > 0 && seconds % 86_400 == 0).then_some(seconds / 86_400)
}

/// The sum of `1H30M` in seconds.
fn parts(mut text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut sum = 0;
    while !text.is_empty() {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = text.get(..digits).filter(|_| (1..=7).contains(&digits))?.parse().ok()?;
        let unit = text[digits..].chars().next()?;
        let (_, seconds) = units.iter().find(|(name, _)| *name == unit)?;
        sum += number * seconds;
        text = &text[digits + 1..];
    }
    Some(sum)
}
