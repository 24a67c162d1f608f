//! Types of settings, and their text form in files, environment variables and flags.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::identity::{ClaimName, Role};
use crate::telemetry::LogFormat;

pub trait Value: Sized {
    /// Name of the type in the reference.
    const KIND: &'static str;

    /// # Errors
    /// The expected form.
    fn read(text: &str) -> Result<Self, String>;

    /// In the form that `read` accepts; '' if unset.
    fn show(&self) -> String;
}

impl Value for bool {
    const KIND: &'static str = "true or false";

    fn read(text: &str) -> Result<bool, String> {
        text.parse().map_err(|_| "write true or false".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<usize, String> {
        text.parse().map_err(|_| "write a whole number".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("write a whole number of at most {}", u32::MAX))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for f64 {
    const KIND: &'static str = "ratio";

    fn read(text: &str) -> Result<f64, String> {
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.ok_or_else(|| "write a number from 0 to 1".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Duration {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Duration, String> {
        let wrong = || "write a whole number with ms, s, m, h or d, like 20s".to_owned();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        number.checked_mul(unit).map(Duration::from_millis).ok_or_else(wrong)
    }

    fn show(&self) -> String {
        let ms = self.as_millis();
        for (unit, word) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
            if ms > 0 && ms.is_multiple_of(unit) {
                return format!("{}{word}", ms / unit);
            }
        }
        format!("{ms}ms")
    }
}

impl Value for SocketAddr {
    const KIND: &'static str = "address";

    fn read(text: &str) -> Result<SocketAddr, String> {
        text.parse().map_err(|_| "write an IP address and a port, like 0.0.0.0:50051 or [::]:50051".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for PathBuf {
    const KIND: &'static str = "path";

    fn read(text: &str) -> Result<PathBuf, String> {
        if text.is_empty() { Err("write a path".into()) } else { Ok(text.into()) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for String {
    const KIND: &'static str = "text";

    fn read(text: &str) -> Result<String, String> {
        if text.is_empty() { Err("write some text".into()) } else { Ok(text.into()) }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for LogFormat {
    const KIND: &'static str = "auto, human or json";

    fn read(text: &str) -> Result<LogFormat, String> {
        LogFormat::from_str(text, false).map_err(|_| "write auto, human or json".into())
    }

    fn show(&self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Value for Vec<PathBuf> {
    const KIND: &'static str = "list of paths";

    /// Separated by commas.
    fn read(text: &str) -> Result<Vec<PathBuf>, String> {
        text.split(',').map(|path| PathBuf::read(path.trim())).collect()
    }

    fn show(&self) -> String {
        self.iter().map(PathBuf::show).collect::<Vec<_>>().join(",")
    }
}

impl Value for ClaimName {
    const KIND: &'static str = "name of a claim";

    fn read(text: &str) -> Result<ClaimName, String> {
        ClaimName::new(text)
            .ok_or_else(|| "write a name, or names with a dot between them, like realm_access.roles".into())
    }

    fn show(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Value for HashMap<String, Role> {
    const KIND: &'static str = "map of words to roles";

    /// `word=role`, separated by commas.
    fn read(text: &str) -> Result<HashMap<String, Role>, String> {
        let wrong = |_| "write pairs like support-agent=agent, with roles of Docket's (see docs/roles.md)".to_owned();
        let mut map = HashMap::new();
        for pair in text.split(',') {
            let (word, role) = pair.split_once('=').ok_or(()).map_err(wrong)?;
            let role = role.trim().parse().map_err(|_| wrong(()))?;
            if map.insert(word.trim().to_owned(), role).is_some() {
                return Err(format!("\"{}\" stands there twice", word.trim()));
            }
        }
        Ok(map)
    }

    fn show(&self) -> String {
        let mut pairs: Vec<String> = self.iter().map(|(word, role)| format!("{word}={role}")).collect();
        pairs.sort();
        pairs.join(",")
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(text: &str) -> Result<Option<T>, String> {
        T::read(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

pub fn read_bytes(text: &str) -> Result<u64, String> {
    let wrong = || "write a number of bytes, or one with KiB, MiB or GiB, like 4MiB".to_owned();
    let unit = UNITS.iter().find(|(_, word)| text.ends_with(word));
    let (digits, unit) = unit.map_or((text, 1), |(unit, word)| (&text[..text.len() - word.len()], *unit));
    let number: u64 = digits.trim_end().parse().map_err(|_| wrong())?;
    number.checked_mul(unit).ok_or_else(wrong)
}

pub fn show_bytes(bytes: u64) -> String {
    let unit = UNITS.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or(bytes.to_string(), |(unit, word)| format!("{}{word}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_reads_back() {
        for ms in [0, 1, 250, 1_000, 90_000, 3_600_000, 172_800_000] {
            let length = Duration::from_millis(ms);
            assert_eq!(Duration::read(&length.show()), Ok(length));
        }
        for bytes in [0, 1, 1_023, 1_024, 4 << 20, 3 << 30] {
            assert_eq!(read_bytes(&show_bytes(bytes)), Ok(bytes));
        }
        assert_eq!((Duration::from_secs(90).show(), show_bytes(4 << 20)), ("90s".into(), "4MiB".into()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_an_example() {
        for wrong in ["", "5", "s", "-5s", "1.5s", "5 s", "5w", "99999999999999999999d"] {
            assert!(Duration::read(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "MiB", "-1", "1.5MiB", "4MB", "99999999999999999999", "99999999999GiB"] {
            assert!(read_bytes(wrong).is_err(), "{wrong}");
        }
        for wrong in ["1.1", "-0.1", "NaN", "much"] {
            assert!(f64::read(wrong).is_err(), "{wrong}");
        }
        assert!(SocketAddr::read("localhost:50051").is_err());
    }
}
