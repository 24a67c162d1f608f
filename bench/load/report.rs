//! Report of a run: printed tables, and JSON.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::Outcome;
use crate::goals::{Goal, Line};
use crate::leg::{Leg, median};
use crate::once::Once;
use crate::plan::Round;
use crate::settings::Settings;

pub struct Report<'a> {
    pub settings: &'a Settings,
    pub facts: BTreeMap<String, String>,
    pub rounds: &'a [Round],
    pub once: Once,
    pub row_bytes: Option<BTreeMap<String, f64>>,
    pub lines: Vec<Line>,
}

/// Median of a leg's figure over the rounds.
fn middle(rounds: &[Round], name: &str, figure: fn(&Leg) -> f64) -> f64 {
    median(rounds.iter().filter_map(|round| round.get(name)).map(figure).collect())
}

/// Name in the JSON, and accessor.
type Figure = (&'static str, fn(&Leg) -> f64);

const FIGURES: [Figure; 7] = [
    ("per_second", Leg::rate),
    ("p50_ms", |leg| leg.p50),
    ("p99_ms", |leg| leg.p99),
    ("max_ms", |leg| leg.max),
    ("postgres_us", |leg| leg.each(leg.spent.postgres)),
    ("server_us", |leg| leg.each(leg.spent.server)),
    ("client_us", |leg| leg.each(leg.spent.client)),
];

impl Report<'_> {
    pub fn print(&self) {
        let Report { settings, facts, rounds, once, row_bytes, lines } = self;
        println!("\nMedians of {} rounds of {:.1} s. CPU in us per call.", rounds.len(), settings.length.as_secs_f64());
        println!("| {:<26} |      /s |  p50 ms |  p99 ms |  max ms | PG us | own us | client us |", "");
        println!("|{:-<28}|--------:|--------:|--------:|--------:|------:|-------:|----------:|", "");
        for name in self.names() {
            let [rate, p50, p99, max, postgres, own, client] = FIGURES.map(|(_, figure)| middle(rounds, name, figure));
            println!(
                "| {name:<26} | {rate:>7.0} | {p50:>7.2} | {p99:>7.2} | {max:>7.1} | {postgres:>5.0} | {own:>6.0} | \
                 {client:>9.0} |"
            );
        }
        once.print();
        if let Some(bytes) = row_bytes {
            let words: Vec<String> = bytes.iter().map(|(row, size)| format!("{row} {size:.0}")).collect();
            println!("bytes of a new ticket's rows: {}", words.join(", "));
        }
        let words: Vec<String> = facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        println!("PostgreSQL: {}", words.join(", "));

        println!("\nMedians of the ratios within each round.");
        println!("| {:<66} |       goal |   measured |         |", "");
        println!("|{:-<68}|-----------:|-----------:|---------|", "");
        for line in lines {
            let (sign, goal) = match line.goal {
                Goal::AtLeast(goal) => (">=", goal),
                Goal::AtMost(goal) => ("<=", goal),
            };
            let goal = format!("{sign} {goal} {}", line.unit);
            let measured = match line.measured.is_nan() {
                true => "-".to_string(),
                false => format!("{:.2} {}", line.measured, line.unit),
            };
            println!("| {:<66} | {goal:>10} | {measured:>10} | {:<7} |", line.what, line.verdict());
        }
        if settings.quick {
            println!("\nThis was a smoke test: too short for meaningful figures.");
        }
    }

    /// Names of all legs, in a fixed order.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.rounds.iter().flat_map(|round| round.keys()).map(String::as_str).collect();
        let in_flight = |name: &str| name.rsplit('.').next().and_then(|n| n.parse::<u32>().ok());
        names.sort_by_key(|name| (name.rsplit_once('.').map(|(leg, _)| leg.to_string()), in_flight(name)));
        names.dedup();
        names
    }

    pub fn write(&self) -> Outcome<()> {
        let legs: BTreeMap<&str, Value> = self.names().into_iter().map(|name| (name, self.leg(name))).collect();
        let Settings { length, warm, tenants, tickets, short_list, long_list, quick, .. } = self.settings;
        let mut report = json!({
            "settings": {"seconds": length.as_secs_f64(), "warm_seconds": warm.as_secs_f64(), "rounds": self.rounds.len(),
                         "tenants": tenants, "tickets_per_tenant": tickets, "short_list": short_list,
                         "long_list": long_list, "quick": quick},
            "processors": std::thread::available_parallelism()?.get(),
            "postgres": self.facts,
            "table": self.lines.iter().map(Line::json).collect::<Vec<_>>(),
            "legs": legs,
            "row_bytes": self.row_bytes,
        });
        for (name, figures) in self.once.json() {
            report[name] = figures;
        }
        let text = serde_json::to_string_pretty(&report)?;
        let path = &self.settings.json;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text + "\n")?;
        println!("\n{}", path.display());
        Ok(())
    }

    /// Figures of a leg: median, and value in each round.
    fn leg(&self, name: &str) -> Value {
        let figures = FIGURES.map(|(figure, of)| {
            let each: Vec<f64> = self.rounds.iter().filter_map(|round| round.get(name)).map(of).collect();
            (figure.to_string(), json!({"median": median(each.clone()), "rounds": each}))
        });
        Value::Object(figures.into_iter().collect())
    }
}
