//! The counters of the gateway, for Prometheus.

use std::{fmt::Write, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// The labels of a counted request.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    route: &'static str,
    outcome: &'static str,
    status: u16,
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    upstream: Histogram,
    in_flight: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("utdk_plaid_gateway");
        let requests = Family::<Labels, Counter>::default();
        registry.register(
            "requests",
            "Requests by route, outcome and HTTP status",
            requests.clone(),
        );
        // From 1 ms to 32 s.
        let upstream = Histogram::new(exponential_buckets(0.001, 2.0, 16));
        registry.register_with_unit(
            "upstream_duration",
            "Duration of calls to Plaid, retries included",
            Unit::Seconds,
            upstream.clone(),
        );
        let in_flight = Gauge::default();
        registry.register(
            "in_flight",
            "Calls in flight to Plaid, or waiting for a permit",
            in_flight.clone(),
        );
        Metrics {
            registry,
            requests,
            upstream,
            in_flight,
        }
    }

    pub(crate) fn count(&self, route: &'static str, outcome: &'static str, status: u16) {
        let labels = Labels {
            route,
            outcome,
            status,
        };
        self.requests.get_or_create(&labels).inc();
    }

    pub(crate) fn observe_upstream(&self, duration: Duration) {
        self.upstream.observe(duration.as_secs_f64());
    }

    /// Writes all metrics in the OpenMetrics text format.
    pub(crate) fn write(&self, in_flight: usize) -> String {
        self.in_flight
            .set(i64::try_from(in_flight).unwrap_or(i64::MAX));
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            let _ = text.write_str("# the metrics could not be written\n");
        }
        text
    }
}
