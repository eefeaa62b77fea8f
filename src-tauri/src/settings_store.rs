//! The settings on disk: one small JSON file in the app's own folder.
//!
//! It holds host codes and invites, so only its owner may read it: mode 0600 in a folder of mode 0700 on Unix. On Windows the
//! folder lies in the user's own `AppData`, whose access list already admits nobody but the user, the system and its
//! administrators, and which files inherit; setting another list there would only lock out a backup.
//!
//! A write goes to a new file, is flushed to disk and then takes the old one's place, so that a crash leaves one of both. A
//! file that can't be read as settings is set aside under another name, never overwritten, and the user is told.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::settings::Settings;

const FILE_NAME: &str = "settings.json";

/// The settings as [`Settings::bounded`] leaves them have less than half of this; what is larger is not ours.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Reads at start, writes at every change.
pub struct SettingsStore {
    folder: PathBuf,
    current: Mutex<Settings>,
    set_aside: Option<PathBuf>,
}

impl SettingsStore {
    /// Reads the settings in `folder`, which need not exist. This never fails: an app that can't read its settings starts
    /// with the defaults.
    pub fn open(folder: PathBuf) -> SettingsStore {
        let file = folder.join(FILE_NAME);
        let (current, set_aside) = match read(&file) {
            Ok(settings) => (settings, None),
            Err(Unreadable::Missing) => (Settings::default(), None),
            Err(Unreadable::Damaged(why)) => {
                tracing::warn!(%why, "the settings are damaged: set aside, starting with the defaults");
                (Settings::default(), set_aside(&file))
            }
        };
        SettingsStore {
            folder,
            current: Mutex::new(current),
            set_aside,
        }
    }

    /// The settings.
    pub fn get(&self) -> Settings {
        self.current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes other settings, for now and for the next start. An error means that they last only until this run ends.
    pub fn set(&self, settings: Settings) -> io::Result<()> {
        let settings = settings.bounded();
        // Held while writing, so that the file's last writer is also the memory's.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if *current == settings {
            return Ok(());
        }
        current.clone_from(&settings);
        write(&self.folder, &settings)
    }

    /// Where damaged settings were put at this start, if there were any.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }
}

enum Unreadable {
    Missing,
    Damaged(String),
}

fn read(file: &Path) -> Result<Settings, Unreadable> {
    let file = match File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unreadable::Missing),
        Err(error) => return Err(Unreadable::Damaged(error.to_string())),
    };
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| Unreadable::Damaged(error.to_string()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(Unreadable::Damaged(format!(
            "larger than {MAX_FILE_BYTES} bytes"
        )));
    }
    // The parser's own message may quote what it read, and that may be a secret: only the place is told.
    serde_json::from_str::<Settings>(&text)
        .map(Settings::bounded)
        .map_err(|error| {
            Unreadable::Damaged(format!(
                "not settings, from line {} column {} on",
                error.line(),
                error.column()
            ))
        })
}

/// Renames a damaged file to the first free name; `None` if that fails, and then the next write replaces it after all.
fn set_aside(file: &Path) -> Option<PathBuf> {
    let aside = (1..100)
        .map(|n| file.with_file_name(format!("settings.damaged-{n}.json")))
        .find(|name| !name.exists())?;
    match fs::rename(file, &aside) {
        Ok(()) => Some(aside),
        Err(error) => {
            tracing::warn!(%error, "the damaged settings could not be set aside");
            None
        }
    }
}

fn write(folder: &Path, settings: &Settings) -> io::Result<()> {
    create_private_folder(folder)?;
    // A temporary file is made with mode 0600 on Unix, and keeps it under its new name.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec_pretty(settings)?)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(FILE_NAME))?;
    Ok(())
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Settings {
        Settings {
            name: name.into(),
            ..Settings::default()
        }
    }

    #[test]
    fn settings_outlive_the_app() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("visio");
        SettingsStore::open(folder.clone())
            .set(named("Léa"))
            .unwrap();
        let again = SettingsStore::open(folder);
        assert_eq!(again.get(), named("Léa"));
        assert_eq!(again.set_aside(), None);
    }

    #[test]
    fn a_first_start_has_the_defaults_and_writes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("visio");
        assert_eq!(
            SettingsStore::open(folder.clone()).get(),
            Settings::default()
        );
        assert!(!folder.exists());
    }

    #[test]
    fn damaged_settings_are_set_aside_and_told_of() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join(FILE_NAME);
        for (damage, n) in [
            (&b"{\"name\": \"L"[..], 1),
            (b"\xff\xfe", 2),
            (b"7", 3),
            (b"", 4),
        ] {
            fs::write(&file, damage).unwrap();
            let store = SettingsStore::open(home.path().to_owned());
            assert_eq!(store.get(), Settings::default());
            let aside = home.path().join(format!("settings.damaged-{n}.json"));
            assert_eq!(store.set_aside(), Some(aside.as_path()));
            assert_eq!(fs::read(aside).unwrap(), damage);
            store.set(named("Léa")).unwrap();
        }
        assert_eq!(
            SettingsStore::open(home.path().to_owned()).get(),
            named("Léa")
        );
    }

    #[test]
    fn a_file_of_any_size_costs_bounded_memory() {
        let home = tempfile::tempdir().unwrap();
        let file = File::create(home.path().join(FILE_NAME)).unwrap();
        // A hole on disk; reading it all would cost a terabyte.
        file.set_len(1 << 40)
            .or_else(|_| file.set_len(1 << 33))
            .unwrap();
        assert_eq!(
            SettingsStore::open(home.path().to_owned()).get(),
            Settings::default()
        );
    }

    #[test]
    fn a_write_leaves_nothing_else_behind() {
        let home = tempfile::tempdir().unwrap();
        let store = SettingsStore::open(home.path().to_owned());
        for name in ["a", "b", "c"] {
            store.set(named(name)).unwrap();
        }
        let names: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [FILE_NAME]);
    }

    #[test]
    fn settings_that_cannot_be_written_still_hold_for_this_run() {
        let home = tempfile::tempdir().unwrap();
        let not_a_folder = home.path().join("file");
        fs::write(&not_a_folder, "").unwrap();
        let store = SettingsStore::open(not_a_folder.join("visio"));
        assert!(store.set(named("Léa")).is_err());
        assert_eq!(store.get().name, "Léa");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("visio");
        SettingsStore::open(folder.clone())
            .set(named("Léa"))
            .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&folder), mode(&folder.join(FILE_NAME))),
            (0o700, 0o600)
        );
    }
}
