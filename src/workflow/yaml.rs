//! YAML with line and column of each node. Anchors, aliases, tags, duplicate keys and oversized files are refused here,
//! before anything else reads the text.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::diagnostic::{Diagnostic, Severity};

pub const MAX_BYTES: usize = 256 * 1024;
pub const MAX_NODES: usize = 10_000;
const MAX_DEPTH: usize = 32;
const TOO_DEEP: &str = "the file is nested too deep";

pub const TOO_LARGE_HINT: &str = "split it";

/// What is said of a file with more bytes than [`MAX_BYTES`]; `None`: how many is not known.
pub fn too_large(bytes: Option<u64>) -> String {
    match bytes {
        Some(bytes) => format!("the file has {bytes} bytes; {MAX_BYTES} is the limit"),
        None => format!("the file has more than {} KiB", MAX_BYTES / 1024),
    }
}

/// A node and where it begins: line and column from 1, index in characters from 0.
#[derive(Clone, Debug)]
pub struct Node {
    pub line: u32,
    pub column: u32,
    index: usize,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Scalar { text: String, style: ScalarStyle },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// An empty document, or a key without a value.
    pub fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, style: ScalarStyle::Plain } if matches!(text.as_str(), "" | "~" | "null"))
    }

    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The value under `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let Content::Map(entries) = &mut self.content else { return None };
        entries.iter_mut().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    pub fn items_mut(&mut self) -> &mut [Node] {
        match &mut self.content {
            Content::List(items) => items,
            _ => &mut [],
        }
    }

    /// The entry of a map under `key`.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(k, _)| k.text() == Some(key))
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Whether a comment ends it, on its own line: whoever wrote ` #` in a text without quotes may have meant it.
    pub fn is_cut(&self, source: &str) -> bool {
        let Content::Scalar { text, style: ScalarStyle::Plain } = &self.content else { return false };
        let chars = written(self, text, source);
        let end = locate(&chars, text, ScalarStyle::Plain, text.chars().count(), 0);
        let rest = end.and_then(|end| chars.get(end..)).unwrap_or_default();
        let blanks = rest.iter().take_while(|c| matches!(c, ' ' | '\t')).count();
        blanks > 0 && rest.get(blanks) == Some(&'#')
    }

    /// Line and column of the byte `at` of this scalar's text, as it stands in `source`.
    pub fn place(&self, at: usize, source: &str) -> (u32, u32) {
        let Content::Scalar { text, style } = &self.content else { return (self.line, self.column) };
        let steps = text.char_indices().take_while(|(byte, _)| *byte < at).count();
        let chars = written(self, text, source);
        let indent = self.column.saturating_sub(1) as usize;
        let Some(offset) = locate(&chars, text, *style, steps, indent) else { return (self.line, self.column) };
        let before = &chars[..offset.min(chars.len())];
        match before.iter().rposition(|c| *c == '\n') {
            None => (self.line, self.column + before.len() as u32),
            Some(newline) => {
                let lines = before.iter().filter(|c| **c == '\n').count() as u32;
                (self.line + lines, (before.len() - newline) as u32)
            }
        }
    }
}

/// What is written at a node, as far as its text can reach.
fn written(node: &Node, text: &str, source: &str) -> Vec<char> {
    // Blanks that are folded away, and escapes.
    let most = text.len() * 10 + 4_096;
    if source.contains('\r') {
        return source.chars().skip(node.index).take(most).collect();
    }
    // By lines, which is quicker: a file may have thousands of findings.
    let lines = source.split_inclusive('\n').take(node.line.saturating_sub(1) as usize);
    let start: usize = lines.map(str::len).sum();
    let rest = source.get(start..).unwrap_or_default();
    rest.chars().skip(node.column.saturating_sub(1) as usize).take(most).collect()
}

/// How far into the written form the character number `steps` of the text stands. `None` where the two part ways.
fn locate(raw: &[char], text: &str, style: ScalarStyle, steps: usize, indent: usize) -> Option<usize> {
    let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let mut at = usize::from(quoted);
    for wanted in text.chars().take(steps) {
        let here = *raw.get(at)?;
        at += match (style, here) {
            (ScalarStyle::DoubleQuoted, '\\') => match raw.get(at + 1)? {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                _ => 2,
            },
            (ScalarStyle::SingleQuoted, '\'') => 2,
            // Lines are folded: one break and the blanks around it are one space, further breaks are themselves.
            (_, '\n' | '\r' | ' ' | '\t')
                if wanted == ' ' && style != ScalarStyle::Literal && breaks_line(&raw[at..]) =>
            {
                raw[at..].iter().take_while(|c| c.is_whitespace()).count()
            }
            (ScalarStyle::Literal | ScalarStyle::Folded, '\n') => {
                1 + raw[at + 1..].iter().take_while(|c| **c == ' ').take(indent).count()
            }
            _ if here == wanted => 1,
            _ => return None,
        };
    }
    Some(at)
}

/// Whether only blanks stand before the end of the line.
fn breaks_line(raw: &[char]) -> bool {
    raw.iter().find(|c| !matches!(c, ' ' | '\t' | '\r')).is_some_and(|c| *c == '\n')
}

/// The documents of one file, empty ones left out.
///
/// # Errors
/// What stops the reading: at most one finding of syntax or bounds; or every refused anchor, tag and duplicate key.
pub fn read(file: &str, source: &str) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let whole = |message: String, hint: &str| Diagnostic {
        severity: Severity::Error,
        code: "yaml",
        message,
        hint: hint.to_owned(),
        file: file.to_owned(),
        line: 1,
        column: 1,
    };
    if source.len() > MAX_BYTES {
        return Err(vec![whole(too_large(Some(source.len() as u64)), TOO_LARGE_HINT)]);
    }
    if source.contains('\0') {
        return Err(vec![whole("the file holds a NUL character".into(), "remove it")]);
    }
    let mut reader =
        Reader { file, parser: Parser::new_from_str(source), nodes: 0, found: Vec::new(), documents: Vec::new() };
    if let Err(stop) = reader.stream() {
        reader.found.push(*stop);
    }
    if reader.found.is_empty() { Ok(reader.documents) } else { Err(reader.found) }
}

struct Reader<'s> {
    file: &'s str,
    parser: Parser<'s, StrInput<'s>>,
    nodes: usize,
    found: Vec<Diagnostic>,
    documents: Vec<Node>,
}

type Step<T> = Result<T, Box<Diagnostic>>;

impl<'s> Reader<'s> {
    fn at(&self, mark: &Marker, message: impl Into<String>, hint: &str) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            code: "yaml",
            message: message.into(),
            hint: hint.to_owned(),
            file: self.file.to_owned(),
            line: mark.line() as u32,
            column: mark.col() as u32 + 1,
        }
    }

    fn next(&mut self) -> Step<Option<(Event<'s>, Span)>> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => Err(Box::new(self.syntax(&error))),
        }
    }

    fn syntax(&self, error: &ScanError) -> Diagnostic {
        let info = error.info();
        if info.contains("recursion") || info.contains("nest") || info.contains("depth") {
            return self.at(error.marker(), TOO_DEEP.to_owned(), "no rule needs this");
        }
        let hint = if info.contains("tab") {
            "indent with spaces"
        } else if info.contains("escape") {
            "in double quotes, write each backslash twice; or put the text between single quotes"
        } else if info.contains("mapping values are not allowed") {
            "put text that holds `: ` between quotes"
        } else if info.contains("simple key") {
            "is a `:` missing, or the indentation uneven?"
        } else {
            "look at the indentation and the quotes around here"
        };
        self.at(error.marker(), format!("this is no YAML: {info}"), hint)
    }

    fn stream(&mut self) -> Step<()> {
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                event => {
                    let node = self.node(event, span, 0)?;
                    if !node.is_empty() {
                        self.documents.push(node);
                    }
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'s>, span: Span, depth: usize) -> Step<Node> {
        let mark = span.start;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Box::new(self.at(&mark, format!("the file has more than {MAX_NODES} nodes"), "split it")));
        }
        if depth > MAX_DEPTH {
            return Err(Box::new(self.at(&mark, TOO_DEEP.to_owned(), "no rule needs this")));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor > 0 {
            let found = self.at(&mark, "anchors (`&name`) are not used here", "write the value out");
            self.found.push(found);
        }
        if tag {
            let found =
                self.at(&mark, "tags (`!name`) are not used here", "put text that begins with ! between quotes");
            self.found.push(found);
        }
        let content = match event {
            Event::Scalar(text, style, ..) => Content::Scalar { text: text.into_owned(), style },
            Event::SequenceStart(..) => Content::List(self.list(depth)?),
            Event::MappingStart(..) => Content::Map(self.map(depth)?),
            Event::Alias(_) => {
                let hint = "write the value out; put text that begins with * between quotes";
                let found = self.at(&mark, "aliases (`*name`) are not used here", hint);
                self.found.push(found);
                Content::Scalar { text: String::new(), style: ScalarStyle::Plain }
            }
            _ => return Err(Box::new(self.at(&mark, "this is no YAML", "look at the indentation around here"))),
        };
        Ok(Node { line: mark.line() as u32, column: mark.col() as u32 + 1, index: mark.index(), content })
    }

    fn list(&mut self, depth: usize) -> Step<Vec<Node>> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, span, depth + 1)?);
        }
        Ok(items)
    }

    fn map(&mut self, depth: usize) -> Step<Vec<(Node, Node)>> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let mark = span.start;
            let key = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            match key.text() {
                Some(name) => {
                    if !seen.insert(name.to_owned()) {
                        let found =
                            self.at(&mark, format!("`{name}` stands here twice"), "remove one, or merge the two");
                        self.found.push(found);
                    }
                }
                None => {
                    let found = self.at(&mark, "a key must be a word", "put text that begins with { between quotes");
                    self.found.push(found);
                }
            }
            entries.push((key, value));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(source: &str, key: &str, needle: &str) -> (u32, u32) {
        let documents = read("t.yaml", source).expect("reads");
        let node = documents[0].get(key).expect("is there");
        let at = node.text().expect("is text").find(needle).expect("holds it");
        node.place(at, source)
    }

    fn complaints(source: &str) -> Vec<(u32, u32, String)> {
        let found = read("t.yaml", source).expect_err("is refused");
        found.into_iter().map(|d| (d.line, d.column, d.message)).collect()
    }

    #[test]
    fn text_is_found_where_it_was_written() {
        assert_eq!(place_of("a: one two\n", "a", "two"), (1, 8));
        assert_eq!(place_of("# é\nb: 1\na:   'é two' # c\n", "a", "two"), (3, 9));
        assert_eq!(place_of("a: 'it''s two'\n", "a", "two"), (1, 11));
        assert_eq!(place_of("a: \"x\\n\\u00e9 two\"\n", "a", "two"), (1, 15));
        assert_eq!(place_of("a: one\n  two\n   three\n", "a", "three"), (3, 4));
        assert_eq!(place_of("a: >-\n  one\n  two\n", "a", "two"), (3, 3));
        assert_eq!(place_of("a: |\n   one\n     two\n   three\n", "a", "two"), (3, 6));
        assert_eq!(place_of("a: |\n   one\n     two\n   three\n", "a", "three"), (4, 4));
    }

    #[test]
    fn yaml_that_hides_things_is_refused() {
        assert_eq!(complaints("a: &x 1\nb: *x\n")[0], (1, 4, "anchors (`&name`) are not used here".into()));
        assert!(complaints("a: &x 1\nb: *x\n")[1].2.starts_with("aliases"));
        assert!(complaints("a: !!str 1\n")[0].2.starts_with("tags"));
        assert_eq!(complaints("a: 1\nb: 2\na: 3\n"), [(3, 1, "`a` stands here twice".into())]);
        assert!(complaints(&format!("a: [{}]", "1,".repeat(MAX_NODES)))[0].2.contains("nodes"));
        assert!(complaints(&format!("{}{}", "[".repeat(40), "]".repeat(40)))[0].2.contains("too deep"));
        // The parser has a bound of its own, which comes first here.
        for deep in
            ["[".repeat(20_000), "{".repeat(20_000), "- ".repeat(20_000), "? ".repeat(20_000), "[{".repeat(9_000)]
        {
            assert_eq!(complaints(&deep)[0].2, TOO_DEEP, "{}", &deep[..4]);
            assert_eq!(complaints(&deep).len(), 1);
        }
        assert!(complaints(&"#".repeat(MAX_BYTES + 1))[0].2.contains("bytes"));
    }

    #[test]
    fn several_documents_and_empty_ones() {
        assert_eq!(read("t.yaml", "# only a comment\n").expect("reads").len(), 0);
        assert_eq!(read("t.yaml", "---\na: 1\n---\n---\nb: 2\n...\n").expect("reads").len(), 2);
    }
}
