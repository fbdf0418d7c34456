//! What is told of what is pushed: what is not there yet, what a plan fails for, what a destroy leaves.

use crate::clients::oci::OciError;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::Plan;

/// The warning of a plan of which something is not there yet. `made` ends the next step: how it may be made, and else what to correct.
pub fn not_there_yet(what: &str, named: &str, made: &str, attribute: &str) -> Explanation {
    let next = format!("nothing needs to be done if something in this run {made}");
    Explanation::new("BERTH-OCI-014", what).on(named).next(next).at(attribute)
}

/// The warning of a plan whose files are not there yet.
pub fn files_absent(what: &str, path: &str, attribute: &str) -> Explanation {
    not_there_yet(what, path, "makes it; else correct the path", attribute)
}

/// The failure of a registry that does not delete, or not so.
pub fn refused_removal(what: &str, object: &str, registry: &str, refused: &OciError) -> Explanation {
    Explanation::new("BERTH-OCI-013", what)
        .on(object)
        .said(format!("The registry `{registry}`"), refused.to_string())
        .next(
            "let the registry allow deletion (delete_enabled of a `berth_registry`), then destroy again; or set \
             delete_on_destroy = false, apply, and destroy then",
        )
}

/// Warns that a destroy has left something.
pub fn tell_left(cx: &Cx, what: &str, object: &str, why: &str) {
    let told = Explanation::new("BERTH-OCI-012", format!("{what}: the tag was left"))
        .on(object)
        .said("The look before it", why)
        .next("nothing needs to be done; remove it with the registry's own tools if nobody needs it");
    cx.warn(&told);
}

/// What passes by a plan that fails for its files: a destroy does not need them, and yet plans them first.
pub const DESTROYING: &str = "to destroy what was pushed as it is, use `terraform destroy -refresh=false`";

/// The failure of a plan whose files will not do.
pub fn unplannable(told: Explanation, plan: &Plan<'_>) -> Explanation {
    if plan.is_create() { told } else { told.adding(DESTROYING) }
}
