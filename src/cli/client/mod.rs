//! Connection arguments and errors of the client commands.

use std::path::PathBuf;

use clap::Args;

pub mod profiles;
pub mod refusal;
pub mod tls;

use super::exit::{CONFIGURATION, FAILED};
use crate::grpc::client::{CallError, Client, ConnectError, PATIENCE, Refused, Target as Server};
use crate::identity::SigningKey;
use profiles::{Profile, Profiles, ProfilesError};
use tls::{TlsError, TlsFiles};

const DEFAULT_ADDRESS: &str = "127.0.0.1:50051";

#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// Server address: HOST:PORT or https://HOST:PORT [env: DOCKET_ADDRESS] [default: 127.0.0.1:50051]
    #[arg(long, global = true, value_name = "ADDRESS")]
    address: Option<String>,
    /// Token, as printed by `docket token` [env: DOCKET_TOKEN]
    #[arg(long, global = true, value_name = "TOKEN")]
    token: Option<String>,
    /// Profile with address and token, from `docket profile set` [env: DOCKET_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    tls: TlsFiles,
}

/// Server address, credentials and TLS files.
struct Target {
    address: String,
    token: String,
    tls: TlsFiles,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no token: set DOCKET_TOKEN, use --token, or store one with `docket profile set`; {advice}")]
    NoToken { advice: String },
    #[error("the token contains invalid characters: use the output of `docket token`")]
    BadToken,
    #[error("{address:?} is not a valid server address: write HOST:PORT or https://HOST:PORT")]
    BadAddress { address: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("TLS connection to {address} failed: {problem}; see --ca, --client-cert and --client-key")]
    NoTls { address: String, problem: String },
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error("cannot connect to {address}: is the server running? (`make run`, or `docket dev`)")]
    Away { address: String, source: ConnectError },
    #[error("the connection was lost before a response arrived ({problem}){}", again(.request_id))]
    Lost { problem: String, request_id: String },
    #[error("no response within {} s{}", PATIENCE.as_secs(), again(.request_id))]
    Silent { request_id: String },
    /// The server's error.
    #[error("{}", refusal::told(.0))]
    Refused(Box<Refused>),
}

/// Advice to retry a write safely.
fn again(request_id: &str) -> String {
    match request_id {
        "" => String::new(),
        id => format!("; the write may have been committed: retry it with request_id {id} to avoid a duplicate"),
    }
}

impl From<CallError> for ClientError {
    fn from(error: CallError) -> ClientError {
        match error {
            CallError::Refused(refused) => ClientError::Refused(refused),
            CallError::Silent { request_id } => ClientError::Silent { request_id },
            CallError::Lost { problem, request_id, anonymous: false } => ClientError::Lost { problem, request_id },
            CallError::Lost { problem, request_id, anonymous: true } => {
                let problem = format!("{problem}; the server may require a client certificate: --client-cert");
                ClientError::Lost { problem, request_id }
            }
        }
    }
}

impl ClientError {
    pub fn exit_code(&self) -> u8 {
        match self {
            ClientError::NoToken { .. } | ClientError::BadToken | ClientError::NoTls { .. } => CONFIGURATION,
            ClientError::BadAddress { .. } | ClientError::Profiles(_) | ClientError::Tls(_) => CONFIGURATION,
            ClientError::Away { .. } | ClientError::Lost { .. } | ClientError::Silent { .. } => FAILED,
            ClientError::Refused(_) => FAILED,
        }
    }
}

impl ServerArgs {
    pub async fn connect(&self) -> Result<Client, ClientError> {
        let Target { address, token, tls } = self.resolve()?;
        let url = match address.contains("://") {
            true => address.clone(),
            false => format!("http://{address}"),
        };
        let tls = if url.starts_with("https:") { tls.read()? } else { Default::default() };
        Client::connect(Server { url: url.clone(), token, tls }).await.map_err(|error| match error {
            ConnectError::BadToken => ClientError::BadToken,
            ConnectError::BadUrl(_) => ClientError::BadAddress { address },
            ConnectError::Setup(problem) => ClientError::Tls(TlsError::Unusable(problem)),
            ConnectError::Handshake(problem) => ClientError::NoTls { address: url, problem },
            source @ ConnectError::Away(_) => ClientError::Away { address: url, source },
        })
    }

    /// Resolves address, token and certificates: from flags, including the profile named by `--profile`; then from the environment;
    /// then from the profile named by the environment or the file; then the default.
    fn resolve(&self) -> Result<Target, ClientError> {
        let profiles = Profiles::load()?;
        let named = self.profile.as_deref().map(|name| profiles.get(name)).transpose()?.cloned();
        let fallback = match (&named, environment("DOCKET_PROFILE").or_else(|| profiles.current().map(str::to_owned))) {
            (None, Some(name)) => Some(profiles.get(&name)?.clone()),
            _ => None,
        };
        let (named, fallback): (Profile, Profile) = (named.unwrap_or_default(), fallback.unwrap_or_default());
        let address = given(&self.address)
            .or_else(|| named.address.clone())
            .or_else(|| environment("DOCKET_ADDRESS"))
            .or_else(|| fallback.address.clone())
            .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
        let token = match given(&self.token) {
            Some(token) => Some(token),
            None => match named.token()? {
                Some(token) => Some(token),
                None => match environment("DOCKET_TOKEN") {
                    Some(token) => Some(token),
                    None => fallback.token()?,
                },
            },
        };
        let token = token.ok_or_else(|| ClientError::NoToken { advice: advice(&address) })?;
        let file = |name| environment(name).map(PathBuf::from);
        let around = TlsFiles {
            ca: file("DOCKET_CA"),
            client_cert: file("DOCKET_CLIENT_CERT"),
            client_key: file("DOCKET_CLIENT_KEY"),
        };
        let tls = self.tls.clone().or(&named.tls).or(&around).or(&fallback.tls);
        Ok(Target { address, token, tls })
    }
}

fn given(flag: &Option<String>) -> Option<String> {
    flag.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn environment(name: &str) -> Option<String> {
    given(&std::env::var(name).ok())
}

/// Advice for a missing token: the command that creates one, if it would work here. No token is created unasked.
fn advice(address: &str) -> String {
    let command = "docket token --tenant demo --sub ann --roles agent,admin";
    let folder = environment("DOCKET_DATA_DIR").map_or_else(|| PathBuf::from(".docket"), PathBuf::from);
    let host = address.rsplit("://").next().unwrap_or_default();
    let here = ["127.", "localhost", "[::1]"].iter().any(|loopback| host.starts_with(loopback));
    match here && SigningKey::load(&folder).is_ok() {
        true => format!("for the server of {}: export DOCKET_TOKEN=$({command})", folder.display()),
        false => format!("`{command}` creates one, if run in the folder of a server on this machine"),
    }
}
