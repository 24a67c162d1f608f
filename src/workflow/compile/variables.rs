//! Compilation of `variables`: each after those that it reads.

use std::collections::BTreeMap;

use crate::workflow::cel::Variables;
use crate::workflow::place::Place;

const MAX_VARIABLES: usize = 32;

/// What the rule's expressions can read; findings are noted for the others.
pub fn define(definitions: &[(String, String)], place: &mut Place<'_>) -> Variables {
    let mut known = Variables::default();
    if definitions.len() > MAX_VARIABLES {
        let message = format!("a rule has at most {MAX_VARIABLES} variables");
        place.error(&["variables"], "grammar", message, "write the short ones where they are read");
        return known;
    }
    let mut open: BTreeMap<&str, (&str, Vec<&str>)> = BTreeMap::new();
    for (name, source) in definitions {
        if is_name(name) {
            let read =
                definitions.iter().map(|(other, _)| other.as_str()).filter(|other| reads(source, other)).collect();
            open.insert(name, (source, read));
        } else {
            let hint = "a small letter first, then small letters, digits and _, 63 at most";
            place.error_at_key(&["variables", name], "name", format!("`{name}` is no name for a variable"), hint);
        }
    }
    while let Some(name) =
        open.iter().find(|(_, (_, read))| !read.iter().any(|it| open.contains_key(it))).map(|it| *it.0)
    {
        let Some((source, _)) = open.remove(name) else { break };
        match place.definition(name, source, &known) {
            Some(expr) => known.define(name.to_owned(), expr),
            None => known.leave_open(name.to_owned()),
        }
    }
    // What is left reads itself, by way of others or at once; or reads one that does.
    for name in open.keys() {
        let message = format!("`{name}` stands for itself");
        place.error_at_key(&["variables", name], "cycle", message, "let no variable read one that reads it");
        known.leave_open((*name).to_owned());
    }
    known
}

fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether the text names the variable. One in quotes counts too: it only comes later then.
fn reads(source: &str, name: &str) -> bool {
    source.split("variables").skip(1).any(|rest| {
        let member = rest.trim_start().strip_prefix('.').map(str::trim_start);
        let rest = member.and_then(|member| member.strip_prefix(name));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}
