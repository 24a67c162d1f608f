//! The ticket lifecycle: a table of the legal transitions, and who may make them.

use super::words::Status;
use Status::*;

/// What moves a ticket. `Update` is a status in an UpdateTicket mask or a rule's `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transition {
    Update,
    Start,
    Hold,
    Resolve,
    Escalate,
    Close,
    Reopen,
}

impl Transition {
    pub const ALL: &'static [Transition] = &[
        Transition::Update,
        Transition::Start,
        Transition::Hold,
        Transition::Resolve,
        Transition::Escalate,
        Transition::Close,
        Transition::Reopen,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Transition::Update => "update",
            Transition::Start => "start",
            Transition::Hold => "hold",
            Transition::Resolve => "resolve",
            Transition::Escalate => "escalate",
            Transition::Close => "close",
            Transition::Reopen => "reopen",
        }
    }

    /// Where the verb leads; `Update` leads where it says.
    pub fn target(self) -> Option<Status> {
        match self {
            Transition::Update => None,
            Transition::Start => Some(InProgress),
            Transition::Hold => Some(OnHold),
            Transition::Resolve => Some(Resolved),
            Transition::Escalate => Some(Escalated),
            Transition::Close => Some(Closed),
            Transition::Reopen => Some(Reopened),
        }
    }

    /// An update to RESOLVED, CLOSED, ESCALATED or REOPENED *is* the verb that leads there.
    pub fn for_update_to(status: Status) -> Transition {
        match status {
            Resolved => Transition::Resolve,
            Closed => Transition::Close,
            Escalated => Transition::Escalate,
            Reopened => Transition::Reopen,
            Open | Pending | InProgress | OnHold => Transition::Update,
        }
    }
}

impl std::fmt::Display for Transition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// From, verb, to: every legal move that changes something. An update out of RESOLVED takes reopen's stamps with it.
#[rustfmt::skip]
pub const MOVES: &[(Status, Transition, &[Status])] = &[
    (Open,       Transition::Update,   &[Pending, InProgress, OnHold]),
    (Open,       Transition::Start,    &[InProgress]),
    (Open,       Transition::Hold,     &[OnHold]),
    (Open,       Transition::Escalate, &[Escalated]),
    (Open,       Transition::Resolve,  &[Resolved]),
    (Open,       Transition::Close,    &[Closed]),
    (Pending,    Transition::Update,   &[Open, InProgress, OnHold]),
    (Pending,    Transition::Start,    &[InProgress]),
    (Pending,    Transition::Hold,     &[OnHold]),
    (Pending,    Transition::Escalate, &[Escalated]),
    (Pending,    Transition::Resolve,  &[Resolved]),
    (Pending,    Transition::Close,    &[Closed]),
    (InProgress, Transition::Update,   &[Open, Pending, OnHold]),
    (InProgress, Transition::Hold,     &[OnHold]),
    (InProgress, Transition::Escalate, &[Escalated]),
    (InProgress, Transition::Resolve,  &[Resolved]),
    (InProgress, Transition::Close,    &[Closed]),
    (OnHold,     Transition::Update,   &[Open, Pending, InProgress]),
    (OnHold,     Transition::Start,    &[InProgress]),
    (OnHold,     Transition::Escalate, &[Escalated]),
    (OnHold,     Transition::Resolve,  &[Resolved]),
    (OnHold,     Transition::Close,    &[Closed]),
    (Escalated,  Transition::Update,   &[Pending, InProgress, OnHold]),
    (Escalated,  Transition::Start,    &[InProgress]),
    (Escalated,  Transition::Hold,     &[OnHold]),
    (Escalated,  Transition::Escalate, &[Escalated]),
    (Escalated,  Transition::Resolve,  &[Resolved]),
    (Escalated,  Transition::Close,    &[Closed]),
    (Resolved,   Transition::Update,   &[Open, Pending, InProgress, OnHold]),
    (Resolved,   Transition::Close,    &[Closed]),
    (Resolved,   Transition::Reopen,   &[Reopened]),
    (Closed,     Transition::Reopen,   &[Reopened]),
    (Reopened,   Transition::Update,   &[Open, Pending, InProgress, OnHold]),
    (Reopened,   Transition::Start,    &[InProgress]),
    (Reopened,   Transition::Hold,     &[OnHold]),
    (Reopened,   Transition::Escalate, &[Escalated]),
    (Reopened,   Transition::Resolve,  &[Resolved]),
    (Reopened,   Transition::Close,    &[Closed]),
];

/// Whether `verb` may move a ticket from one state to the other.
pub fn is_legal(from: Status, verb: Transition, to: Status) -> bool {
    MOVES.iter().any(|(f, v, targets)| *f == from && *v == verb && targets.contains(&to))
}

/// Whether a move brings a ticket back that was done, by whichever call.
pub fn is_reopen(from: Status, to: Status) -> bool {
    from.is_done() && !to.is_done()
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
