//! Tenants of seed.sql and their tokens, signed with the key in the server's data folder.

use std::path::Path;
use std::time::Duration;

use docket::identity::{NewToken, Role, SigningKey};
use docket::model::id;
use tonic::metadata::{Ascii, MetadataValue};
use uuid::Uuid;

use crate::Outcome;
use crate::random::Random;
use crate::settings::Settings;

pub struct Tenant {
    /// Number in the ids of seed.sql.
    pub number: u64,
    pub name: String,
    /// Value of the authorization header.
    pub token: MetadataValue<Ascii>,
}

pub struct Tenants {
    pub spread: Vec<Tenant>,
    pub hot: Tenant,
    /// The same, with a policy in business hours.
    pub promised: Vec<Tenant>,
    pub promised_hot: Tenant,
    pub short: Tenant,
    pub long: Tenant,
    /// For trial calls and stream latency.
    pub probe: Tenant,
    /// With many subscribers, and with a long log.
    pub fan: Tenant,
    pub past: Tenant,
    /// With clocks that are due in quick succession.
    pub due: Tenant,
    /// With idle streams: nothing is written to them.
    pub idle: Vec<Tenant>,
}

impl Tenants {
    pub fn new(settings: &Settings, data_dir: &Path) -> Outcome<Tenants> {
        let key = SigningKey::load(data_dir)?;
        let tenant = |number: u64, name: String| -> Outcome<Tenant> {
            let token = key.sign(&NewToken {
                tenant: name.clone(),
                sub: "bench".to_string(),
                roles: vec![Role::Agent, Role::Admin],
                app_id: None,
                ttl: Duration::from_secs(12 * 3600),
            })?;
            let mut token: MetadataValue<Ascii> = format!("Bearer {token}").parse()?;
            // Never indexed: a thousand tokens would only evict each other from the header table.
            token.set_sensitive(true);
            Ok(Tenant { number, name, token })
        };
        Ok(Tenants {
            spread: (1..=settings.tenants).map(|n| tenant(n, format!("t{n}"))).collect::<Outcome<_>>()?,
            hot: tenant(60_000, "hot1".to_string())?,
            promised: (1..=settings.tenants).map(|n| tenant(0, format!("promised{n}"))).collect::<Outcome<_>>()?,
            promised_hot: tenant(0, "promised".to_string())?,
            short: tenant(60_001, "short".to_string())?,
            long: tenant(60_002, "long".to_string())?,
            probe: tenant(0, "probe".to_string())?,
            fan: tenant(0, "fan".to_string())?,
            past: tenant(0, "past".to_string())?,
            due: tenant(0, "due".to_string())?,
            idle: (1..=settings.idle_streams).map(|n| tenant(0, format!("idle{n}"))).collect::<Outcome<_>>()?,
        })
    }
}

/// A random tenant.
pub fn one_of<'t>(all: &'t [Tenant], random: &mut Random) -> &'t Tenant {
    &all[random.below(all.len() as u64) as usize]
}

impl Tenant {
    /// Id of its `n`th ticket in seed.sql, in the form of the API.
    pub fn seeded_ticket(&self, n: u64) -> String {
        let bits = 0x0190_0000_u128 << 96
            | u128::from(self.number) << 80
            | 0x7000_u128 << 64
            | 0x8000_u128 << 48
            | u128::from(n);
        id::show(id::TICKET, Uuid::from_u128(bits))
    }
}
