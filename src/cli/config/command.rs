//! `docket config check` and `docket config reference`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{load, reference};
use crate::cli::exit::CONFIGURATION;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check a configuration and every file that it names; exit code 78 if there is a problem
    Check {
        /// Configuration file, as in `docket serve --config`; environment variables apply too
        #[arg(env = "DOCKET_CONFIG")]
        file: Option<PathBuf>,
        /// Override a setting, as in `docket serve --set`
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_set)]
        set: Vec<(String, String)>,
    },
    /// Print a reference of all settings: key, environment variable, type, default, meaning
    Reference,
}

pub fn run(command: ConfigCommand) -> ExitCode {
    let mut out = io::stdout().lock();
    let (text, code) = match command {
        ConfigCommand::Reference => (reference::page(), ExitCode::SUCCESS),
        ConfigCommand::Check { file, set } => match load(file.as_deref(), set) {
            Ok(_) => ("The configuration is valid\n".to_owned(), ExitCode::SUCCESS),
            Err(problems) => {
                let lines: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
                (lines, ExitCode::from(CONFIGURATION))
            }
        },
    };
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Parses `KEY=VALUE`.
pub fn parse_set(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, for example journal.lanes=2")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}
