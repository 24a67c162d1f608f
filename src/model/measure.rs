//! Numbers that rules record in metrics.

/// One number, for the metric of a rule's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The rule.
    pub workflow: String,
    /// Of the activity that it answered.
    pub position: i64,
    pub name: String,
    pub value: f64,
    /// By name.
    pub labels: Vec<(String, String)>,
}

/// A small letter, then small letters, digits and `_`; 63 at most.
pub fn is_metric(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The same, and not what Prometheus calls the bounds of a histogram.
pub fn is_label(name: &str) -> bool {
    name != "le" && is_metric(name)
}
