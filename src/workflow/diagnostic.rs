//! Diagnostics: errors and warnings about rules, each with its place and a hint.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The set is not taken.
    Error,
    /// The set is taken; somebody should look.
    Warning,
}

/// One finding in one file. Lines and columns count from 1, columns in characters; 0 = the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable, for tools: `unknown-field`, `yaml`, …
    pub code: &'static str,
    pub message: String,
    /// What to do about it; '' where there is nothing to add.
    pub hint: String,
    pub file: String,
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {severity}: {} [{}]", self.message, self.code)
    }
}

impl Diagnostic {
    /// The finding, its line in `source` with a caret, and the fix.
    pub fn render(&self, source: &str) -> String {
        let mut text = self.to_string();
        if let Some(line) = self.line.checked_sub(1).and_then(|n| source.lines().nth(n as usize)) {
            let number = self.line.to_string();
            // Tabs stay tabs, so that the caret stands under its character in any terminal.
            let lead: String = line
                .chars()
                .take(self.column.saturating_sub(1) as usize)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            text.push_str(&format!("\n  {number} | {line}\n  {} | {lead}^", " ".repeat(number.len())));
        }
        if !self.hint.is_empty() {
            text.push_str("\n  fix: ");
            text.push_str(&self.hint);
        }
        text
    }
}

/// A finding inside one expression: `at` is a byte offset into its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub code: &'static str,
    pub at: usize,
    pub message: String,
    pub hint: String,
}

impl Problem {
    pub fn error(code: &'static str, at: usize, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem { severity: Severity::Error, code, at, message: message.into(), hint: hint.into() }
    }

    /// The character column of the finding in `source`, from 1, over all of its lines.
    pub fn column(&self, source: &str) -> u32 {
        let end = source.len().min(self.at);
        source.char_indices().take_while(|(at, _)| *at < end).count() as u32 + 1
    }
}

/// `did you mean `x`?`, or the choices where nothing is near.
pub fn suggest<'a>(word: &str, choices: impl IntoIterator<Item = &'a str>) -> String {
    let choices: Vec<&str> = choices.into_iter().collect();
    match nearest(word, &choices) {
        Some(near) => format!("did you mean `{near}`?"),
        None if choices.is_empty() => String::new(),
        None => format!("one of: {}", choices.join(", ")),
    }
}

/// The choice that a slip of the fingers would turn into `word`.
pub fn nearest<'a>(word: &str, choices: &[&'a str]) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let word = folded(word);
    let (distance, near) = choices.iter().map(|c| (distance(&word, &folded(c)), *c)).min_by_key(|(d, _)| *d)?;
    let allowed = (word.len().max(3) / 3).min(3);
    (distance <= allowed).then_some(near)
}

fn folded(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Edits, where swapping two neighbours is one.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word() {
        let words = ["priority", "status", "subject"];
        assert_eq!(suggest("priorty", words), "did you mean `priority`?");
        assert_eq!(suggest("Stauts", words), "did you mean `status`?");
        assert_eq!(suggest("colour", words), "one of: priority, status, subject");
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        let found = Diagnostic {
            severity: Severity::Error,
            code: "unknown-field",
            message: "no `x`".into(),
            hint: "write y".into(),
            file: "a.yaml".into(),
            line: 2,
            column: 5,
        };
        assert_eq!(
            found.render("name: a\nif: x\n"),
            "a.yaml:2:5: error: no `x` [unknown-field]\n  2 | if: x\n    |     ^\n  fix: write y"
        );
    }
}
