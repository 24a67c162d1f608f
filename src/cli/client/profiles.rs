//! Profiles file: named servers, each with an address and the source of its token. Readable only by its owner.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::tls::TlsFiles;

#[derive(Debug, thiserror::Error)]
pub enum ProfilesError {
    #[error("cannot read {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("cannot write {}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("{} is invalid: {problem}", path.display())]
    Wrong { path: PathBuf, problem: String },
    #[error("no profile {name:?} in {}; {there}", path.display())]
    NoSuchProfile { name: String, path: PathBuf, there: String },
    #[error("the profile's token command {command:?} {problem}")]
    TokenCommand { command: String, problem: String },
    #[error("no home folder to store profiles in: set HOME, or DOCKET_PROFILES to a file")]
    NoHome,
    #[error(
        "DOCKET_CONFIG names {}, which holds profiles: it is the server's file now; set DOCKET_PROFILES instead",
        path.display()
    )]
    InServersPlace { path: PathBuf },
}

/// A profile. At most one source of the token is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Program, with arguments, that prints the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_command: Option<Vec<String>>,
    /// A table, so it must be last in TOML.
    #[serde(default, skip_serializing_if = "TlsFiles::is_empty")]
    pub tls: TlsFiles,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

#[derive(Debug)]
pub struct Profiles {
    path: Option<PathBuf>,
    file: File,
}

impl Profiles {
    /// Reads DOCKET_PROFILES, else $XDG_CONFIG_HOME/docket/config.toml, else ~/.config/docket/config.toml. A missing file is empty.
    pub fn load() -> Result<Profiles, ProfilesError> {
        if let Some(path) = set("DOCKET_CONFIG").filter(|_| set("DOCKET_PROFILES").is_none())
            && fs::read_to_string(&path).is_ok_and(|text| read(&text).is_ok_and(|file| !file.profiles.is_empty()))
        {
            return Err(ProfilesError::InServersPlace { path });
        }
        let Some(path) = default_path() else { return Ok(Profiles { path: None, file: File::default() }) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ProfilesError::Unreadable { path, error }),
        };
        match read(&text) {
            Ok(file) => Ok(Profiles { path: Some(path), file }),
            Err(problem) => Err(ProfilesError::Wrong { path, problem }),
        }
    }

    pub fn get(&self, name: &str) -> Result<&Profile, ProfilesError> {
        self.file.profiles.get(name).ok_or_else(|| self.missing(name))
    }

    pub fn current(&self) -> Option<&str> {
        self.file.current.as_deref()
    }

    pub fn all(&self) -> &BTreeMap<String, Profile> {
        &self.file.profiles
    }

    /// Stores a profile; the first one becomes the current one.
    pub fn set(&mut self, name: &str, profile: Profile) {
        self.file.profiles.insert(name.to_owned(), profile);
        if self.file.current.is_none() {
            self.file.current = Some(name.to_owned());
        }
    }

    pub fn switch(&mut self, name: &str) -> Result<(), ProfilesError> {
        self.get(name)?;
        self.file.current = Some(name.to_owned());
        Ok(())
    }

    pub fn remove(&mut self, name: &str) -> Result<(), ProfilesError> {
        if self.file.profiles.remove(name).is_none() {
            return Err(self.missing(name));
        }
        if self.current() == Some(name) {
            self.file.current = None;
        }
        Ok(())
    }

    /// Writes the file atomically, readable only by its owner from the start.
    pub fn save(&self) -> Result<&Path, ProfilesError> {
        let path = self.path.as_deref().ok_or(ProfilesError::NoHome)?;
        let wrong =
            |problem: toml::ser::Error| ProfilesError::Wrong { path: path.to_owned(), problem: problem.to_string() };
        let text = toml::to_string(&self.file).map_err(wrong)?;
        replace(path, &text).map_err(|error| ProfilesError::Unwritable { path: path.to_owned(), error })?;
        Ok(path)
    }

    fn missing(&self, name: &str) -> ProfilesError {
        let names: Vec<&str> = self.file.profiles.keys().map(String::as_str).collect();
        let there = match names.as_slice() {
            [] => "there are none; create one with `docket profile set NAME --address …`".to_owned(),
            names => format!("there are: {}", names.join(", ")),
        };
        ProfilesError::NoSuchProfile { name: name.to_owned(), path: self.path.clone().unwrap_or_default(), there }
    }
}

fn read(text: &str) -> Result<File, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    for (name, profile) in &file.profiles {
        let sources = [profile.token.is_some(), profile.token_file.is_some(), profile.token_command.is_some()];
        if sources.iter().filter(|given| **given).count() > 1 {
            return Err(format!("profile {name}: token, token_file and token_command are mutually exclusive"));
        }
    }
    if let Some(current) = file.current.as_deref().filter(|current| !file.profiles.contains_key(*current)) {
        return Err(format!("current = {current:?} is not a profile in the file"));
    }
    Ok(file)
}

/// The file or folder that a variable of the environment names.
fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn default_path() -> Option<PathBuf> {
    set("DOCKET_PROFILES").or_else(|| {
        let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
        Some(folder.join("docket").join("config.toml"))
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

impl Profile {
    /// The token, from its source.
    pub fn token(&self) -> Result<Option<String>, ProfilesError> {
        if let Some(path) = &self.token_file {
            let text =
                fs::read_to_string(path).map_err(|error| ProfilesError::Unreadable { path: path.clone(), error })?;
            return Ok(Some(text.trim().to_owned()));
        }
        if let Some(command) = &self.token_command {
            return run(command).map(Some);
        }
        Ok(self.token.clone())
    }

    /// Describes the source of the token, without the token.
    pub fn token_source(&self) -> String {
        match (&self.token, &self.token_file, &self.token_command) {
            (Some(_), _, _) => "stored".to_owned(),
            (_, Some(path), _) => format!("file {}", path.display()),
            (_, _, Some(command)) => format!("command {}", command.join(" ")),
            _ => String::new(),
        }
    }
}

fn run(command: &[String]) -> Result<String, ProfilesError> {
    let failed = |problem: String| ProfilesError::TokenCommand { command: command.join(" "), problem };
    let (program, arguments) = command.split_first().ok_or_else(|| failed("is empty".into()))?;
    let output = Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be run: {error}")))?;
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() {
        true if token.is_empty() => Err(failed("printed nothing".into())),
        true => Ok(token),
        false => Err(failed(format!("failed: {}", output.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_files_are_told_with_their_line() {
        for (text, words) in [
            ("[profiles.a]\nadress = \"x\"\n", "adress"),
            ("[profiles.a]\ntoken = \"x\"\ntoken_file = \"y\"\n", "mutually exclusive"),
            ("current = \"b\"\n[profiles.a]\n", "is not a profile"),
            ("current = \n", "line 1"),
        ] {
            let problem = read(text).expect_err(text);
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn a_token_comes_from_a_file_or_a_command() {
        let of = |command: &[&str]| Profile {
            token_command: Some(command.iter().map(|word| word.to_string()).collect()),
            ..Profile::default()
        };
        assert_eq!(of(&["echo", "abc"]).token().expect("a token").as_deref(), Some("abc"));
        for wrong in [&[][..], &["true"], &["false"], &["/no/such/program"]] {
            assert!(of(wrong).token().is_err(), "{wrong:?}");
        }
        assert_eq!(Profile::default().token().expect("none"), None);
    }
}
