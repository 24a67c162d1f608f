//! Spans of a batch: one per traced command, below its call, with the rules that ran; and one for the whole batch, which serves
//! many calls and so is in a trace of its own, linked to each of them.

use std::time::{Instant as Clock, SystemTime};

use opentelemetry::KeyValue;

use super::batch::{Done, Traced};
use super::group::{Entry, Group};
use crate::telemetry::{FinishedSpan, Trace, on_the_wall};

/// Called only if a command of the batch is traced.
pub fn record(lane: usize, groups: &[Group], done: &Done) {
    let ended = Clock::now();
    let committing = on_the_wall(ended - done.commit);
    let (began, ended) = (on_the_wall(done.began), on_the_wall(ended));
    let commands: usize = groups.iter().map(|group| group.entries.len()).sum();
    let about = [
        KeyValue::new("docket.lane", lane as i64),
        KeyValue::new("docket.batch.commands", commands as i64),
        KeyValue::new("docket.batch.tenants", groups.len() as i64),
    ];
    let traced: Vec<(&Traced, &Entry, &Trace)> = done
        .traced
        .iter()
        .filter_map(|traced| {
            let entry = groups.get(traced.group)?.entries.get(traced.place)?;
            Some((traced, entry, entry.trace.as_ref()?))
        })
        .collect();
    let Some((_, _, first)) = traced.first() else { return };
    let links = traced.iter().map(|(_, _, call)| (*call).clone()).collect();
    let whole = first.apart(FinishedSpan { name: "docket.batch", began, ended, attributes: about.to_vec(), links });
    for (traced, entry, call) in traced {
        let mut attributes = about.to_vec();
        attributes.push(KeyValue::new("docket.command", entry.command.verb.name()));
        let waited = done.began.saturating_duration_since(entry.queued_at);
        attributes.push(KeyValue::new("docket.queued_ms", waited.as_secs_f64() * 1e3));
        let batch = call.child(FinishedSpan { name: "batch", began, ended, attributes, links: vec![whole.clone()] });
        rules(traced, done, &batch);
        commit(committing, ended, &batch);
    }
}

fn rules(traced: &Traced, done: &Done, batch: &Trace) {
    let (began, ended) = (on_the_wall(traced.began), on_the_wall(traced.ended));
    for (rule, verdict) in &traced.runs {
        let Some(rule) = done.rules.rules().get(*rule) else { continue };
        let attributes =
            vec![KeyValue::new("docket.workflow", rule.name.clone()), KeyValue::new("docket.verdict", verdict.word())];
        batch.child(FinishedSpan { name: "rule", began, ended, attributes, links: Vec::new() });
    }
}

fn commit(began: SystemTime, ended: SystemTime, batch: &Trace) {
    let attributes = vec![KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.operation.name", "COMMIT")];
    batch.child(FinishedSpan { name: "commit", began, ended, attributes, links: Vec::new() });
}
