//! `docket token`: signs a token with the key in a data folder. `docket token revoke`: revokes tokens on a server.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::CliError;
use super::noun::args::Write;
use super::session::{ClientArgs, Session, run as run_session, written};
use super::show::layout::REVOCATION;
use crate::identity::{KeyError, NewOperatorToken, NewToken, Role, SigningKey};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct TokenArgs {
    #[command(subcommand)]
    pub command: Option<TokenCommand>,
    /// Tenant of the token
    #[arg(long, required_unless_present = "operator")]
    tenant: Option<String>,
    /// Subject: the person or program that calls
    #[arg(long, required = true)]
    sub: Option<String>,
    /// Roles, comma-separated: requester, agent, lead, admin, auditor, service, importer
    #[arg(long, value_delimiter = ',', required_unless_present = "operator")]
    roles: Vec<Role>,
    /// Limit the token to the resources of one app
    #[arg(long)]
    app_id: Option<String>,
    /// A token for what concerns the whole installation, such as ReloadWorkflows; it reaches no tenant
    #[arg(long, conflicts_with_all = ["tenant", "roles", "app_id"])]
    operator: bool,
    /// Lifetime, at most 24h: 30s, 15m, 1h
    #[arg(long, default_value = "1h", value_parser = parse_ttl)]
    ttl: Duration,
    /// Data folder of the server that will accept the token
    #[arg(long, default_value = ".docket", env = "DOCKET_DATA_DIR")]
    data_dir: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Revoke a token, or all tokens of a subject; every server refuses them within 5 s
    Revoke(Box<RevokeArgs>),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["jti", "sub"])))]
pub struct RevokeArgs {
    #[command(flatten)]
    client: ClientArgs,
    #[command(flatten)]
    revoked: Revoked,
    /// In every tenant, and for operators' tokens; needs an operator's token
    #[arg(long, conflicts_with_all = ["validate_only", "request_id"])]
    everywhere: bool,
    #[command(flatten)]
    write: Write,
}

#[derive(Debug, Args, Serialize)]
struct Revoked {
    /// The token with this `jti`
    #[arg(long)]
    jti: Option<String>,
    /// All tokens that this subject was issued until now
    #[arg(long)]
    sub: Option<String>,
}

/// Revokes what the arguments name.
pub fn revoke(args: RevokeArgs) -> Result<(), CliError> {
    let RevokeArgs { client, revoked, everywhere, write } = args;
    let (mut request, write) = (written(&revoked)?, written(&write)?);
    let rpc = if everywhere { "RevokeTokenEverywhere" } else { "RevokeToken" };
    if !everywhere {
        request.extend(write);
    }
    run_session(client, |session| call(session, rpc, request))
}

async fn call(mut session: Session, rpc: &str, request: Map<String, Value>) -> Result<(), CliError> {
    session.write(rpc, &REVOCATION, request).await
}

/// Signs the token. Never creates a key, because no server would accept it.
pub fn run(args: TokenArgs) -> Result<String, KeyError> {
    let TokenArgs { command: _, tenant, sub, roles, app_id, operator, ttl, data_dir } = args;
    let sub = sub.unwrap_or_default();
    let key = SigningKey::load(&data_dir)?;
    if operator {
        return key.sign_operator(&NewOperatorToken { sub, ttl });
    }
    key.sign(&NewToken { tenant: tenant.unwrap_or_default(), sub, roles, app_id, ttl })
}

/// A whole number and one of s, m, h, d; at least a second and at most ten years.
pub fn parse_ttl(text: &str) -> Result<Duration, String> {
    const MAX: u64 = 3_650 * 86_400;
    let wrong = || format!("\"{text}\" is not a duration: write a number with s, m, h or d, such as 15m");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    match number.checked_mul(unit) {
        Some(0) => Err("the duration must be at least one second".into()),
        Some(seconds) if seconds <= MAX => Ok(Duration::from_secs(seconds)),
        _ => Err("the duration must be at most ten years".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::identity::{Trust, Verifier};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        token: TokenArgs,
    }

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, seconds) in [("30s", 30), ("15m", 900), ("1h", 3_600), ("7d", 604_800)] {
            assert_eq!(parse_ttl(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in
            ["", "h", "1", "1w", "-1h", "+1h", "1.5h", "1 h", "0s", "1hh", "99999999999999999999d", "4000d", "١h"]
        {
            assert!(parse_ttl(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_folders_server_accepts_the_token_and_a_strange_folder_makes_none() {
        let folder = std::env::temp_dir().join(format!("docket-token-{}", uuid::Uuid::now_v7().simple()));
        let words = ["docket", "--tenant", "acme", "--sub", "ann", "--roles", "agent,admin", "--data-dir"];
        let args = || Program::try_parse_from(words.iter().map(|word| word.as_ref()).chain([folder.as_os_str()]));
        let refused = run(args().expect("good arguments").token).expect_err("no key").to_string();
        assert!(refused.contains("docket dev") && !folder.exists(), "{refused}");

        let key = SigningKey::load_or_create(&folder).expect("a key");
        let token = run(args().expect("good arguments").token).expect("a token");
        let verifier = Verifier::new(Trust { keys: vec![key.public()], ..Trust::default() });
        assert_eq!(verifier.verify(&token).expect("it is good").roles().to_string(), "agent, admin");
        let words = ["docket", "--operator", "--sub", "olga", "--data-dir"].iter().map(|word| word.as_ref());
        let args = Program::try_parse_from(words.chain([folder.as_os_str()])).expect("good arguments");
        let token = run(args.token).expect("a token");
        let verifier = Verifier::new(Trust { operator_keys: vec![key.public()], ..Trust::default() });
        assert!(verifier.verify(&token).expect("it is good").is_operator());
        std::fs::remove_dir_all(&folder).expect("the folder is there");
    }

    #[test]
    fn an_operators_token_names_no_tenant_and_any_other_must() {
        for more in
            [&["--operator", "--tenant", "acme"][..], &["--operator", "--roles", "admin"], &["--roles", "admin"]]
        {
            let words = [&["docket", "--sub", "ann"], more].concat();
            assert!(Program::try_parse_from(&words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn an_unknown_role_is_a_usage_error_that_lists_the_roles() {
        let words = ["docket", "--tenant", "acme", "--sub", "ann", "--roles", "boss"];
        let refused = Program::try_parse_from(words).err().expect("boss is no role").to_string();
        assert!(refused.contains("requester, agent, lead"), "{refused}");
    }
}
