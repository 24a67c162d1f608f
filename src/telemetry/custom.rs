//! Metrics that rules record: a histogram for each name, and so many series of them and no more.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};

/// Names of a server. What rules record under further ones is dropped.
const NAMES: usize = 200;
/// Series of a server, and of those so many as one tenant may be the first to need. What would need another one is recorded
/// without its labels.
const SERIES: usize = 5_000;
const OF_TENANT: usize = 500;
/// What OpenTelemetry calls a series that stands for those there are too many of.
const OVERFLOW: &str = "otel.metric.overflow";

/// Histogram bounds: of seconds they are a second to a month; counts and minutes find some, too.
const BOUNDS: [f64; 15] = [
    0.1,
    1.0,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    900.0,
    3_600.0,
    14_400.0,
    28_800.0,
    86_400.0,
    259_200.0,
    604_800.0,
    2_592_000.0,
];

pub struct CustomMetrics {
    meter: Meter,
    known: Mutex<Known>,
}

type Labels = Vec<(String, String)>;

#[derive(Default)]
struct Known {
    named: HashMap<String, Named>,
    series: usize,
    /// Those that each tenant was the first to need.
    by_tenant: HashMap<String, usize>,
    is_full: bool,
}

struct Named {
    histogram: Histogram<f64>,
    series: HashSet<Labels>,
}

impl CustomMetrics {
    pub fn new(meter: Meter) -> CustomMetrics {
        CustomMetrics { meter, known: Mutex::default() }
    }

    pub fn record(&self, tenant: &str, name: &str, value: f64, labels: Labels) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.named.len() >= NAMES && !known.named.contains_key(name) {
            return known.tell(tenant, name);
        }
        let instrument = || self.meter.f64_histogram(format!("custom.{name}"));
        let make = || Named {
            histogram: instrument().with_description("Recorded by rules.").with_boundaries(BOUNDS.to_vec()).build(),
            series: HashSet::new(),
        };
        let Known { named, series, by_tenant, .. } = &mut *known;
        let known_name = named.entry(name.to_owned()).or_insert_with(make);
        let histogram = known_name.histogram.clone();
        let of_tenant = by_tenant.get(tenant).copied().unwrap_or_default();
        let fits = known_name.series.contains(&labels) || (*series < SERIES && of_tenant < OF_TENANT);
        if !fits {
            known.tell(tenant, name);
            drop(known);
            return histogram.record(value, &[KeyValue::new(OVERFLOW, true)]);
        }
        let attributes: Vec<KeyValue> =
            labels.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone())).collect();
        if known_name.series.insert(labels) {
            *series += 1;
            *by_tenant.entry(tenant.to_owned()).or_default() += 1;
        }
        drop(known);
        histogram.record(value, &attributes);
    }
}

impl Known {
    /// Says so once.
    fn tell(&mut self, tenant: &str, name: &str) {
        if !std::mem::replace(&mut self.is_full, true) {
            tracing::warn!(
                tenant,
                metric = name,
                "Rules record more than {NAMES} metrics or {SERIES} series, or more than {OF_TENANT} series for one tenant: \
                 what is beyond is recorded without labels, or not at all"
            );
        }
    }
}
