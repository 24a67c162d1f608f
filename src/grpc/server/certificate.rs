//! What a certificate must be before a server uses it: in its time, and with a key that is strong enough.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rsa::PublicKey as RsaPublicKey;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// Minimum size of an RSA key, in bits.
const RSA_BITS: usize = 2_048;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// P-256, P-384 and P-521.
const CURVES: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
    ObjectIdentifier::new_unwrap("1.3.132.0.34"),
    ObjectIdentifier::new_unwrap("1.3.132.0.35"),
];

/// Why a certificate cannot be used, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub problem: String,
    pub fix: &'static str,
}

/// Everything that is wrong with a certificate at this moment.
pub fn flaws(der: &[u8], now: SystemTime) -> Vec<Flaw> {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate.tbs_certificate,
        Err(error) => {
            return vec![Flaw { problem: format!("not a certificate: {error}"), fix: "issue it again" }];
        }
    };
    let (validity, subject) = (&certificate.validity, certificate.subject.to_string());
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut flaws = Vec::new();
    if now > validity.not_after.to_unix_duration() {
        let problem = format!("the certificate of {subject} expired at {}", validity.not_after);
        flaws.push(Flaw { problem, fix: "renew it" });
    }
    if now < validity.not_before.to_unix_duration() {
        let problem = format!("the certificate of {subject} is not valid before {}", validity.not_before);
        flaws.push(Flaw { problem, fix: "check this machine's clock, or use a certificate that is valid already" });
    }
    if let Some(weakness) = weakness(&certificate.subject_public_key_info) {
        let problem = format!("the certificate of {subject} has {weakness}");
        let fix = "issue it for an RSA key of at least 2,048 bits, or a key on P-256, P-384, P-521 or Ed25519";
        flaws.push(Flaw { problem, fix });
    }
    flaws
}

fn weakness(key: &SubjectPublicKeyInfoOwned) -> Option<String> {
    let bytes = key.subject_public_key.raw_bytes();
    match key.algorithm.oid {
        ED25519 => None,
        RSA => match rsa_bits(bytes) {
            Some(bits) if bits >= RSA_BITS => None,
            Some(bits) => Some(format!("an RSA key of {bits} bits")),
            None => Some("an RSA key that is damaged".to_owned()),
        },
        EC => {
            let curve = key.algorithm.parameters.as_ref().map(|curve| curve.decode_as::<ObjectIdentifier>());
            let known = curve.is_some_and(|curve| curve.is_ok_and(|curve| CURVES.contains(&curve)));
            (!known).then(|| "a key on a curve that is not supported".to_owned())
        }
        other => Some(format!("a key of a kind that is not supported ({other})")),
    }
}

fn rsa_bits(der: &[u8]) -> Option<usize> {
    let key = RsaPublicKey::from_der(der).ok()?;
    Some(RsaPublicKeyComponents::<Vec<u8>>::from(&key).n.len() * 8)
}
