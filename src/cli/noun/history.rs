//! `docket ticket history`: the activities of a ticket, as in `docket tail`.

use serde_json::{Map, Value};

use crate::cli::error::CliError;
use crate::cli::session::{Limit, Session};
use crate::cli::show::layout::ACTIVITY;
use crate::cli::tail;
use crate::grpc::rest;

pub async fn history(session: &mut Session, id: String, limit: Limit) -> Result<(), CliError> {
    let mut request = Map::from_iter([("ticket_id".to_owned(), Value::String(id))]);
    if !session.show.for_people() {
        return session.list("ListActivities", &ACTIVITY, request, limit).await;
    }
    request.insert("view".to_owned(), Value::from("FULL"));
    let rows = session.rows("ListActivities", request, limit).await?;
    let mut text = String::new();
    for row in rows {
        text.push_str(&tail::line(&rest::json(&row)?, session.show.paint()));
        text.push('\n');
    }
    Ok(session.show.print(&text)?)
}
