//! Five fields of cron, as `schedule` takes them: numbers, names, ranges, lists and steps, and nothing else.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::diagnostic::suggest;
use super::trigger::{Slip, slip};

const HINT: &str = "minute, hour, day of the month, month and weekday, as cron has them: 0 9 * * MON-FRI";
const MAX_CHARS: usize = 200;

/// What one field takes.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names for values, the first for `least`.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    },
    // 7 is Sunday, too.
    Field { name: "weekday", least: 0, most: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

/// What other crons write with an `@`.
const SHORT: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * SUN"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// Five fields of cron, that come at least once.
pub fn read_cron(text: &str) -> Result<Cron, Slip> {
    if text.len() > MAX_CHARS {
        return slip(format!("`{}…` is no schedule: it has more than {MAX_CHARS} bytes", first(text)), HINT);
    }
    if text.trim_start().starts_with('@') {
        return slip(format!("`{text}` is no schedule: words with @ are not taken"), of_word(text.trim()));
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return slip(format!("`{text}` is no schedule: it has {} fields, not 5", fields.len()), HINT);
    }
    for (field, part) in FIELDS.iter().zip(&fields) {
        field.check(part)?;
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = match parser.parse(text) {
        Ok(cron) => cron,
        Err(error) => return slip(format!("`{text}` is no schedule: {error}"), HINT),
    };
    match cron.find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC), true) {
        Ok(_) => Ok(cron),
        Err(_) => slip(format!("`{text}` never comes"), "there is no such day in any year"),
    }
}

fn of_word(word: &str) -> String {
    match SHORT.iter().find(|(short, _)| word.eq_ignore_ascii_case(short)) {
        Some((_, pattern)) => format!("write {pattern}"),
        None => HINT.to_owned(),
    }
}

fn first(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Field {
    /// `*`, a value, a range, each perhaps with a step, or a list of these.
    fn check(&self, text: &str) -> Result<(), Slip> {
        text.split(',').try_for_each(|part| self.part(part, text))
    }

    fn part(&self, part: &str, whole: &str) -> Result<(), Slip> {
        if part.is_empty() {
            return self.slip(format!("`{whole}` has an item of its list that is empty"));
        }
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // A step needs an end to go to.
            None if step.is_some() => {
                return self.slip(format!("`{part}` has a step and no range: write {range}-{}/… or */…", self.most));
            }
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to {
            return self.slip(format!("`{range}` goes backwards: write two ranges with a comma"));
        }
        let Some(step) = step else { return Ok(()) };
        match number(step) {
            Some(0) => self.slip(format!("`{part}` has a step of 0")),
            Some(step) if step <= self.most - self.least => Ok(()),
            Some(_) => self.slip(format!("the step of `{part}` is longer than the field")),
            None => self.slip(format!("`{step}` is no step")),
        }
    }

    fn value(&self, text: &str) -> Result<u32, Slip> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(at) = named.and_then(|at| u32::try_from(at).ok()) {
            return Ok(self.least + at);
        }
        match number(text) {
            Some(value) if (self.least..=self.most).contains(&value) => Ok(value),
            Some(_) => self.slip(format!("`{text}` is out of range")),
            None if !self.names.is_empty() && text.chars().all(char::is_alphabetic) && text.len() > 1 => {
                let hint = suggest(text, self.names.iter().copied());
                slip(format!("the {} of the schedule: there is no `{text}`", self.name), hint)
            }
            None => self.slip(format!("`{text}` is not taken")),
        }
    }

    fn slip<T>(&self, what: String) -> Result<T, Slip> {
        let Field { name, least, most, names } = self;
        let named = match (names.first(), names.last()) {
            (Some(first), Some(last)) => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        slip(
            format!("the {name} of the schedule: {what}"),
            format!(
                "{least} to {most}{named}, as one, a range 1-5, a list 1,3, * for each, or */5 and 1-9/2 for each so many"
            ),
        )
    }
}

/// Digits alone.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, Zoned};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_schedule_says_why_and_what_to_write() {
        for (text, message, hint) in [
            ("0 0 30 2 *", "never comes", "no such day"),
            ("0 0 31 4,6,9,11 *", "never comes", "no such day"),
            ("60 * * * *", "the minute of the schedule: `60` is out of range", "0 to 59, as one"),
            ("*/99 * * * *", "the minute of the schedule: the step of `*/99` is longer than the field", "*/5"),
            ("*/0 * * * *", "the minute of the schedule: `*/0` has a step of 0", ""),
            ("1,,2 * * * *", "the minute of the schedule: `1,,2` has an item of its list that is empty", "a list 1,3"),
            ("0 24 * * *", "the hour of the schedule: `24` is out of range", "0 to 23"),
            ("0 9-5 * * *", "the hour of the schedule: `9-5` goes backwards", "0 to 23"),
            ("0 5/2 * * *", "the hour of the schedule: `5/2` has a step and no range: write 5-23/…", ""),
            ("0 0 L * *", "the day of the month of the schedule: `L` is not taken", "1 to 31"),
            ("0 0 15W * *", "the day of the month of the schedule: `15W` is not taken", "1 to 31"),
            ("0 0 ? * *", "the day of the month of the schedule: `?` is not taken", "1 to 31"),
            ("0 0 0 * *", "the day of the month of the schedule: `0` is out of range", "1 to 31"),
            ("0 0 * 13 *", "the month of the schedule: `13` is out of range", "1 to 12 or JAN to DEC"),
            ("0 0 * JUNE *", "the month of the schedule: there is no `JUNE`", "did you mean `JUN`?"),
            ("0 0 * * MON#2", "the weekday of the schedule: `MON#2` is not taken", "0 to 7 or SUN to SAT"),
            ("0 0 * * 5L", "the weekday of the schedule: `5L` is not taken", ""),
            ("0 0 * * FRI-MON", "goes backwards: write two ranges", ""),
            ("0 0 * * 8", "`8` is out of range", ""),
            ("0 0 * * +1", "`+1` is not taken", ""),
            ("0 0 * * -", "`` is not taken", ""),
            ("* * * *", "has 4 fields", HINT),
            ("0 0 9 * * MON", "has 6 fields", HINT),
            ("@daily", "words with @ are not taken", "write 0 0 * * *"),
            ("@Weekly", "words with @ are not taken", "write 0 0 * * SUN"),
            ("@reboot", "words with @ are not taken", HINT),
            ("", "has 0 fields", HINT),
            ("a b c d e", "the minute of the schedule: `a` is not taken", "0 to 59"),
            ("é ü 1 1 1", "the minute of the schedule: `é` is not taken", ""),
        ] {
            let slip = read_cron(text).expect_err(text);
            assert!(slip.message.contains(message) && slip.hint.contains(hint), "{text}: {slip:?}");
        }
        assert!(read_cron(&"1 ".repeat(500)).is_err());
    }

    /// The values of a field, as its text says.
    fn values(field: &Field, text: &str) -> Vec<u32> {
        let mut all = Vec::new();
        for part in text.split(',') {
            let (range, step) = part.split_once('/').unwrap_or((part, "1"));
            let value = |text: &str| field.value(text).expect("a value");
            let (from, to) = match range.split_once('-') {
                Some((from, to)) => (value(from), value(to)),
                None if range == "*" => (field.least, field.most),
                None => (value(range), value(range)),
            };
            all.extend((from..=to).step_by(step.parse().expect("a step")));
        }
        all
    }

    fn part(at: usize) -> impl Strategy<Value = String> {
        let Field { least, most, names, .. } = &FIELDS[at];
        let (least, most) = (*least, *most);
        let one = (least..=most).prop_map(move |value| {
            let name = names.get((value - least) as usize).filter(|_| value % 2 == 0);
            name.map_or(value.to_string(), |name| (*name).to_owned())
        });
        let range = (least..=most, least..=most).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
        let stepped = (prop_oneof![Just("*".to_owned()), range.clone()], 1..=(most - least));
        prop_oneof![one, Just("*".to_owned()), range, stepped.prop_map(|(range, step)| format!("{range}/{step}"))]
    }

    fn field(at: usize) -> impl Strategy<Value = String> {
        prop_oneof![
            2 => Just("*".to_owned()),
            3 => proptest::collection::vec(part(at), 1..3).prop_map(|all| all.join(",")),
        ]
    }

    proptest! {
        /// It comes at the minutes that its fields name, and at no others; of two days that are named, either counts.
        #[test]
        fn it_comes_when_its_fields_say(texts in (field(0), field(1), field(2), field(3), field(4)), day in 0..1_500_i64) {
            let texts = [texts.0, texts.1, texts.2, texts.3, texts.4];
            let Ok(cron) = read_cron(&texts.join(" ")) else { return Ok(()) };
            let sets: Vec<Vec<u32>> = FIELDS.iter().zip(&texts).map(|(field, text)| values(field, text)).collect();
            let has = |at: usize, value: i8| sets[at].contains(&u32::try_from(value).expect("small"));
            let comes = |at: &Zoned| {
                let weekday = at.weekday().to_sunday_zero_offset();
                let days = (has(2, at.day()), has(4, weekday) || (weekday == 0 && has(4, 7)));
                let day = if texts[2] == "*" || texts[4] == "*" { days.0 && days.1 } else { days.0 || days.1 };
                has(0, at.minute()) && has(1, at.hour()) && day && has(3, at.month())
            };
            let begin = Timestamp::from_second(day * 86_400 + 1_750_000_020).expect("a time").to_zoned(TimeZone::UTC);
            let next = cron.find_next_occurrence(&begin, true).ok();
            let mut at = begin;
            for _ in 0..3_000 {
                if comes(&at) {
                    prop_assert_eq!(next.as_ref(), Some(&at));
                    return Ok(());
                }
                prop_assert!(next.as_ref() != Some(&at), "{} at {}", texts.join(" "), at);
                at = at.checked_add(1.minute()).expect("a time");
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9A-Z@*/,#?LW -]{0,40}|\\PC{0,60}") {
            if let Err(slip) = read_cron(&text) {
                prop_assert!(!slip.message.is_empty() && !slip.hint.is_empty());
            }
        }
    }
}
