//! Tickets by the numbers that people know them by.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::cli::error::CliError;
use crate::cli::session::{Limit, Session};
use crate::grpc::rest;

/// Ids in one request.
const AT_ONCE: usize = 100;
/// Numbers that are remembered.
const REMEMBERED: usize = 10_000;

/// Display numbers by the ids of tickets.
#[derive(Debug, Default)]
pub struct Numbers(BTreeMap<String, String>);

impl Numbers {
    /// Asks for the numbers of tickets that are not known yet. Whatever is not there, or not the caller's to see, has none.
    pub async fn learn(&mut self, session: &mut Session, ids: impl IntoIterator<Item = &str>) -> Result<(), CliError> {
        if self.0.len() > REMEMBERED {
            self.0.clear();
        }
        let unknown: BTreeSet<&str> =
            ids.into_iter().filter(|id| !id.is_empty() && !self.0.contains_key(*id)).collect();
        let unknown: Vec<&str> = unknown.into_iter().collect();
        for some in unknown.chunks(AT_ONCE) {
            let request = Map::from_iter([
                ("filter".to_owned(), json!("ticket.id in params.ids")),
                ("filter_params".to_owned(), json!({ "ids": some })),
                ("show_deleted".to_owned(), json!(true)),
            ]);
            for row in session.rows("ListTickets", request, Limit::Given(AT_ONCE)).await? {
                let row = rest::json(&row)?;
                let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
                self.0.insert(text("id"), text("display_number"));
            }
        }
        Ok(())
    }

    /// The number, or the id where there is none.
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}
