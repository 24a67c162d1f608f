//! The configuration of `docket serve`: a YAML file, the environment, flags; and everything that is wrong with it, at once.
//!
//! One table ([`keys`]) says what can be set. From it come the reading of all three sources, `docket config reference`, and
//! docs/configuration.md. A flag wins over the environment, the environment over the file, the file over the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::limits::Limits;
use crate::feed;
use crate::grpc::server::HttpLimits;
use crate::journal;
use crate::store::pool;
use crate::telemetry::LogFormat;

mod command;
mod keys;
mod problem;
mod ready;
mod reference;
mod source;
#[cfg(test)]
mod tests;
mod value;

pub use command::{ConfigCommand, parse_set, run};
pub use problem::{Place, Problem};
pub use ready::{Ready, Tls};
pub use source::{Given, Sources};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub metrics_listen: SocketAddr,
    pub insecure_plaintext: bool,
    pub reflection: bool,
    /// Threads that serve calls and streams; 0 = half of the processors.
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
    pub limits: Limits,
    pub log: Option<String>,
    pub log_format: LogFormat,
    pub otlp: Otlp,
}

/// PEM files of the server's own certificate, and of those who may call.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub client_ca: Option<PathBuf>,
}

/// Whose tokens are taken.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    pub keys: Vec<PathBuf>,
    pub issuer: Option<String>,
    pub audience: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Database {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub migrate: bool,
}

/// Where traces and metrics are sent.
#[derive(Clone, Debug)]
pub struct Otlp {
    pub endpoint: Option<String>,
    pub sample_ratio: f64,
    pub metrics: bool,
    pub metrics_every: Duration,
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50051);
const METRICS_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);
/// One call of a hundred is traced, unless its caller says otherwise.
const SAMPLE_RATIO: f64 = 0.01;
const METRICS_EVERY: Duration = Duration::from_secs(60);

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: LISTEN,
            metrics_listen: METRICS_LISTEN,
            insecure_plaintext: false,
            reflection: false,
            threads: 0,
            workflows: None,
            page_token_secret_file: None,
            tls: TlsFiles::default(),
            tokens: Tokens::default(),
            database: Database::default(),
            // The URL is filled in when it is known.
            journal: journal::Config::new(String::new()),
            reads: pool::Settings::default(),
            streams: feed::Config::new(String::new()),
            hints: true,
            http: HttpLimits::default(),
            limits: Limits::default(),
            log: None,
            log_format: LogFormat::Auto,
            otlp: Otlp { endpoint: None, sample_ratio: SAMPLE_RATIO, metrics: false, metrics_every: METRICS_EVERY },
        }
    }
}

/// Reads, checks and opens everything that the configuration names.
///
/// # Errors
/// Every problem there is, at least one.
pub fn load(file: Option<&Path>, flags: Vec<(String, String)>) -> Result<Ready, Vec<Problem>> {
    sources(file, flags).ready()
}

/// The settings as far as they can be read, and the database as far as it is named.
pub fn partly(file: Option<&Path>, flags: Vec<(String, String)>) -> (Settings, Option<String>) {
    let mut given = sources(file, flags).read();
    let url = given.database_url();
    (given.settings, url)
}

fn sources(file: Option<&Path>, flags: Vec<(String, String)>) -> Sources {
    let texts =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Sources { file: file.map(Path::to_owned), environment: texts.collect(), flags }
}
