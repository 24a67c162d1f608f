//! The YAML document that a rule is written in, cut out of its file.

/// The document that has this line, from 1, as it stands in the source: with its comments, without the lines that part it from
/// the others, and without blank lines around it.
pub fn document_at(source: &str, line: u32) -> String {
    let wanted = line.saturating_sub(1) as usize;
    let lines: Vec<&str> = source.strip_prefix('\u{feff}').unwrap_or(source).lines().collect();
    let starts = |at: &usize| lines.get(*at).is_some_and(|line| is_marker(line, "---"));
    let start = (0..=wanted).rev().find(starts);
    let ends = |at: &usize| lines.get(*at).is_some_and(|line| is_marker(line, "---") || is_marker(line, "..."));
    let end = (wanted + 1..lines.len()).find(ends).unwrap_or(lines.len());
    // Content may follow a marker on its line.
    let first = start.and_then(|at| lines.get(at)).map(|line| line.trim_start_matches("---").trim());
    let rest = lines.get(start.map_or(0, |at| at + 1)..end).unwrap_or_default().iter().copied();
    let all: Vec<&str> = first.into_iter().chain(rest).collect();
    let is_text = |line: &&str| !line.trim().is_empty();
    let (Some(from), Some(to)) = (all.iter().position(is_text), all.iter().rposition(is_text)) else {
        return String::new();
    };
    all.get(from..=to).unwrap_or_default().iter().flat_map(|line| [*line, "\n"]).collect()
}

/// Nothing in a document begins a line with one: what a block holds is indented.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::RuleSet;

    const FILE: &str = "\u{feff}# About both.\nname: a\non: ticket.created\ndo:\n  - message:\n      body: |\n        ---\n        bye\n\n\
        --- # the second\n\n# About b.\nname: b\non: ticket.created\ndo: [{tag: {add: [x]}}]\n...\n--- {name: c, on: ticket.created, do: [{tag: {add: [x]}}]}\n";

    #[test]
    fn each_rule_of_a_file_has_its_own_document() {
        let set = RuleSet::from_sources(vec![("f.yaml".into(), FILE.into())]).expect("a set");
        let document = |name: &str| document_at(FILE, set.rule(name).map_or(0, |rule| rule.line));
        assert!(document("a").starts_with("# About both.\nname: a\n"), "{}", document("a"));
        assert!(document("a").ends_with("        ---\n        bye\n"), "{}", document("a"));
        assert_eq!(document("b"), "# the second\n\n# About b.\nname: b\non: ticket.created\ndo: [{tag: {add: [x]}}]\n");
        assert_eq!(document("c"), "{name: c, on: ticket.created, do: [{tag: {add: [x]}}]}\n");
        // What is cut out is the rule, whole.
        for name in ["a", "b", "c"] {
            let alone = RuleSet::from_sources(vec![("f.yaml".into(), document(name))]).expect("a set");
            assert_eq!(alone.rules().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), [name]);
        }
        assert_eq!(document_at("", 7), "");
    }
}
