//! Colour, and the terminal's width: only where a person looks, and only if it is wanted.

use std::env;
use std::io::{self, IsTerminal};

#[derive(Clone, Copy, Debug)]
pub struct Paint(bool);

impl Paint {
    /// By the terminal, TERM, NO_COLOR, CLICOLOR and CLICOLOR_FORCE.
    pub fn of_stdout() -> Paint {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let plain = set("NO_COLOR").is_some() || set("CLICOLOR").as_deref() == Some("0");
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let dumb = set("TERM").as_deref() == Some("dumb");
        Paint(set("NO_COLOR").is_none() && (forced || (!plain && !dumb && io::stdout().is_terminal())))
    }

    pub const fn plain() -> Paint {
        Paint(false)
    }

    #[cfg(test)]
    pub const fn always() -> Paint {
        Paint(true)
    }

    /// The text in this colour (an SGR code); an empty code or text stays as it is.
    pub fn on(self, code: &str, text: &str) -> String {
        match self.0 && !code.is_empty() && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// Columns of the terminal that standard output is, at least 20.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0).max(20))
}

/// The colour of a word, where it has one.
pub fn hue(word: &str) -> &'static str {
    match word {
        "URGENT" | "ESCALATED" | "OFFLINE" | "BREACHED" => "31",
        "HIGH" | "REOPENED" | "PENDING" | "ON_HOLD" | "AWAY" => "33",
        "OPEN" | "IN_PROGRESS" | "ONLINE" => "32",
        "RESOLVED" | "CLOSED" => "2",
        _ => "",
    }
}
