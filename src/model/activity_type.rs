//! Activity types: one list, with all properties of each type that the code uses.
//!
//! A new type is a line here, and the command that writes it. Tests fail until some command writes it, and until
//! docs/activities.md has it.

/// What an activity of a type holds beside the ticket and its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing but a reason in `data`, now and then.
    Ticket,
    Message,
    Issue,
    Task,
    /// What happened to the ticket's clocks, in `data`.
    Clocks,
    /// Which rule, and why, in `data`; with a ticket where it was about one.
    Rule,
    /// What a rule hands out, and to whom, in `data`; with a ticket where it was about one.
    Dispatch,
    /// No ticket, and the whole resource in `data`.
    Resource,
}

/// The wider types that a type belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Alone,
    /// `ticket.updated`
    Updated,
    /// `ticket.updated`, and `ticket.status_changed` where the status changed: escalating again only raises the level.
    Moved,
    /// `sla.applied`, where the ticket was made with clocks.
    Clocked,
}

/// Who sees it in the log of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Staff and programs only.
    Staff,
    /// Its requester, too.
    Everybody,
    /// Its requester, too, where the status changed.
    IfMoved,
}

/// Whether it can change what the ticket is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    Kept,
    Changed,
}

/// How it is told from others at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
    Talk,
}

/// The columns of one line of the list.
struct Line {
    when: &'static [&'static str],
    payload: Payload,
    family: Family,
    shown: Shown,
    words: Words,
    tone: Tone,
}

/// The line
/// ```text
/// /// The ticket is rated.
/// TicketRated = "ticket.rated": Ticket, Updated, Everybody, Kept, Plain;
/// ```
/// makes the variant `ActivityType::TicketRated`, its word `ticket.rated` both ways, and its [`Line`]: the comment, and what
/// the columns name.
macro_rules! activity_types {
    ($(
        $(#[doc = $when:literal])+
        $name:ident = $word:literal: $payload:ident, $family:ident, $shown:ident, $words:ident, $tone:ident;
    )+) => {
        /// The types that this version writes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ActivityType { $($(#[doc = $when])+ $name),+ }

        impl ActivityType {
            pub const ALL: &'static [ActivityType] = &[$(ActivityType::$name),+];

            /// As it is stored, and on the wire.
            pub const fn word(self) -> &'static str {
                match self { $(ActivityType::$name => $word),+ }
            }

            /// `None`: this version does not write it.
            pub fn read(word: &str) -> Option<ActivityType> {
                match word {
                    $($word => Some(ActivityType::$name),)+
                    _ => None,
                }
            }

            const fn line(self) -> Line {
                match self {
                    $(ActivityType::$name => Line {
                        when: &[$($when),+],
                        payload: Payload::$payload,
                        family: Family::$family,
                        shown: Shown::$shown,
                        words: Words::$words,
                        tone: Tone::$tone,
                    }),+
                }
            }
        }
    };
}

activity_types! {
    /// A ticket is created.
    TicketCreated = "ticket.created": Ticket, Clocked, Everybody, Changed, Good;
    /// Fields change that have no type of their own.
    TicketUpdated = "ticket.updated": Ticket, Alone, Staff, Changed, Plain;
    /// The status changes by an update, start or hold.
    TicketStatusChanged = "ticket.status_changed": Ticket, Updated, Everybody, Kept, Plain;
    /// The ticket is resolved.
    TicketResolved = "ticket.resolved": Ticket, Moved, IfMoved, Kept, Good;
    /// The ticket is escalated; escalating it again raises its level.
    TicketEscalated = "ticket.escalated": Ticket, Moved, IfMoved, Kept, Bad;
    /// The ticket is closed.
    TicketClosed = "ticket.closed": Ticket, Moved, IfMoved, Kept, Good;
    /// The ticket comes back from RESOLVED or CLOSED, by the verb, an update or a message of its requester.
    TicketReopened = "ticket.reopened": Ticket, Moved, IfMoved, Kept, Plain;
    /// The priority changes.
    TicketPriorityChanged = "ticket.priority_changed": Ticket, Updated, Staff, Kept, Plain;
    /// The category changes.
    TicketCategoryChanged = "ticket.category_changed": Ticket, Updated, Staff, Changed, Plain;
    /// The assignee or the team changes.
    TicketAssigned = "ticket.assigned": Ticket, Updated, Staff, Kept, Plain;
    /// A rule finds nobody for the ticket, and lets it wait for an agent of its team.
    TicketQueued = "ticket.queued": Ticket, Updated, Staff, Kept, Plain;
    /// Tags are added.
    TicketTagAdded = "ticket.tag_added": Ticket, Updated, Staff, Changed, Plain;
    /// Tags are removed.
    TicketTagRemoved = "ticket.tag_removed": Ticket, Updated, Staff, Changed, Plain;
    /// A public message is posted.
    TicketMessageAdded = "ticket.message_added": Message, Alone, Everybody, Changed, Talk;
    /// An internal note is posted.
    TicketNoteAdded = "ticket.note_added": Message, Alone, Staff, Changed, Talk;
    /// A message or a note is edited.
    TicketMessageEdited = "ticket.message_edited": Message, Alone, Staff, Changed, Talk;
    /// A message or a note is deleted.
    TicketMessageDeleted = "ticket.message_deleted": Message, Alone, Staff, Changed, Talk;
    /// A message or a note mentions agents; an edit, further ones.
    TicketMentioned = "ticket.mentioned": Message, Alone, Staff, Kept, Plain;
    /// A follow-up of the ticket is created.
    TicketFollowedUp = "ticket.followed_up": Ticket, Alone, Everybody, Kept, Plain;
    /// The ticket is rated.
    TicketRated = "ticket.rated": Ticket, Updated, Everybody, Kept, Plain;
    /// The ticket is deleted.
    TicketDeleted = "ticket.deleted": Ticket, Alone, Staff, Changed, Plain;
    /// The ticket is undeleted.
    TicketRestored = "ticket.restored": Ticket, Alone, Staff, Changed, Plain;
    /// Clocks start on a ticket that is there already.
    SlaApplied = "sla.applied": Clocks, Alone, Staff, Kept, Plain;
    /// Clocks pause.
    SlaPaused = "sla.paused": Clocks, Alone, Staff, Kept, Plain;
    /// Clocks resume.
    SlaResumed = "sla.resumed": Clocks, Alone, Staff, Kept, Plain;
    /// The target or the marks of clocks change.
    SlaRetargeted = "sla.retargeted": Clocks, Alone, Staff, Kept, Plain;
    /// Clocks stop: what they measure is done.
    SlaFulfilled = "sla.fulfilled": Clocks, Alone, Staff, Kept, Plain;
    /// A clock reaches a warning or a mark.
    SlaWarning = "sla.warning": Clocks, Alone, Staff, Kept, Plain;
    /// A clock passes its deadline.
    SlaBreached = "sla.breached": Clocks, Alone, Staff, Kept, Plain;
    /// Clocks end without a result.
    SlaVoided = "sla.voided": Clocks, Alone, Staff, Kept, Plain;
    /// An issue is created.
    IssueCreated = "issue.created": Issue, Alone, Staff, Kept, Plain;
    /// Fields, status or tickets of an issue change.
    IssueUpdated = "issue.updated": Issue, Alone, Staff, Kept, Plain;
    /// An issue is resolved.
    IssueResolved = "issue.resolved": Issue, Alone, Staff, Kept, Good;
    /// An issue is reopened.
    IssueReopened = "issue.reopened": Issue, Alone, Staff, Kept, Plain;
    /// A rule creates a task.
    TaskCreated = "task.created": Task, Alone, Staff, Kept, Plain;
    /// An action of a rule is refused.
    WorkflowFailed = "workflow.failed": Rule, Alone, Staff, Kept, Bad;
    /// A rule is held back by one of the bounds.
    WorkflowSuppressed = "workflow.suppressed": Rule, Alone, Staff, Kept, Plain;
    /// A rule hands something to an endpoint or an agent.
    WorkflowDispatched = "workflow.dispatched": Dispatch, Alone, Staff, Kept, Plain;
    /// An agent is created, updated or deleted.
    AgentChanged = "agent.changed": Resource, Alone, Staff, Kept, Plain;
    /// A team is created, updated or deleted.
    TeamChanged = "team.changed": Resource, Alone, Staff, Kept, Plain;
    /// An organization is created, updated or deleted.
    OrganizationChanged = "organization.changed": Resource, Alone, Staff, Kept, Plain;
    /// A contact is created, updated or deleted.
    ContactChanged = "contact.changed": Resource, Alone, Staff, Kept, Plain;
    /// A deal is created, updated or deleted.
    DealChanged = "deal.changed": Resource, Alone, Staff, Kept, Plain;
    /// An asset is created, updated or deleted.
    AssetChanged = "asset.changed": Resource, Alone, Staff, Kept, Plain;
    /// A tag of the registry is created, updated or deleted.
    TagChanged = "tag.changed": Resource, Alone, Staff, Kept, Plain;
    /// A canned response is created, updated or deleted.
    CannedResponseChanged = "canned_response.changed": Resource, Alone, Staff, Kept, Plain;
    /// An SLA policy is created, updated or deleted.
    PolicyChanged = "policy.changed": Resource, Alone, Staff, Kept, Plain;
    /// A business calendar is created, updated or deleted.
    CalendarChanged = "calendar.changed": Resource, Alone, Staff, Kept, Plain;
    /// The tenant's settings are updated.
    TenantChanged = "tenant.changed": Resource, Alone, Staff, Kept, Plain;
    /// A token, or all tokens of a subject, are revoked.
    TokenRevoked = "token.revoked": Resource, Alone, Staff, Kept, Plain;
}

impl ActivityType {
    /// When it is written.
    pub fn when(self) -> String {
        self.line().when.concat().trim().to_owned()
    }

    pub const fn payload(self) -> Payload {
        self.line().payload
    }

    pub const fn family(self) -> Family {
        self.line().family
    }

    pub const fn shown(self) -> Shown {
        self.line().shown
    }

    pub const fn words(self) -> Words {
        self.line().words
    }

    pub const fn tone(self) -> Tone {
        self.line().tone
    }
}

impl std::fmt::Display for ActivityType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
