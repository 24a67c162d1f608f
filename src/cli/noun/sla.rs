//! `docket sla`: SLA policies, calendars, explanations and reports.

use clap::{Args, Subcommand};

use super::args::{Etag, Write};
use super::explain::{Explain, explain};
use super::outcome::{Breaches, Report, breaches, report};
use super::preview::{Preview, preview};
use super::registry::{Verb, carry_out, named};
use super::sla_args::{Calendar, Import, Policy};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, Session, run as run_session, written};
use crate::cli::show::layout::CALENDAR;

#[derive(Debug, Args)]
pub struct SlaArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Manage policies: response and resolution targets, and the tickets that they apply to
    #[command(visible_alias = "policies", subcommand)]
    Policy(Box<Verb<Policy>>),
    /// Manage calendars: weekly hours and holidays
    #[command(visible_alias = "calendars", subcommand)]
    Calendar(Box<CalendarVerb>),
    /// Explain how a ticket's deadlines were calculated
    Explain(Explain),
    /// List missed deadlines, newest first
    Breaches(Breaches),
    /// Report SLA attainment
    Report(Report),
    /// Preview the effects of a change on open tickets
    #[command(subcommand)]
    Preview(Preview),
}

#[derive(Debug, Subcommand)]
enum CalendarVerb {
    #[command(flatten)]
    Kept(Verb<Calendar>),
    /// Import holidays from iCalendar (.ics) data
    ImportHolidays {
        /// Id or name
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
