//! A setting: its key, and how its value is read, bounded and shown.

use std::time::Duration;

use super::Settings;
use super::value::{Value, read_bytes, show_bytes};

pub struct Setting {
    /// Path in the file, with a dot for each level: `journal.lanes`.
    pub key: &'static str,
    pub kind: &'static str,
    /// One or two sentences.
    pub meaning: &'static str,
    set: Box<Set>,
    show: Box<dyn Fn(&mut Settings) -> String + Send + Sync>,
}

impl Setting {
    /// `DOCKET_JOURNAL_LANES`.
    pub fn environment(&self) -> String {
        format!("DOCKET_{}", self.key.replace('.', "_").to_uppercase())
    }

    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        (self.set)(settings, text)
    }

    /// '' if it has no default.
    pub fn default(&self) -> String {
        (self.show)(&mut Settings::default())
    }

    /// Rejects values of which `wrong` says what is wrong.
    fn refusing(self, wrong: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Setting {
        let set = self.set;
        let checked = move |settings: &mut Settings, text: &str| wrong(text).map_or_else(|| set(settings, text), Err);
        Setting { set: Box::new(checked), ..self }
    }

    /// Rejects 0, with which nothing would work.
    pub fn not_zero(self) -> Setting {
        self.refusing(|text| {
            let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
            let zero = !digits.is_empty() && digits.bytes().all(|byte| byte == b'0');
            zero.then(|| "the value must be greater than 0".to_owned())
        })
    }

    /// Rejects what cannot be meant: a server would fail, or bound nothing.
    pub fn at_most(self, most: u64) -> Setting {
        let is_size = self.kind == "size";
        self.refusing(move |text| {
            let value = if is_size { read_bytes(text).ok() } else { text.trim().parse().ok() };
            let most_shown = || if is_size { show_bytes(most) } else { most.to_string() };
            value.filter(|value| *value > most).map(|_| format!("the value must be at most {}", most_shown()))
        })
    }

    /// The same of a duration.
    pub fn no_longer_than(self, most: Duration) -> Setting {
        self.refusing(move |text| {
            let value = Duration::read(text).ok().filter(|value| *value > most);
            value.map(|_| format!("the value must be at most {}", most.show()))
        })
    }
}

type Set = dyn Fn(&mut Settings, &str) -> Result<(), String> + Send + Sync;

/// Accessor of a value in the settings.
pub type At<T> = fn(&mut Settings) -> &mut T;

pub fn of<T: Value + 'static>(key: &'static str, at: At<T>, meaning: &'static str) -> Setting {
    let set = move |settings: &mut Settings, text: &str| {
        *at(settings) = T::read(text)?;
        Ok(())
    };
    Setting { key, kind: T::KIND, meaning, set: Box::new(set), show: Box::new(move |settings| at(settings).show()) }
}

pub fn bytes<T>(key: &'static str, at: At<T>, meaning: &'static str) -> Setting
where
    T: TryFrom<u64> + TryInto<u64> + Copy + 'static,
{
    let set = move |settings: &mut Settings, text: &str| {
        *at(settings) = T::try_from(read_bytes(text)?).map_err(|_| "the value is too large".to_owned())?;
        Ok(())
    };
    let show = move |settings: &mut Settings| show_bytes((*at(settings)).try_into().unwrap_or_default());
    Setting { key, kind: "size", meaning, set: Box::new(set), show: Box::new(show) }.not_zero()
}
