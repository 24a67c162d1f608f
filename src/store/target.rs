//! Parser of database URLs: host, database, and TLS as in libpq: `sslmode=disable` or `verify-full`, and `sslrootcert`
//! for the CA file.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to come into being.
const CONNECT: Duration = Duration::from_secs(5);
/// After this long without an acknowledgement a connection counts as lost.
const LOST: Duration = Duration::from_secs(10);

const HOW: &str =
    "write sslmode=verify-full&sslrootcert=/path/to/ca.pem, or sslmode=disable on a network that nobody else is on";

/// A database to connect to.
pub struct Target {
    pub config: tokio_postgres::Config,
    /// Absent: in plain text.
    pub tls: Option<MakeRustlsConnect>,
}

impl Target {
    /// Reads a URL (`postgres://…`) or conninfo words (`host=… user=…`); what it says wins over the timeouts here. The file of
    /// the authority is read anew each time, so that it may be replaced.
    ///
    /// # Errors
    /// What is wrong with the URL or the file, without the password.
    pub fn of(url: &str) -> Result<Target, ConnectionError> {
        let wrong = ConnectionError::InvalidConnectionUrl;
        let Ssl { rest, mode, root } = split(url);
        let mut config: tokio_postgres::Config =
            rest.parse().map_err(|e: tokio_postgres::Error| wrong(e.to_string()))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(LOST);
        }
        if config.get_application_name().is_none() {
            config.application_name("docket");
        }
        // An answer that is waited for is not unacknowledged data: only keepalives notice that its sender is gone.
        if !url.contains("keepalives") {
            config.keepalives_idle(LOST / 2).keepalives_interval(LOST / 5).keepalives_retries(3);
        }
        let tls = match (mode.as_deref(), root) {
            (None | Some("disable" | "prefer" | "allow"), None) => {
                config.ssl_mode(SslMode::Disable);
                None
            }
            (None | Some("verify-full"), Some(root)) => {
                config.ssl_mode(SslMode::Require);
                Some(MakeRustlsConnect::new(client(Path::new(&root)).map_err(wrong)?))
            }
            (Some("verify-full"), None) => {
                return Err(wrong("sslmode=verify-full needs sslrootcert=/path/to/ca.pem".into()));
            }
            (Some("require" | "verify-ca"), _) => {
                return Err(wrong(format!("this sslmode does not check that the server is the right one; {HOW}")));
            }
            (Some("disable" | "prefer" | "allow"), Some(_)) => {
                return Err(wrong("sslrootcert is given, and sslmode uses no TLS; write sslmode=verify-full".into()));
            }
            (Some(other), _) => return Err(wrong(format!("there is no sslmode \"{other}\"; {HOW}"))),
        };
        Ok(Target { config, tls })
    }

    /// The first host that is reached across a network in plain text.
    pub fn exposed(&self) -> Option<String> {
        let by_name = self.config.get_hosts().iter().filter_map(|host| match host {
            Host::Tcp(name) => Some(name.clone()),
            Host::Unix(_) => None,
        });
        // An address stands for the name beside it.
        let addresses = self.config.get_hostaddrs();
        let hosts: Vec<String> =
            if addresses.is_empty() { by_name.collect() } else { addresses.iter().map(IpAddr::to_string).collect() };
        hosts.into_iter().find(|host| self.tls.is_none() && !is_this_machine(host))
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A URL without what tokio-postgres does not know.
struct Ssl {
    rest: String,
    mode: Option<String>,
    root: Option<String>,
}

fn split(url: &str) -> Ssl {
    let mut ssl = Ssl { rest: String::new(), mode: None, root: None };
    let mut keep = |word: &str| match word.split_once('=') {
        Some(("sslmode", value)) => {
            ssl.mode = Some(plain(value));
            false
        }
        Some(("sslrootcert", value)) => {
            ssl.root = Some(plain(value));
            false
        }
        _ => true,
    };
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let rest = match url.split_once('?') {
        Some((place, words)) if is_url => {
            let kept: Vec<&str> = words.split('&').filter(|word| keep(word)).collect();
            if kept.is_empty() { place.to_owned() } else { format!("{place}?{}", kept.join("&")) }
        }
        _ if is_url => url.to_owned(),
        _ => url.split(' ').filter(|word| keep(word)).collect::<Vec<_>>().join(" "),
    };
    ssl.rest = rest;
    ssl
}

/// Without the quotes of a conninfo, and without the escapes of a URL that a path may need.
fn plain(value: &str) -> String {
    value.trim_matches('\'').replace("%2F", "/").replace("%2f", "/").replace("%20", " ")
}

fn client(root: &Path) -> Result<ClientConfig, String> {
    let bad = |what: String| format!("sslrootcert {}: {what}", root.display());
    let text = std::fs::read(root).map_err(|error| bad(error.to_string()))?;
    let blocks = pem::parse_many(&text).map_err(|error| bad(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for block in blocks.iter().filter(|block| block.tag() == "CERTIFICATE") {
        roots.add(CertificateDer::from(block.contents().to_vec())).map_err(|error| bad(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(bad("no certificate in it".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| bad(error.to_string()))?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Target::of(url).err().expect("it is refused").to_string()
    }

    #[test]
    fn without_a_word_about_tls_there_is_none() {
        for url in ["postgres://ann:secret@db/docket", "host=/run user=ann", "postgres://db/docket?sslmode=disable"] {
            assert!(Target::of(url).expect("a target").tls.is_none(), "{url}");
        }
        let target = Target::of("postgres://db/docket?sslmode=disable&application_name=mine").expect("a target");
        assert_eq!(target.config.get_application_name(), Some("mine"));
    }

    #[test]
    fn a_host_that_is_another_machine_is_exposed_without_tls() {
        for (url, host) in [
            ("postgres://ann:secret@db/docket", Some("db")),
            ("postgres://10.0.0.7:6432/docket", Some("10.0.0.7")),
            ("postgres://localhost,db.example.com/docket", Some("db.example.com")),
            ("host=localhost hostaddr=10.0.0.7 user=ann", Some("10.0.0.7")),
            ("host=db hostaddr=127.0.0.1 user=ann", None),
            ("postgres://localhost/docket", None),
            ("postgres://127.0.0.1/docket", None),
            ("postgres://[::1]:5432/docket", None),
            ("host=/run/postgresql user=ann", None),
        ] {
            assert_eq!(Target::of(url).expect("a target").exposed().as_deref(), host, "{url}");
        }
    }

    #[test]
    fn tls_that_checks_nothing_is_refused_with_what_to_write() {
        for url in ["postgres://db/docket?sslmode=require", "host=db sslmode=verify-ca sslrootcert=/ca.pem"] {
            assert!(refused(url).contains("sslmode=verify-full"), "{}", refused(url));
        }
        assert!(refused("postgres://db/d?sslmode=verify-full").contains("sslrootcert"));
        assert!(refused("postgres://db/d?sslmode=sure").contains("\"sure\""));
        assert!(refused("postgres://db/d?sslmode=disable&sslrootcert=/ca.pem").contains("verify-full"));
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let path = std::env::temp_dir().join(format!("docket-ca-{}.pem", std::process::id()));
        std::fs::write(&path, "-----BEGIN NOTE-----\naGk=\n-----END NOTE-----\n").expect("written");
        let url = format!("postgres://db/d?sslmode=verify-full&sslrootcert={}", path.display());
        assert!(refused(&url).contains("no certificate"), "{}", refused(&url));
        std::fs::remove_file(&path).expect("removed");
        assert!(refused(&url).contains(&path.display().to_string()));
        // The same in words, quoted.
        assert!(
            refused(&format!("host=db sslmode=verify-full sslrootcert='{}'", path.display())).contains("No such file")
        );
    }
}
