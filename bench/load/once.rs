//! What is measured once in a run, after the rounds.

use serde_json::{Value, json};

use crate::Outcome;
use crate::fanout::{self, CatchUp, Fanout};
use crate::noisy::{Noisy, noisy};
use crate::promises::{self, Due, Edit};
use crate::rules::{self, Late, Ruled, Tools};
use crate::stage::Stage;
use crate::stream::{self, Memory, Reach};

/// `None`: not wanted.
pub struct Once {
    pub reach: Option<Reach>,
    pub fanout: Option<Fanout>,
    pub catch_up: Option<CatchUp>,
    pub due: Option<Due>,
    pub edit: Option<Edit>,
    pub late: Option<Late>,
    pub tools: Option<Tools>,
    pub noisy: Option<Noisy>,
    pub memory: Option<Memory>,
}

impl Once {
    pub async fn measure(stage: &Stage<'_>, ruled: Option<&Ruled>) -> Outcome<Once> {
        let wants = |name| stage.settings.wants(name);
        Ok(Once {
            reach: if wants("stream.reach") { Some(stream::reach(stage).await?) } else { None },
            fanout: if wants("stream.fanout") { Some(fanout::fanout(stage).await?) } else { None },
            catch_up: if wants("stream.catchup") { Some(fanout::catch_up(stage).await?) } else { None },
            due: if wants("sla.due") { Some(promises::due(stage).await?) } else { None },
            edit: if wants("sla.due") { Some(promises::edit(stage).await?) } else { None },
            // The commands read what the timers wrote.
            late: if let Some(ruled) = ruled { Some(rules::late(stage, ruled).await?) } else { None },
            tools: if let Some(ruled) = ruled { Some(rules::tools(stage, ruled).await?) } else { None },
            noisy: if wants("noisy") { Some(noisy(stage).await?) } else { None },
            // Last: of the server that has run everything else.
            memory: if wants("memory") { Some(crate::weigh(stage).await?) } else { None },
        })
    }

    /// A sentence about each.
    pub fn print(&self) {
        let Once { reach, fanout, catch_up, due, edit, late, tools, noisy, memory } = self;
        if let Some(Reach { sent_p50, sent_p99, answered_p50, answered_p99, probes }) = reach {
            println!(
                "\ncommit to subscriber, {probes} tickets: before the call to the frame p50 {sent_p50:.2} p99 \
                 {sent_p99:.2} ms; answer to frame p50 {answered_p50:.2} p99 {answered_p99:.2} ms"
            );
        }
        if let Some(Fanout { subscribers, rate, p50, p99, max, cpu, kib }) = fanout {
            println!(
                "{subscribers} subscribers of one tenant, {rate:.0} events/s: p50 {p50:.1} p99 {p99:.1} max {max:.1} ms, server \
                 {cpu:.2} us an event and subscriber, {kib:.1} KiB a subscriber"
            );
        }
        if let Some(CatchUp { activities, rate, server, postgres }) = catch_up {
            println!(
                "catch-up of {activities} activities: {rate:.0}/s, server {server:.2} us, PostgreSQL {postgres:.2} us each"
            );
        }
        if let Some(Due { clocks, within, p50, p99, max, load }) = due {
            println!(
                "{clocks} clocks due within {within:.1} s, {load:.0} creates/s beside them: late p50 {p50:.0} p99 {p99:.0} max {max:.0} ms"
            );
        }
        if let Some(Edit { clocks, seconds, idle_p99, p99 }) = edit {
            println!(
                "an edit of the policy of {clocks} open tickets: {seconds:.1} s; CreateTicket p99 {p99:.1} ms meanwhile, {idle_p99:.1} before"
            );
        }
        if let Some(Late { timers, within, p50, p99, max }) = late {
            println!("{timers} timers due within {within:.1} s: late p50 {p50:.0} p99 {p99:.0} max {max:.0} ms");
        }
        if let Some(Tools { check, test, backtest, activities, growth }) = tools {
            println!(
                "check of 1,000 files {check:.2} s, test of 1,000 cases {test:.2} s; backtest of 100 rules over {activities} \
                 activities {backtest:.1} s, the server grew by {growth:.0} MiB"
            );
        }
        if let Some(Noisy { calls, writes, alone, beside, noise, refused, .. }) = noisy {
            println!(
                "ten tenants at {calls} calls/s, {writes} of them writes: p99 of reads {:.1}, of writes {:.1} ms; beside one at ten \
                 times, {refused} of whose {noise} calls were refused: {:.1} and {:.1} ms",
                alone.reads, alone.writes, beside.reads, beside.writes
            );
        }
        if let Some(Memory { before, streams, loaded }) = memory {
            println!("resident memory: {before:.0} MiB, with idle streams {streams:.0}, and load {loaded:.0}");
        }
    }

    /// Figures by name.
    pub fn json(&self) -> [(&'static str, Value); 9] {
        let Once { reach, fanout, catch_up, due, edit, late, tools, noisy, memory } = self;
        [
            ("stream", json!(reach.as_ref().map(Reach::json))),
            ("fanout", json!(fanout.as_ref().map(Fanout::json))),
            ("catch_up", json!(catch_up.as_ref().map(CatchUp::json))),
            ("due", json!(due.as_ref().map(Due::json))),
            ("edit", json!(edit.as_ref().map(Edit::json))),
            ("timers", json!(late.as_ref().map(Late::json))),
            ("rule_tools", json!(tools.as_ref().map(Tools::json))),
            ("noisy", json!(noisy.as_ref().map(Noisy::json))),
            ("memory", json!(memory.as_ref().map(Memory::json))),
        ]
    }
}
