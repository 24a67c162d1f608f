//! Callers by the certificates of their connections: services that have no token.

use std::collections::HashMap;

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::identity::{Caller, CertifiedCaller};

/// The callers, by a name of their certificate: a URI, such as a SPIFFE id, or a DNS name. Names are compared as they stand.
#[derive(Debug, Clone, Default)]
pub struct ClientIdentities(HashMap<String, CertifiedCaller>);

impl ClientIdentities {
    pub fn new(callers: HashMap<String, CertifiedCaller>) -> ClientIdentities {
        ClientIdentities(callers)
    }

    /// The caller of a certificate whose issuer has been verified. `None`: none of its names is here, or two of them are
    /// different callers.
    pub(super) fn caller(&self, der: &[u8]) -> Option<Caller> {
        if self.0.is_empty() {
            return None;
        }
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let (_, SubjectAltName(names)) = certificate.get::<SubjectAltName>().ok()??;
        let named = names.iter().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => self.0.get(uri.as_str()),
            GeneralName::DnsName(name) => self.0.get(name.as_str()),
            _ => None,
        });
        let mut named = named.collect::<Vec<_>>();
        named.dedup();
        let [caller] = named[..] else { return None };
        Some(caller.until(certificate.validity.not_after.to_unix_duration().as_secs()))
    }
}
