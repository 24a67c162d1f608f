//! Triggers other than events: times of a ticket's SLA clocks.

use std::fmt;

use super::cel::parse_duration;
use super::diagnostic::{nearest, suggest};
use crate::model::activity::Activity;
use crate::model::activity_type::ActivityType;
use crate::model::limits::MINUTES;
use crate::model::sla::policy::WarnAt;
use crate::model::words::SlaMetric;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const MAX_PERCENT: i32 = 1_000;

/// `{sla: resolution, at: "80%"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub metric: SlaMetric,
    /// `None`: the breach.
    pub mark: Option<WarnAt>,
}

/// A mark that rules wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub metric: SlaMetric,
    pub at: WarnAt,
}

/// What cannot stand in a trigger, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub message: String,
    pub hint: String,
}

pub(super) fn slip<T>(message: String, hint: impl Into<String>) -> Result<T, Slip> {
    Err(Slip { message, hint: hint.into() })
}

impl Trigger {
    /// The type of the activity that it waits for.
    pub fn kind(&self) -> ActivityType {
        if self.mark.is_some() { ActivityType::SlaWarning } else { ActivityType::SlaBreached }
    }

    /// The same for each activity that it waits for, and for no other: see [`Trigger::key_of`].
    pub fn key(&self) -> String {
        key(self.kind(), self.metric.word(), &self.mark.map(WarnAt::show).unwrap_or_default())
    }

    /// The key of the triggers that wait for this activity; `None` where none does.
    pub fn key_of(activity: &Activity) -> Option<String> {
        let waited = |kind: &ActivityType| matches!(kind, ActivityType::SlaWarning | ActivityType::SlaBreached);
        let kind = activity.kind.known().filter(waited)?;
        let clock = activity.data.as_ref()?.get("clocks")?.get(0)?;
        let text = |name: &str| clock.get(name).and_then(|text| text.as_str()).unwrap_or_default();
        Some(key(kind, text("metric"), text("mark")))
    }
}

fn key(kind: ActivityType, metric: &str, mark: &str) -> String {
    format!("{kind} {metric} {mark}")
}

/// As it stands in a file.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{sla: {}, at: ", self.metric.word().to_lowercase())?;
        match self.mark {
            None => f.write_str("breach")?,
            Some(WarnAt::Percent(percent)) => write!(f, "{percent}%")?,
            Some(WarnAt::Before(micros)) => write!(f, "-{}", length(micros))?,
            Some(WarnAt::After(micros)) => write!(f, "+{}", length(micros))?,
        }
        f.write_str("}")
    }
}

/// As rules write it.
pub fn length(micros: i64) -> String {
    match micros {
        hours if hours % HOUR == 0 => format!("{}h", hours / HOUR),
        minutes if minutes % MINUTE == 0 => format!("{}m", minutes / MINUTE),
        seconds => format!("{}s", seconds / SECOND),
    }
}

/// `first_response`, in any case.
pub fn read_metric(text: &str) -> Result<SlaMetric, Slip> {
    let all = || SlaMetric::ALL.iter().map(|metric| metric.word());
    let found = all().find(|word| word.eq_ignore_ascii_case(text)).and_then(SlaMetric::parse);
    found.ok_or_else(|| {
        let words: Vec<String> = all().map(str::to_lowercase).collect();
        let hint = suggest(text, words.iter().map(String::as_str));
        Slip { message: format!("there is no SLA clock `{text}`"), hint }
    })
}

/// `breach`, `80%`, `-1h`, `+2h`.
pub fn read_mark(text: &str) -> Result<Option<WarnAt>, Slip> {
    if text == "breach" {
        return Ok(None);
    }
    if let Some(number) = text.strip_suffix('%') {
        return percent(text, number).map(Some);
    }
    match text.split_at_checked(1) {
        Some(("-", length)) => length_of(text, length).map(|micros| Some(WarnAt::Before(micros))),
        Some(("+", length)) => length_of(text, length).map(|micros| Some(WarnAt::After(micros))),
        _ if parse_duration(text).is_some() => {
            let hint = format!("-{text} before the target runs out, +{text} after");
            slip(format!("`{text}` does not say before or after"), hint)
        }
        _ => {
            let hint = match nearest(text, &["breach"]) {
                Some(_) => "did you mean `breach`?",
                None => "breach, 80% of the target, -1h before it runs out, or +2h after",
            };
            slip(format!("`{text}` is no instant of a clock"), hint)
        }
    }
}

fn percent(text: &str, number: &str) -> Result<WarnAt, Slip> {
    match number.parse::<i32>() {
        Ok(100) => slip("100% of the target is its deadline".to_owned(), "at: breach"),
        Ok(percent @ 1..=MAX_PERCENT) => Ok(WarnAt::Percent(percent)),
        _ => {
            let hint = format!("1% to 99% of the target, or up to {MAX_PERCENT}% once it has run out");
            slip(format!("`{text}` is no share of a target"), hint)
        }
    }
}

fn length_of(text: &str, length: &str) -> Result<i64, Slip> {
    let micros = Some(length).filter(|length| !length.starts_with('-')).and_then(parse_duration);
    match micros {
        Some(0) => slip(format!("`{text}` is the deadline itself"), "at: breach"),
        Some(micros) if micros > i64::from(MINUTES) * MINUTE => {
            slip(format!("`{text}` is longer than any target"), "at most 3650 days: 87600h")
        }
        Some(micros) if micros % SECOND == 0 => Ok(micros),
        Some(_) => slip(format!("`{text}` is no whole number of seconds"), "1s at least"),
        None => slip(format!("`{text}` is no length of time"), "hours, minutes and seconds: -1h, -1h30m, +90s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_and_shown_as_they_are_written() {
        for (text, mark) in [
            ("breach", None),
            ("1%", Some(WarnAt::Percent(1))),
            ("99%", Some(WarnAt::Percent(99))),
            ("101%", Some(WarnAt::Percent(101))),
            ("1000%", Some(WarnAt::Percent(1000))),
            ("-1h", Some(WarnAt::Before(HOUR))),
            ("-90m", Some(WarnAt::Before(90 * MINUTE))),
            ("+2h", Some(WarnAt::After(2 * HOUR))),
            ("+45s", Some(WarnAt::After(45 * SECOND))),
        ] {
            assert_eq!(read_mark(text), Ok(mark), "{text}");
            let trigger = Trigger { metric: SlaMetric::NextResponse, mark };
            assert_eq!(trigger.to_string(), format!("{{sla: next_response, at: {text}}}"));
            // It is spelled as the clocks do.
            assert_eq!(mark.and_then(|mark| WarnAt::parse(&mark.show())), mark);
        }
        assert_eq!(read_mark("-1h30m"), Ok(Some(WarnAt::Before(90 * MINUTE))));
        assert_eq!(read_mark("-60m"), read_mark("-3600s"), "one mark, however it is written");
    }

    #[test]
    fn what_is_no_mark_says_what_would_be() {
        for (text, hint) in [
            ("0%", "1% to 99%"),
            ("100%", "at: breach"),
            ("1001%", "up to 1000%"),
            ("-5%", "1% to 99%"),
            ("eighty%", "1% to 99%"),
            ("-0h", "at: breach"),
            ("+0s", "at: breach"),
            ("1h", "-1h before the target runs out, +1h after"),
            ("80", "breach, 80%"),
            ("breached", "did you mean `breach`?"),
            ("-1d", "hours, minutes and seconds"),
            ("--1h", "hours, minutes and seconds"),
            ("+-1h", "hours, minutes and seconds"),
            ("-", "hours, minutes and seconds"),
            ("-0.5s", "1s at least"),
            ("-100000h", "at most 3650 days"),
            ("", "breach, 80%"),
            ("é", "breach, 80%"),
        ] {
            let slip = read_mark(text).expect_err(text);
            assert!(slip.hint.contains(hint), "{text}: {slip:?}");
        }
        assert_eq!(read_metric("FIRST_RESPONSE"), Ok(SlaMetric::FirstResponse));
        assert_eq!(read_metric("resolutoin").map_err(|slip| slip.hint), Err("did you mean `resolution`?".into()));
        assert!(read_metric("").is_err());
    }
}
