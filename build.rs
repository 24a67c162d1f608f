//! Turns proto/ into Rust and into the descriptor set that reflection serves. protox reads the files; no protoc is needed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/access.rs"]
mod access;

fn main() -> Result<(), Box<dyn Error>> {
    // tonic-prost-build prints this only when it reads the files itself.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=proto");
    // They are embedded by a macro, which does not see a new folder.
    println!("cargo::rerun-if-changed=migrations");

    let mut files = protos(Path::new("proto/docket/v1"))?;
    // Nothing imports it, but clients that read errors through reflection need the types of the details.
    files.push("google/rpc/error_details.proto".into());

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;

    // The raw bytes keep the extensions (google.api.http, docket.v1.access), which prost's own types would drop. The comments stay out:
    // they double the size, and reflection has no use for them.
    compiler.include_source_info(false);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("docket.bin"), compiler.encode_file_descriptor_set())?;
    fs::write(out.join("methods.rs"), access::table(&compiler.descriptor_pool())?)?;

    // tonic-types already has google.rpc, and no code needs google.api. google.protobuf maps to prost-types.
    compiler.include_source_info(true);
    let mut set = compiler.file_descriptor_set();
    set.file.retain(|file| matches!(file.package(), "docket.v1" | "google.type" | "google.protobuf"));
    // The codec finds what a message may hold by its name.
    let mut names = tonic_prost_build::Config::new();
    names.enable_type_names();
    tonic_prost_build::configure()
        .btree_map(".")
        .codec_path("crate::grpc::codec::Framed")
        // Beside an id it is large.
        .boxed(".docket.v1.PreviewDeadlineRequest.hours.calendar")
        .boxed(".docket.v1.PreviewElapsedRequest.hours.calendar")
        .extern_path(".docket.v1.GetTicketResponse", "crate::grpc::pb::GetTicketResponse")
        .extern_path(".docket.v1.ListTicketsResponse", "crate::grpc::pb::ListTicketsResponse")
        .extern_path(".docket.v1.StreamActivitiesResponse", "crate::grpc::pb::StreamActivitiesResponse")
        .compile_fds_with_config(set, names)?;
    Ok(())
}

/// The files of a folder as protox names them: relative to proto/, in a fixed order.
fn protos(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path.strip_prefix("proto")?.to_path_buf());
        }
    }
    files.sort();
    Ok(files)
}
