//! `docket`: picks the subcommand, prints what it answers, and turns its error into words and an exit code.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use docket::cli;

/// A ticket is some thirty short texts: reading and showing them is largely allocating.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The support-ticket engine that other software is built on.
#[derive(Debug, Parser)]
#[command(name = "docket", version)]
struct Docket {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server with a database, a signing key and rules of its own, for developing against
    Dev(cli::dev::DevArgs),
    /// Bring a database to what this program knows
    Migrate(cli::migrate::MigrateArgs),
    /// Give up the oldest part of the log
    Prune(cli::prune::PruneArgs),
    /// Print a token signed with the key of a server's data folder
    Token(cli::token::TokenArgs),
    /// Print what happened to a tenant's tickets, and what happens next
    Tail(cli::tail::TailArgs),
    /// Look at workflow files without a server
    #[command(subcommand)]
    Workflow(cli::workflow::WorkflowCommand),
}

/// The server refused, or is away.
const FAILED: u8 = 1;
/// The configuration is wrong or the machine lacks something: see sysexits.h.
const CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    match Docket::parse().command {
        Command::Dev(args) => match cli::dev::run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => told(&error, CONFIGURATION),
        },
        Command::Migrate(args) => match cli::migrate::run(args) {
            Ok(lines) => {
                lines.iter().for_each(|line| println!("{line}"));
                ExitCode::SUCCESS
            }
            Err(error) => told(&error, CONFIGURATION),
        },
        Command::Prune(args) => match cli::prune::run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => told(&error, CONFIGURATION),
        },
        Command::Token(args) => match cli::token::run(args) {
            Ok(token) => {
                println!("{token}");
                ExitCode::SUCCESS
            }
            Err(error) => told(&error, CONFIGURATION),
        },
        Command::Tail(args) => match cli::tail::run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => told(&error, FAILED),
        },
        Command::Workflow(command) => cli::workflow::run(command),
    }
}

/// The error and what caused it, each on a line of its own.
fn told(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("docket: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::from(code)
}
