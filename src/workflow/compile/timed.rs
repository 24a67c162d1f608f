//! Compilation of timers and schedules.

use jiff::tz::TimeZone;

use super::super::cel::ast::{Expr, ExprKind, Function};
use super::super::cel::{self, Scope};
use super::super::cron::read_cron;
use super::super::diagnostic::{Problem, Severity, suggest};
use super::super::filter::Filter;
use super::super::grammar::RawTrigger;
use super::super::place::Place;
use super::super::schedule::Schedule;
use super::super::schema::{Root, TICKET as TICKET_FIELDS, Type};
use super::super::timer::{Parts, Timer, read_after};
use super::super::trigger::Slip;
use super::super::yaml::Node;
use crate::model::sla::zone::Zone;

/// A timer follows from the ticket's row alone.
static TICKET: Scope = Scope { roots: &[Root::Ticket], changed: false, calendars: false, due: false };

const SINCE: &str = "a time of the ticket: ticket.created_at, ticket.resolved_at, timestamp(ticket.custom.renewal)";

/// A trigger's keys while they are compiled.
pub struct At<'n, 'p, 'a> {
    pub node: &'n Node,
    pub place: &'p mut Place<'a>,
}

impl At<'_, '_, '_> {
    fn key(&self, key: &str) -> &Node {
        self.node.get(key).unwrap_or(self.node)
    }

    pub fn missing<T>(&mut self, key: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            let message = format!("the key `{key}` is missing");
            self.place.error_here(self.node.line, self.node.column, "grammar", message, "add the key".into());
        }
        value
    }

    pub fn note<T>(&mut self, key: &str, read: Result<T, Slip>) -> Option<T> {
        let (line, column) = (self.key(key).line, self.key(key).column);
        read.map_err(|slip| self.place.error_here(line, column, "unknown-word", slip.message, slip.hint)).ok()
    }

    fn checked<T>(&mut self, node: &Node, checked: Result<T, Vec<Problem>>) -> Option<T> {
        checked.map_err(|problems| self.place.problems(node, problems)).ok()
    }

    pub fn timer(&mut self, rule: &str, raw: RawTrigger) -> Option<Timer> {
        let RawTrigger { after, since, calendar, while_holds, catch_up, .. } = raw;
        let after = self.missing("after", after).and_then(|after| self.note("after", read_after(&after.0)));
        let since = self.missing("since", since);
        let expr = since.as_ref().and_then(|source| self.since(source));
        let holds = self.while_holds(&while_holds.0);
        let calendar = calendar.as_deref();
        if calendar.is_some_and(|name| name.trim().is_empty()) {
            let slip = Slip { message: "no calendar is named".into(), hint: "its name, or its id".into() };
            self.note::<()>("calendar", Err(slip));
        }
        if let Some(name) = calendar {
            let node = self.key("calendar").clone();
            self.place.names_calendar(name, &node);
        }
        let since = (since.as_deref()?, expr?);
        let while_holds = (while_holds.0.as_slice(), holds?);
        Some(Timer::new(Parts { rule, after: after?, since, calendar, while_holds, catch_up }))
    }

    fn since(&mut self, source: &str) -> Option<Expr> {
        let node = self.key("since").clone();
        let expr = self.checked(&node, cel::compile(source, &TICKET).map_err(|found| only_times(source, found)))?;
        if is_time_of_ticket(&expr) {
            return Some(expr);
        }
        let message = format!("`{source}` is no time of the ticket");
        let problem = Problem { severity: Severity::Error, code: "type", at: 0, message, hint: SINCE.into() };
        self.place.problems(&node, vec![problem]);
        None
    }

    fn while_holds(&mut self, sources: &[String]) -> Option<Vec<Expr>> {
        let list = self.key("while").clone();
        let mut all = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let node = list.items().get(index).unwrap_or(&list);
            all.extend(self.checked(node, cel::condition(source, &TICKET)));
        }
        (all.len() == sources.len()).then_some(all)
    }

    pub fn schedule(&mut self, rule: &str, raw: RawTrigger) -> Option<Schedule> {
        let RawTrigger { schedule, timezone, tickets, .. } = raw;
        let pattern = self.missing("schedule", schedule);
        let cron = pattern.as_ref().and_then(|pattern| self.note("schedule", read_cron(pattern)));
        let zone = match &timezone {
            None => Some(TimeZone::UTC),
            Some(name) => {
                let zone = Zone::named(name).map(|zone| zone.time_zone().clone());
                self.note("timezone", zone.map_err(of_zone))
            }
        };
        let node = self.key("for").clone();
        let tickets = match &tickets {
            None => Some(None),
            Some(source) => self.checked(&node, Filter::compile(source, Root::Ticket)).map(Some),
        };
        Some(Schedule::new(rule, (pattern.as_deref()?, cron?), (timezone.as_deref(), zone?), tickets?))
    }
}

/// Of a field that is not there, the hint names those that a timer can count from.
fn only_times(source: &str, found: Vec<Problem>) -> Vec<Problem> {
    let times = || TICKET_FIELDS.fields.iter().filter(|field| field.ty == Type::Time && field.name != "deleted_at");
    let name = source.trim().strip_prefix("ticket.").unwrap_or(source);
    let hint = suggest(name, times().map(|field| field.name));
    let told = |it: Problem| if it.code == "unknown-field" { Problem { hint: hint.clone(), ..it } } else { it };
    found.into_iter().map(told).collect()
}

/// `there is no time zone "x": advice`.
fn of_zone(why: String) -> Slip {
    let (message, hint) = why.split_once(": ").unwrap_or((&why, ""));
    Slip { message: message.to_owned(), hint: hint.to_owned() }
}

/// A field of it, or a time that callers keep in `custom`: what counts from anything else could fire without end.
fn is_time_of_ticket(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Field(_) => expr.ty == Type::Time,
        ExprKind::Call(Function::Timestamp, of) => matches!(of.as_slice(), [Expr { kind: ExprKind::Field(_), .. }]),
        _ => false,
    }
}
