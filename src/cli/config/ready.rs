//! Validation of the settings as a whole: opens files, reads keys, and rejects contradictions and unsafe choices.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::{Parsed, Place, Problem, Settings, Sources};
use crate::grpc::server::TlsError;
use crate::identity::{Trust, TrustedKey};
use crate::store::target::Target;
use crate::workflow::{RuleSet, Severity};

pub use crate::grpc::server::Tls;

/// Minimum length of a secret.
const SECRET_BYTES: usize = 32;

/// A valid configuration.
pub struct Ready {
    pub settings: Settings,
    pub database_url: String,
    pub trust: Trust,
    pub page_secret: [u8; 32],
    /// Absent for plain text.
    pub tls: Option<Tls>,
}

impl Sources {
    /// # Errors
    /// All problems, at least one.
    pub fn ready(&self) -> Result<Ready, Vec<Problem>> {
        let mut parsed = self.read();
        let trust = parsed.trust();
        let page_secret = parsed.page_secret();
        let database_url = parsed.database_url();
        parsed.way_to_database(database_url.as_deref());
        let tls = parsed.tls();
        parsed.door();
        parsed.rules();
        parsed.telemetry();
        let Parsed { settings, places: _, problems } = parsed;
        match (trust, page_secret, database_url, problems.is_empty()) {
            (Some(trust), Some(page_secret), Some(database_url), true) => {
                Ok(Ready { settings, database_url, trust, page_secret, tls })
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

    fn trust(&mut self) -> Option<Trust> {
        let tokens = self.settings.tokens.clone();
        if tokens.keys.is_empty() {
            let hint = "name the public key files of your token issuer";
            self.refuse("tokens.keys", "`tokens.keys` is not set: no token could be verified", hint);
            return None;
        }
        Some(Trust {
            keys: self.public_keys("tokens.keys", &tokens.keys),
            issuer: tokens.issuer,
            operator_keys: self.public_keys("tokens.operator_keys", &tokens.operator_keys),
            operator_issuer: tokens.operator_issuer,
            audience: tokens.audience,
            max_life: tokens.max_life,
        })
    }

    /// The keys in these files, which the setting names.
    fn public_keys(&mut self, setting: &str, paths: &[PathBuf]) -> Vec<TrustedKey> {
        let mut keys = Vec::new();
        for path in paths {
            let is_set = path.extension().is_some_and(|end| end == "json" || end == "jwks");
            match if is_set { TrustedKey::from_jwks_file(path) } else { TrustedKey::from_pem_file(path) } {
                Ok(found) => keys.extend(found),
                Err(error) => {
                    let hint = "use PEM public keys, or a JWK set in a file named *.json or *.jwks";
                    self.refuse(setting, error.to_string(), hint);
                }
            }
        }
        keys
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

    /// The database URL, if it is set and valid.
    pub fn database_url(&mut self) -> Option<String> {
        let database = self.settings.database.clone();
        let (key, url) = match (database.url, database.url_file) {
            (Some(_), Some(_)) => {
                let also = self.place("database.url").map(|place| format!(" ({place})")).unwrap_or_default();
                let message = format!("`database.url_file` and `database.url`{also} are both set");
                self.refuse("database.url_file", message, "remove one");
                return None;
            }
            (None, None) => {
                let hint = "set DOCKET_DATABASE_URL=postgres://user:password@host/name, or `database.url_file`";
                self.refuse("database.url", "`database.url` is not set: a server needs a database", hint);
                return None;
            }
            (Some(url), None) => ("database.url", url),
            (None, Some(path)) => {
                let bytes = self.read_secret("database.url_file", &path)?;
                ("database.url_file", String::from_utf8_lossy(&bytes).trim().to_owned())
            }
        };
        if let Err(error) = Target::of(&url) {
            self.refuse(key, format!("`{key}`: {error}"), "");
            return None;
        }
        Some(url)
    }

    /// Whether what goes to the database is encrypted, or stays on this machine.
    fn way_to_database(&mut self, url: Option<&str>) {
        let Settings { database, .. } = &self.settings;
        let key = if database.url_file.is_some() { "database.url_file" } else { "database.url" };
        let told = database.insecure_plaintext;
        let exposed = url.and_then(|url| Target::of(url).ok()).and_then(|target| target.exposed());
        if let Some(host) = exposed.filter(|_| !told) {
            let message = format!("the password and every row would go to the database at {host} in plain text");
            let hint = "add sslmode=verify-full&sslrootcert=/path/to/ca.pem to the URL; or `database.insecure_plaintext: true` if something else encrypts";
            self.refuse(key, message, hint);
        }
    }

    fn tls(&mut self) -> Option<Tls> {
        let files = self.settings.tls.clone();
        match (files.cert, files.key) {
            (Some(cert), Some(key)) => match Tls::read(&cert, &key, files.client_ca.as_deref()) {
                Ok(tls) => return self.is_private("tls.key", &key).then_some(tls),
                Err(error) => {
                    let at = |path: &PathBuf| {
                        if *path == key {
                            "tls.key"
                        } else if *path == cert {
                            "tls.cert"
                        } else {
                            "tls.client_ca"
                        }
                    };
                    let key = match &error {
                        TlsError::Read { path, .. } | TlsError::Empty { path, .. } => at(path),
                        TlsError::Unusable { .. } => "tls.cert",
                    };
                    self.refuse(key, error.to_string(), "");
                }
            },
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

    fn rules(&mut self) {
        let Some(folder) = self.settings.workflows.clone() else { return };
        if !folder.is_dir() {
            self.refuse("workflows", format!("the folder {} does not exist", folder.display()), "");
            return;
        }
        if let Err(found) = RuleSet::load_dir(&folder) {
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
