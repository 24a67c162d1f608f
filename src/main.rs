//! `docket`: picks the subcommand, prints what it answers, and turns its error into words and an exit code.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use docket::cli;
use docket::cli::error::CliError;
use docket::cli::exit::{CONFIGURATION, FAILED};
use docket::cli::noun::directory::{Agent, Contact, DirectoryArgs, Organization, Team};

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
    /// Run a server in production, as a configuration says
    Serve(cli::serve::ServeArgs),
    /// Look at an installation from where a server would run: configuration, database, clocks, log; exit code 1 if it is ill
    Doctor(cli::doctor::DoctorArgs),
    /// Check a configuration, or print what can be configured
    #[command(subcommand)]
    Config(cli::config::ConfigCommand),
    /// Print a token signed with the key of a server's data folder
    Token(cli::token::TokenArgs),
    /// Print what happened to a tenant's tickets, and what happens next
    Tail(cli::tail::TailArgs),
    /// Look at workflow files without a server
    #[command(subcommand)]
    Workflow(cli::workflow::WorkflowCommand),
    /// Make, list, show and move tickets, and write on them
    #[command(visible_alias = "tickets")]
    Ticket(Box<cli::noun::ticket::TicketArgs>),
    /// The engineering work that tickets wait for
    #[command(visible_alias = "issues")]
    Issue(Box<cli::noun::issue::IssueArgs>),
    /// The agents that tickets are assigned to
    #[command(visible_alias = "agents")]
    Agent(Box<DirectoryArgs<Agent>>),
    /// The teams that tickets are routed to
    #[command(visible_alias = "teams")]
    Team(Box<DirectoryArgs<Team>>),
    /// The organizations that ask
    #[command(visible_aliases = ["organization", "orgs"])]
    Org(Box<DirectoryArgs<Organization>>),
    /// The people who ask
    #[command(visible_alias = "contacts")]
    Contact(Box<DirectoryArgs<Contact>>),
    /// The tags that are registered, with their colours
    Tags(Box<cli::noun::registry::TagsArgs>),
    /// Answers kept for the replies that are written often
    #[command(visible_alias = "canned-response")]
    Canned(Box<cli::noun::registry::CannedArgs>),
    /// What is promised, and when work is done: policies and calendars
    Sla(Box<cli::noun::sla::SlaArgs>),
    /// The settings of the caller's own tenant
    Tenant(Box<cli::noun::tenant::TenantArgs>),
    /// Call any RPC by its REST path
    Api(Box<cli::api::ApiArgs>),
    /// Keep servers and tokens under names
    #[command(visible_alias = "profiles")]
    Profile(cli::profile::ProfileArgs),
    /// Print a script that completes commands and flags: source <(docket completions bash)
    Completions { shell: Shell },
}

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
        Command::Serve(args) => match cli::serve::run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let code = if error.is_configuration() { CONFIGURATION } else { FAILED };
                told(&error, code)
            }
        },
        Command::Doctor(args) => cli::doctor::run(args),
        Command::Config(command) => cli::config::run(command),
        Command::Token(args) => match cli::token::run(args) {
            Ok(token) => {
                println!("{token}");
                ExitCode::SUCCESS
            }
            Err(error) => told(&error, CONFIGURATION),
        },
        Command::Tail(args) => match cli::tail::run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => told(&error, error.exit_code()),
        },
        Command::Workflow(command) => cli::workflow::run(command),
        Command::Ticket(args) => ended(cli::noun::ticket::run(*args)),
        Command::Issue(args) => ended(cli::noun::issue::run(*args)),
        Command::Agent(args) => ended(cli::noun::directory::run(*args)),
        Command::Team(args) => ended(cli::noun::directory::run(*args)),
        Command::Org(args) => ended(cli::noun::directory::run(*args)),
        Command::Contact(args) => ended(cli::noun::directory::run(*args)),
        Command::Tags(args) => ended(cli::noun::registry::tags(*args)),
        Command::Canned(args) => ended(cli::noun::registry::canned(*args)),
        Command::Sla(args) => ended(cli::noun::sla::run(*args)),
        Command::Tenant(args) => ended(cli::noun::tenant::run(*args)),
        Command::Api(args) => ended(cli::api::run(*args)),
        Command::Profile(args) => ended(cli::profile::run(args)),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Docket::command(), "docket", &mut std::io::stdout());
            ExitCode::SUCCESS
        }
    }
}

fn ended(result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => told(&error, error.exit_code()),
    }
}

/// The error and what caused it, each on a line of its own.
fn told(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let mut said = error.to_string();
    eprintln!("docket: {said}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some libraries say the same on every floor.
        if error.to_string() != said {
            said = error.to_string();
            eprintln!("  because: {said}");
        }
        cause = error.source();
    }
    ExitCode::from(code)
}
