//! `docket sla preview`: effects of a change of a policy or calendar on open tickets. Nothing is written.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::args::Etag;
use super::holidays::Import;
use super::registry::{Kept, named};
use super::sla_args::{Calendar, Policy};
use crate::cli::error::CliError;
use crate::cli::session::{Session, written};
use crate::cli::show::layout::SLA_EFFECT;
use crate::grpc::rest;

#[derive(Debug, Subcommand)]
pub(super) enum Preview {
    /// Preview a change of a policy
    #[command(visible_alias = "policies", subcommand)]
    Policy(PolicyChange),
    /// Preview a change of a calendar
    #[command(visible_alias = "calendars", subcommand)]
    Calendar(CalendarChange),
}

#[derive(Debug, Subcommand)]
pub(super) enum PolicyChange {
    /// Preview creating a policy
    #[command(visible_alias = "new")]
    Create {
        #[command(flatten)]
        fields: Box<Policy>,
    },
    /// Preview changing the given fields
    #[command(visible_alias = "edit")]
    Update {
        /// Id or name
        id: String,
        #[command(flatten)]
        fields: Box<Policy>,
        #[command(flatten)]
        etag: Etag,
    },
    /// Preview deleting a policy
    #[command(visible_alias = "rm")]
    Delete {
        /// Id or name
        id: String,
        #[command(flatten)]
        etag: Etag,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum CalendarChange {
    /// Preview changing the given fields
    #[command(visible_alias = "edit")]
    Update {
        /// Id or name
        id: String,
        #[command(flatten)]
        fields: Calendar,
        #[command(flatten)]
        etag: Etag,
    },
    /// Preview importing holidays from iCalendar (.ics) data
    ImportHolidays {
        /// Id or name
        id: String,
        #[command(flatten)]
        import: Import,
        #[command(flatten)]
        etag: Etag,
    },
}

/// A change: its RPC, the field of PreviewPolicyChangeRequest for that RPC's request, and the request.
type Change = (&'static str, &'static str, Map<String, Value>);

impl Preview {
    fn change(self) -> Result<Change, CliError> {
        Ok(match self {
            Preview::Policy(PolicyChange::Create { fields }) => {
                ("CreateSlaPolicy", "create_sla_policy", holding::<Policy>(fields.given()?))
            }
            Preview::Policy(PolicyChange::Update { id, fields, etag }) => {
                ("UpdateSlaPolicy", "update_sla_policy", holding::<Policy>(of(id, fields.given()?, &etag)?))
            }
            Preview::Policy(PolicyChange::Delete { id, etag }) => {
                ("DeleteSlaPolicy", "delete_sla_policy", of(id, Map::new(), &etag)?)
            }
            Preview::Calendar(CalendarChange::Update { id, fields, etag }) => {
                ("UpdateCalendar", "update_calendar", holding::<Calendar>(of(id, fields.given()?, &etag)?))
            }
            Preview::Calendar(CalendarChange::ImportHolidays { id, import, etag }) => {
                ("ImportHolidays", "import_holidays", of(id, import.given()?, &etag)?)
            }
        })
    }
}

fn of(id: String, mut fields: Map<String, Value>, etag: &Etag) -> Result<Map<String, Value>, CliError> {
    fields.extend(named(id));
    fields.extend(written(etag)?);
    Ok(fields)
}

fn holding<F: Kept>(fields: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([(F::FIELD.to_owned(), Value::Object(fields))])
}

pub(super) async fn preview(session: &mut Session, args: Preview) -> Result<(), CliError> {
    let (rpc, field, fields) = args.change()?;
    // Parsed as a request of its RPC, so that an update gets its mask.
    let (_, change) = session.request(rpc, fields)?;
    let request = Map::from_iter([(field.to_owned(), rest::json(&change)?)]);
    let answer = rest::json(&session.ask("PreviewPolicyChange", request).await?)?;
    if !session.show.for_people() {
        return Ok(session.show.value(&answer)?);
    }
    session.show.print(&summary(&answer))?;
    let effects = answer["effects"].as_array().cloned().unwrap_or_default();
    if effects.is_empty() {
        return Ok(());
    }
    let told = effects.len() as i64;
    session.show.many(&session.schema, &SLA_EFFECT, effects)?;
    let all = count(&answer, "moved") + count(&answer, "started") + count(&answer, "voided");
    if all > told {
        session.show.aside(&format!("showing {told} of {all} clocks, starting with those that would be breached"));
    }
    Ok(())
}

/// Reads a 64-bit number, which is a string in proto3 JSON.
fn count(answer: &Value, field: &str) -> i64 {
    answer[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn summary(answer: &Value) -> String {
    let [tickets, moved, started, voided, breached] =
        ["tickets", "moved", "started", "voided", "breached"].map(|field| count(answer, field));
    let clocks = |number: i64| if number == 1 { "1 clock".to_owned() } else { format!("{number} clocks") };
    let looked = if tickets == 1 { "1 open ticket".to_owned() } else { format!("{tickets} open tickets") };
    let whole = match answer["complete"] == json!(true) {
        true => "",
        false => "The time limit was reached: only a part of the open tickets was examined.\n",
    };
    let effects = [(moved, "would move"), (started, "would start"), (voided, "would be voided")];
    let effects = effects.map(|(number, what)| format!("  {} {what}\n", clocks(number))).concat();
    format!(
        "{whole}Of {looked}:\n{effects}  {} of these would be breached immediately\nNothing was written.\n",
        clocks(breached)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_all_counts_and_whether_it_is_a_part() {
        let answer = json!({"tickets": "1", "moved": "2", "started": "1", "breached": "1", "complete": true});
        assert_eq!(
            summary(&answer),
            "Of 1 open ticket:\n  2 clocks would move\n  1 clock would start\n  0 clocks would be voided\n  \
             1 clock of these would be breached immediately\nNothing was written.\n"
        );
        assert!(summary(&json!({"tickets": "9"})).starts_with("The time limit was reached"));
    }
}
