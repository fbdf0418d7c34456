//! The rights in the cluster that berth says it needs are those that it uses: no more, no fewer.
//!
//! Each type is applied, planned, changed, imported and destroyed by an account that has just these rights, and planned by
//! one that has just those of a plan. The API server's log tells what they asked.

mod diagnoses;
mod manifests;
mod registries;
mod types;

use std::collections::BTreeSet;

use crate::runner::{Asked, Runner};
use crate::workspace::{Cli, Workspace};
use berth::domain::cluster_permissions::{Permissions, PolicyRule, Rules, Use, permissions};

const PASSWORD: &str = "a password under narrow rights";

/// Group, resource and verb.
type Right = (String, String, String);

/// What is asked for of these types, where the configuration sets these attributes.
fn table(types: &[&str], attributes: &[&str], plan_only: bool) -> Permissions {
    let attributes = attributes.iter().map(|name| (*name).to_owned()).collect();
    permissions(types.iter().copied(), &Use { plan_only, attributes }).unwrap()
}

fn rights(rules: &[PolicyRule]) -> BTreeSet<Right> {
    let of = |rule: &PolicyRule| {
        let group = rule.group.to_owned();
        let pairs = rule.resources.iter().flat_map(|resource| rule.verbs.iter().map(move |verb| (*resource, *verb)));
        pairs.map(|(resource, verb)| (group.clone(), resource.to_owned(), verb.to_owned())).collect::<Vec<_>>()
    };
    rules.iter().flat_map(of).collect()
}

fn all(rules: &Rules) -> BTreeSet<Right> {
    &rights(&rules.rules) | &rights(&rules.optional)
}

fn right(asked: &Asked) -> Right {
    (asked.group.clone(), asked.resource.clone(), asked.verb.clone())
}

/// What was asked for and not given, and what is given and was never asked for, in that place. A namespace itself counts as
/// in it (Kubernetes: `RequestInfo`), and what is given for `*` was asked for if anything was.
fn compare(given: &Permissions, asked: &BTreeSet<Asked>) -> (BTreeSet<Right>, BTreeSet<Right>) {
    let refused = asked.iter().filter(|asked| !asked.was_allowed).map(right).collect();
    let used = |in_namespace: bool| asked.iter().filter(move |asked| asked.in_namespace == in_namespace).map(right);
    let (inside, outside): (BTreeSet<_>, BTreeSet<_>) = (used(true).collect(), used(false).collect());
    let is_for_anything = |(group, _, verb): &Right| group == "*" && inside.iter().any(|(.., used)| used == verb);
    let mut idle: BTreeSet<_> =
        all(&given.namespaced).difference(&inside).filter(|right| !is_for_anything(right)).cloned().collect();
    idle.extend(all(&given.cluster).into_iter().filter(|(group, resource, verb)| {
        let is_used = |(.., name): &Right| name == verb;
        let of_namespaces = resource == "namespaces" && inside.iter().any(|it| it.1 == *resource && is_used(it));
        let of_anything = group == "*" && inside.iter().any(is_used);
        !outside.contains(&(group.clone(), resource.clone(), verb.clone())) && !of_namespaces && !of_anything
    }));
    (refused, idle)
}

/// A life under narrow rights.
struct Life<'a> {
    types: &'a [&'a str],
    attributes: &'a [&'a str],
    /// The namespaces that it is about.
    namespaces: &'a [&'a str],
    steps: &'a [String],
    /// Addresses with their ids.
    imports: &'a [(&'a str, String)],
    /// Rights that it has no occasion for, with the occasion.
    rarely: &'a [(&'a str, &'a str, &'a str)],
    /// Those that it has no occasion for while it plans.
    rarely_at_plan: &'a [(&'a str, &'a str)],
}

impl Life<'_> {
    /// Lives once with everything, which must be all used and enough; and once with what is needed alone, which must do.
    fn is_lived(&self) {
        for cli in Cli::all() {
            let (given, at_plan) = (self.table(false), self.table(true));
            let (runner, planner) = (self.runner(&given, true), self.runner(&at_plan, true));
            self.lived(&cli, &runner, &planner);
            let (looked, done) = (planner.asked(), runner.asked());
            self.check("an apply", &given, &(&done | &allowed(&looked)), |verb, resource, _| {
                self.rarely.iter().any(|(rare, of, _)| (*rare, *of) == (verb, resource))
            });
            self.check("a plan", &at_plan, &looked, |verb, resource, is_rare| {
                is_rare || self.rarely_at_plan.contains(&(verb, resource))
            });
        }
        let (given, at_plan) = (self.table(false), self.table(true));
        let (runner, planner) = (self.runner(&given, false), self.runner(&at_plan, false));
        self.lived(&Cli::terraform(), &runner, &planner);
        for (given, asked) in [(given, runner.asked()), (at_plan, planner.asked())] {
            let spared = &rights(&given.namespaced.optional) | &rights(&given.cluster.optional);
            let missed: Vec<_> = compare(&given, &asked).0.difference(&spared).cloned().collect();
            assert!(missed.is_empty(), "{:?} were refused what is not optional: {missed:?}", self.types);
        }
    }

    fn table(&self, plan_only: bool) -> Permissions {
        table(self.types, self.attributes, plan_only)
    }

    fn runner(&self, given: &Permissions, messages: bool) -> Runner {
        Runner::new().may(given, self.namespaces, messages)
    }

    fn check(
        &self,
        when: &str,
        given: &Permissions,
        asked: &BTreeSet<Asked>,
        is_known: impl Fn(&str, &str, bool) -> bool,
    ) {
        let (refused, idle) = compare(given, asked);
        assert!(refused.is_empty(), "{when} of {:?} asks for what the table does not have: {refused:?}", self.types);
        let is_rare = |verb: &str, resource: &str| self.rarely.iter().any(|it| (it.0, it.1) == (verb, resource));
        let idle: Vec<_> =
            idle.into_iter().filter(|(_, resource, verb)| !is_known(verb, resource, is_rare(verb, resource))).collect();
        assert!(idle.is_empty(), "the table says that {when} of {:?} asks for what it never did: {idle:?}", self.types);
    }

    fn lived(&self, cli: &Cli, runner: &Runner, planner: &Runner) {
        let workspace = Workspace::on(cli, &self.steps[0]).secret("password", PASSWORD);
        let mut workspace = runner.in_workspace(workspace);
        for step in self.steps {
            workspace.configure(step);
            workspace.apply().succeeds();
            let planning = planner.in_workspace(workspace);
            planning.plan().changes_nothing();
            workspace = runner.in_workspace(planning);
        }
        for (address, id) in self.imports {
            workspace.run(&["state", "rm", address]).succeeds();
            workspace.import(address, id).succeeds();
            workspace.apply().succeeds();
        }
        workspace.destroy().succeeds();
    }
}

fn allowed(asked: &BTreeSet<Asked>) -> BTreeSet<Asked> {
    asked.iter().filter(|asked| asked.was_allowed).cloned().collect()
}

const VARIABLE: &str = "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n";

/// What these types ask is told by comparison: for tests elsewhere that have a stage of their own.
pub(crate) fn is_as_told(types: &[&str], attributes: &[&str], runner: &Runner, rarely: &[(&str, &str)]) {
    let (refused, idle) = compare(&table(types, attributes, false), &runner.asked());
    let idle: Vec<_> = idle.iter().filter(|it| !rarely.contains(&(it.2.as_str(), it.1.as_str()))).collect();
    assert!(refused.is_empty() && idle.is_empty(), "refused: {refused:?}; never asked: {idle:?}");
}

/// An account that has what the table says of these types.
pub(crate) fn narrow(types: &[&str], attributes: &[&str], namespaces: &[&str]) -> Runner {
    Runner::new().may(&table(types, attributes, false), namespaces, true)
}
