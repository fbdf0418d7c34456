//! An AWS that drops, delays, throttles and fails: what was asked for comes about all the same, and nothing else.

mod limit;
mod lost;
mod world;

use world::World;

use crate::fault_proxy::Faults;
use crate::workspace::Workspace;

/// Applies in a row, each with something to add, to change and to remove.
const STEPS: usize = 10;

#[test]
#[ignore = "needs the sandbox"]
fn ten_applies_in_a_row_succeed_while_a_fifth_of_the_calls_fails() {
    let kinds = "drop,lose,tear,delay,throttle,busy,fail,fail-after,unavailable,page";
    let faults = Faults::before_aws(&["--share", "0.2", "--kinds", kinds, "--seed", "4", "--delay", "0.5"]);
    let world = World::new();
    let workspace = Workspace::new(&world.configuration(0)).env("AWS_ENDPOINT_URL", faults.url());
    for step in 0..STEPS {
        workspace.configure(&world.configuration(step));
        workspace.apply().succeeds();
        world.is_at(step);
    }
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    world.is_gone();

    let counts = faults.counts();
    assert!(kinds.split(',').all(|kind| counts.contains_key(kind)), "{counts:?}");
    println!("disturbed calls: {counts:?}");
}
