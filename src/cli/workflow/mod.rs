//! `docket workflow`: commands for the people who write rules.

mod backtest;
mod check;
mod explain;
mod lacking;
mod new;
mod numbers;
mod report;
mod run;
mod test;
mod trace;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Subcommand;

use super::error::CliError;
use super::show::ShowError;
use crate::workflow::{json_schema, reference};

#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// Check the rules in a folder; exit code 1 if one is invalid
    Check(Box<check::CheckArgs>),
    /// Run the tests beside the rules, without a server; exit code 1 if a case fails
    Test(test::TestArgs),
    /// Write a rule and its test, to begin with
    New(new::NewArgs),
    /// Say why a rule ran for an event, or did not, with the value of every part of its conditions
    Explain(Box<explain::ExplainArgs>),
    /// Compare the rules of a folder with those of a server over what it has recorded; writes nothing
    Backtest(Box<backtest::BacktestArgs>),
    /// Run a rule that waits for `manual`, for a ticket or for those of a filter
    Run(Box<run::RunArgs>),
    /// Print what rules do, a line for each run
    Trace(Box<trace::TraceArgs>),
    /// Print the JSON Schema of rules, for editors
    Schema {
        /// Print the reference of keys, triggers and actions instead
        #[arg(long)]
        markdown: bool,
    },
}

/// Runs the command; exit code 0 = valid (warnings allowed), 1 = a rule is invalid, a file unreadable or the server away.
pub fn run(command: WorkflowCommand) -> ExitCode {
    let done = match command {
        WorkflowCommand::Check(args) => check::run(*args),
        WorkflowCommand::Test(args) => test::run(&args),
        WorkflowCommand::New(args) => new::run(&args).map(|()| true),
        WorkflowCommand::Explain(args) => explain::run(*args).map(|()| true),
        WorkflowCommand::Backtest(args) => backtest::run(*args),
        WorkflowCommand::Run(args) => run::run(*args).map(|()| true),
        WorkflowCommand::Trace(args) => trace::run(*args).map(|()| true),
        WorkflowCommand::Schema { markdown } => schema(markdown).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is_unread() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("docket: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn schema(markdown: bool) -> Result<(), CliError> {
    let text = match markdown {
        true => reference::page().trim_end().to_owned(),
        false => serde_json::to_string_pretty(&json_schema::schema())?,
    };
    writeln!(io::stdout().lock(), "{text}").map_err(ShowError::Write)?;
    Ok(())
}
