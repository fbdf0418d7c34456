//! Where the manifest comes from: known late, changed meanwhile, or not given.

use crate::workspace::Workspace;

use super::{ADDRESS, Cluster, installed, release};

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn a_manifest_that_is_known_in_the_apply_only_is_installed_and_planned_again() {
    let _cluster = Cluster::empty();
    let text = |name: &str| {
        format!(
            "resource \"terraform_data\" \"text\" {{\n  triggers_replace = \"{name}\"\n  input = file(\"{}\")\n}}\n\
             resource \"berth_cert_manager\" \"x\" {{\n  manifest = terraform_data.text.output\n  wait = false\n}}\n",
            release(name)
        )
    };
    let workspace = Workspace::new(&text("former"));
    workspace.plan().changes_something();
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");
    workspace.configure(&text("current"));
    workspace.plan().changes_something();
    workspace.apply_plan().succeeds();
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.11.5");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn a_file_that_changes_after_the_plan_is_told_and_not_applied() {
    let _cluster = Cluster::empty();
    let workspace = Workspace::new(&installed("file.yaml", "  wait = false"));
    let put = |name: &str| workspace.write("file.yaml", &std::fs::read_to_string(release(name)).unwrap());
    put("former");
    workspace.plan().changes_something();
    put("current");
    // Hosts plan once more when they apply, and compare the two.
    let told = |errors: &str, attribute: &str| {
        assert!(errors.contains("inconsistent final plan") && errors.contains(attribute), "{errors}");
    };
    told(&workspace.apply_plan().fails(), ".manifest_sha256");
    assert!(workspace.instance(ADDRESS).is_none(), "nothing was begun");
    put("former");
    workspace.apply().succeeds();
    put("current");
    workspace.plan().changes_something();
    put("former");
    told(&workspace.apply_plan().fails(), ".manifest_sha256");
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");
    workspace.plan().changes_nothing();

    // A step on the way is a manifest as well.
    let between = std::fs::read_to_string(release("former")).unwrap().replace("\"v1.10.2\"", "\"v1.10.9\"");
    workspace.write("between.yaml", &between);
    workspace.configure(&installed(&release("current"), "  wait = false\n  steps = [\"between.yaml\"]"));
    workspace.plan().changes_something();
    workspace.write("between.yaml", &between.replace("1.10.9", "1.10.8"));
    told(&workspace.apply_plan().fails(), ".passed");
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");

    // Of a digest that is declared, we speak ourselves.
    let digest = workspace.attributes(ADDRESS)["manifest_sha256"].as_str().unwrap().to_owned();
    workspace.configure(&installed("file.yaml", &format!("  manifest_sha256 = \"{digest}\"")));
    workspace.plan().changes_something();
    put("current");
    let errors = workspace.apply_plan().fails();
    assert!(errors.contains("BERTH-CM-006") && !errors.contains("inconsistent"), "{errors}");
    put("former");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn what_is_null_is_not_given_and_what_is_empty_is_told_at_its_attribute() {
    let workspace = Workspace::new("");
    let nulls = ["steps", "manifest_sha256", "version", "namespace", "adopt", "force_conflicts", "wait", "timeouts"];
    let nulls: Vec<String> = nulls.iter().map(|name| format!("  {name} = null\n")).collect();
    workspace.configure(&installed(&release("current"), &nulls.concat()));
    let plan = workspace.plan().changes_something();
    assert_eq!(plan.warnings(), Vec::<String>::new());
    for (given, line) in [
        ("  steps = [null]", "steps"),
        ("  steps = [\"\"]", "steps"),
        ("  namespace = \"\"", "namespace"),
        ("  version = \"\"", "version"),
        ("  manifest_sha256 = \"\"", "manifest_sha256"),
    ] {
        workspace.configure(&installed(&release("current"), given));
        let run = workspace.validate();
        let told = run.diagnostics();
        assert!(
            told.iter().any(|it| it.severity == "error" && it.line.as_deref().unwrap_or("").contains(line)),
            "{given}: {run}"
        );
    }
    workspace.configure(&installed("", ""));
    assert!(workspace.validate().fails().contains("must not be empty"));
    workspace.configure(&installed(&release("current"), "  steps = []"));
    workspace.plan().changes_something();
}
