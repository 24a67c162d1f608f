//! `docket ticket`: verbs that read and change tickets, and write messages on them.

use clap::{Args, Subcommand};

use super::ticket_read::{self, Read};
use super::ticket_talk::{self, Talk};
use super::ticket_write::{self, Write};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, run as run_session};

#[derive(Debug, Args)]
pub struct TicketArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(flatten)]
    Read(Read),
    #[command(flatten)]
    Write(Write),
    #[command(flatten)]
    Talk(Talk),
}

pub fn run(args: TicketArgs) -> Result<(), CliError> {
    let TicketArgs { client, verb } = args;
    run_session(client, async |mut session| match verb {
        Verb::Read(verb) => ticket_read::carry_out(&mut session, verb).await,
        Verb::Write(verb) => ticket_write::carry_out(&mut session, verb).await,
        Verb::Talk(verb) => ticket_talk::carry_out(&mut session, verb).await,
    })
}
