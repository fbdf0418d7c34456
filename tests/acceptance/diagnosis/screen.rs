//! What a person sees, for the guide.

use crate::sandbox::value;

use super::stage::{Scene, Stage, shown};

/// Random endings of names, addresses and tokens.
const CHANGING: [(&str, &str); 4] = [
    (r"web-[a-z0-9]{5}(-\d+)*", "web-x7k2p"),
    (r"cm-acme-http-solver-[a-z0-9]{5}", "cm-acme-http-solver-q8d4z"),
    (r"acme-challenge/[A-Za-z0-9_-]+", "acme-challenge/TOKEN"),
    (r"on [0-9.]+:53", "on 10.96.0.10:53"),
];

/// The screen of the first scene says what that of the guide says. Where lines break follows from random names, so that the
/// guide's is taken anew only when scenes are recorded (`RECORD`, with `INSTA_UPDATE=always`).
pub fn is_captured(scenes: &[Scene], stage: &Stage) {
    let scene = &scenes[0];
    let text = shown(&scene.subject);
    let text = text.replace(&stage.host(&scene.name), "hub.example.com").replace(&stage.namespace(&scene.name), "apps");
    assert!(!text.contains(&value("SANDBOX_ZONE_NAME")), "{text}");
    for part in [
        "✗ Certificate apps/web: failing",
        "└─ … CertificateRequest apps/web-",
        "✓ Issuer apps/le ok",
        "1. failure name-not-found",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    if std::env::var_os("RECORD").is_none() {
        return;
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(".");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (changing, instead) in CHANGING {
        settings.add_filter(changing, instead);
    }
    settings.bind(|| insta::assert_snapshot!("screen", text));
}
