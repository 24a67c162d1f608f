//! The way to a collector, which traces and metrics share.

use opentelemetry_otlp::WithTonicConfig;
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;

/// An exporter that speaks TLS where the endpoint begins with `https://`, to collectors that an authority of the system
/// vouches for, or one of the file that `SSL_CERT_FILE` names.
pub fn encrypted<E: WithTonicConfig>(exporter: E, endpoint: &str) -> E {
    match endpoint.starts_with("https://") {
        true => exporter.with_tls_config(ClientTlsConfig::new().with_native_roots()),
        false => exporter,
    }
}
