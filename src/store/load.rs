//! Loading of the rows that commands want, for all tenants of a batch, in one round trip.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;
use futures_util::future::try_join_all;

use super::flight::{Flight, Pair, ask};
use super::lookup;
use super::sets::Sets;
use crate::command::tables::*;
use crate::command::{Want, World};

/// What the database answered to a list of wants.
pub struct Loaded<'a> {
    wants: Vec<(&'a str, Want)>,
    rows: Rows,
}

/// From the list of tables: the wants by the statement that serves them, what comes of each, and where that belongs in a
/// world. What wants ask for as a whole is left to [`Sets`].
macro_rules! loads {
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
        $($others:tt)+
    ) => {
        #[derive(Default)]
        struct Wanted<'w> {
            $($row: Vec<Pair<'w, $Key>>,)+
            $($named: Vec<Pair<'w, Uuid>>, $names: Vec<Pair<'w, $Name>>,)+
            $($single: Vec<Pair<'w, String>>,)+
            $($whole: Vec<Pair<'w, String>>,)+
            $($set: Vec<Pair<'w, $SetKey>>,)+
            $($index: Vec<Pair<'w, $IndexKey>>,)+
        }

        impl<'w> Wanted<'w> {
            fn add(&mut self, tenant: &'w str, want: &'w Want) {
                match want {
                    $(Want::$RowWant(key) => self.$row.push((tenant, key.borrow())),)+
                    $(
                        Want::$NamedWant($Ref::Id(id)) => self.$named.push((tenant, id)),
                        Want::$NamedWant($Ref::$Second(name)) => self.$names.push((tenant, name.borrow())),
                    )+
                    $(Want::$SingleWant => self.$single.push((tenant, tenant)),)+
                    $(Want::$WholeWant => self.$whole.push((tenant, tenant)),)+
                    $(Want::$SetWant(key) => self.$set.push((tenant, key.borrow())),)+
                    $(Want::$IndexWant(key) => self.$index.push((tenant, key.borrow())),)+
                }
            }
        }

        #[derive(Default)]
        struct Rows {
            $($row: Vec<$Row>,)+
            $($named: Vec<$Named>, $names: Vec<$Named>,)+
            $($single: Vec<$Single>,)+
            sets: Sets,
        }

        impl Rows {
            fn flight<'f>(&'f mut self, conn: &'f AsyncPgConnection, wanted: &'f Wanted<'_>) -> Flight<'f> {
                let mut flight = Flight::new();
                $(ask(&mut flight, &wanted.$row, &mut self.$row, |pairs| lookup::$row(conn, pairs));)+
                $(
                    ask(&mut flight, &wanted.$named, &mut self.$named, |pairs| lookup::$named(conn, pairs));
                    ask(&mut flight, &wanted.$names, &mut self.$names, |pairs| lookup::$names(conn, pairs));
                )+
                $(ask(&mut flight, &wanted.$single, &mut self.$single, |pairs| lookup::$single(conn, pairs));)+
                $(self.sets.$whole.ask(&mut flight, conn, &wanted.$whole);)+
                $(self.sets.$set.ask(&mut flight, conn, &wanted.$set);)+
                $(self.sets.$index.ask(&mut flight, conn, &wanted.$index);)+
                flight
            }

            fn fill(self, worlds: &mut HashMap<String, World>) {
                $(self.sets.$whole.fill(worlds);)+
                $(self.sets.$set.fill(worlds);)+
                $(self.sets.$index.fill(worlds);)+
                $(for row in self.$row {
                    if let Some(world) = worlds.get_mut(&row.tenant_id) {
                        world.$row.load(row.$column.clone(), Some(Arc::new(row)));
                    }
                })+
                $(
                    for row in self.$names {
                        if let Some(world) = worlds.get_mut(&row.tenant_id) {
                            world.$names.load(row.$second.clone(), Some(row.id));
                            world.$named.load(row.id, Some(Arc::new(row)));
                        }
                    }
                    for row in self.$named {
                        if let Some(world) = worlds.get_mut(&row.tenant_id) {
                            world.$named.load(row.id, Some(Arc::new(row)));
                        }
                    }
                )+
                $(for row in self.$single {
                    if let Some(world) = worlds.get_mut(&row.tenant_id) {
                        world.$single.load((), Some(Arc::new(row)));
                    }
                })+
            }
        }
    };
}

tables!(loads);

/// Looks everything up, once however often it is wanted: each sort of thing in one statement, all of them pipelined.
pub async fn fetch<'a>(conn: &AsyncPgConnection, wants: Vec<(&'a str, Want)>) -> QueryResult<Loaded<'a>> {
    let mut rows = Rows::default();
    {
        let mut wanted = Wanted::default();
        let mut seen = HashSet::with_capacity(wants.len());
        for (tenant, want) in wants.iter().filter(|want| seen.insert(*want)) {
            wanted.add(tenant, want);
        }
        try_join_all(rows.flight(conn, &wanted)).await?;
    }
    Ok(Loaded { wants, rows })
}

impl Loaded<'_> {
    /// Tells the worlds what was found, and that the rest is absent. Tenants without a world are passed over: their heads
    /// were not locked, so what was read of them may be old already.
    pub fn fill(self, worlds: &mut HashMap<String, World>) {
        self.rows.fill(worlds);
        for (tenant, want) in self.wants {
            if let Some(world) = worlds.get_mut(tenant) {
                world.absent(want);
            }
        }
    }
}
