//! Connections to the API server that break, and two states at the same moment: nothing is lost, nothing is there twice, and one
//! has it in the end.

use super::killed::Scene;
use super::subjects::{pull_secret, registry};
use crate::workspace::{Cli, Workspace};

/// Breaks each of so many calls of a kind once, before or after the server has done it, from the create to the destroy.
fn survives(mut scene: Scene, kind: &str, calls: &[(&str, usize)]) {
    let step = format!("{kind} at {calls:?}");
    let wishes: Vec<_> =
        calls.iter().flat_map(|(call, count)| (0..*count).map(move |_| format!("{call}:{kind}"))).collect();
    for wish in &wishes {
        scene.proxy.once(wish);
    }
    scene.workspace.apply().succeeds();
    scene.subject.stands(&step);
    scene.workspace.plan().changes_nothing();
    scene.workspace.destroy().succeeds();
    scene.subject.is_gone(&step);
    assert_eq!(scene.proxy.counts().get(kind), Some(&wishes.len()), "{step}: {:?}", scene.proxy.counts());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_outlives_a_broken_connection_at_each_write() {
    for kind in ["drop", "lose", "tear"] {
        survives(Scene::new(registry()), kind, &[("PATCH /", 7), ("PUT /apis/apps/v1", 1), ("DELETE /", 5)]);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_pull_secret_outlives_a_broken_connection_at_each_write() {
    for kind in ["drop", "lose", "tear"] {
        survives(Scene::new(pull_secret()), kind, &[("PATCH /", 1), ("PUT /api/v1", 2), ("DELETE /", 1)]);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn of_two_states_at_the_same_moment_one_has_it() {
    for round in 0..3 {
        let subject = registry();
        let states: Vec<Workspace> =
            (0..2).map(|_| subject.workspace(&Cli::terraform(), &subject.declared(&["it"]))).collect();
        let running: Vec<_> = states.iter().map(Workspace::start_apply).collect();
        let ended: Vec<_> = running.into_iter().map(crate::workspace::Running::finish).collect();
        let winners: Vec<_> =
            states.iter().zip(&ended).filter(|(_, run)| run.is_success()).map(|(workspace, _)| workspace).collect();
        assert_eq!(winners.len(), 1, "round {round}: {} {}", ended[0], ended[1]);
        let loser = ended.into_iter().find(|run| !run.is_success()).unwrap().fails();
        assert!(loser.contains("BERTH-K8S-015"), "round {round}: {loser}");
        subject.stands("made twice at once");
        winners[0].plan().changes_nothing();
        for workspace in states.iter().filter(|it| !std::ptr::eq(*it, winners[0])) {
            workspace.destroy().succeeds();
        }
        subject.stands("after the loser's destroy");
        winners[0].destroy().succeeds();
        subject.is_gone("after the winner's destroy");
    }
}
