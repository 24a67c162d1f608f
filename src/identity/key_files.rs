//! Key files that are read again when they change.

use std::path::PathBuf;

use aws_lc_rs::digest::{Context, SHA256};

use super::error::KeyError;
use super::trusted::{Fingerprint, TrustedKey};

/// The files of one source. They are looked at, not watched: their content tells of an edit, a rename and a swapped link alike,
/// on every file system.
#[derive(Debug)]
pub struct KeyFiles {
    paths: Vec<PathBuf>,
    /// The content that was taken, or refused, last.
    settled: Fingerprint,
    /// The content at the last look.
    seen: Fingerprint,
}

impl KeyFiles {
    /// # Errors
    /// All files that cannot be read, or hold no keys.
    pub fn open(paths: Vec<PathBuf>) -> Result<(KeyFiles, Vec<TrustedKey>), Vec<KeyError>> {
        let contents = contents(&paths);
        let keys = keys(&paths, &contents)?;
        let settled = fingerprint(&contents);
        Ok((KeyFiles { paths, settled, seen: settled }, keys))
    }

    /// The keys, if the files have changed. A content counts once two looks found the same: a file that is being written is
    /// left alone.
    ///
    /// # Errors
    /// Those of [`KeyFiles::open`], once for each content.
    pub fn look(&mut self) -> Option<Result<Vec<TrustedKey>, Vec<KeyError>>> {
        let contents = contents(&self.paths);
        let now = fingerprint(&contents);
        let before = std::mem::replace(&mut self.seen, now);
        if now != before || now == self.settled {
            return None;
        }
        self.settled = now;
        Some(keys(&self.paths, &contents))
    }
}

type Content = Result<Vec<u8>, std::io::Error>;

fn contents(paths: &[PathBuf]) -> Vec<Content> {
    paths.iter().map(std::fs::read).collect()
}

fn keys(paths: &[PathBuf], contents: &[Content]) -> Result<Vec<TrustedKey>, Vec<KeyError>> {
    let (mut keys, mut errors) = (Vec::new(), Vec::new());
    for (path, content) in paths.iter().zip(contents) {
        let read = match content {
            Ok(text) => TrustedKey::from_file(path, text),
            // An error of the system cannot be cloned; its kind is what there is to say.
            Err(error) => Err(KeyError::io(path)(error.kind().into())),
        };
        match read {
            Ok(found) => keys.extend(found),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(keys) } else { Err(errors) }
}

fn fingerprint(contents: &[Content]) -> Fingerprint {
    let mut hash = Context::new(&SHA256);
    for content in contents {
        match content {
            Ok(text) => {
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text);
            }
            Err(error) => hash.update(format!("{:?}", error.kind()).as_bytes()),
        }
    }
    let mut fingerprint = Fingerprint::default();
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::identity::SigningKey;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            let folder = std::env::temp_dir().join(format!("docket-keys-{}", uuid::Uuid::now_v7().simple()));
            fs::create_dir(&folder).expect("a folder");
            Folder(folder)
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn write(path: &Path) {
        let key = SigningKey::generate().expect("a key").public();
        // The form that openssl writes.
        let head = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
        let der = [&head[..], key.key.try_get_as_bytes().expect("32 bytes")].concat();
        fs::write(path, pem::encode(&pem::Pem::new("PUBLIC KEY", der))).expect("written");
    }

    /// The keys after two looks.
    fn taken(files: &mut KeyFiles) -> Option<Result<Vec<Fingerprint>, Vec<KeyError>>> {
        assert!(files.look().is_none(), "the first look only sees");
        files.look().map(|found| found.map(|keys| keys.iter().map(TrustedKey::fingerprint).collect()))
    }

    #[test]
    fn an_edit_a_rename_and_a_swapped_link_are_changes_and_a_touch_is_none() {
        let folder = Folder::new();
        for name in ["1", "2"] {
            fs::create_dir(folder.at(name)).expect("a folder");
            write(&folder.at(name).join("keys.pem"));
        }
        // As Kubernetes mounts a ConfigMap.
        symlink("1", folder.at("data")).expect("a link");
        symlink("data/keys.pem", folder.at("keys.pem")).expect("a link");
        let (mut files, _) = KeyFiles::open(vec![folder.at("keys.pem")]).expect("keys");
        assert!(files.look().is_none() && files.look().is_none());

        symlink("2", folder.at("next")).expect("a link");
        fs::rename(folder.at("next"), folder.at("data")).expect("swapped");
        let second = taken(&mut files).expect("a change").expect("keys");
        write(&folder.at("new.pem"));
        fs::rename(folder.at("new.pem"), folder.at("2/keys.pem")).expect("renamed");
        assert_ne!(taken(&mut files).expect("a change").expect("keys"), second);
        let same = fs::read(folder.at("2/keys.pem")).expect("its content");
        fs::write(folder.at("2/keys.pem"), same).expect("written");
        assert!(files.look().is_none() && files.look().is_none(), "the content is as it was");
    }

    #[test]
    fn a_file_that_is_being_written_is_left_alone() {
        let folder = Folder::new();
        let path = folder.at("keys.pem");
        write(&path);
        let (mut files, _) = KeyFiles::open(vec![path.clone()]).expect("keys");
        let whole = fs::read(&path).expect("its content");
        for part in 1..whole.len() {
            fs::write(&path, &whole[..part]).expect("written");
            assert!(files.look().is_none(), "after {part} bytes");
        }
        fs::write(&path, &whole).expect("written");
        assert!(files.look().is_none() && files.look().is_none(), "it is as before");
    }

    #[test]
    fn what_is_wrong_is_told_once_and_what_is_right_again_is_taken() {
        let folder = Folder::new();
        let path = folder.at("keys.pem");
        write(&path);
        let (mut files, _) = KeyFiles::open(vec![path.clone()]).expect("keys");
        let whole = fs::read(&path).expect("its content");
        fs::write(&path, "no key").expect("written");
        let errors = taken(&mut files).expect("a change").expect_err("no keys");
        assert!(errors[0].to_string().starts_with(&path.display().to_string()), "{errors:?}");
        assert!(files.look().is_none() && files.look().is_none(), "told once");
        fs::remove_file(&path).expect("removed");
        let errors = taken(&mut files).expect("a change").expect_err("no file");
        assert!(errors[0].to_string().contains("not found"), "{errors:?}");
        fs::write(&path, &whole).expect("written");
        assert_eq!(taken(&mut files).expect("a change").expect("keys").len(), 1);
    }
}
