//! Messages as what callers say of a ticket or an issue: whole, or as far as a mask goes. Made of the field lists.

use super::check;
use crate::command::action::{IssueEdit, NewIssue, NewTicket, TicketEdit};
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::fields::named;
use crate::model::issue::issue_fields;
use crate::model::ticket::ticket_fields;

/// A message that a caller fills.
pub trait Form: Sized {
    type New;
    type Edit;

    /// The fields of a new one that are not as an empty message has them.
    fn given(&self) -> Vec<&'static str>;

    /// All that may be said of a new one, checked.
    fn checked(self, found: &mut Violations) -> Self::New;

    /// Only the fields that it `has` are looked at. `whole`: because all are meant, not because each was named.
    fn edit(self, has: impl Fn(&'static str) -> bool, whole: bool, found: &mut Violations) -> Self::Edit;
}

/// `deal_id: …, as deal_id …, write id` is `deal_id: check::id(found, "deal_id", ticket.deal_id)` of a new one, and of an edit
/// that has `deal_id`. Behind the names of both stands what their lists do not hold.
macro_rules! form {
    ($new:ident { $($beside_new:tt)* } $change:ident { $($beside_change:tt)* }
     $docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident $($how:ident)*)?) ($($moved:ident $guard:ident)?) $told:tt;
    )+ }) => {
        impl Form for pb::$row {
            type New = $new;
            type Edit = $change;

            fn given(&self) -> Vec<&'static str> {
                let (empty, mut given) = (pb::$row::default(), Vec::new());
                $($(if self.$name != empty.$name {
                    given.push(named!($name));
                })?)+
                given
            }

            fn checked(self, found: &mut Violations) -> $new {
                $new {
                    $($($field: check::$check(found, named!($name), self.$name),)?)+
                    $($beside_new)*
                }
            }

            fn edit(self, has: impl Fn(&'static str) -> bool, whole: bool, found: &mut Violations) -> $change {
                $change {
                    $(
                        $($field: has(named!($name)).then(|| check::$check(found, named!($name), self.$name)),)?
                        $($field: has(named!($moved))
                            .then(|| check::$guard(found, named!($moved), self.$moved, whole))
                            .flatten(),)?
                    )+
                    $($beside_change)*
                }
            }
        }
    };
}

ticket_fields! { form
    NewTicket { policy_name: String::new(), }
    TicketEdit { custom_keys: Vec::new(), policy_name: String::new(), }
}
issue_fields! { form NewIssue { tickets: Vec::new(), } IssueEdit {} }
