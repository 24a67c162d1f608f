//! Start of a tail: argument of `--since`.

use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::Value;

use crate::cli::token::parse_ttl;
use crate::model::time::Written;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    Start,
    /// After this position.
    Position(i64),
    Time(Timestamp),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Since, String> {
        if text == "start" {
            return Ok(Since::Start);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Since::Position).map_err(|_| format!("{text} is greater than any position"));
        }
        if let Some(midnight) = midnight(text) {
            return Ok(Since::Time(midnight));
        }
        let time = text.parse().ok().filter(|_| Written::parse(text).is_some());
        if let Some(time) = time {
            return Ok(Since::Time(time));
        }
        let ago = parse_ttl(text).map_err(|_| {
            format!("{text:?} is not a valid start: write start, a position, a date or time such as 2026-01-31 or 2026-01-31T09:00:00Z, or a duration such as 15m")
        })?;
        let then = SystemTime::now().checked_sub(ago).and_then(|then| Timestamp::try_from(then).ok());
        then.map(Since::Time).ok_or_else(|| format!("{text} ago is out of range"))
    }
}

/// The beginning of a date, in UTC: as times are printed.
fn midnight(text: &str) -> Option<Timestamp> {
    const DATE: usize = "2026-01-31".len();
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == DATE)?;
    date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
}

impl Since {
    /// The corresponding field of StreamActivitiesRequest, and its value.
    pub fn field(self) -> (&'static str, Value) {
        match self {
            Since::Start => ("earliest", Value::Bool(true)),
            Since::Position(position) => ("after_position", Value::from(position)),
            Since::Time(time) => ("at_time", Value::String(time.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grpc::rest::{self, Schema};

    /// As a request of the contract, and back.
    fn requested(since: Since) -> Value {
        let stream = Schema::new().expect("descriptors").method("StreamActivities").expect("StreamActivities");
        let (field, value) = since.field();
        let request = rest::request(&stream.input(), json!({field: value})).expect("a request");
        rest::json(&request).expect("JSON")[field].take()
    }

    #[test]
    fn beginnings_are_words_positions_times_and_lengths() {
        assert_eq!("start".parse(), Ok(Since::Start));
        assert_eq!("0".parse(), Ok(Since::Position(0)));
        assert_eq!("42".parse(), Ok(Since::Position(42)));
        let at = |text: &str| requested(text.parse().expect("a beginning"));
        assert_eq!(at("start"), json!(true));
        assert_eq!(at("42"), json!("42"));
        assert_eq!(at("2026-01-31T09:00:00.5Z"), json!("2026-01-31T09:00:00.500Z"));
        assert_eq!(at("2026-01-31"), json!("2026-01-31T00:00:00Z"));
        assert_eq!(at("1969-12-31T23:59:59.25Z"), json!("1969-12-31T23:59:59.250Z"));
        assert!(matches!("15m".parse(), Ok(Since::Time(_))));
        for wrong in ["", "-1", "yesterday", "99999999999999999999", "2026-02-30", "2026-1-31", "15w"] {
            assert!(wrong.parse::<Since>().is_err(), "{wrong}");
        }
    }
}
