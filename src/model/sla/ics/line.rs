//! Content lines of iCalendar: unfolding, parameters, escapes.

use jiff::civil::Date;

/// Lines with what was folded put together, each with the number of its first; empty ones are left out.
pub fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        // `lines` takes the LF and one CR before it.
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, whole))) => whole.push_str(rest),
            _ if line.trim().is_empty() => {}
            _ => lines.push((index + 1, line.to_owned())),
        }
    }
    lines
}

/// `NAME;PARAMETERS:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// In capitals.
    pub name: String,
    pub value: &'a str,
}

impl Property<'_> {
    pub fn parse(line: &str) -> Option<Property<'_>> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let name = line[..colon].split(';').next().unwrap_or_default().trim();
        let well = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        well.then(|| Property { name: name.to_ascii_uppercase(), value: &line[colon + 1..] })
    }

    /// Its value as a word, in capitals.
    pub fn word(&self) -> String {
        self.value.trim().to_ascii_uppercase()
    }
}

/// A text value as people read it, on one line.
pub fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => {}
            },
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text.trim().to_owned()
}

/// `20261225`.
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let date = Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
    date.ok().filter(|date| date.year() > 0)
}

/// The date of `20261225` or of `20261225T235959Z`.
pub fn date_of_time(text: &str) -> Option<Date> {
    let (day, time) = text.trim().split_once('T').unwrap_or((text, "000000"));
    let time = time.strip_suffix('Z').unwrap_or(time);
    let part = |at: usize, below: u8| time.get(at..at + 2)?.parse::<u8>().ok().filter(|n| *n < below);
    if time.len() != 6 || !time.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let is_time = [(0, 24), (2, 60), (4, 61)].into_iter().all(|(at, below)| part(at, below).is_some());
    date(day).filter(|_| is_time)
}

/// Whole days of a duration: `P1D`, `P2W`.
pub fn days(text: &str) -> Option<i64> {
    let number = text.strip_prefix("+").unwrap_or(text).strip_prefix('P')?;
    let (number, unit) = match number.strip_suffix('W') {
        Some(weeks) => (weeks, 7),
        None => (number.strip_suffix('D')?, 1),
    };
    let digits = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| digits)?;
    Some(number * unit)
}
