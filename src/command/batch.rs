//! Commands with several items of one kind: all are executed, or none.

use super::scope::Scope;
use super::{Stop, World, react};

/// Each one of a batch has its rules to itself, and their bounds: they run before the next one is made.
pub fn each<N, T>(
    world: &mut World,
    scope: &mut Scope<'_>,
    all: &[N],
    one: impl Fn(&mut World, &mut Scope<'_>, &N) -> Result<T, Stop>,
) -> Result<Vec<T>, Stop> {
    let (mut done, mut missing) = (Vec::with_capacity(all.len()), Vec::new());
    for (index, new) in all.iter().enumerate() {
        let start = world.savepoint();
        let made = one(world, scope, new).and_then(|made| react::settle(world, scope).map(|()| made));
        match made {
            Ok(made) => done.push(made),
            // What the others miss is asked for in the same pass; a refusal may look different once it is known.
            Err(Stop::Missing(wants)) => {
                world.rollback(&start);
                missing.extend(wants);
            }
            Err(refused) if missing.is_empty() => return Err(refused.within(&format!("requests[{index}]"))),
            Err(_) => world.rollback(&start),
        }
    }
    if missing.is_empty() { Ok(done) } else { Err(Stop::Missing(missing)) }
}
