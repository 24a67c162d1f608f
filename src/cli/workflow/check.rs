//! `docket workflow check`: every problem in a folder of rules, with its line, a caret and a fix. Needs a server only to tell what
//! a tenant lacks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::lacking;
use super::report::{Format, Report};
use crate::cli::client::ServerArgs;
use crate::cli::error::CliError;
use crate::cli::show::ShowError;
use crate::workflow::{Diagnostic, RuleSet, Severity};

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Folder of rules, searched recursively
    #[arg(default_value = "workflows")]
    dir: PathBuf,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// Also ask a server which of the named teams, agents, tags, canned responses and policies the tenant lacks
    #[arg(long)]
    server: bool,
    #[command(flatten)]
    target: ServerArgs,
}

/// Prints the report. Returns whether the set is valid.
pub fn run(args: CheckArgs) -> Result<bool, CliError> {
    let CheckArgs { dir, output, server, target } = args;
    check(&dir, output, server.then_some(&target), &mut io::stdout().lock())
}

fn check(dir: &Path, format: Format, server: Option<&ServerArgs>, out: &mut impl Write) -> Result<bool, CliError> {
    let mut report = Report { folder: dir, sources: Vec::new(), found: Vec::new(), rules: 0, hash: String::new() };
    let set = match RuleSet::read_dir(dir) {
        Err(found) => Err(found),
        Ok(sources) => {
            report.sources.clone_from(&sources);
            RuleSet::from_sources(sources)
        }
    };
    match set {
        Err(found) => report.found = found,
        Ok(set) => {
            report.found = set.warnings().to_vec();
            report.found.extend(set.rules().is_empty().then(|| empty(dir)));
            if let Some(server) = server {
                report.found.extend(lacking::ask(server, &set)?);
            }
            (report.rules, report.hash) = (set.rules().len(), set.hash().to_owned());
        }
    }
    report.write(format, out).map_err(ShowError::Write)?;
    Ok(report.is_valid())
}

fn empty(folder: &Path) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        code: "empty",
        message: "there is no rule in this folder".to_owned(),
        hint: "rules are in files that end in .yaml or .yml, at any depth".to_owned(),
        file: folder.display().to_string(),
        line: 0,
        column: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn of(name: &str, files: &[(&str, &str)]) -> Folder {
            let folder = std::env::temp_dir().join(format!("docket-check-{name}-{}", std::process::id()));
            for (file, source) in files {
                let path = folder.join(file);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                std::fs::write(path, source).expect("a file");
            }
            Folder(folder)
        }

        fn check(&self, format: Format) -> (bool, String) {
            let mut out = Vec::new();
            let fine = check(&self.0, format, None, &mut out).expect("writes");
            (fine, String::from_utf8(out).expect("text").replace(&self.0.display().to_string(), "DIR"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            if let Err(error) = std::fs::remove_dir_all(&self.0) {
                eprintln!("{}: {error}", self.0.display());
            }
        }
    }

    const BAD: &str = "name: a\non: ticket.created\nif: ticket.priorty == 'HIGH'\ndo: [{tag: {add: x}}]\n";

    #[test]
    fn each_problem_is_shown_with_its_line_a_caret_and_a_fix() {
        let folder = Folder::of("bad", &[("deep/er/bad.yaml", BAD), ("deep/x.test.yaml", "no: ["), ("notes.txt", "[")]);
        let (fine, told) = folder.check(Format::Text);
        assert!(!fine);
        assert_eq!(
            told,
            "DIR/deep/er/bad.yaml:3:12: error: ticket has no field `priorty` [unknown-field]\n  \
             3 | if: ticket.priorty == 'HIGH'\n    |            ^\n  fix: did you mean `priority`?\n\n\
             1 error, 0 warnings in 1 file\n"
        );
    }

    #[test]
    fn warnings_are_told_and_allowed() {
        let source = "name: a\non: ticket.created\nif: ticket.custom.x == 1\ndo: [{tag: {add: x}}]\n";
        let (fine, told) = Folder::of("warned", &[("a.yaml", source)]).check(Format::Text);
        assert!(fine);
        assert!(told.starts_with("DIR/a.yaml:3:19: warning: ticket.custom.x may be absent"), "{told}");
        assert!(told.contains("1 rule in 1 file, 1 warning: fine ("), "{told}");
    }

    #[test]
    fn a_folder_without_rules_is_told_of() {
        let (fine, told) = Folder::of("empty", &[("notes.txt", "x"), ("a.test.yaml", "x: 1")]).check(Format::Text);
        assert!(fine && told.starts_with("DIR: warning: there is no rule in this folder [empty]\n  fix: "), "{told}");
        let (_, told) = Folder::of("comments", &[("a.yaml", "# later\n")]).check(Format::Text);
        assert!(told.contains("0 rules in 1 file, 1 warning: fine"), "{told}");
    }

    #[test]
    fn programs_read_the_report_as_json() {
        let (fine, told) = Folder::of("json", &[("a b.yaml", BAD)]).check(Format::Json);
        let report: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert!(!fine);
        let expected = serde_json::json!({
            "valid": false, "rules": 0, "files": 1, "hash": "",
            "diagnostics": [{
                "severity": "error", "code": "unknown-field", "message": "ticket has no field `priorty`",
                "hint": "did you mean `priority`?", "file": "DIR/a b.yaml", "line": 3, "column": 12,
            }],
        });
        assert_eq!(report, expected);
    }

    #[test]
    fn code_scanning_reads_it_as_sarif() {
        let folder = Folder::of("sarif", &[("a b.yaml", BAD)]);
        std::fs::write(folder.0.join("c.yaml"), "#".repeat(300_000)).expect("a file");
        let (_, told) = folder.check(Format::Sarif);
        let log: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let run = &log["runs"][0];
        assert_eq!((log["version"].as_str(), run["tool"]["driver"]["name"].as_str()), (Some("2.1.0"), Some("docket")));
        let [large] = run["results"].as_array().expect("results").as_slice() else { panic!("{told}") };
        assert_eq!((large["ruleId"].as_str(), large["level"].as_str()), (Some("file"), Some("error")));
        assert!(large["locations"][0]["physicalLocation"]["region"].is_null(), "the file as a whole has no region");
        std::fs::remove_file(folder.0.join("c.yaml")).expect("is there");
        let (_, told) = folder.check(Format::Sarif);
        let log: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        let result = &log["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().expect("a URI").ends_with("/a%20b.yaml"), "{place}");
        assert_eq!(place["region"], serde_json::json!({ "startLine": 3, "startColumn": 12 }));
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], result["ruleId"]);
        let index = result["ruleIndex"].as_u64();
        assert_eq!(index, Some(0));
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = Folder::of("unread", &[("a.yaml", "name: a")]);
        std::fs::write(folder.0.join("b.yaml"), [0xff, 0xfe]).expect("a file");
        let (fine, told) = folder.check(Format::Text);
        assert!(!fine && told.contains("b.yaml: error: cannot read the file"), "{told}");
        let mut out = Vec::new();
        assert!(!check(&folder.0.join("nowhere"), Format::Text, None, &mut out).expect("writes"));
        assert!(String::from_utf8_lossy(&out).contains("cannot read the folder"));
    }
}
