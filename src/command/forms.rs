//! New tickets and issues, and edits of them by mask, generated from the field lists.

use crate::model::issue::{Issue, issue_fields};
use crate::model::ticket::{Ticket, TicketRef, ticket_fields};
use crate::model::words::*;
use uuid::Uuid;

/// `deal_id: String, …, write id` is `deal_id: String` of a new one, `deal_id: Option<String>` of an edit, and the way
/// of both into a row. `edit status` is of edits only. Behind each name stands what its list does not hold.
macro_rules! forms {
    ($new:ident { $($beside_new:tt)* } $change:ident { $($beside_change:tt)* }
     $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident $($how:ident)*)?) ($($moved:ident $guard:ident)?) $told:tt;
    )+ }) => {
        /// What a caller may say of a new one. Absent words have their defaults already.
        #[derive(Clone, Debug, Default)]
        pub struct $new {
            $($(
                #[doc = concat!("Checked as `", stringify!($check), "`.")]
                pub $field: $ty,
            )?)+
            $($beside_new)*
        }

        impl $new {
            /// A row that says this, and nothing else yet.
            pub fn into_row(self) -> $row {
                $row { $($($field: said!($check, self.$field),)?)+ ..$row::default() }
            }
        }

        /// The masked fields of an update; `None` = not in the mask.
        #[derive(Clone, Debug, Default)]
        pub struct $change {
            $($(
                #[doc = concat!("Checked as `", stringify!($check), "`.")]
                pub $field: Option<$ty>,
            )?$(
                #[doc = concat!("Checked as `", stringify!($guard), "`.")]
                pub $field: Option<$ty>,
            )?)+
            $($beside_change)*
        }

        impl $change {
            /// The fields whose change is no activity of its own, into the row.
            pub fn put_plain(&self, row: &mut $row) {
                $($(plainly!([$($how)*] said!($check, put(&mut row.$field, &self.$field)));)?)+
            }

            /// All of its fields, into the row.
            pub fn put(&self, row: &mut $row) {
                $(
                    $(said!($check, put(&mut row.$field, &self.$field));)?
                    $(said!($guard, put(&mut row.$field, &self.$field));)?
                )+
            }
        }
    };
}

/// The value, of a field that is checked as `$check`.
macro_rules! said {
    ($check:ident, $value:expr) => {
        $value
    };
}

/// Nothing, of a field that is `apart`.
macro_rules! plainly {
    ([$(copied)? apart] $put:expr) => {};
    ([$(copied)?] $put:expr) => {
        $put
    };
}

/// The fields whose change is no activity of its own.
macro_rules! plain_fields {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident $($how:ident)*)?) $edit:tt $told:tt;
    )+ }) => {
        pub fn copy_plain(from: &$row, to: &mut $row) {
            $($(plainly!([$($how)*] said!($check, to.$field.clone_from(&from.$field)));)?)+
        }

        pub fn same_plain(a: &$row, b: &$row) -> bool {
            let mut same = true;
            $($(plainly!([$($how)*] said!($check, same &= a.$field == b.$field));)?)+
            same
        }
    };
}

ticket_fields! { plain_fields }

ticket_fields! { forms
    NewTicket {
        /// The policy that it asks for, where it is named and not by its id; '' is none.
        pub policy_name: String,
    }
    TicketEdit {
        /// Single keys of `custom` (`custom.severity` in the mask), after the whole map; `Null` removes.
        pub custom_keys: Vec<(String, serde_json::Value)>,
        /// As [`NewTicket::policy_name`].
        pub policy_name: String,
    }
}

issue_fields! { forms
    NewIssue {
        pub tickets: Vec<TicketRef>,
    }
    IssueEdit {}
}

pub fn put<T: Clone>(field: &mut T, new: &Option<T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}
