//! Colour and width of the terminal; no colour without a terminal, or if it is disabled.

use std::env;
use std::io::{self, IsTerminal};

#[derive(Clone, Copy, Debug)]
pub struct Paint(bool);

impl Paint {
    /// Depends on the terminal, TERM, NO_COLOR, CLICOLOR and CLICOLOR_FORCE.
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

    /// Colours a text with an SGR code; unchanged if either is empty.
    pub fn on(self, code: &str, text: &str) -> String {
        match self.0 && !code.is_empty() && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// Width of the terminal on standard output, in columns, at least 20.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0).max(20))
}

/// SGR code of an enum value; '' if it has no colour.
pub fn hue(word: &str) -> &'static str {
    match word {
        "URGENT" | "ESCALATED" | "OFFLINE" | "BREACHED" => "31",
        "HIGH" | "REOPENED" | "PENDING" | "ON_HOLD" | "AWAY" => "33",
        "OPEN" | "IN_PROGRESS" | "ONLINE" => "32",
        "RESOLVED" | "CLOSED" => "2",
        _ => "",
    }
}
