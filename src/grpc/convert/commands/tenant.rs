//! UpdateTenant: the masked settings; one that is named and not set is reset to its default.

use super::etag;
use crate::command::verbs::{TenantEdit, UpdateTenant};
use crate::grpc::convert::fields::TENANT;
use crate::grpc::convert::violations::Violations;
use crate::grpc::convert::words::WireWord;
use crate::grpc::convert::{sla, time, value};
use crate::grpc::pb;
use crate::model::limits::{CATEGORIES, CATEGORY_CHARS, PUSH_BACK_MICROS};
use crate::model::rights::WIDENED;
use crate::model::tenant::Tenant;
use crate::model::words::{ReopenMode, TagMode, Words};

writes! {
    UpdateTenantRequest -> UpdateTenantResponse { tenant: Tenant }, by update;
}

pub fn update(request: pb::UpdateTenantRequest, found: &mut Violations) -> UpdateTenant {
    let pb::UpdateTenantRequest { tenant, update_mask, request_id: _, validate_only: _ } = request;
    let fields = TENANT.masked(found, update_mask);
    let mut tenant = found.set("tenant", tenant);
    found.within("tenant", |found| UpdateTenant {
        etag: etag(found, std::mem::take(&mut tenant.etag)),
        edit: edit(tenant, &fields, found),
    })
}

fn edit(tenant: pb::Tenant, fields: &[&str], found: &mut Violations) -> TenantEdit {
    let has = |field| fields.contains(&field);
    let unset = Tenant::unset("");
    let mode = |found: &mut Violations, field: &'static str, value: i32, default: ReopenMode| {
        has(field).then(|| ReopenMode::from_pb(found, field, value).unwrap_or(default))
    };
    TenantEdit {
        reopen_agent: mode(found, "reopen_agent", tenant.reopen_agent, unset.reopen_agent),
        reopen_requester: mode(found, "reopen_requester", tenant.reopen_requester, unset.reopen_requester),
        push_back_micros: has("push_back_window").then(|| match tenant.push_back_window {
            None => unset.push_back_micros,
            Some(window) => time::length_from_pb(found, "push_back_window", &window, PUSH_BACK_MICROS, "3650 days"),
        }),
        requester_reply_reopens_pending: has("requester_reply_reopens_pending")
            .then(|| tenant.requester_reply_reopens_pending.unwrap_or(unset.requester_reply_reopens_pending)),
        tag_mode: has("tag_mode")
            .then(|| TagMode::from_pb(found, "tag_mode", tenant.tag_mode).unwrap_or(unset.tag_mode)),
        categories: has("categories")
            .then(|| found.lines("categories", &tenant.categories, CATEGORIES, CATEGORY_CHARS)),
        requester_fields: has("requester_fields").then(|| widened(found, &tenant.requester_fields)),
        attributes: has("attributes").then(|| value::struct_from_pb(found, "attributes", tenant.attributes)),
        default_calendar: has("default_calendar_id")
            .then(|| sla::calendar_or_none(found, "default_calendar_id", &tenant.default_calendar_id)),
    }
}

/// Names of fields, each once.
fn widened(found: &mut Violations, names: &[String]) -> Words {
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !WIDENED.contains(&name.as_str())) {
        let field = format!("requester_fields[{index}]");
        found.add(
            &field,
            format!("{name:?} is none that requesters can be let set: use some of {}", WIDENED.join(", ")),
        );
    }
    Words::unique(names.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_types::{Duration, FieldMask};

    fn asked(tenant: pb::Tenant, paths: &[&str]) -> Result<TenantEdit, Vec<String>> {
        let mut found = Violations::default();
        let update_mask = Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
        let request = pb::UpdateTenantRequest { tenant: Some(tenant), update_mask, ..Default::default() };
        let UpdateTenant { edit, .. } = update(request, &mut found);
        match found.is_empty() {
            true => Ok(edit),
            false => Err(found.fields().into_iter().map(str::to_owned).collect()),
        }
    }

    #[test]
    fn what_is_named_and_not_set_gets_its_default_and_the_rest_is_kept() {
        let edit = asked(pb::Tenant::default(), &["*"]).expect("a good edit");
        assert_eq!((edit.reopen_agent, edit.reopen_requester), (Some(ReopenMode::InPlace), Some(ReopenMode::FollowUp)));
        assert_eq!((edit.push_back_micros, edit.tag_mode), (Some(604_800_000_000), Some(TagMode::Free)));
        assert_eq!((edit.requester_reply_reopens_pending, edit.categories), (Some(true), Some(Words::default())));
        assert_eq!(edit.attributes, Some(serde_json::json!({})));
        let tenant = pb::Tenant { requester_reply_reopens_pending: Some(false), tag_mode: 9, ..Default::default() };
        let edit = asked(tenant, &["requester_reply_reopens_pending"]).expect("only what is named is read");
        assert_eq!((edit.requester_reply_reopens_pending, edit.tag_mode, edit.categories), (Some(false), None, None));
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let window =
            |seconds, nanos| pb::Tenant { push_back_window: Some(Duration { seconds, nanos }), ..Default::default() };
        for (seconds, nanos) in [(-1, 0), (0, -1), (1, 1_000_000_000), (i64::MAX, 0), (3_650 * 86_400, 1_000)] {
            let wrong = asked(window(seconds, nanos), &["push_back_window"]).err();
            assert_eq!(wrong.as_deref(), Some(&["tenant.push_back_window".to_owned()][..]), "{seconds} s {nanos} ns");
        }
        let tenant = pb::Tenant {
            reopen_agent: 7,
            categories: vec!["ok".into(), String::new(), "x".repeat(129)],
            ..window(3_650 * 86_400, 0)
        };
        let mask = ["reopen_agent", "push_back_window", "categories", "etag", "colour"];
        assert_eq!(
            asked(tenant, &mask).err().unwrap_or_default(),
            ["update_mask", "update_mask", "tenant.reopen_agent", "tenant.categories[1]", "tenant.categories[2]"]
        );
        assert_eq!(asked(pb::Tenant::default(), &[]).err().unwrap_or_default(), ["update_mask"]);
    }
}
