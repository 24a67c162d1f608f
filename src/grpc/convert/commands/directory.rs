//! Commands of the directory: upserts, single and in batches, and deletions. The command sets the stamps of rows made
//! here.

use super::{Write, check, etag, fits_batch, of_batch};
use crate::command::verbs::{DeleteEntry, UpsertAll, UpsertEntry};
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::directory::*;
use crate::model::fields::named;

/// An entry as a caller says it.
trait Form {
    type Row;

    /// All that may be said of it, checked.
    fn checked(self, found: &mut Violations) -> Self::Row;
}

/// `entry_form! { … }`, over a list's lines: `name: …, as name in cel, write name` is `row.name = check::name(found, "name", self.name)`.
macro_rules! entry_form {
    ($docs:tt $row:ident in $table:ident, key $key:tt { $(
        $meta:tt $field:ident: $ty:ty, $image:tt $id:tt $wire:tt $cel:tt $also:tt
        ($($name:ident $check:ident)?) $edit:tt $told:tt;
    )+ }) => {
        impl Form for pb::$row {
            type Row = $row;

            fn checked(self, found: &mut Violations) -> $row {
                let mut row = $row::default();
                $($(row.$field = check::$check(found, named!($name), self.$name);)?)+
                row
            }
        }
    };
}

macro_rules! entry_forms {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        $fields! { entry_form }
    )+ };
}
entries! { entry_forms }

/// ```text
/// Team: team UpsertTeamRequest -> UpsertTeamResponse,
///     teams BatchUpsertTeamsRequest -> BatchUpsertTeamsResponse,
///     delete_team DeleteTeamRequest -> DeleteTeamResponse, by plain;
/// ```
///
/// makes these three requests [`Write`]s, by functions of the names given. `plain`: the message is read as its list says.
macro_rules! directory_writes {
    ($($row:ident: $one:ident $upsert:ident -> $upserted:ident, $many:ident $batch:ident -> $batched:ident,
        $delete_one:ident $delete:ident -> $deleted:ident, by $read:ident;)+) => {
        writes! { $(
            $upsert -> $upserted { $one: $row }, by $one;
            $batch -> $batched { $many: each $row }, by $many;
            $delete -> $deleted { $one: $row }, by $delete_one;
        )+ }

        $(
            fn $one(request: pb::$upsert, found: &mut Violations) -> UpsertEntry<$row> {
                let entry = found.set(stringify!($one), request.$one);
                found.within(stringify!($one), |found| {
                    let etag = etag(found, entry.etag.clone());
                    UpsertEntry { row: $read(entry, found), etag }
                })
            }

            fn $many(request: pb::$batch, found: &mut Violations) -> UpsertAll<$row> {
                all(request.requests, $one, found)
            }

            fn $delete_one(request: pb::$delete, found: &mut Violations) -> DeleteEntry<$row> {
                let pb::$delete { id, etag: tag, request_id: _, validate_only: _ } = request;
                DeleteEntry::new(check::own_id(found, "id", id), etag(found, tag))
            }
        )+
    };
}

directory_writes! {
    Organization: organization UpsertOrganizationRequest -> UpsertOrganizationResponse,
        organizations BatchUpsertOrganizationsRequest -> BatchUpsertOrganizationsResponse,
        delete_organization DeleteOrganizationRequest -> DeleteOrganizationResponse, by subscribed;
    Contact: contact UpsertContactRequest -> UpsertContactResponse,
        contacts BatchUpsertContactsRequest -> BatchUpsertContactsResponse,
        delete_contact DeleteContactRequest -> DeleteContactResponse, by plain;
    Team: team UpsertTeamRequest -> UpsertTeamResponse,
        teams BatchUpsertTeamsRequest -> BatchUpsertTeamsResponse,
        delete_team DeleteTeamRequest -> DeleteTeamResponse, by plain;
    Agent: agent UpsertAgentRequest -> UpsertAgentResponse,
        agents BatchUpsertAgentsRequest -> BatchUpsertAgentsResponse,
        delete_agent DeleteAgentRequest -> DeleteAgentResponse, by plain;
    Deal: deal UpsertDealRequest -> UpsertDealResponse,
        deals BatchUpsertDealsRequest -> BatchUpsertDealsResponse,
        delete_deal DeleteDealRequest -> DeleteDealResponse, by plain;
    Asset: asset UpsertAssetRequest -> UpsertAssetResponse,
        assets BatchUpsertAssetsRequest -> BatchUpsertAssetsResponse,
        delete_asset DeleteAssetRequest -> DeleteAssetResponse, by plain;
}

fn plain<F: Form>(entry: F, found: &mut Violations) -> F::Row {
    entry.checked(found)
}

fn subscribed(mut entry: pb::Organization, found: &mut Violations) -> Organization {
    let pb::Subscription { plan, status } = entry.subscription.take().unwrap_or_default();
    let mut row = entry.checked(found);
    let plan = check::label(found, "subscription.plan", plan);
    row.set_subscription(Subscription { plan, status: check::label(found, "subscription.status", status) });
    row
}

fn all<W: Write, E>(
    requests: Vec<W>,
    one: impl Fn(W, &mut Violations) -> UpsertEntry<E>,
    found: &mut Violations,
) -> UpsertAll<E> {
    let mut upserts = Vec::with_capacity(requests.len());
    if fits_batch(found, requests.len()) {
        for (i, request) in requests.into_iter().enumerate() {
            found.within(&format!("requests[{i}]"), |found| {
                of_batch(&request, found);
                upserts.push(one(request, found));
            });
        }
    }
    UpsertAll(upserts)
}
