//! Ctrl-C, once and twice: no challenge record is left, and the next apply goes on with the order.

use super::scene::{Moment, Remote, Scene};
use crate::workspace::End;

/// Interrupted while something is waited for, and completed.
fn goes_on(scene: &mut Scene, name: &str, moment: Moment<'_>, end: End) {
    let step = format!("when interrupted ({end:?}) at {:?}", moment.1);
    scene.declare(name, "ecdsa-p256");
    scene.ends_at(moment, end);
    // Who interrupts twice wants no tidying up: it comes with the next apply.
    if end == End::Interrupt {
        assert_eq!(scene.values(name), Vec::<String>::new(), "{step}");
    }
    let begun = scene.workspace.log().matches("acme order found again").count();
    scene.is_completed(name, &step);
    assert_eq!(scene.workspace.log().matches("acme order found again").count(), begun + 1, "{step}");
}

const PUBLISHING: Moment<'_> = (Remote::Route53, &["POST /2013-04-01/hostedzone:hold-after"]);
const PROVING: Moment<'_> = (Remote::Ca, &["POST /my-order:hold"]);
const FINALIZING: Moment<'_> = (Remote::Ca, &["POST /finalize-order:hold"]);
const FINALIZED: Moment<'_> = (Remote::Ca, &["POST /finalize-order:hold-after"]);

#[test]
#[ignore = "needs the sandbox"]
fn interrupted_once_no_record_is_left_and_the_order_is_completed() {
    let mut scene = Scene::new("interrupted");
    goes_on(&mut scene, "publishing", PUBLISHING, End::Interrupt);
    goes_on(&mut scene, "proving", PROVING, End::Interrupt);
    goes_on(&mut scene, "finalizing", FINALIZING, End::Interrupt);
    goes_on(&mut scene, "finalized", FINALIZED, End::Interrupt);
    scene.workspace.plan().changes_nothing();
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn interrupted_twice_the_next_apply_tidies_up_and_completes_the_order() {
    let mut scene = Scene::new("interrupted-twice");
    goes_on(&mut scene, "publishing", PUBLISHING, End::InterruptTwice);
    goes_on(&mut scene, "proving", PROVING, End::InterruptTwice);
    goes_on(&mut scene, "finalized", FINALIZED, End::InterruptTwice);
    scene.workspace.plan().changes_nothing();
    scene.workspace.destroy().succeeds();
}
