//! Validation of the settings as a whole: opens files, reads keys, and rejects contradictions and unsafe choices.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::client_identities;
use super::{Parsed, Place, Problem, Settings, Sources};
use crate::cli::keys::{JwksUrl, KeySources};
use crate::grpc::server::ClientIdentities;
use crate::identity::{KeyFiles, KeySource, Trust, TrustedKey};
use crate::store::target::Target;
use crate::workflow::{RuleSet, Severity};

pub use crate::grpc::server::Tls;

/// Minimum length of a secret.
const SECRET_BYTES: usize = 32;

/// A valid configuration.
pub struct Ready {
    pub settings: Settings,
    pub database_url: String,
    /// Absent where others migrate.
    pub migrator_url: Option<String>,
    pub trust: Trust,
    pub key_sources: KeySources,
    pub page_secret: [u8; 32],
    /// Absent for plain text.
    pub tls: Option<Tls>,
}

impl Sources {
    /// # Errors
    /// All problems, at least one.
    pub fn ready(&self) -> Result<Ready, Vec<Problem>> {
        self.checked(true)
    }

    /// The same without a look into the folder of rules: a server whose rules are refused has others.
    ///
    /// # Errors
    /// All problems, at least one.
    pub fn ready_to_serve(&self) -> Result<Ready, Vec<Problem>> {
        self.checked(false)
    }

    fn checked(&self, rules: bool) -> Result<Ready, Vec<Problem>> {
        let mut parsed = self.read();
        let trust = parsed.trust();
        let page_secret = parsed.page_secret();
        let database_url = parsed.database_url();
        let migrator_url = parsed.migrator_url();
        let tls = parsed.tls();
        parsed.door();
        parsed.rules(rules);
        parsed.telemetry();
        let Parsed { settings, places: _, problems } = parsed;
        match (trust, page_secret, database_url, problems.is_empty()) {
            (Some((trust, key_sources)), Some(page_secret), Some(database_url), true) => {
                Ok(Ready { settings, database_url, migrator_url, trust, key_sources, page_secret, tls })
            }
            _ => Err(problems),
        }
    }
}

impl Parsed {
    fn place(&self, key: &str) -> Option<Place> {
        self.places.get(key).cloned()
    }

    fn refuse(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.place(key);
        self.problems.push(Problem::new(place, message, hint));
    }

    fn trust(&mut self) -> Option<(Trust, KeySources)> {
        let tokens = self.settings.tokens.clone();
        if tokens.keys.is_empty() && tokens.jwks_url.is_none() {
            let hint = "name the public key files of your token issuer, or set `tokens.jwks_url`";
            self.refuse("tokens.keys", "`tokens.keys` is not set: no token could be verified", hint);
            return None;
        }
        let mut files = Vec::new();
        let urls = [(KeySource::Url, tokens.jwks_url), (KeySource::OperatorUrl, tokens.operator_jwks_url)];
        let urls = urls.into_iter().filter_map(|(source, url)| Some((source, self.jwks_url(source, &url?)?)));
        let urls: Vec<(KeySource, JwksUrl)> = urls.collect();
        let trust = Trust {
            keys: self.public_keys(KeySource::Files, tokens.keys, &mut files),
            issuer: tokens.issuer,
            operator_keys: self.public_keys(KeySource::OperatorFiles, tokens.operator_keys, &mut files),
            operator_issuer: tokens.operator_issuer,
            audience: tokens.audience,
            max_life: tokens.max_life,
            urls: urls.iter().map(|(source, _)| *source).collect(),
            refetch_every: tokens.jwks_refresh,
            claims: tokens.claims,
        };
        Some((trust, KeySources { files, urls }))
    }

    fn jwks_url(&mut self, source: KeySource, text: &str) -> Option<JwksUrl> {
        match text.parse() {
            Ok(url) => Some(url),
            Err(problem) => {
                let key = source.setting();
                let hint = "write a URL such as https://login.example.com/.well-known/jwks.json";
                self.refuse(key, format!("`{key}` {problem}"), hint);
                None
            }
        }
    }

    /// The keys in these files, which join those that are kept up to date.
    fn public_keys(
        &mut self,
        source: KeySource,
        paths: Vec<PathBuf>,
        files: &mut Vec<(KeySource, KeyFiles)>,
    ) -> Vec<TrustedKey> {
        if paths.is_empty() {
            return Vec::new();
        }
        match KeyFiles::open(paths) {
            Ok((opened, keys)) => {
                files.push((source, opened));
                keys
            }
            Err(errors) => {
                let hint = "use PEM public keys, or a JWK set in a file named *.json or *.jwks";
                errors.iter().for_each(|error| self.refuse(source.setting(), error.to_string(), hint));
                Vec::new()
            }
        }
    }

    fn page_secret(&mut self) -> Option<[u8; 32]> {
        let key = "page_token_secret_file";
        let make = "create one with: (umask 077; head -c 32 /dev/urandom > page-token-secret); use the same file on all servers of the installation";
        let Some(path) = self.settings.page_token_secret_file.clone() else {
            self.refuse(key, format!("`{key}` is not set: page tokens of one server would be invalid on others"), make);
            return None;
        };
        let bytes = self.read_secret(key, &path)?;
        if bytes.len() < SECRET_BYTES {
            self.refuse(
                key,
                format!("{} has {} bytes; a secret needs at least {SECRET_BYTES}", path.display(), bytes.len()),
                make,
            );
            return None;
        }
        let mut secret = [0; 32];
        secret.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Some(secret)
    }

    fn read(&mut self, key: &str, path: &Path) -> Option<Vec<u8>> {
        match std::fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.refuse(key, format!("{}: {error}", path.display()), "");
                None
            }
        }
    }

    /// The same of what nobody else may read.
    fn read_secret(&mut self, key: &str, path: &Path) -> Option<Vec<u8>> {
        let bytes = self.read(key, path)?;
        self.is_private(key, path).then_some(bytes)
    }

    /// Whether others on this machine cannot read the file.
    fn is_private(&mut self, key: &str, path: &Path) -> bool {
        let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
        if mode & 0o004 == 0 {
            return true;
        }
        let hint = format!("chmod 600 {}", path.display());
        self.refuse(key, format!("{}: everybody on this machine can read it", path.display()), hint);
        false
    }

    /// The URL of the server's login, if it is set and valid.
    pub fn database_url(&mut self) -> Option<String> {
        let database = self.settings.database.clone();
        if database.url.is_none() && database.url_file.is_none() {
            let hint = "set DOCKET_DATABASE_URL=postgres://docket_server:password@host/name, or `database.url_file`";
            self.refuse("database.url", "`database.url` is not set: a server needs a database", hint);
            return None;
        }
        self.url(("database.url", database.url), ("database.url_file", database.url_file))
    }

    /// The URL of the migrator's login, if it is set and valid.
    fn migrator_url(&mut self) -> Option<String> {
        let database = self.settings.database.clone();
        let file = ("database.migrator_url_file", database.migrator_url_file);
        self.url(("database.migrator_url", database.migrator_url), file)
    }

    /// A valid URL that is given by one setting, or in the file that the other names.
    fn url(
        &mut self,
        (key, given): (&'static str, Option<String>),
        (file_key, file): (&'static str, Option<PathBuf>),
    ) -> Option<String> {
        let (key, url) = match (given, file) {
            (Some(_), Some(_)) => {
                let also = self.place(key).map(|place| format!(" ({place})")).unwrap_or_default();
                self.refuse(file_key, format!("`{file_key}` and `{key}`{also} are both set"), "remove one");
                return None;
            }
            (None, None) => return None,
            (Some(url), None) => (key, url),
            (None, Some(path)) => {
                let bytes = self.read_secret(file_key, &path)?;
                (file_key, String::from_utf8_lossy(&bytes).trim().to_owned())
            }
        };
        match Target::of(&url) {
            Ok(target) => self.refuse_exposed(key, &target),
            Err(error) => {
                self.refuse(key, format!("`{key}`: {error}"), "");
                return None;
            }
        }
        Some(url)
    }

    fn refuse_exposed(&mut self, key: &str, target: &Target) {
        if self.settings.database.insecure_plaintext {
            return;
        }
        if let Some(host) = target.exposed() {
            let message = format!("the password and every row would go to the database at {host} in plain text");
            let hint = "add sslmode=verify-full&sslrootcert=/path/to/ca.pem to the URL; or `database.insecure_plaintext: true` if something else encrypts";
            self.refuse(key, message, hint);
        }
    }

    fn tls(&mut self) -> Option<Tls> {
        let files = self.settings.tls.clone();
        match (files.cert, files.key) {
            (Some(cert), Some(key)) => {
                let private = self.is_private("tls.key", &key);
                let identities = self.client_identities(files.client_identities.as_deref());
                match Tls::read(&cert, &key, files.client_ca.as_deref(), identities) {
                    Ok(tls) => return private.then_some(tls),
                    Err(errors) => errors.iter().for_each(|error| {
                        let setting = match &error.path {
                            path if *path == key => "tls.key",
                            path if *path == cert => "tls.cert",
                            _ => "tls.client_ca",
                        };
                        self.refuse(setting, error.to_string(), error.fix);
                    }),
                }
            }
            (Some(_), None) => self.refuse("tls.cert", "`tls.cert` is set and `tls.key` is not", "set both"),
            (None, Some(_)) => self.refuse("tls.key", "`tls.key` is set and `tls.cert` is not", "set both"),
            (None, None) if files.client_ca.is_some() => {
                let message = "`tls.client_ca` is set and `tls.cert` is not: client certificates require TLS";
                self.refuse("tls.client_ca", message, "set `tls.cert` and `tls.key`");
            }
            (None, None) => {}
        }
        None
    }

    fn client_identities(&mut self, path: Option<&Path>) -> ClientIdentities {
        let key = "tls.client_identities";
        let Some(path) = path else { return ClientIdentities::default() };
        if self.settings.tls.client_ca.is_none() {
            let message = format!("`{key}` is set and `tls.client_ca` is not: no certificate would be verified");
            self.refuse(key, message, "set `tls.client_ca`");
        }
        let Some(text) = self.read(key, path) else { return ClientIdentities::default() };
        client_identities::read(path, &String::from_utf8_lossy(&text)).unwrap_or_else(|problems| {
            self.problems.extend(problems);
            ClientIdentities::default()
        })
    }

    /// The addresses, and whether calls on them are encrypted.
    fn door(&mut self) {
        let Settings { listen, metrics_listen, metrics_public, insecure_plaintext, .. } = self.settings;
        let encrypted = self.settings.tls.cert.is_some();
        if insecure_plaintext && encrypted {
            self.refuse(
                "insecure_plaintext",
                "`insecure_plaintext` and `tls.cert` are mutually exclusive",
                "remove one",
            );
        }
        if !listen.ip().is_loopback() && !encrypted && !insecure_plaintext {
            let message = format!("calls to {listen} would be in plain text, including their tokens");
            let hint = "set `tls.cert` and `tls.key`; or `insecure_plaintext: true` if a mesh or a proxy on this machine encrypts";
            self.refuse("listen", message, hint);
        }
        if !metrics_listen.ip().is_loopback() && !metrics_public {
            let message = format!("everybody who reaches {metrics_listen} could read the metrics, without a token");
            let hint = "listen on 127.0.0.1; or `metrics_public: true` if only those reach it who may";
            self.refuse("metrics_listen", message, hint);
        }
        if same(listen, metrics_listen) {
            self.refuse("metrics_listen", "`metrics_listen` is the same address as `listen`", "choose another port");
        }
    }

    fn rules(&mut self, compile: bool) {
        let Some(folder) = self.settings.workflows.clone() else { return };
        if !folder.is_dir() {
            self.refuse("workflows", format!("the folder {} does not exist", folder.display()), "");
            return;
        }
        if let Some(Err(found)) = compile.then(|| RuleSet::load_dir(&folder)) {
            let place = |d: &crate::workflow::Diagnostic| Place::File {
                path: folder.join(&d.file).display().to_string(),
                line: d.line,
                column: d.column,
            };
            let errors = found.into_iter().filter(|d| d.severity == Severity::Error);
            self.problems.extend(errors.map(|d| Problem::new(Some(place(&d)), d.message, d.hint)));
        }
    }

    fn telemetry(&mut self) {
        if let Some(filter) = &self.settings.log
            && let Err(error) = crate::telemetry::check_filter(filter)
        {
            self.refuse("log", format!("`log` is not a valid filter: {error}"), "example: info,docket::journal=debug");
        }
        match &self.settings.otlp.endpoint {
            Some(endpoint) if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") => {
                let hint = "write a URL, such as http://collector:4317 or https://collector.example.com:4317";
                self.refuse("otlp.endpoint", format!("invalid value \"{endpoint}\" for `otlp.endpoint`"), hint);
            }
            None if self.settings.otlp.metrics => {
                self.refuse("otlp.metrics", "`otlp.metrics` is set and `otlp.endpoint` is not", "set both, or neither");
            }
            _ => {}
        }
    }
}

fn same(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.port() != 0 && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}
