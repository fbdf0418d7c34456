//! What cert-manager holds, taken out of a cluster and put into one: issuers, Certificates and the Secrets that they need.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::secrets::of_issuer;
use crate::domain::kubernetes::{LAST_APPLIED, ObjectRef};
use crate::domain::ownership::MARKS;

/// The form of a backup, by which a later one is known.
const FORM: &str = "berth/cert-manager-backup/1";

/// How much a backup may hold once it is unpacked, 256 MiB: a damaged or foreign one is not unpacked without end.
const LARGEST: u64 = 256 << 20;

/// What a backup is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Issuers and `ClusterIssuers`.
    Issuers,
    /// Certificates.
    Certificates,
    /// Keys of ACME accounts, and bindings to external ones.
    AccountKeys,
    /// All other Secrets that issuers refer to: credentials of DNS providers, CAs.
    Credentials,
    /// The Secrets that Certificates fill: keys and certificates.
    Issued,
}

/// Objects in the order in which they are put back: Secrets, issuers, Certificates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backup {
    /// The namespace of the controller that it was taken of, where Secrets of `ClusterIssuers` lie.
    pub controller: String,
    /// The objects, as they are to be declared.
    pub objects: Vec<Value>,
}

/// Why bytes are no backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are not packed, or broken.
    Unreadable(String),
    /// They are of another form.
    OtherForm,
}

impl Backup {
    /// A backup of these objects, as the API server has them.
    pub fn of<'a>(controller: &str, objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut objects: Vec<Value> = objects.into_iter().filter_map(stripped).collect();
        objects.sort_by_key(|object| (rank(object), ObjectRef::of(object)));
        objects.dedup();
        Self { controller: controller.to_owned(), objects }
    }

    /// Which objects there are.
    pub fn references(&self) -> impl Iterator<Item = ObjectRef> + '_ {
        self.objects.iter().filter_map(ObjectRef::of)
    }

    /// Packed, the same bytes for the same objects.
    pub fn packed(&self) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let text = json!({ "form": FORM, "controller": self.controller, "objects": self.objects }).to_string();
        // Writing to memory does not fail.
        drop(encoder.write_all(text.as_bytes()));
        encoder.finish().unwrap_or_default()
    }

    /// What was packed.
    ///
    /// # Errors
    /// It is no backup.
    pub fn unpacked(bytes: &[u8]) -> Result<Self, Fault> {
        let mut text = String::new();
        let mut decoder = GzDecoder::new(bytes).take(LARGEST);
        decoder.read_to_string(&mut text).map_err(|error| Fault::Unreadable(error.to_string()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| Fault::Unreadable(error.to_string()))?;
        if value.get("form").and_then(Value::as_str) != Some(FORM) {
            return Err(Fault::OtherForm);
        }
        let controller = value.get("controller").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { controller, objects: value.get("objects").and_then(Value::as_array).cloned().unwrap_or_default() })
    }

    /// The same for a controller in another namespace: what lies beside it goes along.
    #[must_use]
    pub fn moved_to(mut self, controller: &str) -> Self {
        let namespaces = self.objects.iter_mut().filter_map(|object| object.pointer_mut("/metadata/namespace"));
        for namespace in namespaces.filter(|namespace| namespace.as_str() == Some(&self.controller)) {
            *namespace = controller.into();
        }
        controller.clone_into(&mut self.controller);
        self
    }
}

/// The Secrets that a backup of these objects holds too. Of `ClusterIssuers` they lie in the controller's namespace.
pub fn secrets(objects: &[Value], controller: &str, parts: &BTreeSet<Part>) -> BTreeSet<ObjectRef> {
    let mut found = BTreeSet::new();
    for object in objects {
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or(controller);
        let spec = object.get("spec").unwrap_or(&Value::Null);
        let names = match object.get("kind").and_then(Value::as_str) {
            Some("Certificate") if parts.contains(&Part::Issued) => filled(spec),
            Some("Issuer" | "ClusterIssuer") => needed(spec, parts),
            _ => BTreeSet::new(),
        };
        found.extend(names.iter().map(|name| ObjectRef::secret(namespace, name)));
    }
    found
}

fn filled(spec: &Value) -> BTreeSet<String> {
    spec.get("secretName").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
}

fn needed(spec: &Value, parts: &BTreeSet<Part>) -> BTreeSet<String> {
    let name = |path: &str| spec.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let paths = ["/acme/privateKeySecretRef/name", "/acme/externalAccountBinding/keySecretRef/name"];
    let accounts: BTreeSet<String> = paths.into_iter().filter_map(name).collect();
    let mut names = BTreeSet::new();
    if parts.contains(&Part::Credentials) {
        names.extend(of_issuer(spec).difference(&accounts).cloned());
    }
    if parts.contains(&Part::AccountKeys) {
        names.extend(accounts);
    }
    names
}

/// What is put back first.
fn rank(object: &Value) -> usize {
    match object.get("kind").and_then(Value::as_str) {
        Some("Secret") => 0,
        Some("Certificate") => 2,
        _ => 1,
    }
}

/// What of an object is to be declared again: neither its state nor whose it was.
fn stripped(object: &Value) -> Option<Value> {
    let reference = ObjectRef::of(object)?;
    let mut kept = Map::new();
    for name in ["apiVersion", "kind", "spec", "type", "data"] {
        kept.extend(object.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let mut metadata = json!({ "name": reference.name });
    let members = metadata.as_object_mut()?;
    members.extend(reference.namespace.map(|namespace| ("namespace".to_owned(), namespace.into())));
    for name in ["labels", "annotations"] {
        let mut entries =
            object.pointer(&format!("/metadata/{name}")).and_then(Value::as_object).cloned().unwrap_or_default();
        entries.retain(|entry, _| entry != LAST_APPLIED && !MARKS.contains(&entry.as_str()));
        if !entries.is_empty() {
            members.insert(name.to_owned(), Value::Object(entries));
        }
    }
    kept.insert("metadata".to_owned(), metadata);
    Some(Value::Object(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ownership::OWNER;

    fn cluster() -> Vec<Value> {
        let meta = |namespace: &str, name: &str| {
            json!({ "namespace": namespace, "name": name, "uid": "u", "resourceVersion": "7", "ownerReferences": [{}],
                "annotations": { LAST_APPLIED: "{}", OWNER: "x", "team": "a" } })
        };
        vec![
            json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": meta("apps", "web"), "status": { "revision": 3 },
                "spec": { "secretName": "web-tls" } }),
            json!({ "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": { "name": "le" },
                "spec": { "acme": { "privateKeySecretRef": { "name": "account" },
                    "solvers": [{ "dns01": { "cloudflare": { "apiTokenSecretRef": { "name": "cf" } } } }] } } }),
            json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": meta("cert-manager", "account"), "data": { "tls.key": "eA==" } }),
        ]
    }

    #[test]
    fn a_backup_comes_back_as_it_was_taken_in_the_order_in_which_it_is_put_back() {
        let backup = Backup::of("cert-manager", &cluster());
        let kinds: Vec<_> = backup.references().map(|object| object.kind).collect();
        assert_eq!(kinds, ["Secret", "ClusterIssuer", "Certificate"]);
        assert_eq!(Backup::unpacked(&backup.packed()), Ok(backup.clone()));
        assert_eq!(backup.packed(), Backup::of("cert-manager", cluster().iter().rev()).packed(), "whatever the order");
        let secret = backup.objects.first().unwrap();
        assert_eq!(
            secret["metadata"],
            json!({ "namespace": "cert-manager", "name": "account", "annotations": { "team": "a" } })
        );
        let certificate = backup.objects.last().unwrap();
        assert!(certificate.get("status").is_none());
    }

    #[test]
    fn the_secrets_that_objects_need_are_found_by_what_is_asked_for() {
        let names = |parts: &[Part]| {
            let parts = parts.iter().copied().collect();
            secrets(&cluster(), "cert-manager", &parts)
                .into_iter()
                .map(|it| format!("{}/{}", it.namespace.unwrap(), it.name))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&[Part::AccountKeys]), ["cert-manager/account"]);
        assert_eq!(names(&[Part::Credentials]), ["cert-manager/cf"]);
        assert_eq!(names(&[Part::Issued]), ["apps/web-tls"]);
        assert_eq!(names(&[Part::Issuers, Part::Certificates]), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_backup_is_told() {
        assert!(matches!(Backup::unpacked(b"none"), Err(Fault::Unreadable(_))));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(br#"{"form": "another"}"#).unwrap();
        assert_eq!(Backup::unpacked(&encoder.finish().unwrap()), Err(Fault::OtherForm));
    }

    #[test]
    fn moved_it_lies_elsewhere() {
        let moved = Backup::of("cert-manager", &cluster()).moved_to("tls");
        let namespaces: Vec<_> = moved.references().filter_map(|it| it.namespace).collect();
        assert_eq!(namespaces, ["tls", "apps"]);
    }
}
