//! What the settings mean together: files opened, keys read, contradictions and unsafe choices refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

use super::{Given, Place, Problem, Settings, Sources};
use crate::grpc::server::TlsError;
use crate::identity::{Trust, TrustedKey};
use crate::store::target::Target;
use crate::workflow::{RuleSet, Severity};

pub use crate::grpc::server::Tls;

/// Shorter secrets are guessed.
const SECRET_BYTES: usize = 32;

/// A configuration that a server can run with.
pub struct Ready {
    pub settings: Settings,
    pub database_url: String,
    pub trust: Trust,
    pub page_secret: [u8; 32],
    /// Absent: calls are taken in plain text.
    pub tls: Option<Tls>,
}

impl Sources {
    /// # Errors
    /// Every problem there is, at least one.
    pub fn ready(&self) -> Result<Ready, Vec<Problem>> {
        let mut given = self.read();
        let trust = given.trust();
        let page_secret = given.page_secret();
        let database_url = given.database_url();
        let tls = given.tls();
        given.door();
        given.rules();
        given.telemetry();
        let Given { settings, places: _, problems } = given;
        match (trust, page_secret, database_url, problems.is_empty()) {
            (Some(trust), Some(page_secret), Some(database_url), true) => {
                Ok(Ready { settings, database_url, trust, page_secret, tls })
            }
            _ => Err(problems),
        }
    }
}

impl Given {
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
            let hint = "name the files of the public keys of whoever issues your tokens; without one nobody could call";
            self.refuse("tokens.keys", "`tokens.keys` is not set: no token would be trusted", hint);
            return None;
        }
        let mut keys = Vec::new();
        for path in &tokens.keys {
            let is_set = path.extension().is_some_and(|end| end == "json" || end == "jwks");
            match if is_set { TrustedKey::from_jwks_file(path) } else { TrustedKey::from_pem_file(path) } {
                Ok(found) => keys.extend(found),
                Err(error) => self.refuse(
                    "tokens.keys",
                    error.to_string(),
                    "PEM public keys, or a JWK set in a file that ends in .json",
                ),
            }
        }
        Some(Trust { keys, issuer: tokens.issuer, audience: tokens.audience })
    }

    fn page_secret(&mut self) -> Option<[u8; 32]> {
        let key = "page_token_secret_file";
        let make = "make one: head -c 32 /dev/urandom > page-token-secret; give the same file to all servers of the installation";
        let Some(path) = self.settings.page_token_secret_file.clone() else {
            self.refuse(
                key,
                format!("`{key}` is not set: a page begun at one server could not go on at another"),
                make,
            );
            return None;
        };
        let bytes = self.read(key, &path)?;
        if bytes.len() < SECRET_BYTES {
            self.refuse(
                key,
                format!("{} holds {} bytes; a secret has {SECRET_BYTES} at least", path.display(), bytes.len()),
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

    /// What the database is called, where it is named well.
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
                let hint = "DOCKET_DATABASE_URL=postgres://user:password@host/name, or `url_file` below `database`";
                self.refuse("database.url", "`database.url` is not set: there is nowhere to keep anything", hint);
                return None;
            }
            (Some(url), None) => ("database.url", url),
            (None, Some(path)) => {
                let bytes = self.read("database.url_file", &path)?;
                ("database.url_file", String::from_utf8_lossy(&bytes).trim().to_owned())
            }
        };
        if let Err(error) = Target::of(&url) {
            self.refuse(key, format!("`{key}`: {error}"), "");
            return None;
        }
        Some(url)
    }

    fn tls(&mut self) -> Option<Tls> {
        let files = self.settings.tls.clone();
        match (files.cert, files.key) {
            (Some(cert), Some(key)) => match Tls::read(&cert, &key, files.client_ca.as_deref()) {
                Ok(tls) => return Some(tls),
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
                let message = "`tls.client_ca` is set and `tls.cert` is not: without TLS nobody shows a certificate";
                self.refuse("tls.client_ca", message, "set `tls.cert` and `tls.key`");
            }
            (None, None) => {}
        }
        None
    }

    /// Where calls come in.
    fn door(&mut self) {
        let Settings { listen, metrics_listen, insecure_plaintext, .. } = self.settings;
        let encrypted = self.settings.tls.cert.is_some();
        if insecure_plaintext && encrypted {
            self.refuse(
                "insecure_plaintext",
                "`insecure_plaintext` and `tls.cert` contradict each other",
                "remove one",
            );
        }
        if !listen.ip().is_loopback() && !encrypted && !insecure_plaintext {
            let message = format!("calls on {listen} would travel in plain text, tokens included");
            let hint = "set `tls.cert` and `tls.key`; or, where a mesh or a proxy on this machine encrypts, `insecure_plaintext: true`";
            self.refuse("listen", message, hint);
        }
        if same(listen, metrics_listen) {
            self.refuse("metrics_listen", "`metrics_listen` is the address of `listen`", "choose another port");
        }
    }

    fn rules(&mut self) {
        let Some(folder) = self.settings.workflows.clone() else { return };
        if !folder.is_dir() {
            self.refuse("workflows", format!("there is no folder {}", folder.display()), "");
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
            self.refuse("log", format!("`log` is no filter: {error}"), "an example: info,docket::journal=debug");
        }
        match &self.settings.otlp.endpoint {
            Some(endpoint) if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") => {
                let hint = "an address like http://collector:4317 or https://collector.example.com:4317";
                self.refuse("otlp.endpoint", format!("`otlp.endpoint` cannot be \"{endpoint}\""), hint);
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
