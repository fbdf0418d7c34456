//! Wishes, and what they take.

use super::*;
use crate::domain::dns::Routing;

fn set(name: &str, kind: RecordType, value: &str) -> RecordSet {
    RecordSet::simple(DnsName::parse(name).unwrap(), kind, 60, vec![value.to_owned()])
}

fn a(name: &str, value: &str) -> RecordSet {
    set(name, RecordType::A, value)
}

fn live(sets: &[RecordSet]) -> BTreeMap<DnsName, Vec<RecordSet>> {
    let mut live = BTreeMap::new();
    for set in sets {
        live.entry(set.key.name.clone()).or_insert_with(Vec::new).push(set.clone());
    }
    live
}

fn groups(wish: &Transition, there: &[RecordSet]) -> Vec<ChangeGroup> {
    let steps = wish.steps(&live(there)).into_iter();
    steps.inspect(|step| assert!(step.obstacles.is_empty(), "{step:?}")).map(|step| step.group).collect()
}

fn ours(sets: &[RecordSet]) -> BTreeMap<RecordKey, Option<RecordSet>> {
    sets.iter().map(|set| (set.key.clone(), Some(set.clone()))).collect()
}

#[test]
fn what_a_run_made_that_ended_without_a_word_is_ours_if_something_of_ours_is_gone() {
    let (wanted, other) = (a("new.x", "192.0.2.1"), a("other.x", "192.0.2.9"));
    let wish = |resumes: bool| Transition { new: vec![wanted.clone()], in_run: true, resumes, ..Transition::default() };
    let there = |value: &str| live(&[a("new.x", value), other.clone()]);
    assert_eq!(wish(true).steps(&there("192.0.2.1")), []);
    assert_eq!(wish(true).steps(&there("192.0.2.7"))[0].obstacles.len(), 1, "it stands there with other values");
    assert_eq!(wish(false).steps(&there("192.0.2.1"))[0].obstacles.len(), 1, "nothing says that we made it");
}

#[test]
fn one_request_deletes_replaces_and_creates() {
    let before = [a("gone.x", "192.0.2.1"), a("same.x", "192.0.2.2"), a("other.x", "192.0.2.3")];
    let after = vec![a("same.x", "192.0.2.2"), a("other.x", "192.0.2.4"), a("new.x", "192.0.2.5")];
    let wish = Transition { old: ours(&before), new: after, ..Transition::default() };
    let names: Vec<_> = wish.open_names().into_iter().map(|name| name.to_string()).collect();
    assert_eq!(names, ["gone.x", "new.x"], "only those are looked for");
    let groups = groups(&wish, &before);
    let expected = [
        Change::Delete(a("gone.x", "192.0.2.1")),
        Change::Create(a("new.x", "192.0.2.5")),
        Change::Upsert(a("other.x", "192.0.2.4")),
    ];
    assert_eq!(groups, [ChangeGroup(expected.to_vec())]);
}

#[test]
fn what_is_deleted_is_what_is_there() {
    let wish = Transition::delete([a("a.x", "192.0.2.1").key]);
    let there = a("a.x", "192.0.2.9");
    assert_eq!(groups(&wish, std::slice::from_ref(&there)), [ChangeGroup(vec![Change::Delete(there)])]);
    assert!(groups(&wish, &[]).is_empty(), "gone already");
}

#[test]
fn a_type_is_swapped_and_what_is_not_ours_is_in_the_way() {
    let cname = set("a.x", RecordType::Cname, "b.x.");
    let swap =
        Transition { old: ours(std::slice::from_ref(&cname)), new: vec![a("a.x", "192.0.2.1")], ..Default::default() };
    let groups = groups(&swap, std::slice::from_ref(&cname));
    assert_eq!(groups[0].0, [Change::Delete(cname.clone()), Change::Create(a("a.x", "192.0.2.1"))]);

    let wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
    let both = live(&[cname.clone(), a("b.x", "192.0.2.1")]);
    let [step] = wish.steps(&both).try_into().unwrap();
    assert_eq!(step.obstacles.len(), 2, "all of them at once: {step:?}");
    assert_eq!(step.obstacles[0].existing, cname);
    let [forced] = Transition { overwrite: true, ..wish }.steps(&both).try_into().unwrap();
    assert!(matches!(forced.group.0.as_slice(), [Change::Upsert(_), Change::Upsert(_)]));
    assert!(forced.obstacles.is_empty());
}

#[test]
fn groups_fit_a_request_and_tied_names_stay_together() {
    let many: Vec<_> = (0..2100).map(|i| a(&format!("n{i}.x"), "192.0.2.1")).collect();
    let ties = vec![(many[0].key.name.clone(), many[2099].key.name.clone())];
    let wish = Transition { new: many.clone(), ties, ..Transition::default() };
    let found = groups(&wish, &[]);
    assert_eq!(found.iter().map(|group| group.0.len()).collect::<Vec<_>>(), [1000, 1000, 100]);
    let holds = |group: &ChangeGroup, set: &RecordSet| group.keys().any(|key| *key == set.key);
    assert!(found.iter().any(|group| holds(group, &many[0]) && holds(group, &many[2099])));
    let replaced = Transition { overwrite: true, ..wish };
    assert_eq!(groups(&replaced, &[]).len(), 5, "an UPSERT counts twice");
}

#[test]
fn what_was_carried_out_needs_nothing_any_more() {
    let mut wish = Transition { new: vec![a("a.x", "192.0.2.1"), a("b.x", "192.0.2.1")], ..Default::default() };
    wish.note(&Step { group: ChangeGroup::single(Change::Create(a("a.x", "192.0.2.1"))), ..Step::default() });
    let left = groups(&wish, &[a("a.x", "192.0.2.1")]);
    assert_eq!(left, [ChangeGroup::single(Change::Create(a("b.x", "192.0.2.1")))]);
}

#[test]
fn our_own_mark_is_adopted() {
    let mark = external_dns::marks_of(&a("a.x", "192.0.2.1"), "berth").unwrap().remove(0);
    let wish = Transition::create(mark.clone());
    assert!(wish.steps(&live(std::slice::from_ref(&mark))).is_empty());
    let theirs = external_dns::marks_of(&a("a.x", "192.0.2.1"), "cluster").unwrap().remove(0);
    assert_eq!(wish.steps(&live(&[theirs]))[0].obstacles.len(), 1);
    // In a run it is ours from then on, beside the record that is made.
    let wish = Transition { new: vec![a("a.x", "192.0.2.1"), mark.clone()], ..Transition::default() }.in_run();
    let [step] = wish.steps(&live(std::slice::from_ref(&mark))).try_into().unwrap();
    assert_eq!(step.group, ChangeGroup::single(Change::Create(a("a.x", "192.0.2.1"))));
    assert!(step.taken.len() == 2 && step.taken.contains_key(&mark.key), "{step:?}");
}

#[test]
fn the_soa_and_ns_of_the_zone_itself_are_left() {
    let (soa, ns) = (set("x", RecordType::Soa, "s"), set("x", RecordType::Ns, "n."));
    let (below, www) = (set("b.x", RecordType::Ns, "n."), a("www.x", "192.0.2.1"));
    let before = [soa.clone(), ns.clone(), below.clone(), www.clone()];
    let wish = Transition::delete(before.iter().map(|set| set.key.clone()));
    let expected = ChangeGroup(vec![Change::Delete(below), Change::Delete(www)]);
    assert_eq!(groups(&wish, &before), [expected], "the others go");
    assert_eq!(wish.left_at_apex(&live(&before)), [ns.key.clone(), soa.key.clone()]);
    // A change of the name away from the zone's own leaves it too, and a change of its values is one.
    let moved = Transition { new: vec![set("b.x", RecordType::Ns, "n.")], ..Transition::delete([ns.key.clone()]) };
    let made = Change::Create(set("b.x", RecordType::Ns, "n."));
    assert_eq!(groups(&moved, &before[..2]), [ChangeGroup::single(made)]);
    let changed = Transition { new: vec![set("x", RecordType::Ns, "m.")], ..Transition::delete([ns.key]) };
    assert_eq!(groups(&changed, &before[..2]), [ChangeGroup::single(Change::Upsert(set("x", RecordType::Ns, "m.")))]);
    assert!(changed.left_at_apex(&live(&before)).is_empty());
}

#[test]
fn sets_that_take_another_policy_go_before_they_come() {
    let routed = |id: &str, routing| {
        let mut set = a("a.x", "192.0.2.1");
        (set.key.set_identifier, set.routing) = (Some(id.to_owned()), Some(routing));
        set
    };
    let before = ["v", "w"].map(|id| routed(id, Routing::Weighted(1)));
    let after = ["v", "w"].map(|id| routed(id, Routing::Multivalue));
    let wish = Transition { old: ours(&before), new: after.to_vec(), ..Transition::default() };
    let expected = [before.map(Change::Delete), after.map(Change::Create)].concat();
    assert_eq!(groups(&wish, &["v", "w"].map(|id| routed(id, Routing::Weighted(1)))), [ChangeGroup(expected)]);
}

#[test]
fn a_weighted_set_is_judged_by_its_companions_also_when_it_changes() {
    let weighted = |id: &str, ttl| {
        let mut set = RecordSet::simple(DnsName::parse("a.x").unwrap(), RecordType::A, ttl, vec!["192.0.2.1".into()]);
        (set.key.set_identifier, set.routing) = (Some(id.to_owned()), Some(Routing::Weighted(1)));
        set
    };
    let before = [weighted("blue", 60), weighted("green", 60)];
    let wish = Transition { new: vec![weighted("blue", 30)], ..Transition::delete([before[0].key.clone()]) };
    assert_eq!(wish.open_names().len(), 1);
    let [step] = wish.steps(&live(&before)).try_into().unwrap();
    assert_eq!(step.obstacles[0].existing, before[1]);
    assert!(step.obstacles[0].is_resolved_by(&[Change::Upsert(weighted("green", 30))]));
    assert!(!step.obstacles[0].is_resolved_by(&[Change::Upsert(weighted("green", 45))]));
    assert!(step.obstacles[0].is_resolved_by(&[Change::Delete(weighted("green", 60))]));
}
