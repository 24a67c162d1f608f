//! Words for what an action would do.

/// A text is shown as far as this.
const SHOWN: usize = 80;

/// The beginning of a text.
pub fn short(text: &str) -> String {
    let mut chars = text.chars();
    let shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() { shown + "…" } else { shown }
}

/// The same between quotes and on one line.
pub fn quoted(text: &str) -> String {
    format!("{:?}", short(text))
}

/// `tag vip`, `tags vip, hot`; of very many, the first.
pub fn several(noun: &str, names: &[String]) -> String {
    const NAMED: usize = 10;
    let plural = if names.len() == 1 { "" } else { "s" };
    let named: Vec<String> = names.iter().take(NAMED).map(|name| short(name)).collect();
    let more = if names.len() > NAMED { format!(" and {} more", names.len() - NAMED) } else { String::new() };
    format!("{noun}{plural} {}{more}", named.join(", "))
}
