//! The folder: which files are read, once each, and what is said of those that cannot be.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::workflow::folder::{self, Holds};
use crate::workflow::set::RuleSet;

const RULE: &str = "name: NAME\non: ticket.created\ndo: [{tag: {add: x}}]\n";

struct Folder(PathBuf);

impl Folder {
    fn of(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("docket-folder-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn put(&self, file: &str, content: impl AsRef<[u8]>) -> &Folder {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    /// A rule of this name.
    fn rule(&self, file: &str, name: &str) -> &Folder {
        self.put(file, RULE.replace("NAME", name))
    }

    fn link(&self, name: &str, to: impl AsRef<Path>) -> &Folder {
        symlink(to, self.0.join(name)).expect("a link");
        self
    }

    fn names(&self) -> Vec<String> {
        folder::list(&self.0).expect("is listed").into_iter().map(|file| file.name).collect()
    }

    fn said(&self) -> Vec<String> {
        let found = RuleSet::load_dir(&self.0).expect_err("is refused");
        found.iter().map(|d| d.to_string().replace(&self.0.display().to_string(), "DIR")).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn rules_are_in_yaml_and_yml_files_at_any_depth() {
    let folder = Folder::of("names");
    folder
        .rule("a.yaml", "a")
        .rule("deep/er/b.yml", "b")
        .rule("C.YAML", "c")
        .put("a.test.yaml", "[")
        .put("b.test.yml", "[");
    folder.put("notes.md", "no").put("a.yaml.bak", "[").put("yaml", "[").put("schema.json", "{}");
    let set = RuleSet::load_dir(&folder.0).expect("loads");
    assert_eq!(
        set.sources().iter().map(|(file, _)| file.as_str()).collect::<Vec<_>>(),
        ["C.YAML", "a.yaml", "deep/er/b.yml"]
    );
    let tests = folder::read(&folder.0, Holds::Tests).expect("reads");
    assert_eq!(tests.iter().map(|(file, _)| file.as_str()).collect::<Vec<_>>(), ["a.test.yaml", "b.test.yml"]);
}

#[test]
fn what_is_hidden_is_left_out() {
    let folder = Folder::of("hidden");
    folder.rule("a.yaml", "a").put(".git/x.yaml", "[").put("deep/.cache/y.yaml", "[").put("._a.yaml", [0, 5, 0x16, 7]);
    folder.link(".#a.yaml", "somebody@machine.4711");
    assert_eq!(folder.names(), ["a.yaml"]);
    assert!(!folder::places(&folder.0).iter().any(|place| place.ends_with(".git")));
}

#[test]
fn a_mounted_config_map_is_read_once() {
    let folder = Folder::of("mount");
    folder.rule("..2026_11_29/a.yaml", "a").rule("..2026_11_29/b.yaml", "b");
    folder.link("..data", "..2026_11_29").link("a.yaml", "..data/a.yaml").link("b.yaml", "..data/b.yaml");
    let set = RuleSet::load_dir(&folder.0).expect("no name twice");
    assert_eq!(set.rules().len(), 2);
    assert!(
        folder::places(&folder.0).iter().any(|place| place.ends_with("..2026_11_29")),
        "where the files are is watched"
    );
}

#[test]
fn a_loop_of_links_ends() {
    let folder = Folder::of("loop");
    folder
        .rule("deep/a.yaml", "a")
        .link("x", ".")
        .link("y", ".")
        .link("z", ".")
        .link("deep/up", "..")
        .link("b.yaml", "deep/a.yaml");
    folder.link("nowhere", "gone");
    let began = Instant::now();
    assert_eq!(folder.names(), ["deep/a.yaml"], "what is there itself comes before what links lead to");
    assert_eq!(folder::places(&folder.0).len(), 2);
    assert!(began.elapsed() < Duration::from_secs(1));
    folder.link("c.yaml", "c.yaml");
    assert!(folder.said()[0].starts_with("c.yaml: error: cannot read the file"), "{:?}", folder.said());
}

#[test]
fn bounds_hold_before_anything_is_read() {
    let folder = Folder::of("bounds");
    let large = fs::File::create(folder.0.join("a.yaml")).expect("a file");
    large.set_len(8 << 40).or_else(|_| large.set_len(1 << 40)).expect("a hole");
    let size = large.metadata().expect("is there").len();
    assert_eq!(folder.said(), [format!("a.yaml: error: the file has {size} bytes; 262144 is the limit [file]")]);
    drop(large);
    fs::remove_file(folder.0.join("a.yaml")).expect("is there");

    folder.rule(&format!("{}a.yaml", "d/".repeat(17)), "a");
    let folders = "d/".repeat(17);
    assert_eq!(folder.said(), [format!("{folders}: error: folders are nested deeper than 16 [file]")]);
    fs::remove_dir_all(folder.0.join("d")).expect("is there");

    let comment = "#".repeat(200_000);
    for n in 0..90 {
        folder.put(&format!("{n:02}.yaml"), &comment);
    }
    assert_eq!(folder.said(), ["83.yaml: error: the folder holds more than 16 MiB [file]"]);
}

#[test]
fn what_is_no_text_of_its_own_is_told() {
    let folder = Folder::of("odd");
    let _socket = UnixListener::bind(folder.0.join("a.yaml")).expect("a socket");
    folder.put("b.yaml", [0xff, 0xfe]).link("c.yaml", "gone");
    assert_eq!(folder.said(), ["c.yaml: error: cannot read the file: No such file or directory (os error 2) [file]",]);
    fs::remove_file(folder.0.join("c.yaml")).expect("is there");
    assert_eq!(
        folder.said(),
        [
            "a.yaml: error: cannot read the file: it is no regular file [file]",
            "b.yaml: error: cannot read the file: it is not UTF-8 [file]",
        ]
    );
    let nowhere = RuleSet::load_dir(&folder.0.join("nowhere")).expect_err("is refused");
    assert!(nowhere[0].message.starts_with("cannot read the folder"), "{nowhere:?}");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let folder = Folder::of("bom");
    folder.put("a.yaml", format!("\u{feff}{}", RULE.replace("NAME", "a")));
    assert_eq!(RuleSet::load_dir(&folder.0).expect("loads").rules()[0].name, "a");
    folder.put("a.yaml", "\u{feff}nam: a\n");
    assert!(folder.said()[0].starts_with("a.yaml:1:1: error: a rule has no key `nam`"), "{:?}", folder.said());
}
