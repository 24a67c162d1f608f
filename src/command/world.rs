//! World: a tenant in one batch, with the rows loaded under the head's lock and all changes since.

use std::collections::BTreeSet;

use super::Stop;
use super::sla::Opened;
use super::table::{Index, Table, Wanted, known};
use super::tables::*;
use crate::model::fold::fold;
use crate::model::ledger::Head;
use crate::workflow::{Coverage, Facts, Rule};

/// From the list of tables: [`World`] with a field for each, its savepoints and their rollback, [`Want`] with a variant for
/// each that is wanted, whether it is known, and that it is absent.
macro_rules! world {
    (
        rows { $($(#[$row_doc:meta])* $row:ident: $Row:ident by $column:ident: $Key:ty, want $RowWant:ident, $row_verbs:tt;)+ }
        named { $(
            $(#[$named_doc:meta])*
            $named:ident, $names:ident: $Named:ident by $second:ident: $Name:ident $(unless $deleted:ident)?,
            want $NamedWant:ident($Ref:ident::$Second:ident), $named_verbs:tt;
        )+ }
        single { $($(#[$single_doc:meta])* $single:ident: $Single:ident, want $SingleWant:ident, $single_verbs:tt;)+ }
        whole { $($(#[$whole_doc:meta])* $whole:ident: $Whole:ty, want $WholeWant:ident;)+ }
        sets { $($(#[$set_doc:meta])* $set:ident: $SetKey:ty => $Set:ty, want $SetWant:ident;)+ }
        indexes { $($(#[$index_doc:meta])* $index:ident: $IndexKey:ty => $Index:ty, want $IndexWant:ident;)+ }
        written { $($(#[$written_doc:meta])* $written:ident: $Written:ident by $WrittenKey:ty, $written_verbs:tt;)+ }
        logs { $($(#[$log_doc:meta])* $log:ident: $Log:ty, $log_verbs:tt;)+ }
    ) => {
        /// What a decision needs to know and the world does not hold yet.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Want {
            $($RowWant($Key),)+
            $($NamedWant($Ref),)+
            $($SingleWant,)+
            $($WholeWant,)+
            $($SetWant($SetKey),)+
            $($IndexWant($IndexKey),)+
        }

        $(impl Wanted for $Row {
            type Key = $Key;

            fn want(key: $Key) -> Want {
                Want::$RowWant(key)
            }
        })+

        $(impl Wanted for $Named {
            type Key = Uuid;

            fn want(id: Uuid) -> Want {
                Want::$NamedWant($Ref::Id(id))
            }
        })+

        #[derive(Debug)]
        pub struct World {
            pub head: Head,
            /// What holds where the tenant has no settings.
            unset: Arc<Tenant>,
            /// Calendars that were asked for their hours.
            pub(super) opened: Opened,
            /// What conditions were found to be, where somebody wants to know: no part of what is decided.
            pub coverage: Option<Coverage>,
            $($(#[$row_doc])* pub $row: Table<$Key, $Row>,)+
            $($(#[$named_doc])* pub $named: Table<Uuid, $Named>, pub $names: Index<$Name, Uuid>,)+
            $($(#[$single_doc])* pub $single: Table<(), $Single>,)+
            $($(#[$whole_doc])* pub $whole: Table<(), $Whole>,)+
            $($(#[$set_doc])* pub $set: Table<$SetKey, $Set>,)+
            $($(#[$index_doc])* pub $index: Index<$IndexKey, $Index>,)+
            $($(#[$written_doc])* pub $written: Table<$WrittenKey, $Written>,)+
            $($(#[$log_doc])* pub $log: Vec<$Log>,)+
        }

        /// How much was decided in each table.
        #[derive(Clone, Debug)]
        struct Marks {
            $($row: usize,)+ $($named: usize,)+ $($single: usize,)+ $($whole: usize,)+ $($set: usize,)+
            $($written: usize,)+ $($log: usize,)+
        }

        impl World {
            fn empty(head: Head) -> World {
                World {
                    unset: Arc::new(Tenant::unset(&head.tenant_id)),
                    opened: Opened::default(),
                    coverage: None,
                    head,
                    $($row: Table::default(),)+
                    $($named: Table::default(), $names: Index::default(),)+
                    $($single: Table::default(),)+
                    $($whole: Table::default(),)+
                    $($set: Table::default(),)+
                    $($index: Index::default(),)+
                    $($written: Table::default(),)+
                    $($log: Vec::new(),)+
                }
            }

            fn marks(&self) -> Marks {
                Marks {
                    $($row: self.$row.mark(),)+
                    $($named: self.$named.mark(),)+
                    $($single: self.$single.mark(),)+
                    $($whole: self.$whole.mark(),)+
                    $($set: self.$set.mark(),)+
                    $($written: self.$written.mark(),)+
                    $($log: self.$log.len(),)+
                }
            }

            fn back_to(&mut self, marks: &Marks) {
                $(self.$row.rollback(marks.$row);)+
                $(self.$named.rollback(marks.$named);)+
                $(self.$single.rollback(marks.$single);)+
                $(self.$whole.rollback(marks.$whole);)+
                $(self.$set.rollback(marks.$set);)+
                $(self.$written.rollback(marks.$written);)+
                $(self.$log.truncate(marks.$log);)+
            }

            /// Whether the want needs no look-up (any more).
            pub fn knows(&self, want: &Want) -> bool {
                match want {
                    $(Want::$RowWant(key) => self.$row.get(key).is_some(),)+
                    $(
                        Want::$NamedWant($Ref::Id(id)) => self.$named.get(id).is_some(),
                        Want::$NamedWant($Ref::$Second(name)) => self.$names.get(name).is_some(),
                    )+
                    $(Want::$SingleWant => self.$single.get(&()).is_some(),)+
                    $(Want::$WholeWant => self.$whole.get(&()).is_some(),)+
                    $(Want::$SetWant(key) => self.$set.get(key).is_some(),)+
                    $(Want::$IndexWant(key) => self.$index.get(key).is_some(),)+
                }
            }

            /// Nothing was found of what was wanted; ignored where something was.
            pub fn absent(&mut self, want: Want) {
                match want {
                    $(Want::$RowWant(key) => self.$row.load(key, None),)+
                    $(
                        Want::$NamedWant($Ref::Id(id)) => self.$named.load(id, None),
                        Want::$NamedWant($Ref::$Second(name)) => self.$names.load(name, None),
                    )+
                    $(Want::$SingleWant => self.$single.load((), None),)+
                    $(Want::$WholeWant => self.$whole.load((), None),)+
                    $(Want::$SetWant(key) => self.$set.load(key, None),)+
                    $(Want::$IndexWant(key) => self.$index.load(key, None),)+
                }
            }
        }
    };
}

tables!(world);

/// A place to come back to: see [`World::rollback`].
#[derive(Clone, Debug)]
pub struct Savepoint {
    /// Without its tenant, which stays.
    head: Head,
    marks: Marks,
}

impl World {
    pub fn new(head: Head) -> World {
        let never_configured = head.config_position == 0;
        let mut world = World::empty(head);
        if never_configured {
            // Nobody needs to look.
            world.settings.load((), None);
            world.sla.load((), None);
        }
        world
    }

    pub fn savepoint(&self) -> Savepoint {
        let Head { tenant_id: _, position, config_position, last_number, floor, last_at, ref queues } = self.head;
        let queues = queues.clone();
        let head = Head { tenant_id: String::new(), position, config_position, last_number, floor, last_at, queues };
        Savepoint { head, marks: self.marks() }
    }

    /// A rule is asked.
    pub fn look(&mut self, rule: &Rule, facts: &Facts<'_>) {
        if let Some(coverage) = &mut self.coverage {
            coverage.at(rule, facts);
        }
    }

    /// Forgets everything decided since the savepoint; what was loaded since stays.
    pub fn rollback(&mut self, to: &Savepoint) {
        let tenant_id = std::mem::take(&mut self.head.tenant_id);
        self.head = Head { tenant_id, ..to.head.clone() };
        self.back_to(&to.marks);
    }

    /// The ticket, or `None` when the tenant has none by that name.
    pub fn ticket(&self, name: &TicketRef) -> Result<Option<Arc<Ticket>>, Stop> {
        let id = match name {
            TicketRef::Id(id) => *id,
            TicketRef::Number(number) => match self.made.binary_search_by_key(number, |(number, _)| *number) {
                Ok(at) => self.made[at].1,
                Err(_) => match known(self.numbers.get(number), || Want::Ticket(name.clone()))? {
                    Some(id) => id,
                    None => return Ok(None),
                },
            },
        };
        self.tickets.find(&id)
    }

    pub fn message(&self, id: Uuid) -> Result<Option<Arc<Message>>, Stop> {
        self.messages.find(&id)
    }

    /// The newest messages of a ticket that are not deleted, in no order.
    pub fn thread(&self, ticket: Uuid) -> Result<Vec<Entry>, Stop> {
        let stored = self.threads.get(&ticket).ok_or_else(|| Stop::missing(Want::Thread(ticket)))?;
        let gone = |entry: &Entry| {
            let message = self.messages.get(&entry.id).flatten();
            message.is_some_and(|message| message.deleted_at.is_some())
        };
        let posted = self.messages.inserts().filter(|message| message.ticket_id == ticket).map(Entry::of);
        Ok(stored.into_iter().flatten().cloned().chain(posted).filter(|entry| !gone(entry)).collect())
    }

    pub fn issue(&self, id: Uuid) -> Result<Option<Arc<Issue>>, Stop> {
        self.issues.find(&id)
    }

    pub fn issues_of(&self, ticket: Uuid) -> Result<Arc<Vec<Uuid>>, Stop> {
        Ok(known(self.ticket_issues.get(&ticket), || Want::TicketIssues(ticket))?.unwrap_or_default())
    }

    /// A row of the agent table, known to the directory or not.
    pub fn agent(&self, id: &str) -> Result<Option<Arc<Agent>>, Stop> {
        self.agents.find(id)
    }

    /// The ids of the agents of this name that are `seen`, each once.
    pub fn agents_named(&self, name: &str, seen: impl Fn(&Agent) -> bool) -> Result<Vec<String>, Stop> {
        let stored = self.named.get(name).ok_or_else(|| Stop::missing(Want::AgentsNamed(name.to_owned())))?;
        let stored = stored.into_iter().flatten().filter_map(|id| self.agents.get(id).flatten().map(|agent| &**agent));
        let all = stored.chain(self.agents.inserts()).chain(self.agents.updates());
        let named = all.filter(|agent| agent.name == name && agent.known && agent.deleted_at.is_none() && seen(agent));
        let ids: BTreeSet<&String> = named.map(|agent| &agent.id).collect();
        Ok(ids.into_iter().cloned().collect())
    }

    /// A row of the registry of this name in any spelling, deleted or not.
    pub fn tag(&self, name: &str) -> Result<Option<Arc<Tag>>, Stop> {
        self.tags.find(fold(name).as_ref())
    }

    /// By its id, deleted or not; by its name, the one that is not.
    pub fn canned_response(&self, which: &CannedRef) -> Result<Option<Arc<CannedResponse>>, Stop> {
        let which = which.folded();
        let want = || Want::Canned(which.clone());
        match &which {
            CannedRef::Id(id) => known(self.canned.get(id), want),
            CannedRef::Name(name) => {
                let is = |row: &CannedResponse| row.folded == *name && row.deleted_at.is_none();
                Ok(self.canned.named(known(self.canned_names.get(name), want)?, |row| row.id, is))
            }
        }
    }

    pub fn revocation(&self, id: &str) -> Result<Option<Arc<Revocation>>, Stop> {
        self.revocations.find(id)
    }

    pub fn request(&self, key: Uuid) -> Result<Option<Arc<Request>>, Stop> {
        self.requests.find(&key)
    }

    /// What the tenant decided for itself, or the defaults.
    pub fn settings(&self) -> Result<Arc<Tenant>, Stop> {
        let row = known(self.settings.get(&()), || Want::Settings)?;
        Ok(row.unwrap_or_else(|| self.unset.clone()))
    }
}
