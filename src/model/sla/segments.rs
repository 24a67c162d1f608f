//! Explanation of a deadline: the time up to it as segments that count, or do not, and why.

use super::count::{FIRST, LAST, Pause, sorted};
use super::hours::{Hours, OwnDate};
use super::zone::DAY;
use crate::model::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    Counted,
    /// Outside the hours, whether paused or not: no pause took anything there.
    Closed,
    /// Open, and did not count.
    Paused,
}

/// [from, to), all of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    pub from: Instant,
    pub to: Instant,
    pub kind: SegmentKind,
    /// Of a local day whose hours are not those of its weekday, and that one or the other has some: the name of the holiday or
    /// special date, '' where it has none.
    pub holiday: Option<&'a str>,
}

/// Every moment of [from, to), in order and without a gap, as few segments as can be. Without an end in sight there may
/// be millions: take as many as are wanted.
pub fn segments<'a>(hours: &'a Hours, from: Instant, to: Instant, pauses: &[Pause]) -> Segments<'a> {
    Segments {
        hours,
        at: from.max(FIRST).0,
        to: to.min(LAST).0,
        pauses: sorted(pauses),
        next_pause: 0,
        paused_until: i64::MIN,
    }
}

/// Of all segments of [from, to) at most `most`: the first ones and the last ones. And whether some between them are left out.
pub fn ends<'a>(
    hours: &'a Hours,
    from: Instant,
    to: Instant,
    pauses: &[Pause],
    most: usize,
) -> (Vec<Segment<'a>>, bool) {
    let mut first: Vec<Segment<'a>> = segments(hours, from, to, pauses).take(most + 1).collect();
    if first.len() <= most {
        return (first, false);
    }
    first.truncate(most / 2);
    let least = first.last().map_or(from, |segment| segment.to);
    let wanted = most - first.len();
    // From the end backwards, twice as far each time: so few are looked at in vain.
    let mut back = DAY;
    let mut last = loop {
        let start = Instant(to.0.saturating_sub(back).max(least.0));
        let some: Vec<Segment<'a>> = segments(hours, start, to, pauses).collect();
        // The one in which it starts may be cut.
        if some.len() > wanted || start == least {
            break some;
        }
        back = back.saturating_mul(2);
    };
    first.extend(last.split_off(last.len().saturating_sub(wanted)));
    (first, true)
}

pub struct Segments<'a> {
    hours: &'a Hours,
    at: i64,
    to: i64,
    pauses: Vec<(i64, i64)>,
    /// The first that begins after `at`.
    next_pause: usize,
    paused_until: i64,
}

/// What a moment is, until when.
struct Piece<'a> {
    until: i64,
    kind: SegmentKind,
    holiday: Option<&'a str>,
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        if self.at >= self.to {
            return None;
        }
        let from = self.at;
        let first = self.piece();
        self.at = first.until.min(self.to);
        while self.at < self.to {
            let piece = self.piece();
            if (piece.kind, piece.holiday) != (first.kind, first.holiday) {
                break;
            }
            self.at = piece.until.min(self.to);
        }
        Some(Segment { from: Instant(from), to: Instant(self.at), kind: first.kind, holiday: first.holiday })
    }
}

impl<'a> Segments<'a> {
    fn piece(&mut self) -> Piece<'a> {
        let piece = self.hours.piece(self.at);
        if piece.kind == SegmentKind::Closed {
            return piece;
        }
        while let Some((_, to)) = self.pauses.get(self.next_pause).filter(|(from, _)| *from <= self.at) {
            self.paused_until = self.paused_until.max(*to);
            self.next_pause += 1;
        }
        if self.at < self.paused_until {
            return Piece { until: piece.until.min(self.paused_until), kind: SegmentKind::Paused, ..piece };
        }
        let next = self.pauses.get(self.next_pause).map_or(i64::MAX, |(from, _)| *from);
        Piece { until: piece.until.min(next), ..piece }
    }
}

impl Hours {
    /// Whether `at` is open or closed, at least until then.
    fn piece(&self, at: i64) -> Piece<'_> {
        let span = self.zone.span(at);
        let local = at + span.offset;
        let day = local.div_euclid(DAY);
        let midnight = day * DAY;
        let next = self.dates_before(day);
        let (hours, date) = self.of_day(day, next);
        let until_date = || self.dates.get(next).map_or(i64::MAX, |date| date.day * DAY);
        let (until, kind) = if !self.has_hours() {
            (i64::MAX, SegmentKind::Closed)
        } else if self.week.is_full() && date.is_none() {
            (until_date(), SegmentKind::Counted)
        } else {
            match hours.iter().find(|(_, close)| local < midnight + close) {
                Some((open, close)) if local >= midnight + open => (midnight + close, SegmentKind::Counted),
                Some((open, _)) => (midnight + open, SegmentKind::Closed),
                None => (midnight + DAY, SegmentKind::Closed),
            }
        };
        let differs = |date: &&OwnDate| self.has_hours() && !(date.open.is_empty() && self.week.of_day(day).is_empty());
        let holiday = date.filter(differs).map(|date| date.name.as_str());
        Piece { until: until.saturating_sub(span.offset).min(span.until), kind, holiday }
    }
}

#[cfg(test)]
mod tests;
