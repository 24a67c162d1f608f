//! `docket workflow test`: runs the cases beside the rules, with no server and no database.

#[cfg(test)]
mod anything;
mod outcome;
mod report;
mod run;
mod suite;
mod tenant;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use self::report::{Format, Report, Tested};
use self::suite::Suite;
use super::report as check;
use crate::cli::error::CliError;
use crate::cli::show::ShowError;
use crate::grpc::sandbox::Sandboxes;
use crate::workflow::{Coverage, Diagnostic, RuleSet, yaml};

/// Cases in one file.
const CASES: usize = 1_000;

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Folder of rules and of their tests (*.test.yaml), searched recursively
    #[arg(default_value = "workflows")]
    dir: PathBuf,
    /// Form of the report
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// Also tell the conditions of rules and of their actions that no case found true, or none found false
    #[arg(long)]
    coverage: bool,
}

/// Prints the report. Returns whether all cases passed.
pub fn run(args: &TestArgs) -> Result<bool, CliError> {
    let began = Instant::now();
    let out = &mut io::stdout().lock();
    let (rules, tests) = match load(&args.dir) {
        Ok(loaded) => loaded,
        Err((found, sources)) => {
            let report = check::Report { folder: &args.dir, sources, found, rules: 0, hash: String::new() };
            report.write(check::Format::Text, out).map_err(ShowError::Write)?;
            return Ok(false);
        }
    };
    let mut report = tested(&args.dir, &rules, &tests, args.coverage)?;
    report.took = began.elapsed();
    report.write(args.output, out).map_err(ShowError::Write)?;
    Ok(report.failed() == 0)
}

type Sources = Vec<(String, String)>;

/// The rules of a folder and the files that test them; or what is wrong, and the sources that it is wrong with.
fn load(folder: &Path) -> Result<(RuleSet, Sources), (Vec<Diagnostic>, Sources)> {
    let unread = |found| (found, Sources::new());
    let sources = RuleSet::read_dir(folder).map_err(unread)?;
    let rules = RuleSet::from_sources(sources.clone()).map_err(|found| (found, sources))?;
    Ok((rules, RuleSet::read_tests(folder).map_err(unread)?))
}

fn tested(folder: &Path, rules: &RuleSet, tests: &[(String, String)], coverage: bool) -> Result<Report, CliError> {
    let sandboxes = Sandboxes::new()?;
    let mut report = Report::default();
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    let mut looks = Coverage::default();
    for (file, source) in tests {
        let mut tested =
            Tested { file: folder.join(file).display().to_string(), broken: Vec::new(), cases: Vec::new() };
        let read = read(file, source).and_then(|suite| {
            let chosen = run::rules_of(&suite, rules).map_err(|why| vec![why])?;
            Ok((suite, chosen))
        });
        match read {
            Err(problems) => tested.broken = problems,
            Ok((suite, chosen)) => {
                for case in &suite.cases {
                    let (tried, asked) = run::case(&sandboxes, &suite, &chosen, case);
                    tested.cases.push(tried);
                    looks.add(&asked.coverage);
                    for (rule, held) in asked.rules {
                        seen.entry(rule).or_default().insert(held);
                    }
                }
            }
        }
        report.files.push(tested);
    }
    if tests.is_empty() {
        let why = "there are no tests in this folder: they are in files that end in .test.yaml".to_owned();
        report.files.push(Tested { file: folder.display().to_string(), broken: vec![why], cases: Vec::new() });
    }
    report.uncovered = coverage.then(|| uncovered(rules, &seen, &looks));
    Ok(report)
}

/// A test file, or everything that is wrong with it.
fn read(file: &str, source: &str) -> Result<Suite, Vec<String>> {
    let told = |found: Vec<Diagnostic>| found.iter().map(|found| found.render(source)).collect::<Vec<_>>();
    yaml::read(file, source).map_err(told)?;
    let document = serde_yaml::Deserializer::from_str(source);
    let suite: Suite = serde_path_to_error::deserialize(document).map_err(|error| {
        let at = error.path().to_string();
        let place = error.inner().location().map(|at| format!("{}:{}: ", at.line(), at.column())).unwrap_or_default();
        vec![format!("{place}{at}: {}", error.inner())]
    })?;
    match suite.cases.len() {
        0 => Err(vec!["cases: write at least one".into()]),
        many if many > CASES => Err(vec![format!("cases: {CASES} at most, this has {many}: split the file")]),
        _ => Ok(suite),
    }
}

fn uncovered(rules: &RuleSet, seen: &BTreeMap<String, BTreeSet<bool>>, looks: &Coverage) -> Vec<String> {
    let nothing = BTreeSet::new();
    let mut found = Vec::new();
    for rule in rules.rules() {
        let seen = seen.get(&rule.name).unwrap_or(&nothing);
        let place = format!("{} ({}:{})", rule.name, rule.file, rule.line);
        match (seen.contains(&true), seen.contains(&false)) {
            (false, false) => found.push(format!("{place}: no case asks it")),
            (false, true) => found.push(format!("{place}: its condition was never true")),
            (true, false) if rule.has_condition() => found.push(format!("{place}: its condition was never false")),
            _ => {}
        }
        found.extend(looks.one_sided(rule).into_iter().map(|said| format!("{place}: {said}")));
    }
    found
}
