//! The provider block, without any resource.

use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs terraform"]
fn an_empty_provider_block_is_enough() {
    for cli in Cli::all() {
        let workspace = Workspace::on(&cli, "provider \"berth\" {}\noutput \"answer\" { value = 42 }\n");
        workspace.validate().succeeds();
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs terraform"]
fn a_resource_type_that_does_not_exist_is_named() {
    for cli in Cli::all() {
        let workspace = Workspace::on(&cli, "resource \"berth_nothing\" \"x\" {}\n");
        let errors = workspace.plan().fails();
        assert!(errors.contains("berth_nothing"), "{errors}");
    }
}

#[test]
#[ignore = "needs terraform"]
#[should_panic(expected = "a secret is in tfplan of the saved plan")]
fn a_secret_in_a_saved_plan_is_found() {
    let configuration = "variable \"v\" { type = string }\noutput \"o\" {\n  value = var.v\n  sensitive = true\n}\n";
    Workspace::new(configuration).secret("v", "correct horse").plan().succeeds();
}

#[test]
#[ignore = "needs terraform"]
#[should_panic(expected = "a secret is in terraform.tfstate")]
fn a_secret_in_the_state_is_found() {
    let configuration = "variable \"v\" { type = string }\noutput \"o\" {\n  value = var.v\n  sensitive = true\n}\n";
    Workspace::new(configuration).secret("v", "correct horse").apply().succeeds();
}
