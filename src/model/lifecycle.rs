//! The ticket's legal moves: one table of data, with who makes them.

use super::words::Status;
use Status::*;

/// What moves a ticket. `Update` is a status in an UpdateTicket mask or a rule's `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Update,
    Start,
    Hold,
    Resolve,
    Escalate,
    Close,
    Reopen,
}

impl Verb {
    pub const ALL: &'static [Verb] =
        &[Verb::Update, Verb::Start, Verb::Hold, Verb::Resolve, Verb::Escalate, Verb::Close, Verb::Reopen];

    pub fn word(self) -> &'static str {
        match self {
            Verb::Update => "update",
            Verb::Start => "start",
            Verb::Hold => "hold",
            Verb::Resolve => "resolve",
            Verb::Escalate => "escalate",
            Verb::Close => "close",
            Verb::Reopen => "reopen",
        }
    }

    /// Where the verb leads; `Update` leads where it says.
    pub fn target(self) -> Option<Status> {
        match self {
            Verb::Update => None,
            Verb::Start => Some(InProgress),
            Verb::Hold => Some(OnHold),
            Verb::Resolve => Some(Resolved),
            Verb::Escalate => Some(Escalated),
            Verb::Close => Some(Closed),
            Verb::Reopen => Some(Reopened),
        }
    }

    /// An update to RESOLVED, CLOSED, ESCALATED or REOPENED *is* the verb that leads there.
    pub fn for_update_to(status: Status) -> Verb {
        match status {
            Resolved => Verb::Resolve,
            Closed => Verb::Close,
            Escalated => Verb::Escalate,
            Reopened => Verb::Reopen,
            Open | Pending | InProgress | OnHold => Verb::Update,
        }
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// From, verb, to: every legal move that changes something. An update out of RESOLVED takes reopen's stamps with it.
#[rustfmt::skip]
pub const MOVES: &[(Status, Verb, &[Status])] = &[
    (Open,       Verb::Update,   &[Pending, InProgress, OnHold]),
    (Open,       Verb::Start,    &[InProgress]),
    (Open,       Verb::Hold,     &[OnHold]),
    (Open,       Verb::Escalate, &[Escalated]),
    (Open,       Verb::Resolve,  &[Resolved]),
    (Open,       Verb::Close,    &[Closed]),
    (Pending,    Verb::Update,   &[Open, InProgress, OnHold]),
    (Pending,    Verb::Start,    &[InProgress]),
    (Pending,    Verb::Hold,     &[OnHold]),
    (Pending,    Verb::Escalate, &[Escalated]),
    (Pending,    Verb::Resolve,  &[Resolved]),
    (Pending,    Verb::Close,    &[Closed]),
    (InProgress, Verb::Update,   &[Open, Pending, OnHold]),
    (InProgress, Verb::Hold,     &[OnHold]),
    (InProgress, Verb::Escalate, &[Escalated]),
    (InProgress, Verb::Resolve,  &[Resolved]),
    (InProgress, Verb::Close,    &[Closed]),
    (OnHold,     Verb::Update,   &[Open, Pending, InProgress]),
    (OnHold,     Verb::Start,    &[InProgress]),
    (OnHold,     Verb::Escalate, &[Escalated]),
    (OnHold,     Verb::Resolve,  &[Resolved]),
    (OnHold,     Verb::Close,    &[Closed]),
    (Escalated,  Verb::Update,   &[Pending, InProgress, OnHold]),
    (Escalated,  Verb::Start,    &[InProgress]),
    (Escalated,  Verb::Hold,     &[OnHold]),
    (Escalated,  Verb::Escalate, &[Escalated]),
    (Escalated,  Verb::Resolve,  &[Resolved]),
    (Escalated,  Verb::Close,    &[Closed]),
    (Resolved,   Verb::Update,   &[Open, Pending, InProgress, OnHold]),
    (Resolved,   Verb::Close,    &[Closed]),
    (Resolved,   Verb::Reopen,   &[Reopened]),
    (Closed,     Verb::Reopen,   &[Reopened]),
    (Reopened,   Verb::Update,   &[Open, Pending, InProgress, OnHold]),
    (Reopened,   Verb::Start,    &[InProgress]),
    (Reopened,   Verb::Hold,     &[OnHold]),
    (Reopened,   Verb::Escalate, &[Escalated]),
    (Reopened,   Verb::Resolve,  &[Resolved]),
    (Reopened,   Verb::Close,    &[Closed]),
];

/// Whether `verb` may move a ticket from one state to the other.
pub fn is_legal(from: Status, verb: Verb, to: Status) -> bool {
    MOVES.iter().any(|(f, v, targets)| *f == from && *v == verb && targets.contains(&to))
}

/// The states that anything leads to from here, in the order of the words.
pub fn reachable(from: Status) -> Vec<Status> {
    Status::ALL
        .iter()
        .copied()
        .filter(|to| *to != from && MOVES.iter().any(|(f, _, targets)| *f == from && targets.contains(to)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as a picture: rows are where a ticket is, columns where it goes, cells how.
    #[test]
    fn the_table_reads_as_it_is_documented() {
        let cell = |from, to| {
            let verbs: Vec<_> = MOVES
                .iter()
                .filter(|(f, _, targets)| *f == from && targets.contains(&to))
                .map(|(_, verb, _)| verb.word())
                .collect();
            if verbs.is_empty() { "-".to_owned() } else { verbs.join("+") }
        };
        let picture: Vec<String> = Status::ALL
            .iter()
            .map(|from| {
                let cells: Vec<_> = Status::ALL.iter().map(|to| cell(*from, *to)).collect();
                format!("{from}: {}", cells.join(" "))
            })
            .collect();
        #[rustfmt::skip]
        let expected = [
            "OPEN: - update update+start update+hold escalate resolve close -",
            "PENDING: update - update+start update+hold escalate resolve close -",
            "IN_PROGRESS: update update - update+hold escalate resolve close -",
            "ON_HOLD: update update update+start - escalate resolve close -",
            "ESCALATED: - update update+start update+hold escalate resolve close -",
            "RESOLVED: update update update update - - close reopen",
            "CLOSED: - - - - - - - reopen",
            "REOPENED: update update update+start update+hold escalate resolve close -",
        ];
        assert_eq!(picture, expected);
    }

    #[test]
    fn a_verb_leads_where_its_name_says() {
        for (_, verb, targets) in MOVES {
            if let Some(target) = verb.target() {
                assert_eq!(*targets, [target], "{verb}");
            }
        }
    }
}
