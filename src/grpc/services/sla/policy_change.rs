//! PreviewPolicyChange: the effect of a change to a policy or calendar, before it is made.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use tonic::Status;
use uuid::Uuid;

use crate::command::sla::SlaConfig;
use crate::command::sla::trial::{Effect, EffectKind, effects};
use crate::command::{self, Command, Stop, Verb, World};
use crate::grpc::call::read::connection;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::commands::change;
use crate::grpc::convert::read::{checked, freshness};
use crate::grpc::convert::{clock, time};
use crate::grpc::pb;
use crate::grpc::status::{self, fault};
use crate::model::id;
use crate::model::ledger::Head;
use crate::model::limits::PREVIEWED_EFFECTS;
use crate::model::ticket::{Ticket, display_number};
use crate::model::time::Instant;
use crate::store;
use crate::store::pool::Reading;
use crate::workflow::RuleSet;

const METHOD: &str = "PreviewPolicyChange";
/// Tickets of one look.
const TICKETS: usize = 1_000;
/// Looks at what a decision misses; as many as the journal allows itself.
const PASSES: usize = 8;
/// The longest that one call looks, and what it leaves of the caller's deadline for the answer to arrive.
const LONGEST: Duration = Duration::from_secs(30);
const SPARED: Duration = Duration::from_millis(500);
/// Effects that are told one by one, where the caller does not say how many.
const EFFECTS: i32 = 50;

pub async fn preview(
    state: &State,
    call: Call,
    request: pb::PreviewPolicyChangeRequest,
) -> Result<pb::PreviewPolicyChangeResponse, Status> {
    let pb::PreviewPolicyChangeRequest { change: sent, max_effects, min_position, epoch } = request;
    let (verb, most, fresh) = checked(|found| {
        let most = match max_effects {
            0 => EFFECTS,
            negative @ ..0 => {
                found.add("max_effects", format!("must not be negative, is {negative}"));
                0
            }
            some => some.min(PREVIEWED_EFFECTS),
        };
        (change(sent, found), most, freshness(found, min_position, epoch))
    })
    .map_err(status::refused)?;
    let Some(verb) = verb else { return Err(fault::incident(METHOD, &"a request without a change was taken")) };
    let until = call.deadline.and_then(|at| at.checked_sub(SPARED));
    let longest = Clock::now() + LONGEST;
    let until = until.map_or(longest, |until| until.min(longest));
    let conn = connection(state, &call, fresh).await?;
    // Its marks go with the clocks; a set that does not compile here has none.
    let rules = state.journal.rules().active(&conn).await.map_err(failed)?.set.unwrap_or_default();
    let mut trial = Trial::begin(conn, &call, verb).await?;
    let mut found = Found::new(usize::try_from(most).unwrap_or_default());
    let mut after = Uuid::nil();
    found.answer.complete = loop {
        let app = call.caller.app_id();
        let rows = store::sla::open_rows(&mut trial.conn, call.caller.tenant(), app, after, TICKETS).await;
        let rows = rows.map_err(failed)?;
        let now = trial.now;
        let effects = trial.ask(|world| effects(world, &rules, &rows, now)).await?;
        rows.iter().zip(effects).for_each(|(ticket, effects)| found.add(ticket, effects));
        match rows.last() {
            Some(last) if rows.len() == TICKETS => after = last.id,
            _ => break true,
        }
        if Clock::now() >= until {
            break false;
        }
    };
    trial.answer(found).await
}

fn failed(error: diesel::result::Error) -> Status {
    fault::of_read(METHOD, "", error)
}

/// A world in which the change was made, and that is never written.
struct Trial {
    conn: Reading,
    worlds: HashMap<String, World>,
    tenant: String,
    /// Of the log before anything else was read.
    position: i64,
    now: Instant,
}

impl Trial {
    /// # Errors
    /// The refusals of the change.
    async fn begin(mut conn: Reading, call: &Call, verb: Arc<dyn Verb>) -> Result<Trial, Status> {
        let tenant = call.caller.tenant().to_owned();
        let head = store::read::head::get(&mut conn, &tenant).await.map_err(failed)?;
        let now = store::head::clock(&conn).await.map_err(failed)?;
        let none = || Head {
            tenant_id: tenant.clone(),
            position: 0,
            config_position: 0,
            last_number: 0,
            floor: 0,
            last_at: now,
            queues: Default::default(),
        };
        let head = head.unwrap_or_else(none);
        let (position, now) = (head.position, now.max(head.last_at));
        let worlds = HashMap::from([(tenant.clone(), World::new(head))]);
        let mut trial = Trial { conn, worlds, tenant, position, now };
        let caller = call.caller.clone();
        let command = Command { id: Uuid::now_v7(), caller, request: None, validate_only: false, verb };
        // Rules do not move clocks by themselves, and what they would do is another question.
        let rules = RuleSet::default();
        trial.ask(|world| command::run(world, &command, &rules, now)).await?;
        Ok(trial)
    }

    /// Decides, as often as the world has to learn something first.
    async fn ask<T>(&mut self, mut decide: impl FnMut(&mut World) -> Result<T, Stop>) -> Result<T, Status> {
        for _ in 0..PASSES {
            let Some(world) = self.worlds.get_mut(&self.tenant) else { break };
            match decide(world) {
                Ok(decided) => return Ok(decided),
                Err(Stop::Refused(refusal)) => return Err(status::refused(*refusal)),
                Err(Stop::Missing(wants)) => {
                    let wants = wants.into_iter().map(|want| (self.tenant.as_str(), want)).collect();
                    store::load::fetch(&self.conn, wants).await.map_err(failed)?.fill(&mut self.worlds);
                }
            }
        }
        Err(fault::incident(METHOD, &"it missed something after every pass"))
    }

    async fn answer(mut self, found: Found) -> Result<pb::PreviewPolicyChangeResponse, Status> {
        let epoch = store::head::installation(&self.conn).await.map_err(failed)?.epoch;
        let config = self.ask(|world| world.sla()).await?;
        let Found { mut answer, breaching, others, most } = found;
        let told = breaching.into_iter().chain(others).take(most);
        answer.effects = told.map(|(id, number, effect)| shown(id, number, effect, &config, self.now)).collect();
        (answer.position, answer.epoch, answer.at) = (self.position, epoch, Some(time::to_pb(self.now)));
        Ok(answer)
    }
}

/// What was found so far.
struct Found {
    answer: pb::PreviewPolicyChangeResponse,
    /// Of tickets with their numbers: some that are breached at once, and some of the others.
    breaching: Vec<(Uuid, i64, Effect)>,
    others: Vec<(Uuid, i64, Effect)>,
    most: usize,
}

impl Found {
    fn new(most: usize) -> Found {
        Found { answer: Default::default(), breaching: Vec::new(), others: Vec::new(), most }
    }

    fn add(&mut self, ticket: &Ticket, effects: Vec<Effect>) {
        self.answer.tickets += 1;
        for effect in effects {
            match effect.kind {
                EffectKind::Moved => self.answer.moved += 1,
                EffectKind::Started => self.answer.started += 1,
                EffectKind::Voided => self.answer.voided += 1,
            }
            self.answer.breached += i64::from(effect.breaches);
            let some = if effect.breaches { &mut self.breaching } else { &mut self.others };
            if some.len() < self.most {
                some.push((ticket.id, ticket.number, effect));
            }
        }
    }
}

fn shown(ticket: Uuid, number: i64, effect: Effect, config: &SlaConfig, now: Instant) -> pb::SlaEffect {
    let Effect { kind, before, after, breaches } = effect;
    let kind = match kind {
        EffectKind::Moved => pb::SlaEffectKind::Moved,
        EffectKind::Started => pb::SlaEffectKind::Started,
        EffectKind::Voided => pb::SlaEffectKind::Voided,
    };
    pb::SlaEffect {
        ticket_id: id::show(id::TICKET, ticket),
        display_number: display_number(number),
        before: before.map(|before| clock::to_pb(&before, None, now)),
        after: Some(clock::to_pb(&after, config.hours_of(&after.goal), now)),
        kind: kind as i32,
        breaches,
    }
}
