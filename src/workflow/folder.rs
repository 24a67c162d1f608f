//! Folder of rules: which of its files are read, each once, within bounds that hold before anything is spent.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File, FileType};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Severity};
use super::yaml;

/// Folders within folders.
const MAX_DEPTH: usize = 16;
/// Names in all folders together, whatever they are.
const MAX_ENTRIES: usize = 100_000;
/// Also bounds the watches that a server has on them.
const MAX_FOLDERS: usize = 1_000;
const MAX_FILES: usize = 5_000;
/// Of all files together: the set is one value in the database and in the memory of each server.
const MAX_TOTAL_BYTES: u64 = 16 * 1024 * 1024;

/// What a file of the folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Rules,
    /// It tests rules, and is none.
    Tests,
}

impl Holds {
    /// By the file's name; `None` for what is neither.
    pub fn by_name(name: &str) -> Option<Holds> {
        let name = name.to_ascii_lowercase();
        let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
        Some(if stem.ends_with(".test") { Holds::Tests } else { Holds::Rules })
    }
}

/// A file that holds rules or tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Relative to the folder, with `/`.
    pub name: String,
    pub path: PathBuf,
    pub holds: Holds,
}

/// Walks a folder. Names that begin with `.` are left out. Links are followed after everything else, each file and folder once: so
/// a mounted ConfigMap has each of its files once, and a loop of links ends. Sorted by name; nothing is read.
///
/// # Errors
/// Every file and folder that cannot be looked at, and the first bound that does not hold.
pub fn list(folder: &Path) -> Result<Vec<Listed>, Vec<Diagnostic>> {
    let Walk { files, problems, .. } = Walk::over(folder);
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// Where a change of the files can show: the folder, those in it, and those that links lead into, as far as they can be looked at.
pub fn places(folder: &Path) -> BTreeSet<PathBuf> {
    Walk::over(folder).places
}

/// The `(name, source)` pairs of the files that hold this, sorted by name.
///
/// # Errors
/// As [`list`]; every file that cannot be read or is too large.
pub fn read(folder: &Path, holds: Holds) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let files = list(folder)?.into_iter().filter(|file| file.holds == holds);
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    let mut left = MAX_TOTAL_BYTES;
    for Listed { name, path, .. } in files {
        match read_file(&path) {
            Ok(source) => match left.checked_sub(source.len() as u64) {
                Some(less) => {
                    left = less;
                    sources.push((name, source));
                }
                None => {
                    let message = format!("the folder holds more than {} MiB", MAX_TOTAL_BYTES / 1024 / 1024);
                    problems.push(problem(name, message, "put what is no rule elsewhere"));
                    break;
                }
            },
            Err(Unread::TooLarge(size)) => {
                problems.push(problem(name, yaml::too_large(size), yaml::TOO_LARGE_HINT));
            }
            Err(Unread::Io(error)) => problems.push(unreadable(name, &error)),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

#[derive(Default)]
struct Walk {
    files: Vec<Listed>,
    places: BTreeSet<PathBuf>,
    problems: Vec<Diagnostic>,
    /// Canonical paths of files and folders that were met.
    met: BTreeSet<PathBuf>,
    links: VecDeque<Link>,
    entries: usize,
    stopped: bool,
}

struct Link {
    name: String,
    path: PathBuf,
    depth: usize,
}

impl Walk {
    fn over(folder: &Path) -> Walk {
        let mut walk = Walk::default();
        walk.folder(folder, "", 0);
        while let Some(link) = walk.links.pop_front() {
            walk.link(&link);
        }
        walk.files.sort_by(|a, b| a.name.cmp(&b.name));
        walk
    }

    fn folder(&mut self, path: &Path, prefix: &str, depth: usize) {
        let shown = || if prefix.is_empty() { path.display().to_string() } else { prefix.to_owned() };
        let entries = fs::canonicalize(path).and_then(|real| Ok((real, fs::read_dir(path)?)));
        let (real, entries) = match entries {
            Ok(found) => found,
            Err(error) => {
                let message = format!("cannot read the folder: {error}");
                return self.problems.push(problem(shown(), message, "see that it exists and may be read"));
            }
        };
        if self.stopped || !self.met.insert(real.clone()) {
            return;
        }
        if depth > MAX_DEPTH {
            return self.stop(shown(), format!("folders are nested deeper than {MAX_DEPTH}"));
        }
        if self.places.len() >= MAX_FOLDERS {
            return self.stop(shown(), format!("there are more than {MAX_FOLDERS} folders"));
        }
        self.places.insert(real);
        // Sorted, so that a bound or a link shows in the same place on every machine.
        let mut names: Vec<(PathBuf, String, io::Result<FileType>)> = Vec::new();
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return self.stop(shown(), format!("there are more than {MAX_ENTRIES} names in the folders"));
            }
            let name = entry.file_name();
            if !name.as_encoded_bytes().starts_with(b".") {
                names.push((entry.path(), format!("{prefix}{}", name.to_string_lossy()), entry.file_type()));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (path, name, kind) in names {
            match kind {
                Ok(kind) if kind.is_dir() => self.folder(&path, &format!("{name}/"), depth + 1),
                Ok(kind) if kind.is_symlink() => self.links.push_back(Link { name, path, depth }),
                Ok(_) => self.file(&path, name),
                Err(error) => self.problems.push(unreadable(name, &error)),
            }
        }
    }

    fn link(&mut self, Link { name, path, depth }: &Link) {
        match fs::metadata(path) {
            Ok(target) if target.is_dir() => self.folder(path, &format!("{name}/"), depth + 1),
            Ok(_) => self.file(path, name.clone()),
            // A link that leads nowhere is nothing to the rules, unless it is called like some.
            Err(error) if Holds::by_name(name).is_some() => self.problems.push(unreadable(name.clone(), &error)),
            Err(_) => {}
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        let Some(holds) = Holds::by_name(&name) else { return };
        if self.stopped {
            return;
        }
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => return self.problems.push(unreadable(name, &error)),
        };
        if path.file_name().is_some_and(|name| name.to_str().is_none()) {
            return self.problems.push(problem(name, "the name of the file is not UTF-8".into(), "rename it"));
        }
        if !self.met.insert(real.clone()) {
            return;
        }
        if self.files.len() >= MAX_FILES {
            return self.stop(name, format!("there are more than {MAX_FILES} files of rules"));
        }
        self.places.extend(real.parent().map(Path::to_owned));
        self.files.push(Listed { name, path: path.to_owned(), holds });
    }

    fn stop(&mut self, file: String, message: String) {
        self.stopped = true;
        self.links.clear();
        self.problems.push(problem(file, message, "put what is no rule elsewhere"));
    }
}

enum Unread {
    /// Bytes, as far as that is known.
    TooLarge(Option<u64>),
    Io(io::Error),
}

/// Looks at the size first. A pipe or a device has no end, so only files are opened.
fn read_file(path: &Path) -> Result<String, Unread> {
    const LIMIT: u64 = yaml::MAX_BYTES as u64;
    let about = fs::metadata(path).map_err(Unread::Io)?;
    if !about.is_file() {
        return Err(Unread::Io(io::Error::other("it is no regular file")));
    }
    if about.len() > LIMIT {
        return Err(Unread::TooLarge(Some(about.len())));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(Unread::Io)?;
    // It grew since.
    if bytes.len() as u64 > LIMIT {
        return Err(Unread::TooLarge(None));
    }
    String::from_utf8(bytes).map_err(|_| Unread::Io(io::Error::other("it is not UTF-8")))
}

fn unreadable(file: String, error: &io::Error) -> Diagnostic {
    problem(file, format!("cannot read the file: {error}"), "see that it exists, is UTF-8 and may be read")
}

fn problem(file: String, message: String, hint: &str) -> Diagnostic {
    Diagnostic { severity: Severity::Error, code: "file", message, hint: hint.to_owned(), file, line: 0, column: 0 }
}
