//! `docket profile`: stores addresses and tokens of servers under names.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::profiles::{Profile, Profiles};
use super::client::tls::TlsFiles;
use super::error::CliError;
use super::show::{FormatArgs, ShowError};

#[derive(Debug, Args)]
pub struct ProfileArgs {
    #[command(flatten)]
    format: FormatArgs,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List profiles, without their tokens
    #[command(visible_alias = "ls")]
    List,
    /// Create a profile, or change the given settings of one; the first profile becomes the default
    Set {
        name: String,
        /// Address: HOST:PORT or https://HOST:PORT
        #[arg(long)]
        address: Option<String>,
        /// Token; - reads it from standard input
        #[arg(long, group = "from")]
        token: Option<String>,
        /// File to read the token from whenever it is needed
        #[arg(long, group = "from", value_name = "FILE")]
        token_file: Option<PathBuf>,
        /// Program, with arguments, that prints the token; run whenever it is needed; must be the last option
        #[arg(long, group = "from", num_args = 1.., allow_hyphen_values = true, value_name = "PROGRAM")]
        token_command: Option<Vec<String>>,
        #[command(flatten)]
        tls: TlsFiles,
    },
    /// Make a profile the default
    Use { name: String },
    /// Delete a profile
    #[command(visible_alias = "rm")]
    Remove { name: String },
}

pub fn run(args: ProfileArgs) -> Result<(), CliError> {
    let mut profiles = Profiles::load()?;
    let said = match args.verb {
        Verb::List => return Ok(list(&args.format, &profiles)?),
        Verb::Set { name, address, token, token_file, token_command, tls } => {
            let mut profile = profiles.get(&name).cloned().unwrap_or_default();
            profile.address = address.or(profile.address);
            profile.tls = tls.or(&profile.tls);
            if token.is_some() || token_file.is_some() || token_command.is_some() {
                let token = token.map(|token| token_text(&token)).transpose()?;
                profile = Profile { token, token_file, token_command, ..profile };
            }
            profiles.set(&name, profile);
            format!("profile {name} saved")
        }
        Verb::Use { name } => {
            profiles.switch(&name)?;
            format!("profile {name} is now the default")
        }
        Verb::Remove { name } => {
            profiles.remove(&name)?;
            format!("profile {name} deleted")
        }
    };
    let path = profiles.save()?;
    println!("{said} ({})", path.display());
    Ok(())
}

fn token_text(given: &str) -> Result<String, CliError> {
    let text = if given == "-" { super::noun::args::text(given)? } else { given.to_owned() };
    match text.trim() {
        "" => Err(CliError::Usage("the token is empty".to_owned())),
        token => Ok(token.to_owned()),
    }
}

fn list(format: &FormatArgs, profiles: &Profiles) -> Result<(), ShowError> {
    let row = |(name, profile): (&String, &Profile)| {
        json!({"name": name, "current": profiles.current() == Some(name), "address": profile.address,
            "token": profile.token_source()})
    };
    let rows: Vec<Value> = profiles.all().iter().map(row).collect();
    if let Some(text) = format.machine(&Value::Array(rows), format.output())? {
        print!("{text}");
        return Ok(());
    }
    if profiles.all().is_empty() {
        eprintln!("there are no profiles; create one with `docket profile set NAME --address HOST:PORT --token …`");
    }
    let longest = profiles.all().keys().map(String::len).max().unwrap_or_default();
    for (name, profile) in profiles.all() {
        let current = if profiles.current() == Some(name) { "*" } else { " " };
        let parts = [profile.address.clone().unwrap_or_default(), profile.token_source()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        println!("{}", format!("{current} {name:<longest$}  {}", parts.join("  token: ")).trim_end());
    }
    Ok(())
}
