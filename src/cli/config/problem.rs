//! A problem with the configuration: its place, message and fix.

use std::fmt;

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line and column from 1; 0 = the file as a whole.
    File { path: String, line: u32, column: u32 },
    /// The variable's name.
    Environment(String),
    /// The flag and its key, without the value: it may be a password.
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line: 0, .. } => f.write_str(path),
            Place::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Place::Environment(name) => write!(f, "environment {name}"),
            Place::Flag(flag) => f.write_str(flag),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Absent if a required setting is missing.
    pub place: Option<Place>,
    pub message: String,
    /// How to fix it; '' if the message says so.
    pub hint: String,
}

impl Problem {
    pub fn new(place: Option<Place>, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem { place, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "error: {}", self.message)?;
        if !self.hint.is_empty() {
            write!(f, "\n  fix: {}", self.hint)?;
        }
        Ok(())
    }
}
