//! Dependencies point down only: reads the sources, and fails on an upward or sideways `use` between floors.

use std::path::{Path, PathBuf};

/// The floors, bottom first. Modules of one floor do not use each other, but for floor 0 and the wire's own.
const FLOORS: &[&[&str]] = &[
    &["identity", "postgres", "telemetry"],
    &["model"],
    &["workflow"],
    &["command"],
    &["store"],
    &["journal", "feed", "projection"],
    &["grpc", "worker"],
    &["cli"],
];

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The modules of this crate that a line of code names.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).flat_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()
    })
}

fn violations(module: &str, source: &str) -> Vec<String> {
    let here = floor_of(module).expect("a module that stands on a floor: name it in FLOORS");
    let mut found = Vec::new();
    for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for other in named(line).filter(|other| *other != module) {
            match floor_of(other) {
                Some(there) if there < here || (there == 0 && here == 0) => {}
                Some(_) => found.push(format!("{module} uses {other}, which is not below it: {}", line.trim())),
                None => {}
            }
        }
        if module != "grpc" && module != "cli" && (line.contains("pb::") || line.contains("tonic::")) {
            found.push(format!("{module} names the wire: {}", line.trim()));
        }
    }
    found
}

#[test]
fn dependencies_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut found = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&src).expect("below src");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        if module != "main" && module != "lib" {
            let source = std::fs::read_to_string(&file).expect("a readable source");
            found.extend(violations(module, &source).into_iter().map(|v| format!("{}: {v}", relative.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_can_fail() {
    assert_eq!(violations("model", "use crate::store::head;").len(), 1);
    assert_eq!(violations("journal", "let f = crate::feed::Feed::new();").len(), 1);
    assert_eq!(violations("store", "use tonic::Status;").len(), 1);
    assert_eq!(violations("store", "use crate::model::ticket::Ticket;").len(), 0);
    assert_eq!(violations("store", "// use crate::grpc::pb;").len(), 0);
}
