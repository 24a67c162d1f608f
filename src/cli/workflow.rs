//! `docket workflow check`: reports every problem in a folder of rules, with its line, a caret and a fix. Needs no server.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::workflow::{Diagnostic, RuleSet, Severity};

#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// Check every *.yaml file in a folder; exit code 1 if a rule is invalid
    Check {
        /// Folder of workflow files, searched recursively
        #[arg(default_value = "workflows")]
        dir: PathBuf,
    },
}

/// Runs the command; exit code 0 = valid (warnings allowed), 1 = a rule is invalid or a file unreadable.
pub fn run(command: WorkflowCommand) -> ExitCode {
    let WorkflowCommand::Check { dir } = command;
    match check(&dir, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("docket: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the findings and a summary line. Returns whether the set is valid.
fn check(folder: &Path, out: &mut impl Write) -> io::Result<bool> {
    let sources = match RuleSet::read_dir(folder) {
        Ok(sources) => sources,
        Err(found) => {
            tell(folder, &[], &found, out)?;
            return Ok(false);
        }
    };
    match RuleSet::from_sources(sources.clone()) {
        Ok(set) => {
            tell(folder, &sources, set.warnings(), out)?;
            let hash = set.hash().get(..12).unwrap_or_default();
            let (rules, files) = (counted(set.rules().len(), "rule"), counted(sources.len(), "file"));
            writeln!(out, "{rules} in {files}, {}: fine ({hash})", counted(set.warnings().len(), "warning"))?;
            Ok(true)
        }
        Err(found) => {
            tell(folder, &sources, &found, out)?;
            let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
            let warnings = counted(found.len() - errors, "warning");
            writeln!(out, "{}, {warnings} in {}", counted(errors, "error"), counted(sources.len(), "file"))?;
            Ok(false)
        }
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn tell(folder: &Path, sources: &[(String, String)], found: &[Diagnostic], out: &mut impl Write) -> io::Result<()> {
    for diagnostic in found {
        let source =
            sources.iter().find(|(file, _)| *file == diagnostic.file).map_or("", |(_, source)| source.as_str());
        // The set names files relative to its folder; people and editors expect paths from the current folder.
        let file = match source {
            "" => diagnostic.file.clone(),
            _ => folder.join(&diagnostic.file).display().to_string(),
        };
        writeln!(out, "{}\n", Diagnostic { file, ..diagnostic.clone() }.render(source))?;
    }
    Ok(())
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

        fn check(&self) -> (bool, String) {
            let mut out = Vec::new();
            let fine = check(&self.0, &mut out).expect("writes");
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

    #[test]
    fn each_problem_is_shown_with_its_line_a_caret_and_a_fix() {
        let bad = "name: a\non: ticket.created\nif: ticket.priorty == 'HIGH'\ndo: [{tag: {add: x}}]\n";
        let folder = Folder::of("bad", &[("deep/er/bad.yaml", bad), ("deep/x.test.yaml", "no: ["), ("notes.txt", "[")]);
        let (fine, told) = folder.check();
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
        let (fine, told) = Folder::of("warned", &[("a.yaml", source)]).check();
        assert!(fine);
        assert!(told.starts_with("DIR/a.yaml:3:19: warning: ticket.custom.x may be absent"), "{told}");
        assert!(told.contains("1 rule in 1 file, 1 warning: fine ("), "{told}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let folder = Folder::of("unread", &[("a.yaml", "name: a")]);
        std::fs::write(folder.0.join("b.yaml"), [0xff, 0xfe]).expect("a file");
        let (fine, told) = folder.check();
        assert!(!fine && told.contains("b.yaml: error: cannot read the file"), "{told}");
        let mut out = Vec::new();
        assert!(!check(&folder.0.join("nowhere"), &mut out).expect("writes"));
        assert!(String::from_utf8_lossy(&out).contains("cannot read the folder"));
    }
}
