//! The cluster and its objects.

use super::{Code, lasting, passing};

/// The codes, in order.
pub(super) const CODES: &[Code] = &[
    lasting(
        "BERTH-K8S-001",
        "It is not said which cluster is meant, or it is said twice.",
        "Set `kubernetes.config_path` or `kubernetes.host` in the provider block (one of them), or KUBE_CONFIG_PATH.",
    ),
    lasting(
        "BERTH-K8S-002",
        "What leads to the cluster cannot be used: a kubeconfig that is missing or cannot be read, a context that is \
         not in it, a program that gives no credentials.",
        "Correct the path, the context or the credentials that the message names.",
    ),
    passing(
        "BERTH-K8S-003",
        "The API server does not answer: it is away, a name does not resolve, a proxy or firewall is between, or its \
         certificate is not trusted.",
        "Check that the cluster is up and reachable from this machine. Where the words speak of a certificate, \
         correct `kubernetes.cluster_ca_certificate` or the kubeconfig's CA.",
    ),
    lasting(
        "BERTH-K8S-004",
        "The cluster does not know who asks: a token that has expired or belongs to another cluster.",
        "Log in again, or correct the token, the certificate or the exec program.",
    ),
    lasting(
        "BERTH-K8S-005",
        "The cluster knows who asks, and RBAC does not allow it.",
        "Grant what the message names. `required_kubernetes_permissions` gives the rules for all types of a \
         configuration at once.",
    ),
    lasting(
        "BERTH-K8S-006",
        "The namespace does not exist.",
        "Make it first, correct its name, or set `create_namespace = true` where the type has that.",
    ),
    passing(
        "BERTH-K8S-007",
        "The namespace is being deleted and takes nothing new.",
        "Apply again when it is gone or made anew. If it stays, look for what holds it: `kubectl get namespace NAME \
         -o yaml`.",
    ),
    lasting(
        "BERTH-K8S-008",
        "An object that is needed does not exist, such as a service account.",
        "Make it first, or correct its name.",
    ),
    lasting(
        "BERTH-K8S-009",
        "An object of this name exists and was not made by this resource.",
        "Import it, remove it, or choose another name. It was left as it is.",
    ),
    passing(
        "BERTH-K8S-010",
        "Another tool owns fields that are to be set, or somebody kept writing to the object at the same time.",
        "Apply again. If it stays, let one of the two manage the fields that the message names.",
    ),
    lasting(
        "BERTH-K8S-011",
        "The cluster refuses the content of an object.",
        "Correct the value that belongs to the field in the cluster's words. What is set once for all, such as the template of a \
         Job, changes only with the object: remove it, and apply again.",
    ),
    passing(
        "BERTH-K8S-012",
        "What was waited for did not come within the time, or the run was interrupted.",
        "Apply again to go on waiting, or allow more time in `timeouts`. The message tells the last state seen.",
    ),
    passing(
        "BERTH-K8S-013",
        "The API server answers with an error of its own, or is overloaded.",
        "Apply again; if it stays, the API server's log tells more.",
    ),
    lasting(
        "BERTH-K8S-014",
        "The Pods of a Deployment do not get up, for a cause that waiting does not mend: the image, the storage, no \
         node that fits, a missing Secret.",
        "Do what the message says of the cause, then apply again. What was made stays as it is.",
    ),
    lasting(
        "BERTH-K8S-015",
        "An object was made by berth for another resource, of this configuration or of another state.",
        "Say a renaming in a `moved` block, choose another name, or import it if no state knows it. The guide on \
         whose an object is tells more.",
    ),
    lasting(
        "BERTH-K8S-016",
        "Two resources of this configuration declare the same object. A warning in a plan.",
        "Give one of them another name or namespace, or remove it.",
    ),
    lasting(
        "BERTH-K8S-017",
        "A warning: a destroy has left objects that belong to another resource, state or tool by now.",
        "Remove them there, if nobody needs them.",
    ),
    lasting(
        "BERTH-K8S-018",
        "A warning: a namespace that berth made was kept, because something is left in it, or that could not be told.",
        "Look into it, and remove it with `kubectl delete namespace` if nothing in it is needed.",
    ),
    lasting(
        "BERTH-K8S-019",
        "No right is missing, and an admission rule of the cluster refuses the object: a quota, a LimitRange, Pod \
         security, a policy.",
        "Do what the message says of the rule that refuses.",
    ),
    lasting(
        "BERTH-K8S-070",
        "An Ingress or Service never gets an address: it is of a kind that has none.",
        "Name an Ingress, or a Service of type LoadBalancer.",
    ),
    lasting(
        "BERTH-K8S-071",
        "A Secret or ConfigMap that berth made was set immutable by somebody.",
        "Remove it with the command in the message and apply again: it is made anew.",
    ),
    lasting(
        "BERTH-K8S-072",
        "A warning: a namespace or service account that is needed does not exist yet.",
        "Make it first, or correct its name; let the attribute come from the resource that makes it.",
    ),
    lasting(
        "BERTH-K8S-073",
        "There is no Ingress or Service of that name, and in a plan nobody is about to make it.",
        "Let the name come from an attribute of the resource that makes it, or correct it.",
    ),
    lasting(
        "BERTH-K8S-080",
        "The cluster does not serve a kind: what defines it is not installed, or has no such version. Other than an object \
         that does not exist.",
        "Install what defines the kind, in the same manifest if you like, or correct `apiVersion` and `kind`.",
    ),
    lasting(
        "BERTH-K8S-081",
        "A text of documents is neither YAML nor JSON, or a key stands twice in it.",
        "Correct the text at the line and column of the message.",
    ),
    lasting(
        "BERTH-K8S-082",
        "A document is no object: it lacks `apiVersion`, `kind` or `metadata.name`, or has `generateName` in its place, or a \
         label, an annotation or an entry of a ConfigMap or Secret that is no text.",
        "Complete the document; put what is to be text into quotes.",
    ),
    lasting("BERTH-K8S-083", "Two documents of a manifest declare the same object.", "Take one of the two out."),
    lasting(
        "BERTH-K8S-084",
        "A document with content of a Secret stands in `yaml`, which is stored in the state.",
        "Move it to `secrets_yaml_wo`, which is not stored.",
    ),
    lasting("BERTH-K8S-085", "A manifest has no documents.", "Give `yaml` or `secrets_yaml_wo` a document at least."),
    lasting(
        "BERTH-K8S-086",
        "An object has failed, and waiting does not mend it: a Job that ran out of attempts, a rollout past its deadline.",
        "See what the object and its Pods say, mend the cause, and apply again. Nothing was removed.",
    ),
    lasting(
        "BERTH-K8S-087",
        "An element of `wait_for` says nothing that could be waited for, or fits no object of the manifest.",
        "Give it a condition, a field or `address = true`, and the kind and name of an object in the text.",
    ),
    lasting(
        "BERTH-K8S-088",
        "A warning: objects of kinds that `keep` names were not deleted.",
        "Nothing needs to be done. Take the kind out of `keep` and apply before the destroy if they are to go as well.",
    ),
    lasting(
        "BERTH-K8S-089",
        "Objects cannot be imported as a manifest: an id cannot be read, an object does not exist, or they belong to several \
         manifests.",
        "Name existing objects of one manifest, as `apps/v1/Deployment/NAMESPACE/NAME`, with commas between them.",
    ),
    lasting(
        "BERTH-K8S-090",
        "The state of another provider's manifest cannot be taken over.",
        "Import the object by its name, and remove the other resource from the state.",
    ),
    passing(
        "BERTH-K8S-091",
        "An object that is being deleted does not go: finalizers hold it until a controller has tidied up.",
        "See that the controller runs which serves the finalizers, and apply again; the message has the command that takes them \
         off where it is gone for good.",
    ),
    lasting(
        "BERTH-K8S-092",
        "A toleration contradicts itself: it names a value where any is tolerated, or no key where one is compared.",
        "Use the operator `Exists` without a value, or `Equal` with a key.",
    ),
];
