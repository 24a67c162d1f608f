//! JWK sets at a URL, which are fetched again and again.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::time::Instant;

use crate::identity::{KeySource, TrustedKey, Verifier};
use crate::telemetry::Metrics;

/// How long a fetch may take, from the connection to the last byte.
const FETCH_WITHIN: Duration = Duration::from_secs(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Maximum size of a JWK set, in bytes.
const SET_BYTES: usize = 1 << 20;

/// The URL of a JWK set: `https`, or `http` on this machine; without a password, because it is shown in logs.
#[derive(Debug, Clone)]
pub struct JwksUrl(Url);

impl FromStr for JwksUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<JwksUrl, &'static str> {
        let url: Url = text.parse().map_err(|_| "is not a URL")?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err("must begin with https://");
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err("is not encrypted: whoever is in between could replace the keys");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user or a password: it is shown in logs");
        }
        Ok(JwksUrl(url))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{}", causes(.0))]
    Http(#[from] reqwest::Error),
    #[error("the response has status {0}")]
    Status(u16),
    #[error("the response has more than {SET_BYTES} bytes")]
    TooLarge,
    #[error("the response is not a usable JWK set: {0}")]
    NoKeys(String),
}

/// "error sending request" says nothing without what caused it.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub async fn keep(source: KeySource, url: JwksUrl, verifier: Arc<Verifier>, metrics: Arc<Metrics>) {
    let (setting, JwksUrl(url)) = (source.setting(), url);
    // What the log last said, and when the keys were last fetched.
    let (mut told, mut good_at) = (None, Instant::now());
    loop {
        verifier.fetch_begins(source);
        let (keys, problem) = match fetch(&url).await {
            Ok(keys) => (Some(keys), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let count = keys.as_ref().map(Vec::len);
        let changed = verifier.fetched(source, keys);
        match count {
            Some(count) if changed || told.is_some() => tracing::info!("{setting}: {url} has {count} keys"),
            None if changed => tracing::error!("{setting}: the keys of {url} are too old, and are trusted no longer"),
            _ => {}
        }
        if count.is_some() {
            good_at = Instant::now();
        }
        if let Some(problem) = problem.as_ref().filter(|problem| told.as_ref() != Some(*problem)) {
            tracing::error!(
                "{setting}: {url} cannot be fetched, and is tried again until it can: {problem}; until then, keys that were \
                 fetched before are trusted for an hour"
            );
        }
        told = problem;
        metrics.keys_age(setting, good_at.elapsed());
        verifier.fetch_due(source).await;
    }
}

async fn fetch(url: &Url) -> Result<Vec<TrustedKey>, FetchError> {
    // A client for each fetch, every few minutes: it sees a CA that was added, and a name that has another address now.
    let client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_WITHIN)
        .timeout(FETCH_WITHIN)
        .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")));
    // No proxy leads to this machine.
    let client = if is_loopback(url) { client.no_proxy() } else { client };
    let mut response = client.build()?.get(url.clone()).header("accept", "application/json").send().await?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if text.len() + chunk.len() > SET_BYTES {
            return Err(FetchError::TooLarge);
        }
        text.extend_from_slice(&chunk);
    }
    TrustedKey::from_jwks(&text).map_err(FetchError::NoKeys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_comes_over_tls_or_from_this_machine() {
        for good in ["https://id.example/jwks", "http://127.0.0.1:8/k", "http://localhost/k", "http://[::1]:80/"] {
            assert!(good.parse::<JwksUrl>().is_ok(), "{good}");
        }
        for (bad, why) in [
            ("id.example/jwks", "not a URL"),
            ("file:///etc/keys", "https://"),
            ("http://id.example/jwks", "not encrypted"),
            ("http://127.0.0.1.example/", "not encrypted"),
            ("https://ann:secret@id.example/", "password"),
        ] {
            let refused = bad.parse::<JwksUrl>().expect_err(bad);
            assert!(refused.contains(why), "{bad}: {refused}");
        }
    }
}
