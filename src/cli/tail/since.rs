//! Where a tail begins.

use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;

use crate::cli::token::parse_ttl;
use crate::grpc::pb::stream_activities_request::Start;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    Start,
    /// What follows this position.
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
            return text.parse().map(Since::Position).map_err(|_| format!("{text} is above every position"));
        }
        if let Ok(time) = text.parse() {
            return Ok(Since::Time(time));
        }
        let ago = parse_ttl(text).map_err(|_| {
            format!("{text:?} is no beginning: write start, a position, a time like 2026-01-31T09:00:00Z, or a length like 15m")
        })?;
        let then = SystemTime::now().checked_sub(ago).and_then(|then| Timestamp::try_from(then).ok());
        then.map(Since::Time).ok_or_else(|| format!("{text} ago is before all time"))
    }
}

impl Since {
    pub fn start(self) -> Start {
        match self {
            Since::Start => Start::Earliest(true),
            Since::Position(position) => Start::AfterPosition(position),
            Since::Time(time) => {
                let nanos = time.subsec_nanosecond();
                // Before 1970 jiff counts both parts down; protobuf counts nanos up.
                let (seconds, nanos) =
                    if nanos < 0 { (time.as_second() - 1, nanos + 1_000_000_000) } else { (time.as_second(), nanos) };
                Start::AtTime(prost_types::Timestamp { seconds, nanos })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_words_positions_times_and_lengths() {
        assert_eq!("start".parse(), Ok(Since::Start));
        assert_eq!("0".parse(), Ok(Since::Position(0)));
        assert_eq!("42".parse(), Ok(Since::Position(42)));
        let at = |text: &str| text.parse::<Since>().expect("a beginning").start();
        let exact = |seconds, nanos| Start::AtTime(prost_types::Timestamp { seconds, nanos });
        assert_eq!(at("2026-01-31T09:00:00.5Z"), exact(1_769_850_000, 500_000_000));
        assert_eq!(at("1969-12-31T23:59:59.25Z"), exact(-1, 250_000_000));
        assert!(matches!(at("15m"), Start::AtTime(_)));
        for wrong in ["", "-1", "yesterday", "99999999999999999999", "2026-01-31", "15w"] {
            assert!(wrong.parse::<Since>().is_err(), "{wrong}");
        }
    }
}
