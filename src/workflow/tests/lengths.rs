//! Lengths of time as files have them: none makes a reader panic, and what is read is what was written.

use proptest::prelude::*;

use crate::workflow::cel::parse_duration;
use crate::workflow::timer::read_after;
use crate::workflow::trigger::{length, read_mark, read_metric};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_as_a_length(text in "[-+]?[0-9.]{0,22}[hmsunµ]{0,3}[0-9]{0,4}[hms]?|\\PC{0,40}") {
        let micros = parse_duration(&text);
        if let Ok(after) = read_after(&text) {
            prop_assert_eq!(micros, Some(after));
            prop_assert!((SECOND..=3_650 * DAY).contains(&after) && after % SECOND == 0);
        }
        for text in [text.clone(), format!("-{text}"), format!("+{text}"), format!("{text}%")] {
            if let Err(slip) = read_mark(&text) {
                prop_assert!(!slip.message.is_empty() && !slip.hint.is_empty());
            }
        }
        if let Err(slip) = read_metric(&text) {
            prop_assert!(!slip.hint.is_empty());
        }
    }

    /// And shown as it would be written.
    #[test]
    fn a_length_is_read_as_it_is_shown(seconds in 1..=3_650 * 86_400_i64) {
        let micros = seconds * SECOND;
        prop_assert_eq!(read_after(&length(micros)), Ok(micros));
        let parts = format!("{}h{}m{}s", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        prop_assert_eq!(read_after(&parts), Ok(micros));
    }
}

#[test]
fn lengths_at_the_edge() {
    for text in
        ["0s", "-1h", "87600h1s", "999999999999h", "9223372036854775807s", "1ms", "1.5s", "", "h", "1d", "1 h", "∞"]
    {
        assert!(read_after(text).is_err(), "{text}");
    }
    assert_eq!(read_after("87600h"), Ok(3_650 * DAY));
    assert_eq!(read_after("1s"), Ok(SECOND));
}
