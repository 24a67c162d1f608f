//! Parser of durations.

/// Beyond this a double would no longer count single microseconds; it is 285 years.
const MOST: i128 = 9_000_000_000_000_000;

/// `90m`, `1h30m`, `1.5h`, `-10s`, `250ms`: microseconds, and all of it: what is finer is none.
pub fn parse_duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let mut micros = 0;
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, from_unit) = rest.split_at(end);
        let end = from_unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(from_unit.len());
        let (unit, after) = from_unit.split_at(end);
        let size = match unit {
            "h" => 3_600_000_000,
            "m" => 60_000_000,
            "s" => 1_000_000,
            "ms" => 1_000,
            "us" | "µs" => 1,
            _ => return None,
        };
        micros += exactly(number, size)?;
        rest = after;
    }
    i64::try_from(sign * micros).ok().filter(|_| micros < MOST)
}

/// A decimal number times `size`, where that is whole.
fn exactly(number: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    // Where both are empty, there is no number; more digits than these are finer than any unit.
    if (whole.is_empty() && !number.bytes().any(|b| b.is_ascii_digit()))
        || fraction.contains('.')
        || fraction.len() > 15
    {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok().filter(|n| *n < MOST) };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let scaled = (digits(whole)? * scale + digits(fraction)?) * size;
    (scaled % scale == 0).then_some(scaled / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_to_the_microsecond_or_not_at_all() {
        for (text, micros) in [
            ("90m", 5_400_000_000),
            ("1h30m", 5_400_000_000),
            ("1.5h", 5_400_000_000),
            (".5s", 500_000),
            ("5.s", 5_000_000),
            ("-10s", -10_000_000),
            ("250ms", 250_000),
            ("1.000001s", 1_000_001),
            ("1.50000000000000000000s", 1_500_000),
            ("0.0000000000000h", 0),
            ("7µs", 7),
        ] {
            assert_eq!(parse_duration(text), Some(micros), "{text}");
        }
        for text in [
            "",
            "-",
            "s",
            ".s",
            "1",
            "1d",
            "1.0000001s",
            "0.5us",
            "1.2.3s",
            "--1s",
            "1e3s",
            "999999999999h",
            "9000000000s",
            "1.0000000000000001h",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
