//! The paths that a Rust source names: `use` trees of any depth, on any number of lines, and paths in code and macros.

/// A path with the modules that the file itself opens around it; `use a::{b, c::d}` names two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub line: usize,
    /// Inline modules, outermost first.
    pub within: Vec<String>,
    pub path: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Other(char),
}

/// Every path outside comments and literals.
pub fn named(source: &str) -> Vec<Named> {
    let tokens = tokens(source);
    let (mut found, mut at) = (Vec::new(), 0);
    // What each open brace belongs to: the name of a module, or something else.
    let mut open: Vec<Option<String>> = Vec::new();
    while let Some((line, token)) = tokens.get(at) {
        match token {
            Token::Word(word) if word == "mod" => {
                if let (Some((_, Token::Word(name))), Some((_, Token::Other('{')))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    open.push(Some(name.clone()));
                    at += 2;
                }
                at += 1;
            }
            Token::Word(_) => {
                let within: Vec<String> = open.iter().flatten().cloned().collect();
                let mut paths = Vec::new();
                at = tree(&tokens, at, Vec::new(), &mut paths);
                found.extend(paths.into_iter().map(|path| Named { line: *line, within: within.clone(), path }));
            }
            Token::Other(c) => {
                match c {
                    '{' => open.push(None),
                    '}' => drop(open.pop()),
                    _ => {}
                }
                at += 1;
            }
            Token::Colons => at += 1,
        }
    }
    found
}

/// Reads one path, or one tree of a `use`, that begins with a word; returns where it ends.
fn tree(tokens: &[(usize, Token)], mut at: usize, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    while let Some((_, Token::Word(word))) = tokens.get(at) {
        path.push(word.clone());
        at += 1;
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some((_, Token::Colons)), Some((_, Token::Word(_)))) => at += 1,
            (Some((_, Token::Colons)), Some((_, Token::Other('{')))) => return branches(tokens, at + 2, &path, found),
            _ => break,
        }
    }
    found.push(path);
    at
}

/// Reads what stands between the braces of a `use`.
fn branches(tokens: &[(usize, Token)], mut at: usize, path: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while let Some((_, token)) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Word(_) => at = tree(tokens, at, path.to_vec(), found),
            _ => at += 1,
        }
    }
    at
}

/// The tokens with their lines, counted from 1. Comments, texts, characters and lifetimes are none.
fn tokens(source: &str) -> Vec<(usize, Token)> {
    let (mut found, mut rest, mut line) = (Vec::new(), source, 1);
    while let Some(c) = rest.chars().next() {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let length = if let Some(length) = skipped(rest) {
            length
        } else if rest.starts_with("r#") {
            2
        } else if word > 0 {
            found.push((line, Token::Word(rest[..word].to_owned())));
            word
        } else if rest.starts_with("::") {
            found.push((line, Token::Colons));
            2
        } else {
            found.extend((!c.is_whitespace()).then_some((line, Token::Other(c))));
            c.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of the comment, text, character or lifetime that begins here.
fn skipped(rest: &str) -> Option<usize> {
    let until = |from: usize, end: &str| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(until(2, "*/"));
    }
    let raw = rest.trim_start_matches(['b', 'c']).strip_prefix('r').map(|raw| (raw, raw.trim_start_matches('#')));
    if let Some((raw, text)) = raw
        && let Some(inside) = text.strip_prefix('"')
    {
        let end = format!("\"{}", "#".repeat(raw.len() - text.len()));
        return Some(until(rest.len() - inside.len(), &end));
    }
    let text = rest.trim_start_matches(['b', 'c']);
    if let Some(inside) = text.strip_prefix('"') {
        return Some(rest.len() - inside.len() + quoted(inside, '"'));
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let lifetime = inside.chars().nth(1) != Some('\'') && !inside.starts_with('\\');
        return Some(rest.len() - inside.len() + if lifetime { 0 } else { quoted(inside, '\'') });
    }
    None
}

/// The length up to and with the end of a literal in which `\` hides what follows.
fn quoted(inside: &str, end: char) -> usize {
    let mut hidden = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            c if c == end => return at + 1,
            _ => {}
        }
    }
    inside.len()
}
