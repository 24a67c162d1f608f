//! Dependencies point down only: reads the sources, and fails where a layer names one that is not below it.

use std::path::{Path, PathBuf};

mod paths;

use paths::{Named, named};

/// The layers, bottom first. Modules of one layer do not use each other, except on layer 0.
const FLOORS: &[&[&str]] = &[
    &["identity", "postgres", "telemetry"],
    &["model"],
    &["workflow"],
    &["command"],
    &["store"],
    &["journal", "feed", "projection"],
    &["grpc", "worker"],
    &["cli"],
    &["lib", "main"],
];

/// The only layer that names the generated messages and tonic.
const WIRE: &str = "grpc";

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

/// The modules that a file below src/ is, outermost first: `store/read/mod.rs` is `store::read`.
fn modules(file: &Path) -> Vec<String> {
    let mut modules: Vec<String> =
        file.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if modules.len() > 1 && modules.last().is_some_and(|last| last == "mod") {
        modules.pop();
    }
    modules
}

/// The path from the root of the crate; `None` where it begins with another crate or with something in scope.
fn absolute(file: &[String], named: &Named) -> Option<Vec<String>> {
    // main.rs and lib.rs are the root itself.
    let file = if matches!(file, [root] if root == "main" || root == "lib") { &[] } else { file };
    let mut here: Vec<String> = file.iter().chain(&named.within).cloned().collect();
    let (first, mut rest) = named.path.split_first()?;
    match first.as_str() {
        "crate" | "docket" => here.clear(),
        "self" => {}
        "super" => drop(here.pop()),
        _ => return None,
    }
    while let Some(("super", further)) = rest.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        here.pop();
        rest = further;
    }
    Some(here.into_iter().chain(rest.iter().cloned()).collect())
}

fn violations(file: &str, source: &str) -> Vec<String> {
    let modules = modules(Path::new(file));
    let module = modules[0].as_str();
    let here = floor_of(module).expect("a module that stands on a floor: name it in FLOORS");
    let mut found = Vec::new();
    for named in named(source) {
        let at = format!("{file}:{}: {}", named.line, named.path.join("::"));
        let absolute = absolute(&modules, &named);
        let other = absolute.as_ref().and_then(|path| path.first()).filter(|other| *other != module);
        if other.and_then(|other| floor_of(other)).is_some_and(|there| there >= here && (there, here) != (0, 0)) {
            found.push(format!("{at} is not below {module}"));
        }
        let path = absolute.as_ref().unwrap_or(&named.path);
        let tonic = path.first().is_some_and(|first| first == "tonic" || first.starts_with("tonic_"));
        if module != WIRE && (tonic || path.iter().any(|part| part == "pb")) {
            found.push(format!("{at} is the wire, which is {WIRE}'s"));
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
        let source = std::fs::read_to_string(&file).expect("a readable source");
        let relative = file.strip_prefix(&src).expect("below src");
        found.extend(violations(&relative.to_string_lossy(), &source));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Each of these names one layer that it must not.
#[test]
fn the_check_finds_every_kind_of_violation() {
    let guilty = [
        ("model/id.rs", "use crate::store::head;"),
        ("model/id.rs", "use crate::{identity::Role, store::head};"),
        ("model/id.rs", "use crate::{\n    identity::{Caller, Role},\n    store::{\n        head,\n    },\n};"),
        ("journal/mod.rs", "let f = crate::feed::Feed::new();"),
        ("journal/mod.rs", "use super::feed::Feed;"),
        ("journal/lane.rs", "use super::super::feed::Feed;"),
        ("journal/lane.rs", "mod tests {\n    use super::super::super::feed::Feed;\n}"),
        ("store/mod.rs", "macro_rules! m { () => { $crate::cli::run() } }"),
        ("cli/mod.rs", "fn f() -> docket::main::Never {}"),
        ("store/mod.rs", "use tonic::Status;"),
        ("store/mod.rs", "use {std::fmt, tonic::{Code, Status}};"),
        ("store/mod.rs", "fn f(status: ::tonic_types::StatusExt) {}"),
        ("cli/mod.rs", "use tonic::transport::{Channel, Endpoint};"),
        ("cli/mod.rs", "use crate::grpc::{\n    pb::{self, Ticket},\n    rest,\n};"),
        ("cli/mod.rs", "fn f(activity: &pb::Activity) {}"),
        ("main.rs", "use docket::grpc::pb;"),
    ];
    for (file, source) in guilty {
        let found = violations(file, source);
        assert!(!found.is_empty(), "{file}: {source}");
    }
    assert!(violations("model/id.rs", guilty[2].1)[0].contains("model/id.rs:1: crate::store"), "it says where");
}

#[test]
fn what_points_down_passes() {
    let innocent = [
        ("store/mod.rs", "use crate::{model::{id, ticket::Ticket}, identity};"),
        ("store/mod.rs", "// use crate::grpc::pb;\n/* crate::cli */ const C: &str = \"crate::cli\";"),
        (
            "store/mod.rs",
            "const C: (&str, char) = (r#\"\"crate::cli\"#, '\"'); use self::cli::X; fn f<'a>(_: &'a str) {}",
        ),
        ("store/read/mod.rs", "use super::grpc::X; mod tests { use super::super::feed::X; }"),
        ("identity/mod.rs", "use crate::telemetry::Trace;"),
        ("telemetry/otlp.rs", "use opentelemetry_otlp::tonic_types::transport::ClientTlsConfig;"),
        ("grpc/mod.rs", "use super::feed; use tonic::Status; use pb::Ticket;"),
        ("main.rs", "use docket::{cli::run, grpc};"),
    ];
    for (file, source) in innocent {
        assert_eq!(violations(file, source), [""; 0], "{file}: {source}");
    }
}
