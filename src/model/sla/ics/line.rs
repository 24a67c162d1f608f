//! Content lines of iCalendar: unfolding, parameters, escapes.

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Lines with what was folded put together, each with the number of its first; empty ones are left out. Bytes, because a fold may
/// stand within a character.
pub fn unfolded(text: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, line) in text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.strip_prefix(b" ").or_else(|| line.strip_prefix(b"\t")), lines.last_mut()) {
            (Some(rest), Some((_, whole))) => whole.extend_from_slice(rest),
            _ if line.iter().all(u8::is_ascii_whitespace) => {}
            _ => lines.push((index + 1, line.to_vec())),
        }
    }
    lines
}

/// `NAME;PARAMETERS:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property<'a> {
    /// In capitals.
    pub name: String,
    /// What stands between the name and the value.
    parameters: &'a str,
    pub value: &'a str,
}

impl Property<'_> {
    pub fn parse(line: &str) -> Option<Property<'_>> {
        let mut quoted = false;
        let colon = line.find(|c: char| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let (name, parameters) = line[..colon].split_once(';').unwrap_or((&line[..colon], ""));
        let name = name.trim();
        let well = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        well.then(|| Property { name: name.to_ascii_uppercase(), parameters, value: &line[colon + 1..] })
    }

    pub fn has_parameter(&self, name: &str) -> bool {
        let is = |parameter: &str| parameter.split('=').next().is_some_and(|it| it.trim().eq_ignore_ascii_case(name));
        self.parameters.split(';').any(is)
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
            '\u{2028}' | '\u{2029}' => text.push(' '),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text.trim().to_owned()
}
