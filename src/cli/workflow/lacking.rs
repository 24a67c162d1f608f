//! What rules name and a tenant lacks, as a server knows it: ValidateWorkflow, for each file that names something.

use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use crate::cli::client::{ClientError, ServerArgs};
use crate::cli::error::CliError;
use crate::grpc::client::Client;
use crate::grpc::rest::{self, Schema};
use crate::workflow::{Diagnostic, NamedKind, RuleSet, Severity};

pub fn ask(server: &ServerArgs, set: &RuleSet) -> Result<Vec<Diagnostic>, CliError> {
    let names = |file: &str| set.rules().iter().any(|rule| rule.file == file && !rule.named().is_empty());
    let files: Vec<_> = set.sources().iter().filter(|(file, _)| names(file)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(async {
        let (schema, mut client) = (Schema::new()?, server.connect().await?);
        let mut found = Vec::new();
        for (file, source) in files {
            let answer = validate(&schema, &mut client, source).await?;
            let diagnostics = rest::json(&answer)?;
            let all = diagnostics.get("diagnostics").and_then(Value::as_array);
            found.extend(all.into_iter().flatten().filter_map(|one| lacked(file, one)));
        }
        Ok(found)
    })
}

async fn validate(schema: &Schema, client: &mut Client, source: &str) -> Result<DynamicMessage, CliError> {
    let method = schema.method("ValidateWorkflow")?;
    let request = rest::request(&method.input(), json!({ "source": source })).map_err(CliError::unreadable)?;
    Ok(client.unary(&method, request).await.map_err(ClientError::from)?)
}

/// Of what the server says, the part that only it can know.
fn lacked(file: &str, told: &Value) -> Option<Diagnostic> {
    let text = |field: &str| told.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |field: &str| told.get(field).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let kind = NamedKind::ALL.iter().find(|kind| kind.code() == text("code"))?;
    Some(Diagnostic {
        severity: Severity::Warning,
        code: kind.code(),
        message: text("message"),
        hint: text("hint"),
        file: file.to_owned(),
        line: number("line"),
        column: number("column"),
    })
}
