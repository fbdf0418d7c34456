//! Whether what a certificate needs of the cluster is there.

use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::missing::Missing;
use crate::retry::Budget;
use crate::sdk::{Seen, Value, View};

/// Warnings of namespaces and of an Ingress class that are missing.
pub async fn warnings(cx: &Cx, planned: View<'_>, budget: &Budget) -> Vec<Explanation> {
    let (secrets, solver) = (secrets(planned), planned.text("http01.namespace").map(str::to_owned));
    let what = format!("The certificate for {} may not be stored", names(planned));
    let stored = Missing { what: &what, namespaces: "kubernetes_secret.namespace", accounts: "" };
    let proof = format!("The names of the certificate for {} may not be proved", names(planned));
    let proved = Missing { what: &proof, namespaces: "http01.namespace", accounts: "" };
    let solver: Vec<_> = solver.into_iter().filter(|namespace| !secrets.contains(namespace)).collect();
    let (stored, proved, class) = tokio::join!(
        Box::pin(stored.look(cx, &secrets, &[])),
        Box::pin(proved.look(cx, &solver, &[])),
        Box::pin(class(cx, planned, &proof, budget)),
    );
    stored.into_iter().chain(proved).chain(class).collect()
}

/// The namespaces of the certificate's Secrets that are known.
fn secrets(planned: View<'_>) -> Vec<String> {
    let copies = match planned.at("kubernetes_secret.copies") {
        Seen::Known(copies) => copies.elements().unwrap_or_default().to_vec(),
        Seen::Null | Seen::Unknown => Vec::new(),
    };
    let of_copies = copies.iter().filter_map(|copy| copy.member("namespace").as_str().map(str::to_owned));
    let mut all: Vec<_> =
        planned.text("kubernetes_secret.namespace").map(str::to_owned).into_iter().chain(of_copies).collect();
    all.sort();
    all.dedup();
    all
}

fn names(planned: View<'_>) -> String {
    let names = planned.at("dns_names").known().and_then(Value::elements).unwrap_or_default();
    let mut names: Vec<_> = names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
    names.sort();
    if names.is_empty() { "its signing request".to_owned() } else { names.join(", ") }
}

/// Whether the Ingress class is missing for certain, so that nobody serves the files.
async fn class(cx: &Cx, planned: View<'_>, what: &str, budget: &Budget) -> Option<Explanation> {
    let name = planned.text("http01.ingress_class")?;
    let class = ObjectRef::of_cluster("networking.k8s.io/v1", "IngressClass", name);
    let (_, found) = cx.provider().cluster().ok()?.look_at(budget, [class.clone()]).await.pop()?;
    let next = "correct `http01.ingress_class`, or install the controller; nothing, if its controller goes by the annotation \
                alone or this apply installs it";
    let told = Explanation::new("BERTH-ACME-122", what).on(format!("{class}, which does not exist"));
    found.is_none().then(|| told.next(next).at("http01.ingress_class"))
}
