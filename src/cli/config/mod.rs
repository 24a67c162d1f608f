//! Configuration of `docket serve` from a YAML file, environment variables and flags. All problems are reported at once.
//!
//! One table ([`keys`]) defines the settings. It drives the parsing of all three sources, `docket config reference`, and
//! docs/configuration.md. Flags override the environment, the environment overrides the file, and the file the defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::limits::Limits;
use crate::feed;
use crate::grpc::server::HttpLimits;
use crate::grpc::server::layers::QuotaLimits;
use crate::identity::{ClaimNames, MAX_TOKEN_LIFE, REFETCH_EVERY};
use crate::journal;
use crate::store::pool;
use crate::telemetry::LogFormat;

mod client_identities;
mod command;
mod keys;
mod problem;
mod ready;
mod reference;
mod setting;
mod source;
#[cfg(test)]
mod tests;
mod token_keys;
mod value;

pub use command::{ConfigCommand, parse_set, run};
pub use problem::{Place, Problem};
pub use ready::{Ready, Tls};
pub use source::{Parsed, Sources};

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub metrics_listen: SocketAddr,
    /// Whether an address beyond loopback may serve metrics.
    pub metrics_public: bool,
    pub insecure_plaintext: bool,
    pub reflection: bool,
    /// Worker threads for calls and streams; 0 = half of the processors.
    pub threads: usize,
    pub workflows: Option<PathBuf>,
    pub page_token_secret_file: Option<PathBuf>,
    pub tls: TlsFiles,
    pub tokens: Tokens,
    pub database: Database,
    pub journal: journal::Config,
    pub reads: pool::Settings,
    pub streams: feed::Config,
    pub hints: bool,
    pub http: HttpLimits,
    pub quotas: QuotaLimits,
    pub limits: Limits,
    pub log: Option<String>,
    pub log_format: LogFormat,
    pub otlp: Otlp,
}

/// PEM files of the server's certificate and key, and of the CA of client certificates.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub client_ca: Option<PathBuf>,
    pub client_identities: Option<PathBuf>,
}

/// Which tokens are accepted.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub keys: Vec<PathBuf>,
    pub jwks_url: Option<String>,
    pub issuer: Option<String>,
    pub operator_keys: Vec<PathBuf>,
    pub operator_jwks_url: Option<String>,
    pub operator_issuer: Option<String>,
    pub jwks_refresh: Duration,
    pub claims: ClaimNames,
    pub audience: Option<String>,
    pub max_life: Duration,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            keys: Vec::new(),
            jwks_url: None,
            issuer: None,
            operator_keys: Vec::new(),
            operator_jwks_url: None,
            operator_issuer: None,
            jwks_refresh: REFETCH_EVERY,
            claims: ClaimNames::default(),
            audience: None,
            max_life: MAX_TOKEN_LIFE,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Database {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub migrator_url: Option<String>,
    pub migrator_url_file: Option<PathBuf>,
    /// Whether a network may lie between, without TLS.
    pub insecure_plaintext: bool,
}

/// Export of traces and metrics.
#[derive(Clone, Debug)]
pub struct Otlp {
    pub endpoint: Option<String>,
    pub sample_ratio: f64,
    pub metrics: bool,
    pub metrics_every: Duration,
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50051);
const METRICS_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);
/// One in a hundred calls is traced, unless its `traceparent` decides.
const SAMPLE_RATIO: f64 = 0.01;
const METRICS_EVERY: Duration = Duration::from_secs(60);

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: LISTEN,
            metrics_listen: METRICS_LISTEN,
            metrics_public: false,
            insecure_plaintext: false,
            reflection: false,
            threads: 0,
            workflows: None,
            page_token_secret_file: None,
            tls: TlsFiles::default(),
            tokens: Tokens::default(),
            database: Database::default(),
            // The URL is filled in once it is known.
            journal: journal::Config::new(String::new()),
            reads: pool::Settings::default(),
            streams: feed::Config::new(String::new()),
            hints: true,
            http: HttpLimits::default(),
            quotas: QuotaLimits::default(),
            limits: Limits::default(),
            log: None,
            log_format: LogFormat::Auto,
            otlp: Otlp { endpoint: None, sample_ratio: SAMPLE_RATIO, metrics: false, metrics_every: METRICS_EVERY },
        }
    }
}

/// Reads and checks the configuration, and opens every file that it names.
///
/// # Errors
/// All problems, at least one.
pub fn load(file: Option<&Path>, flags: Vec<(String, String)>) -> Result<Ready, Vec<Problem>> {
    sources(file, flags).ready()
}

/// The same for a server to start with, whatever its rules are.
///
/// # Errors
/// All problems, at least one.
pub fn to_serve(file: Option<&Path>, flags: Vec<(String, String)>) -> Result<Ready, Vec<Problem>> {
    sources(file, flags).ready_to_serve()
}

/// The settings that can be read, with defaults for the others, and the database URL if there is one.
pub fn partly(file: Option<&Path>, flags: Vec<(String, String)>) -> (Settings, Option<String>) {
    let mut parsed = sources(file, flags).read();
    let url = parsed.database_url();
    (parsed.settings, url)
}

fn sources(file: Option<&Path>, flags: Vec<(String, String)>) -> Sources {
    let texts =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Sources { file: file.map(Path::to_owned), environment: texts.collect(), flags }
}
