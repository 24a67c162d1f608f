//! Goals of the benchmark: for each line of the table, its goal and its result in this run.

use serde_json::{Value, json};

use crate::fanout::{CatchUp, Fanout};
use crate::leg::{Leg, median};
use crate::lists::TYPICAL;
use crate::noisy::Noisy;
use crate::once::Once;
use crate::plan::{NAIVE_CLIENTS, Round};
use crate::promises::{Due, Edit};
use crate::rules::{Late, MATCHING, Tools};

pub struct Line {
    pub what: &'static str,
    pub goal: Goal,
    /// NaN if it was not run.
    pub measured: f64,
    pub unit: &'static str,
}

#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Line {
    /// `None` if it was not run.
    pub fn reached(&self) -> Option<bool> {
        (!self.measured.is_nan()).then_some(match self.goal {
            Goal::AtLeast(goal) => self.measured >= goal,
            Goal::AtMost(goal) => self.measured <= goal,
        })
    }

    pub fn verdict(&self) -> &'static str {
        match self.reached() {
            Some(true) => "ok",
            Some(false) => "miss",
            None => "not run",
        }
    }

    pub fn json(&self) -> Value {
        let (bound, goal) = match self.goal {
            Goal::AtLeast(goal) => ("at_least", goal),
            Goal::AtMost(goal) => ("at_most", goal),
        };
        json!({"what": self.what, bound: goal, "measured": self.measured, "unit": self.unit, "verdict": self.verdict()})
    }
}

/// Median over the rounds of a figure per round, such as a ratio; rounds without it are skipped.
fn over<F: Fn(&Round) -> Option<f64>>(rounds: &[Round], figure: F) -> f64 {
    median(rounds.iter().filter_map(figure).collect())
}

/// Ratio of the same figure of two legs.
fn ratio(rounds: &[Round], of: &str, against: &str, figure: fn(&Leg) -> f64) -> f64 {
    over(rounds, |round| Some(figure(round.get(of)?) / figure(round.get(against)?)))
}

/// Ratio of a rate to pgbench's best rate at any number of clients.
fn to_best(rounds: &[Round], of: &str, work: &str) -> f64 {
    over(rounds, |round| {
        let rates: Option<Vec<f64>> =
            NAIVE_CLIENTS.iter().map(|clients| Some(round.get(&format!("{work}.pgbench.{clients}"))?.rate())).collect();
        Some(round.get(of)?.rate() / rates?.into_iter().reduce(f64::max)?)
    })
}

fn postgres(leg: &Leg) -> f64 {
    leg.each(leg.spent.postgres)
}

/// The whole table.
pub fn lines(rounds: &[Round], once: &Once) -> Vec<Line> {
    let Once { reach, fanout, catch_up, due, edit, late, tools, noisy, memory } = once;
    let mut lines = creates(rounds);
    lines.extend(others(rounds));
    lines.extend(projected(rounds));
    lines.extend(lists(rounds));
    let at_most = |what, goal, measured, unit| Line { what, goal: Goal::AtMost(goal), measured, unit };
    let reach = reach.as_ref().map_or(f64::NAN, |reach| reach.sent_p99);
    let memory = memory.as_ref().map_or(f64::NAN, |memory| memory.loaded);
    lines.extend([
        at_most("commit to subscriber, idle, p99 (measured from before the call)", 10.0, reach, "ms"),
        at_most("resident memory, 64 in flight, 1,000 idle streams", 150.0, memory, "MiB"),
    ]);
    lines.extend(streams(fanout.as_ref(), catch_up.as_ref()));
    lines.extend(clocks(due.as_ref(), edit.as_ref()));
    lines.extend(rules(rounds, late.as_ref(), tools.as_ref()));
    lines.extend(noise(noisy.as_ref()));
    lines
}

fn streams(fanout: Option<&Fanout>, catch_up: Option<&CatchUp>) -> Vec<Line> {
    let of = |figure: fn(&Fanout) -> f64| fanout.map_or(f64::NAN, figure);
    let at_least = |what, goal, measured, unit| Line { what, goal: Goal::AtLeast(goal), measured, unit };
    let at_most = |what, goal, measured, unit| Line { what, goal: Goal::AtMost(goal), measured, unit };
    vec![
        at_least("1,000 subscribers of one tenant: events a second, all to all", 990.0, of(|it| it.rate), "/s"),
        at_most("the same: commit to subscriber, p99", 100.0, of(|it| it.p99), "ms"),
        at_most("the same: server's CPU per event and subscriber", 5.0, of(|it| it.cpu), "us"),
        at_most("the same: resident memory per subscriber", 64.0, of(|it| it.kib), "KiB"),
        at_least("catch-up of one reader, BASIC", 100_000.0, catch_up.map_or(f64::NAN, |it| it.rate), "/s"),
    ]
}

fn clocks(due: Option<&Due>, edit: Option<&Edit>) -> Vec<Line> {
    let at_most = |what, goal, measured, unit| Line { what, goal: Goal::AtMost(goal), measured, unit };
    let of = |figure: fn(&Edit) -> f64| edit.map_or(f64::NAN, figure);
    vec![
        at_most(
            "100,000 clocks due within a minute, half the write load: late by, p99",
            2.0,
            due.map_or(f64::NAN, |it| it.p99 / 1000.0),
            "s",
        ),
        at_most("an edit of the policy of 100,000 open tickets: all have followed", 60.0, of(|it| it.seconds), "s"),
        at_most("the same: CreateTicket's p99 there meanwhile / before", 3.0, of(|it| it.p99 / it.idle_p99), "x"),
    ]
}

fn noise(noisy: Option<&Noisy>) -> Vec<Line> {
    let at_most = |what, measured| Line { what, goal: Goal::AtMost(2.0), measured, unit: "x" };
    let of = |figure: fn(&Noisy) -> f64| noisy.map_or(f64::NAN, figure);
    vec![
        at_most("ten tenants at quota: reads' p99 beside one at ten times / without", of(|it| it.reads_ratio)),
        at_most("the same: writes' p99", of(|it| it.writes_ratio)),
    ]
}

/// Rules in numbers, beside none; effects beside graphile-worker; timers, and commands on folders.
fn rules(rounds: &[Round], late: Option<&Late>, tools: Option<&Tools>) -> Vec<Line> {
    let rate =
        |of: &str, against: &str| ratio(rounds, &format!("rules.{of}.64"), &format!("rules.{against}.64"), Leg::rate);
    let each = |load: &str| rate(&format!("{load}.none"), &format!("{load}.tags")) / (1 + MATCHING) as f64;
    let at_least = |what, goal, measured| Line { what, goal: Goal::AtLeast(goal), measured, unit: "x" };
    let at_most = |what, goal, measured, unit| Line { what, goal: Goal::AtMost(goal), measured, unit };
    let of = |figure: fn(&Tools) -> f64| tools.map_or(f64::NAN, figure);
    vec![
        at_least(
            "1,000 rules, 10 of 50 asked match: CreateTicket, 1,000 tenants / none",
            0.9,
            rate("spread.quiet", "spread.none"),
        ),
        at_least("the same, one hot tenant", 0.9, rate("hot.quiet", "hot.none")),
        at_most("10 rules add a tag each: an activity, 1,000 tenants / a ticket without", 0.5, each("spread"), "x"),
        at_most("the same, one hot tenant", 0.5, each("hot"), "x"),
        at_least(
            "1,000 rules, none of which names the event: UpdateTicket / none",
            0.95,
            rate("update.quiet", "update.none"),
        ),
        at_least(
            "one effect for each ticket, 1,000 tenants / graphile-worker",
            10.0,
            rate("spread.one", "spread.graphile"),
        ),
        at_least("the same, one hot tenant", 10.0, rate("hot.one", "hot.graphile")),
        at_most(
            "100,000 timers due within a minute: late by, p99",
            2.0,
            late.map_or(f64::NAN, |it| it.p99 / 1000.0),
            "s",
        ),
        at_most("docket workflow check, 1,000 files", 2.0, of(|it| it.check), "s"),
        at_most("docket workflow test, 1,000 cases", 2.0, of(|it| it.test), "s"),
        at_most("docket workflow backtest, 100 rules, for 100,000 activities", 20.0, of(Tools::backtest_each), "s"),
        at_most("the same: growth of the server's memory", 32.0, of(|it| it.growth), "MiB"),
    ]
}

const SPREAD: &str = "create.spread.docket.64";
const HOT: &str = "create.hot.docket.64";
const NAIVE_SPREAD: &str = "create.spread.pgbench.64";
const NAIVE_HOT: &str = "create.hot.pgbench.64";

fn creates(rounds: &[Round]) -> Vec<Line> {
    let rate = |of, against| ratio(rounds, of, against, Leg::rate);
    let best = |of, work| to_best(rounds, of, work);
    let p99 = |of, against| ratio(rounds, of, against, |leg| leg.p99);
    let cpu = |of, against| ratio(rounds, of, against, postgres);
    let single = |of, against| ratio(rounds, of, against, |leg| leg.p50);
    let many = "create.spread.docket.256";
    let hot_many = "create.hot.docket.256";
    let at_least = |what, goal, measured| Line { what, goal: Goal::AtLeast(goal), measured, unit: "x" };
    let at_most = |what, goal, measured| Line { what, goal: Goal::AtMost(goal), measured, unit: "x" };
    vec![
        at_least("CreateTicket, 64 in flight, 1,000 tenants / pgbench at 64", 2.5, rate(SPREAD, NAIVE_SPREAD)),
        at_least("the same / pgbench at its best", 1.5, best(SPREAD, "create.spread")),
        at_least("CreateTicket, 64 in flight, one hot tenant / pgbench at 64", 12.0, rate(HOT, NAIVE_HOT)),
        at_least("the same / pgbench at its best", 6.0, best(HOT, "create.hot")),
        at_least("CreateTicket, 256 in flight, one hot tenant / pgbench at 64", 14.0, rate(hot_many, NAIVE_HOT)),
        at_least("CreateTicket, 256 in flight, 1,000 tenants / pgbench at 64", 3.5, rate(many, NAIVE_SPREAD)),
        at_least("CreateTicket with a policy, 1,000 tenants / without", 0.9, rate("promised.spread.docket.64", SPREAD)),
        at_least("CreateTicket with a policy, one hot tenant / without", 0.9, rate("promised.hot.docket.64", HOT)),
        at_most("p99 at 64, 1,000 tenants / pgbench's at 64", 0.4, p99(SPREAD, NAIVE_SPREAD)),
        at_most("p99 at 64, one hot tenant / pgbench's at 64", 0.4, p99(HOT, NAIVE_HOT)),
        at_most("PostgreSQL's CPU per ticket, 1,000 tenants / naive", 0.3, cpu(SPREAD, NAIVE_SPREAD)),
        at_most("PostgreSQL's CPU per ticket, one hot tenant / naive", 0.3, cpu(HOT, NAIVE_HOT)),
        at_most(
            "one caller, 1,000 tenants, p50 / pgbench's single client",
            2.0,
            single("create.spread.docket.1", "create.spread.pgbench.1"),
        ),
        at_most(
            "one caller, one hot tenant, p50 / pgbench's single client",
            2.0,
            single("create.hot.docket.1", "create.hot.pgbench.1"),
        ),
    ]
}

fn others(rounds: &[Round]) -> Vec<Line> {
    let rate = |of, against| ratio(rounds, of, against, Leg::rate);
    let at_least = |what, goal, measured| Line { what, goal: Goal::AtLeast(goal), measured, unit: "x" };
    let (short, long) = ("list.short.docket.64", "list.long.docket.64");
    // A stall in any round counts: the maximum, not the median.
    let stall = rounds.iter().filter_map(|round| Some(round.get("pair.two.docket.64")?.max)).reduce(f64::max);
    vec![
        at_least(
            "UpdateTicket, 64 in flight, 1,000 tenants / pgbench",
            2.0,
            rate("update.docket.64", "update.pgbench.64"),
        ),
        at_least("GetTicket, 64 in flight / pgbench's select at 64", 1.0, rate("get.docket.64", "get.pgbench.64")),
        at_least("ListTickets, newest 50 of a status, short list / pgbench", 0.5, rate(short, "list.short.pgbench.64")),
        at_least("ListTickets, newest 50 of a status, long list / pgbench", 0.5, rate(long, "list.long.pgbench.64")),
        Line {
            what: "ListTickets, long list: times slower than the short list",
            goal: Goal::AtMost(1.3),
            measured: rate(short, long),
            unit: "x",
        },
        at_least("two server processes / one", 0.75, rate("pair.two.docket.64", "pair.one.docket.64")),
        Line {
            what: "two server processes: the longest call of any round",
            goal: Goal::AtMost(250.0),
            measured: stall.unwrap_or(f64::NAN),
            unit: "ms",
        },
    ]
}

fn projected(rounds: &[Round]) -> Vec<Line> {
    let p99 = |leg: &str| over(rounds, |round| Some(round.get(leg)?.p99));
    let at_most = |what, goal, leg| Line { what, goal: Goal::AtMost(goal), measured: p99(leg), unit: "ms" };
    vec![
        at_most("SearchTickets, long list, a selective word, p99", 50.0, "search.word.docket.4"),
        at_most("SearchTickets, long list, a word of half of the tickets, p99", 50.0, "search.common.docket.4"),
        at_most("SearchTickets, long list, the beginning of that word, p99", 50.0, "search.prefix.docket.4"),
        at_most("GetTicketStats, long list, all, p99", 200.0, "stats.all.docket.4"),
        at_most("GetTicketStats, long list, by team, p99", 200.0, "stats.team.docket.4"),
    ]
}

/// Goals of typical lists.
fn lists(rounds: &[Round]) -> Vec<Line> {
    let lines = TYPICAL.iter().map(|list| {
        let leg = |size: &str, side: &str| format!("list.{}.{size}.{side}.64", list.name);
        let (short, long) = (leg("short", "docket"), leg("long", "docket"));
        let rate = |of: &str, against: &str| ratio(rounds, of, against, Leg::rate);
        let naive = rate(&long, &leg("long", "pgbench"));
        [
            Line { what: list.against, goal: Goal::AtLeast(0.6), measured: naive, unit: "x" },
            Line { what: list.flat, goal: Goal::AtMost(1.3), measured: rate(&short, &long), unit: "x" },
        ]
    });
    lines.flatten().collect()
}
