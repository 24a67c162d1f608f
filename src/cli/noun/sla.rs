//! `docket sla`: SLA policies, calendars, explanations and reports.

use clap::{Args, Subcommand};

use super::args::{Etag, Write};
use super::explain::{Explain, explain};
use super::holidays::{self, Import};
use super::outcome::{Breaches, Report, breaches, report};
use super::preview::{Preview, preview};
use super::registry::{Verb, carry_out};
use super::sla_args::{Calendar, Holiday, Policy};
use crate::cli::error::CliError;
use crate::cli::session::{ClientArgs, run as run_session};

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
    /// Manage calendars: weekly hours, holidays, and dates with hours of their own
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
    /// Add holidays to those that it has
    AddHoliday {
        /// Id or name
        id: String,
        /// 2026-12-25, or with a name 2026-12-25=Christmas
        #[arg(required = true, value_name = "DATE[=NAME]")]
        holidays: Vec<Holiday>,
        #[command(flatten)]
        write: Write,
    },
    /// Remove holidays
    RemoveHoliday {
        /// Id or name
        id: String,
        /// 2026-12-25
        #[arg(required = true, value_name = "DATE")]
        dates: Vec<String>,
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
                holidays::import(&mut session, id, import, (etag, write)).await
            }
            CalendarVerb::AddHoliday { id, holidays, write } => {
                holidays::change(&mut session, id, write, |known| holidays::add(known, holidays)).await
            }
            CalendarVerb::RemoveHoliday { id, dates, write } => {
                holidays::change(&mut session, id, write, |known| holidays::remove(known, &dates)).await
            }
        },
    })
}
