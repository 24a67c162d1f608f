//! RevokeToken.

use std::sync::Arc;

use serde_json::Value;

use crate::command::configured::{self, Configured};
use crate::command::limits::limits;
use crate::command::record::{SCHEMA_VERSION, SOURCE};
use crate::command::scope::Scope;
use crate::command::table::known;
use crate::command::wants::Wants;
use crate::command::{Refusal, Resource, Stop, Verb, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::revocation::{Revocation, Revoked};
use crate::model::shown::{Data, shown, stamped};
use crate::model::words::SourceType;

/// Revokes a token, or all tokens that a subject was issued until now. A token that is revoked already changes nothing.
#[derive(Clone, Debug)]
pub struct RevokeToken {
    pub revoked: Revoked,
}

impl Verb for RevokeToken {
    fn name(&self) -> &'static str {
        "revoke_token"
    }

    fn wants(&self, wants: &mut Wants<'_>) {
        wants.add(Want::Revocation(self.revoked.id()));
        let tenant = wants.caller.tenant().to_owned();
        wants.add(Want::Revocations(tenant));
    }

    fn decide(&self, world: &mut World, scope: &mut Scope<'_>) -> Result<Resource, Stop> {
        if !scope.app_id().is_empty() {
            let what = "a token of one app does not revoke tokens of the whole tenant";
            return Err(Refusal::Forbidden { what: what.into() }.into());
        }
        let id = self.revoked.id();
        match world.revocation(&id)? {
            Some(old) if matches!(self.revoked, Revoked::Token(_)) => Ok(old.into()),
            // Tokens that the subject was issued since count, too.
            Some(old) => Ok(configured::write(world, scope, Revocation::clone(&old)).into()),
            None => {
                let (count, limit) = (world.revocation_count()?, limits().revocations);
                if count >= limit {
                    let (name, what) = ("the tenant".to_owned(), "live revocations of tokens".to_owned());
                    return Err(Refusal::LimitExceeded { name, what, limit: limit as u64 }.into());
                }
                Ok(configured::write(world, scope, new(&self.revoked, id, scope)).into())
            }
        }
    }
}

fn new(revoked: &Revoked, id: String, scope: &Scope<'_>) -> Revocation {
    let (jti, sub) = revoked.columns();
    Revocation {
        tenant_id: scope.tenant().to_owned(),
        id,
        jti,
        sub,
        app_id: String::new(),
        source: SOURCE.to_owned(),
        source_type: SourceType::Api,
        created_at: scope.now,
        created_by: scope.actor.id.clone(),
        updated_at: scope.now,
        updated_by: scope.actor.id.clone(),
        deleted_at: None,
        deleted_by: String::new(),
        schema_version: SCHEMA_VERSION,
        etag_version: 0,
        position: 0,
    }
}

impl World {
    /// How many the tenant has, those of this batch included.
    fn revocation_count(&self) -> Result<usize, Stop> {
        let tenant = &self.head.tenant_id;
        let stored = known(self.revoked.get(tenant), || Want::Revocations(tenant.clone()))?;
        Ok(stored.unwrap_or_default() + self.revocations.inserts().count())
    }
}

impl Configured for Revocation {
    const CHANGED: ActivityType = ActivityType::TokenRevoked;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "jti": self.jti,
            "sub": self.sub,
        })
    }

    fn read(data: &Data<'_>) -> Option<Revocation> {
        stamped!(Revocation of data {
            id: data.text("id"),
            jti: data.text("jti"),
            sub: data.text("sub"),
        })
    }

    fn put(self: Arc<Revocation>, world: &mut World) {
        world.revocations.put(self.id.clone(), self);
    }
}
