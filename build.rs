//! Compiles `proto/` into Rust: messages, servers, and the clients that tests use. Needs no `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

use tonic_prost_build::FileDescriptorSet;

const PROTOS: [&str; 3] = ["tfplugin6.proto", "go_plugin.proto", "health.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    for proto in PROTOS {
        println!("cargo:rerun-if-changed=proto/{proto}");
    }
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    write_descriptors(&descriptors)?;
    tonic_prost_build::configure().build_transport(false).btree_map(".").compile_fds(descriptors)?;
    Ok(())
}

/// Writes the descriptors beside the code: `tests/protocol` holds them against those of the Go libraries.
fn write_descriptors(descriptors: &FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    let file = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("descriptors.bin");
    fs::write(file, prost::Message::encode_to_vec(descriptors))?;
    Ok(())
}
