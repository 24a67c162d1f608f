//! What the tests came to: for people, as JSON, and as JUnit's XML.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::run::Tried;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One object, with every case
    Json,
    /// XML that CI servers read
    Junit,
}

#[derive(Default)]
pub struct Report {
    pub files: Vec<Tested>,
    pub took: Duration,
    /// Conditions that no case found true, or false; `None`: not asked for.
    pub uncovered: Option<Vec<String>>,
}

pub struct Tested {
    /// Its path from the current folder.
    pub file: String,
    /// Why none of its cases ran.
    pub broken: Vec<String>,
    pub cases: Vec<Tried>,
}

impl Report {
    pub fn failed(&self) -> usize {
        let failed = |file: &Tested| file.cases.iter().filter(|case| !case.differences.is_empty()).count();
        self.files.iter().map(|file| failed(file) + usize::from(!file.broken.is_empty())).sum()
    }

    fn cases(&self) -> usize {
        self.files.iter().map(|file| file.cases.len()).sum()
    }

    pub fn write(&self, format: Format, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Text => self.text(out),
            Format::Json => writeln!(out, "{:#}", self.json()),
            Format::Junit => out.write_all(self.junit().as_bytes()),
        }
    }

    fn text(&self, out: &mut impl Write) -> io::Result<()> {
        for file in &self.files {
            writeln!(out, "{}", file.file)?;
            for problem in &file.broken {
                writeln!(out, "  FAIL  {}", problem.replace('\n', "\n        "))?;
            }
            for case in &file.cases {
                writeln!(out, "  {}  {}", if case.differences.is_empty() { "ok  " } else { "FAIL" }, case.name)?;
                for difference in &case.differences {
                    writeln!(out, "        {}", difference.replace('\n', "\n        "))?;
                }
            }
        }
        for line in self.uncovered.iter().flatten() {
            writeln!(out, "not covered: {line}")?;
        }
        let (cases, files) = (self.cases(), self.files.len());
        let millis = self.took.as_millis();
        let s = |count: usize| if count == 1 { "" } else { "s" };
        writeln!(out, "{cases} case{} in {files} file{}, {} failed, {millis} ms", s(cases), s(files), self.failed())
    }

    fn json(&self) -> Value {
        let case = |case: &Tried| {
            json!({
                "name": case.name, "passed": case.differences.is_empty(), "differences": case.differences,
                "seconds": case.took.as_secs_f64(),
            })
        };
        let file = |file: &Tested| {
            json!({
                "file": file.file, "problems": file.broken, "cases": file.cases.iter().map(case).collect::<Vec<_>>(),
            })
        };
        let mut all = json!({
            "cases": self.cases(), "failed": self.failed(), "seconds": self.took.as_secs_f64(),
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
        });
        if let Some(uncovered) = &self.uncovered {
            all["uncovered"] = json!(uncovered);
        }
        all
    }

    fn junit(&self) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a text cannot fail.
        let _ = writeln!(
            xml,
            "<testsuites tests=\"{}\" failures=\"{}\" time=\"{:.3}\">",
            self.cases(),
            self.failed(),
            self.took.as_secs_f64()
        );
        for file in &self.files {
            let name = escaped(&file.file);
            let failed = file.cases.iter().filter(|case| !case.differences.is_empty()).count();
            let errors = usize::from(!file.broken.is_empty());
            let tests = file.cases.len() + errors;
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{errors}\">"
            );
            if !file.broken.is_empty() {
                let why = escaped(&file.broken.join("\n"));
                let _ = writeln!(
                    xml,
                    "    <testcase classname=\"{name}\" name=\"the file\"><error message=\"{why}\"/></testcase>"
                );
            }
            for case in &file.cases {
                let (case_name, took) = (escaped(&case.name), case.took.as_secs_f64());
                let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{case_name}\" time=\"{took:.3}\"");
                let _ = match case.differences.as_slice() {
                    [] => writeln!(xml, "/>"),
                    all => {
                        let why = escaped(&all.join("\n"));
                        writeln!(xml, "><failure message=\"{why}\"/></testcase>")
                    }
                };
            }
            xml.push_str("  </testsuite>\n");
        }
        xml.push_str("</testsuites>\n");
        xml
    }
}

/// As the text of an attribute; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\n' => all.push_str("&#10;"),
            '\t' => all.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => all.push(c),
        }
    }
    all
}
