//! Field lists: a resource names each of its fields once, and every layer generates its part from these lines.
//!
//! A list is a macro that hands its lines to another macro: `ticket_fields! { columns }` expands `columns!` over them. One
//! line is
//!
//! ```text
//! deal_id: String, image 18 string, as deal_id in cel, write id, told etag;
//! ```
//!
//! - `deal_id: String`: the field of the row, and its column.
//! - `image 18 string`: its tag and type in the image that the log keeps. Without it the image leaves the field out, and
//!   what is restored has the type's default. Tags are never used again for another field.
//! - `as deal_id`: its name on the wire; a line without one is Docket's own. `in cel`: expressions read it, too. `id
//!   SLA_POLICY` is the prefix with which a uuid is shown; `also display_number: String` is another value made of the row,
//!   by the method of that name.
//! - `write id`: callers write it, in a new resource and by mask; `id` is the function that checks it
//!   (`grpc::convert::commands::check`). Behind it, `copied`: a ticket that follows this one takes it over; `apart`: a change
//!   of it is an activity of its own. `edit status`: by mask only, and `status` reads it.
//! - `told etag`: a change stands in the activity's `changes` and moves the etag; `told only`: the etag stays. Behind it,
//!   `later` or `last`: after the others.
//!
//! `+ stamps` behind the key adds the lines that every entry of the directory has.
//!
//! What follows from a line, layer by layer:
//!
//! | macro | makes |
//! |---|---|
//! | [`fields_row!`] (`model::ticket`) | `pub deal_id: String` in the row, and the column `deal_id` in its statements |
//! | `image!` (`model::image`) | `#[prost(string, tag = 18)] deal_id: String` in the stored image, and the way there and back |
//! | `difference!` (`model::change`) | `if before.deal_id != after.deal_id { … "deal_id" … }` |
//! | `forms!` (`command::forms`) | `pub deal_id: String` in `NewTicket`, `Option<String>` in `TicketEdit`, and their way into a row |
//! | `object!` (`workflow::schema`) | the field `ticket.deal_id`, of type Text |
//! | `resolved!` (`workflow::cel`) | `"deal_id" => text(&ticket.deal_id)` |
//! | `columns!` (`store::filter`) | `["deal_id"] => of("deal_id", Sort::Text)` |
//! | `names!` (`grpc::convert::mask`) | `"deal_id"` in the mask's writable names |
//! | `form!` (`grpc::convert::commands::forms`) | `deal_id: check::id(found, "deal_id", ticket.deal_id)`, for both forms |
//! | `wired!` (`grpc::convert::wire`) | `deal_id: row.deal_id.to_wire("")` in the message |
//! | `data!` (`model::shown`), of entries of the directory | `"deal_id": …` in the activity's `data`, and the way back |
//! | `entry_form!` (`grpc::convert::commands::directory`), of the same | `deal_id: check::id(found, "deal_id", entry.deal_id)` |
//!
//! What depends on the type alone (how it lies in an image, how it is compared, shown and filtered) are traits, one for each
//! layer, so a line does not say it.

/// Reads a list's lines and hands them on in one shape, for macros that need a part of them:
///
/// ```text
/// [#[doc = "…"]] deal_id: String, (18 string) [] (deal_id) (deal_id) () (deal_id id) () (deal_id etag);
/// ```
///
/// docs, field and type, then what the line says of image, prefix of ids, name on the wire, name in expressions,
/// `also`, `write`, `edit` and `told`; empty where it says nothing.
macro_rules! listed {
    ([$($with:tt)*] $(#[$row_meta:meta])* $row:ident in $table:ident, key($($key:ident),+) + stamps { $($lines:tt)+ }) => {
        $crate::model::fields::listed! { [$($with)*] $(#[$row_meta])* $row in $table, key($($key),+) {
            $($lines)+
            /// The application whose token made it; '' for people.
            app_id: String, as app_id in cel;
            source: String, as source;
            source_type: $crate::model::words::SourceType, as source_type;
            created_at: $crate::model::time::Instant, as created_at in cel;
            created_by: String, as created_by;
            updated_at: $crate::model::time::Instant, as updated_at in cel;
            updated_by: String, as updated_by;
            deleted_at: Option<$crate::model::time::Instant>, as deleted_at;
            deleted_by: String, as deleted_by;
            schema_version: i32, as schema_version;
            /// Changes only with fields that a caller can write: the etag.
            etag_version: i64;
            /// The log position of the last activity that changed it.
            position: i64;
        } }
    };
    ([$($with:tt)*] $(#[$row_meta:meta])* $row:ident in $table:ident, key($($key:ident),+) { $(
        $(#[$meta:meta])*
        $field:ident: $ty:ty
            $(, image $tag:tt $proto:ident $($label:ident)?)?
            $(, as $name:ident $(in $cel:ident)? $(, id $prefix:ident)? $(, also $also:ident: $also_ty:ty)?
                $(, write $check:ident $($how:ident)*)?
                $(, edit $guard:ident)?
                $(, told $told:ident $($late:ident)?)?
            )?;
    )+ }) => {
        $crate::model::fields::listed! { @give $($with)* [$(#[$row_meta])*] $row in $table, key($($key),+) { $(
            [$(#[$meta])*] $field: $ty,
            ($($tag $proto $($label)?)?)
            [$($($prefix)?)?]
            ($($name)?)
            ($($($name $cel)?)?)
            ($($($also: $also_ty)?)?)
            ($($($name $check $($how)*)?)?)
            ($($($name $guard)?)?)
            ($($($name $told $($late)?)?)?);
        )+ } }
    };
    (@give $callback:ident $($lines:tt)*) => { $callback! { $($lines)* } };
}
pub(crate) use listed;

/// `deal_id: String, …` is the field `pub deal_id: String` of the row, and its place in [`super::row::Row`].
macro_rules! fields_row {
    ([$(#[$row_meta:meta])*] $row:ident in $table:ident, key $key:tt { $(
        [$(#[$meta:meta])*] $field:ident: $ty:ty,
        $image:tt $id:tt $wire:tt $cel:tt $also:tt $write:tt $edit:tt $told:tt;
    )+ }) => {
        row! { $(#[$row_meta])* $row in $table, key $key { $($(#[$meta])* $field: $ty),+ } }
    };
}
pub(crate) use fields_row;

/// The prefix of a line's ids: `[TICKET]` is `id::TICKET`, `[]` is none.
macro_rules! prefix {
    ([]) => {
        ""
    };
    ([$prefix:ident]) => {
        $crate::model::id::$prefix
    };
}
pub(crate) use prefix;

/// `named!(r#type)` is `"type"`.
macro_rules! named {
    ($ident:ident) => {
        const { $crate::model::fields::name(stringify!($ident)) }
    };
}
pub(crate) use named;

/// The name of a field as messages and expressions have it: `r#type` is `type`.
pub const fn name(ident: &'static str) -> &'static str {
    match ident.as_bytes() {
        [b'r', b'#', plain @ ..] => match std::str::from_utf8(plain) {
            Ok(plain) => plain,
            Err(_) => ident,
        },
        _ => ident,
    }
}
