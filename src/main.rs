//! Entry point of `docket`: runs a subcommand, and turns its error into a message and an exit code.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use docket::cli;
use docket::cli::error::CliError;
use docket::cli::exit::{CONFIGURATION, FAILED};
use docket::cli::noun::directory::{Agent, Asset, Contact, Deal, DirectoryArgs, Organization, Team};
use docket::cli::token::TokenCommand;

/// A ticket has some thirty short strings, so reads and responses spend much of their time on allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The support-ticket engine that other software is built on
#[derive(Debug, Parser)]
#[command(name = "docket", version)]
struct Docket {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a development server with its own database and signing key
    Dev(cli::dev::DevArgs),
    /// Apply pending database migrations
    Migrate(cli::migrate::MigrateArgs),
    /// Delete the oldest part of the activity log
    Prune(cli::prune::PruneArgs),
    /// Run a production server
    Serve(cli::serve::ServeArgs),
    /// Diagnose an installation: configuration, database, clocks, log; exit code 1 if a check fails
    Doctor(cli::doctor::DoctorArgs),
    /// Check a configuration, or print the reference of all settings
    #[command(subcommand)]
    Config(cli::config::ConfigCommand),
    /// Print a token, signed with the key in a data folder; or revoke tokens on a server
    Token(Box<cli::token::TokenArgs>),
    /// Print a tenant's activity log, and follow it
    Tail(cli::tail::TailArgs),
    /// Write and check workflow rules
    #[command(subcommand)]
    Workflow(cli::workflow::WorkflowCommand),
    /// Create, list, view, change and reply to tickets
    #[command(visible_alias = "tickets")]
    Ticket(Box<cli::noun::ticket::TicketArgs>),
    /// Manage issues: engineering work that tickets wait for
    #[command(visible_alias = "issues")]
    Issue(Box<cli::noun::issue::IssueArgs>),
    /// Manage agents, to whom tickets are assigned
    #[command(visible_alias = "agents")]
    Agent(Box<DirectoryArgs<Agent>>),
    /// Manage teams, to which tickets are routed
    #[command(visible_alias = "teams")]
    Team(Box<DirectoryArgs<Team>>),
    /// Manage customer organizations
    #[command(visible_aliases = ["organization", "orgs"])]
    Org(Box<DirectoryArgs<Organization>>),
    /// Manage contacts, the people who open tickets
    #[command(visible_alias = "contacts")]
    Contact(Box<DirectoryArgs<Contact>>),
    /// Manage deals in the CRM that tickets are about
    #[command(visible_alias = "deals")]
    Deal(Box<DirectoryArgs<Deal>>),
    /// Manage assets (devices, systems) that tickets are about
    #[command(visible_alias = "assets")]
    Asset(Box<DirectoryArgs<Asset>>),
    /// Manage registered tags and their colours
    Tags(Box<cli::noun::registry::TagsArgs>),
    /// Manage canned responses: templates for frequent replies
    #[command(visible_alias = "canned-response")]
    Canned(Box<cli::noun::registry::CannedArgs>),
    /// Manage SLA policies and calendars; explain and report deadlines
    Sla(Box<cli::noun::sla::SlaArgs>),
    /// View or change the settings of the caller's tenant
    Tenant(Box<cli::noun::tenant::TenantArgs>),
    /// Call any RPC by its REST path
    Api(Box<cli::api::ApiArgs>),
    /// Manage profiles: stored addresses and tokens of servers
    #[command(visible_alias = "profiles")]
    Profile(cli::profile::ProfileArgs),
    /// Print a shell completion script: source <(docket completions bash)
    Completions { shell: Shell },
}

fn main() -> ExitCode {
    let docket = Docket::try_parse().unwrap_or_else(|error| {
        let mut root = Docket::command();
        root.build();
        cli::misplaced::explain(&root, std::env::args_os().skip(1), error).exit()
    });
    match docket.command {
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
        Command::Token(mut args) => match args.command.take() {
            Some(TokenCommand::Revoke(args)) => ended(cli::token::revoke(*args)),
            None => match cli::token::run(*args) {
                Ok(token) => {
                    println!("{token}");
                    ExitCode::SUCCESS
                }
                Err(error) => told(&error, CONFIGURATION),
            },
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
        Command::Deal(args) => ended(cli::noun::directory::run(*args)),
        Command::Asset(args) => ended(cli::noun::directory::run(*args)),
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

/// Prints the error and its causes, one per line.
fn told(error: &dyn std::error::Error, code: u8) -> ExitCode {
    let mut said = error.to_string();
    eprintln!("docket: {said}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some libraries repeat the same message at every level.
        if error.to_string() != said {
            said = error.to_string();
            eprintln!("  because: {said}");
        }
        cause = error.source();
    }
    ExitCode::from(code)
}
