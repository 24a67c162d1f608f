//! `docket token`: signs a token with the key in a data folder.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::identity::{KeyError, NewOperatorToken, NewToken, Role, SigningKey};

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Tenant of the token
    #[arg(long, required_unless_present = "operator")]
    tenant: Option<String>,
    /// Subject: the person or program that calls
    #[arg(long)]
    sub: String,
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

/// Signs the token. Never creates a key, because no server would accept it.
pub fn run(args: TokenArgs) -> Result<String, KeyError> {
    let TokenArgs { tenant, sub, roles, app_id, operator, ttl, data_dir } = args;
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
