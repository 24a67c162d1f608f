//! `docket workflow new`: a rule and its test, which work as they are and are to be changed.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::error::CliError;
use crate::workflow::folder::{self, Holds};
use crate::workflow::{NAME_HINT, RuleSet, is_name};

const RULE: &str = include_str!("rule.yaml");
const TEST: &str = include_str!("rule.test.yaml");
/// Stands for the rule's name in the templates.
const NAME: &str = "NAME";
const SCHEMA: &str = "schema.json";

#[derive(Debug, Args)]
pub struct NewArgs {
    /// Name of the rule: small letters, digits and -
    name: String,
    /// Folder of rules
    #[arg(long, default_value = "workflows")]
    dir: PathBuf,
}

/// Writes NAME.yaml and NAME.test.yaml; overwrites nothing.
pub fn run(args: &NewArgs) -> Result<(), CliError> {
    for path in write(&args.name, &args.dir)? {
        println!("{}", path.display());
    }
    Ok(())
}

fn write(name: &str, dir: &Path) -> Result<[PathBuf; 2], CliError> {
    if !is_name(name) {
        return Err(CliError::Usage(format!("`{name}` is no name for a rule: {NAME_HINT}")));
    }
    if let Some(taken) = taken(name, dir) {
        return Err(CliError::Usage(format!("the name `{name}` is taken by {}", dir.join(taken).display())));
    }
    let paths = [dir.join(format!("{name}.yaml")), dir.join(format!("{name}.test.yaml"))];
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(CliError::Usage(format!("{} is there already", there.display())));
    }
    let failed = |path: &Path, error: io::Error| CliError::Unwritable { what: path.display().to_string(), error };
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    // Where the folder has a schema, editors are told.
    let header = match dir.join(SCHEMA).is_file() {
        true => format!("# yaml-language-server: $schema={SCHEMA}\n"),
        false => String::new(),
    };
    let texts = [format!("{header}{RULE}").replace(NAME, name), TEST.replace(NAME, name)];
    for (path, text) in paths.iter().zip(texts) {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| failed(path, error))?;
    }
    Ok(paths)
}

/// The file that has a rule of this name, if the folder can be read so far.
fn taken(name: &str, dir: &Path) -> Option<String> {
    let sources = folder::read(dir, Holds::Rules).ok()?;
    let set = RuleSet::from_sources(sources).ok()?;
    set.rule(name).map(|rule| rule.file.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rule_loads_and_nothing_is_overwritten() {
        let dir = std::env::temp_dir().join(format!("docket-new-{}", std::process::id()));
        let [rule, test] = write("greet-vips", &dir.join("rules")).expect("writes");
        assert!(std::fs::read_to_string(&test).expect("is there").contains("workflow: greet-vips"));
        let set = RuleSet::load_dir(&dir).expect("loads");
        assert_eq!(set.rules().iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["greet-vips"]);
        assert_eq!(set.warnings(), []);
        let said = |name: &str| write(name, &dir.join("rules")).expect_err(name).to_string();
        assert!(said("greet-vips").contains("is taken by"));
        std::fs::write(&rule, "name: other\n").expect("writes");
        assert!(said("greet-vips").contains("is there already"));
        assert_eq!(std::fs::read_to_string(&rule).expect("is there"), "name: other\n");
        assert!(said("../x").contains("is no name for a rule"));
        assert!(said("Greet").contains("is no name for a rule"));
        std::fs::remove_dir_all(&dir).expect("is there");
    }

    #[test]
    fn editors_are_told_of_a_schema_that_is_there() {
        let dir = std::env::temp_dir().join(format!("docket-new-schema-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join(SCHEMA), "{}").expect("a file");
        let [rule, _] = write("a", &dir).expect("writes");
        assert!(
            std::fs::read_to_string(rule)
                .expect("is there")
                .starts_with("# yaml-language-server: $schema=schema.json\n")
        );
        std::fs::remove_dir_all(&dir).expect("is there");
    }
}
