//! Connection to an OTLP collector, for traces and metrics.

use opentelemetry_otlp::WithTonicConfig;
use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;

/// Enables TLS for an `https://` endpoint. The collector's certificate must be signed by a CA of the system, or of the file in
/// `SSL_CERT_FILE`.
pub fn encrypted<E: WithTonicConfig>(exporter: E, endpoint: &str) -> E {
    match endpoint.starts_with("https://") {
        true => exporter.with_tls_config(ClientTlsConfig::new().with_native_roots()),
        false => exporter,
    }
}
