//! `docket sla`: what a tenant promises, and when it works.

use clap::{Args, Subcommand};

use super::args::{Etag, Write};
use super::explain::{Explain, explain};
use super::outcome::{Breaches, Report, breaches, report};
use super::preview::{Preview, preview};
use super::registry::{Verb, carry_out, named};
use super::sla_args::{Calendar, Import, Policy};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::kind::CALENDAR;

#[derive(Debug, Args)]
pub struct SlaArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Within how long tickets are answered and resolved, and whose
    #[command(visible_alias = "policies", subcommand)]
    Policy(Box<Verb<Policy>>),
    /// Weekly hours and days off
    #[command(visible_alias = "calendars", subcommand)]
    Calendar(Box<CalendarVerb>),
    /// Why a ticket's deadline is what it is
    Explain(Explain),
    /// List missed deadlines, the newest first
    Breaches(Breaches),
    /// How many promises were kept
    Report(Report),
    /// What a change would do to open tickets, before it is made
    #[command(subcommand)]
    Preview(Preview),
}

#[derive(Debug, Subcommand)]
enum CalendarVerb {
    #[command(flatten)]
    Kept(Verb<Calendar>),
    /// Add the days of an .ics text to one's holidays
    ImportHolidays {
        /// Its id or its name
        id: String,
        #[command(flatten)]
        import: Import,
        #[command(flatten)]
        etag: Etag,
        #[command(flatten)]
        write: Write,
    },
}

pub fn run(args: SlaArgs) -> Result<(), CliError> {
    let SlaArgs { client, noun } = args;
    run_session(client, async |mut session| match noun {
        Noun::Explain(args) => explain(&mut session, args).await,
        Noun::Breaches(args) => breaches(&mut session, args).await,
        Noun::Report(args) => report(&mut session, args).await,
        Noun::Preview(change) => preview(&mut session, change).await,
        Noun::Policy(verb) => carry_out(&mut session, *verb).await,
        Noun::Calendar(verb) => match *verb {
            CalendarVerb::Kept(verb) => carry_out(&mut session, verb).await,
            CalendarVerb::ImportHolidays { id, import, etag, write } => {
                import_holidays(&mut session, id, import, (etag, write)).await
            }
        },
    })
}

async fn import_holidays(
    session: &mut Session,
    id: String,
    import: Import,
    (etag, write): (Etag, Write),
) -> Result<(), CliError> {
    let mut request = named(id);
    request.extend(import.given()?);
    request.extend(written(&etag)?);
    request.extend(written(&write)?);
    session.write("ImportHolidays", &CALENDAR, request).await
}
