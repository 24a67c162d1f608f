//! Writes of several tickets: a request for each of them, and what became of each.

use serde_json::{Map, Value};

use crate::cli::client::ClientError;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::cli::show::Layout;

/// Sends the request for each of the tickets, and prints the resources that were written as one table. One that the server refuses is
/// reported, and the others are written all the same. Without ids, the request names what it is about itself.
///
/// # Errors
/// [`CliError::Some`] where some were refused; any other ends it.
pub async fn write(
    session: &mut Session,
    rpc: &str,
    layout: &Layout,
    mut request: Map<String, Value>,
    ids: Vec<String>,
) -> Result<(), CliError> {
    if let [] | [_] = ids.as_slice() {
        request.extend(ids.into_iter().map(|id| ("id".to_owned(), Value::String(id))));
        return session.write(rpc, layout, request).await;
    }
    if let Some(flag) = ["etag", "request_id"].into_iter().find(|flag| request.contains_key(*flag)) {
        let flag = flag.replace('_', "-");
        return Err(CliError::Usage(format!("--{flag} is of one ticket: name one, or leave it out")));
    }
    let (all, mut written) = (ids.len(), Vec::new());
    let mut ended = Ok(());
    for id in ids {
        let request = request.iter().map(|(name, value)| (name.clone(), value.clone()));
        let request = request.chain([("id".to_owned(), Value::String(id.clone()))]).collect();
        match session.resource(rpc, layout, request).await {
            Ok(resource) => written.push(resource),
            Err(CliError::Client(ClientError::Refused(why))) => {
                eprintln!("docket: {id}: {}", ClientError::Refused(why));
            }
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    let refused = all - written.len();
    session.show.many(&session.schema, layout, written)?;
    if request.get("validate_only") == Some(&Value::Bool(true)) {
        session.show.aside("dry run, including rules: nothing was written");
    }
    ended.and(if refused == 0 { Ok(()) } else { Err(CliError::Some { refused, all }) })
}
