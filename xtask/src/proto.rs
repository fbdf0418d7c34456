//! The Rust code of `proto/`: messages, servers, and the clients that tests use. Needs no `protoc`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

/// Each protocol file, the name of the file that is generated from its package, and where that goes.
const FILES: [(&str, &str, &str); 3] = [
    ("tfplugin6.proto", "tfplugin6.rs", "tfplugin6.rs"),
    ("go_plugin.proto", "plugin.rs", "go_plugin.rs"),
    ("health.proto", "grpc.health.v1.rs", "health.rs"),
];
const FOLDER: &str = "crates/tfplugin/src/plugin/proto";

/// Writes the code anew.
pub fn write() -> Result<()> {
    for (name, text) in generated()? {
        let file = root().join(FOLDER).join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Fails where the code is not what would be generated.
pub fn check() -> Result<()> {
    for (name, text) in generated()? {
        let file = root().join(FOLDER).join(name);
        let found = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        ensure!(found == text, "{} is not what proto/ gives: run `cargo xtask proto`", file.display());
    }
    Ok(())
}

fn generated() -> Result<Vec<(&'static str, String)>> {
    let descriptors = protox::compile(FILES.map(|(proto, ..)| proto), [root().join("proto")])?;
    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .out_dir(out.path())
        .compile_fds(descriptors)?;
    FILES.iter().map(|(_, made, name)| Ok((*name, fs::read_to_string(out.path().join(made))?))).collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_is_that_of_the_protocol_files() {
        super::check().unwrap();
    }
}
