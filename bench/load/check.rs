//! Verifies that each side wrote exactly the rows that it reported, by counting the rows of every table.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use crate::Outcome;
use crate::database::{count_rows, sizes};
use crate::plan::{Round, Side};
use crate::stage::Stage;

/// Writes that one side reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub creates: u64,
    pub updates: u64,
}

impl Written {
    /// Sum over all legs of one side in a round.
    pub fn of(round: &Round, side: Side) -> Written {
        let mut written = Written::default();
        let side = match side {
            Side::Naive => ".pgbench.",
            Side::Docket => ".docket.",
        };
        for (name, leg) in round.iter().filter(|(name, _)| name.contains(side)) {
            match name.split('.').next() {
                Some("create" | "promised" | "pair") => written.creates += leg.all,
                Some("update") => written.updates += leg.all,
                _ => {}
            }
        }
        written
    }

    /// Expected rows: a ticket per create, an activity and a request id per write, nothing else.
    fn rows(self, table: &str) -> i64 {
        let rows = match table {
            "ticket" => self.creates,
            "activity" | "request" => self.creates + self.updates,
            _ => 0,
        };
        i64::try_from(rows).unwrap_or(i64::MAX)
    }
}

pub type Counts = BTreeMap<String, i64>;

/// Row counts of both sides' tables.
pub async fn counts(stage: &Stage<'_>) -> Outcome<(Counts, Counts)> {
    futures_util::future::try_join(count_rows(&stage.naive), count_rows(&stage.docket)).await
}

/// The error names each table with an unexpected number of rows.
pub fn compare(side: &str, before: &Counts, after: &Counts, written: Written) -> Outcome<()> {
    let mut wrong = Vec::new();
    for (table, rows) in after {
        let added = rows - before.get(table).copied().unwrap_or(0);
        let said = written.rows(table);
        if added != said {
            wrong.push(format!("{table}: {added} rows instead of {said}"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{side} did not write what it reported ({written:?}): {}", wrong.join(", ")).into()),
    }
}

/// Average row sizes of a new ticket on both sides, in bytes. Fails if the naive rows are larger than Docket's.
pub async fn row_bytes(stage: &Stage<'_>) -> Outcome<BTreeMap<String, f64>> {
    let mut bytes = BTreeMap::new();
    for (side, client) in [("pgbench", &stage.naive), ("docket", &stage.docket)] {
        let (ticket, activity) = rows_of(client, &stage.tenants.hot.name).await?;
        bytes.insert(format!("{side}.ticket"), ticket);
        bytes.insert(format!("{side}.activity"), activity);
    }
    for table in ["ticket", "activity"] {
        let (naive, docket) = (bytes[&format!("pgbench.{table}")], bytes[&format!("docket.{table}")]);
        if naive > docket * 1.05 {
            return Err(format!("the naive {table} row has {naive:.0} bytes, Docket's {docket:.0}").into());
        }
    }
    Ok(bytes)
}

async fn rows_of(client: &Client, tenant: &str) -> Outcome<(f64, f64)> {
    let found = sizes(client, tenant, "ticket.created").await?;
    Ok((found.ticket_row, found.activity_row))
}
