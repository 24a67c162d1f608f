//! Legs of a round: their names and their order.

use std::collections::BTreeMap;
use std::fmt;

use crate::leg::Leg;
use crate::lists::TYPICAL;
use crate::settings::Settings;

/// Legs of one round, by name.
pub type Round = BTreeMap<String, Leg>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// pgbench, one transaction per ticket.
    Naive,
    Docket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// CreateTicket over a thousand tenants.
    Spread,
    /// CreateTicket on one tenant.
    Hot,
    /// The same two, on tenants with a policy in business hours.
    SpreadPromised,
    HotPromised,
    Update,
    Get,
    /// ListTickets, on the tenant with the short or the long list.
    Short,
    Long,
    /// ListTickets with one of [`TYPICAL`], on the one or the other.
    Typical {
        list: usize,
        long: bool,
    },
    /// CreateTicket over a thousand tenants on one server process, and immediately afterwards on two.
    One,
    Two,
    /// SearchTickets in the long list: one of 512 words, a word in half of the tickets, a prefix of that word.
    SearchWord,
    SearchCommon,
    SearchPrefix,
    /// GetTicketStats of the long list, in total and by team.
    Stats,
    StatsByTeam,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub work: Work,
    pub side: Side,
    pub in_flight: usize,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Work::Spread => "create.spread",
            Work::Hot => "create.hot",
            Work::SpreadPromised => "promised.spread",
            Work::HotPromised => "promised.hot",
            Work::Update => "update",
            Work::Get => "get",
            Work::Short => "list.short",
            Work::Long => "list.long",
            Work::One => "pair.one",
            Work::Two => "pair.two",
            Work::SearchWord => "search.word",
            Work::SearchCommon => "search.common",
            Work::SearchPrefix => "search.prefix",
            Work::Stats => "stats.all",
            Work::StatsByTeam => "stats.team",
            Work::Typical { list, long } => {
                let size = if long { "long" } else { "short" };
                return write!(f, "list.{}.{size}", TYPICAL[list].name);
            }
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Naive => "pgbench",
            Side::Docket => "docket",
        };
        write!(f, "{}.{side}.{}", self.work, self.in_flight)
    }
}

/// Legs that read projections, which the naive service does not have.
pub const PROJECTED: [Work; 5] =
    [Work::SearchWord, Work::SearchCommon, Work::SearchPrefix, Work::Stats, Work::StatsByTeam];
/// Compared with the same without a policy.
pub const PROMISED: [Work; 2] = [Work::SpreadPromised, Work::HotPromised];
/// Calls in flight for search and statistics.
const FEW: usize = 4;

pub const NAIVE_CLIENTS: [usize; 4] = [1, 8, 32, 64];

/// Order of the legs in a round: each kind on one side, then on the other. Every round starts at a different leg, and every other
/// one runs backwards, so that no leg always follows the same one.
pub fn steps(settings: &Settings, round: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let both = |steps: &mut Vec<Step>, work, in_flight| {
        for side in [Side::Naive, Side::Docket] {
            steps.push(Step { work, side, in_flight });
        }
    };
    for work in [Work::Spread, Work::Hot] {
        NAIVE_CLIENTS.into_iter().for_each(|clients| both(&mut steps, work, clients));
    }
    for work in PROMISED {
        steps.push(Step { work, side: Side::Docket, in_flight: 64 });
    }
    for work in [Work::Update, Work::Get, Work::Short, Work::Long] {
        both(&mut steps, work, 64);
    }
    for list in 0..TYPICAL.len() {
        both(&mut steps, Work::Typical { list, long: true }, 64);
        steps.push(Step { work: Work::Typical { list, long: false }, side: Side::Docket, in_flight: 64 });
    }
    for (work, in_flight) in [(Work::Spread, 256), (Work::Hot, 256), (Work::One, 64), (Work::Two, 64)] {
        steps.push(Step { work, side: Side::Docket, in_flight });
    }
    for work in PROJECTED {
        steps.push(Step { work, side: Side::Docket, in_flight: FEW });
    }
    steps.retain(|step| settings.wants(&step.to_string()));
    if !steps.is_empty() {
        let turn = round * 7 % steps.len();
        steps.rotate_left(turn);
    }
    if round % 2 == 1 {
        steps.reverse();
    }
    steps
}
