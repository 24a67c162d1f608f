//! Search for PostgreSQL's binaries: a setting, PATH, and the folders of Debian, PGDG and Homebrew packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::Error;

/// Oldest supported major version.
const OLDEST: u32 = 14;
/// Folders with one installation per child, named by its version: `postgresql/17/bin`, `postgresql@17/bin`.
const FAMILIES: [&str; 5] =
    ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt", "/usr"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }
}

/// Finds the first binaries of the wanted major version, else the first of any. If a folder is set, only that one is searched.
pub(super) fn binaries(setting: Option<&Path>, wanted: Option<u32>) -> Result<Binaries, Error> {
    let set = setting.map(Path::to_path_buf).or_else(|| env::var_os("DOCKET_POSTGRES_BIN").map(PathBuf::from));
    let (places, looked) = match set {
        Some(dir) => {
            let looked = dir.display().to_string();
            (vec![dir], looked)
        }
        None => (usual_places(), format!("PATH, {}", FAMILIES.join(", "))),
    };
    let found: Vec<Binaries> = places.iter().filter_map(|dir| inspect(dir)).collect();
    let same = found.iter().find(|binaries| wanted == Some(binaries.major));
    same.or(found.first()).cloned().ok_or(Error::NoBinaries { looked })
}

fn usual_places() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = env::split_paths(&path).collect();
    for family in FAMILIES {
        places.extend(installations(Path::new(family)));
    }
    places
}

/// The `bin` folders of one family, highest version first.
fn installations(family: &Path) -> Vec<PathBuf> {
    let Ok(children) = fs::read_dir(family) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = children
        .filter_map(|child| {
            let child = child.ok()?;
            let name = child.file_name().into_string().ok()?;
            let name = name.strip_prefix("postgresql@").or(name.strip_prefix("pgsql-")).unwrap_or(&name);
            Some((name.parse().ok()?, child.path().join("bin")))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, bin)| bin).collect()
}

/// The binaries in a folder, if both exist. Links are resolved, because a binary finds its files relative to its real path.
fn inspect(dir: &Path) -> Option<Binaries> {
    let initdb = dir.join("initdb").canonicalize().ok()?;
    let dir = initdb.parent()?.to_path_buf();
    let answer = Command::new(dir.join("postgres")).arg("--version").current_dir("/").output().ok()?;
    let major = major(&String::from_utf8_lossy(&answer.stdout))?;
    (major >= OLDEST).then_some(Binaries { dir, major })
}

/// Parses the major version from output such as `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`, or from a PG_VERSION file.
pub(super) fn major(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_form() {
        let forms =
            ["postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1", "14\n", "x"];
        assert_eq!(forms.map(major), [Some(15), Some(18), Some(14), None]);
    }

    #[test]
    fn the_highest_version_of_a_family_comes_first() {
        let family = env::temp_dir().join(format!("docket-find-{}", std::process::id()));
        for child in ["9", "postgresql@17", "15", "libpq"] {
            fs::create_dir_all(family.join(child)).unwrap();
        }
        let found = installations(&family);
        fs::remove_dir_all(&family).unwrap();
        assert_eq!(found, ["postgresql@17", "15", "9"].map(|child| family.join(child).join("bin")));
    }

    #[test]
    fn a_folder_without_them_is_an_error_that_says_what_to_install() {
        let error = binaries(Some(Path::new("/nonexistent/bin")), None).unwrap_err().to_string();
        for part in
            ["/nonexistent/bin", "apt-get install postgresql", "brew install postgresql@17", "DOCKET_DATABASE_URL"]
        {
            assert!(error.contains(part), "{part} is not in: {error}");
        }
    }
}
