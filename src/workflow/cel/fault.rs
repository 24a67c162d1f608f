//! Why an expression has no value.

use std::fmt;

use super::ast::Path;

/// Bytes that a text may grow to by `+`, and `${…}` in texts.
pub const MAX_TEXT: usize = 64 * 1024;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    Absent(Path),
    /// It was given up, and has no verdict.
    TooMuch,
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Absent(path) => write!(f, "{path} is absent"),
            Fault::TooMuch => f.write_str("too much to evaluate"),
            Fault::Other(text) => f.write_str(text),
        }
    }
}

pub(super) fn fault<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Other(text.into()))
}
