//! The deadline of a call, after which nobody waits for its answer.

use std::time::{Duration, Instant};

use http::HeaderMap;

/// In the extensions of a request whose client set one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// From the metadata `grpc-timeout`: up to 8 digits and a unit.
    ///
    /// # Errors
    /// It is anything else: without a deadline, the call would run on when its client has gone.
    pub fn of(headers: &HeaderMap, now: Instant) -> Result<Option<Deadline>, NoTimeout> {
        let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
        let timeout = value.to_str().ok().and_then(timeout).ok_or(NoTimeout)?;
        Ok(now.checked_add(timeout).map(Deadline))
    }

    pub fn passed(self) -> bool {
        Instant::now() >= self.0
    }
}

/// A `grpc-timeout` that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct NoTimeout;

fn timeout(value: &str) -> Option<Duration> {
    let unit = value.chars().next_back()?;
    let digits = &value[..value.len() - unit.len_utf8()];
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    let timeout = match unit {
        'H' => Duration::from_secs(number * 3_600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    };
    Some(timeout)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_timeout_is_up_to_eight_digits_and_a_unit() {
        let now = Instant::now();
        let of = |text: &'static str| {
            let headers =
                HeaderMap::from_iter([("grpc-timeout".parse().expect("a name"), HeaderValue::from_static(text))]);
            Deadline::of(&headers, now).map(|deadline| deadline.map(|deadline| deadline.0 - now))
        };
        assert_eq!(of("250m"), Ok(Some(Duration::from_millis(250))));
        assert_eq!(of("99999999H"), Ok(Some(Duration::from_secs(99_999_999 * 3_600))));
        assert_eq!(of("5u"), Ok(Some(Duration::from_micros(5))));
        for none in ["", "m", "5", "5x", "-5m", "123456789m", "1 m"] {
            assert_eq!(of(none), Err(NoTimeout), "{none}");
        }
        assert_eq!(Deadline::of(&HeaderMap::new(), now), Ok(None));
    }
}
