//! `cargo xtask package manifest`: what is published beside the installers of a release, from a folder that holds them.
//!
//! `SHA256SUMS` is what `sha256sum --check` reads. `latest.json` is what Tauri's updater reads: it names only installers with a
//! signature (`.sig`) beside them, so that nobody is ever updated to one that was not signed.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, workspace};

/// Installers by the end of their names, and the systems they are for, as the updater names them.
const INSTALLERS: &[(&str, &[&str])] = &[
    (".AppImage", &["linux-x86_64"]),
    (".deb", &["linux-x86_64-deb"]),
    (".rpm", &["linux-x86_64-rpm"]),
    ("-setup.exe", &["windows-x86_64"]),
    (".app.tar.gz", &["darwin-aarch64", "darwin-x86_64"]),
];

/// The two files that are written.
const SUMS: &str = "SHA256SUMS";
/// See [`SUMS`].
const MANIFEST: &str = "latest.json";

/// The version of the workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Writes both files into `folder`, whose files will be published below `url`. With `tag` they are those of a release, which
/// must be of this version and in the list of changes.
pub fn write(folder: &Path, url: &str, tag: Option<&str>) -> Result<()> {
    let changes = std::fs::read_to_string(workspace::root().join("CHANGELOG.md"))?;
    let notes = match tag {
        None => changes_of(&changes, "Unreleased"),
        Some(tag) => Some(released(&changes, tag)?),
    };
    let names = names(folder)?;
    let manifest = json!({
        "version": VERSION,
        "notes": notes.unwrap_or_default(),
        "pub_date": date(),
        "platforms": platforms(folder, &names, url)?,
    });
    let file = folder.join(MANIFEST);
    std::fs::write(&file, format!("{manifest:#}\n")).during(file.display())?;
    let mut sums = String::new();
    for name in names.iter().map(String::as_str).chain([MANIFEST]) {
        let sum = Sha256::digest(std::fs::read(folder.join(name)).during(name)?);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        sums.push_str(&format!("{sum}  {name}\n"));
    }
    std::fs::write(folder.join(SUMS), sums).during(SUMS)?;
    println!(
        "{SUMS} and {MANIFEST} of {} files are in {}.",
        names.len(),
        folder.display()
    );
    Ok(())
}

/// What changed in the version that `tag` (`v0.1.0`) names.
fn released(changes: &str, tag: &str) -> Result<String> {
    if tag != format!("v{VERSION}") {
        return Err(Trouble::new(format!(
            "{tag} is not this version, which is {VERSION}: change one of them"
        )));
    }
    changes_of(changes, VERSION).ok_or_else(|| {
        Trouble::new(format!(
            "CHANGELOG.md has no section {VERSION}: give \"Unreleased\" that name"
        ))
    })
}

/// The section of the list of changes under the heading `## VERSION` (with or without a date behind it).
fn changes_of(changes: &str, version: &str) -> Option<String> {
    let heading = |line: &str| line.strip_prefix("## ").map(str::to_owned);
    let mut lines = changes.lines();
    lines.find(|line| {
        heading(line).is_some_and(|title| title.split_whitespace().next() == Some(version))
    })?;
    let section: Vec<&str> = lines.take_while(|line| heading(line).is_none()).collect();
    Some(section.join("\n").trim().to_owned())
}

/// The files in the folder, but for those written here; each must be named so that every server keeps the name.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).during(folder.display())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
        if !name.chars().all(plain) {
            return Err(Trouble::new(format!(
                "{name} would be published under another name: use letters, digits, dots, dashes and underscores"
            )));
        }
        if name != SUMS && name != MANIFEST {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(Trouble::new(format!(
            "{} holds nothing to publish",
            folder.display()
        )));
    }
    names.sort();
    Ok(names)
}

/// The signed installers, by system.
fn platforms(folder: &Path, names: &[String], url: &str) -> Result<Map<String, Value>> {
    if !url.starts_with("https://") {
        return Err(Trouble::new(format!(
            "{url}: the updater takes https:// only"
        )));
    }
    let mut platforms = Map::new();
    for name in names
        .iter()
        .filter(|name| names.contains(&format!("{name}.sig")))
    {
        let signature = folder.join(format!("{name}.sig"));
        let signature = std::fs::read_to_string(&signature).during(signature.display())?;
        let installer = json!({
            "signature": signature.trim(),
            "url": format!("{}/{name}", url.trim_end_matches('/')),
        });
        let kind = INSTALLERS.iter().find(|(end, _)| name.ends_with(end));
        let kind =
            kind.ok_or_else(|| Trouble::new(format!("{name} is signed, and no installer")))?;
        for system in kind.1 {
            if platforms
                .insert((*system).to_owned(), installer.clone())
                .is_some()
            {
                return Err(Trouble::new(format!(
                    "there are two installers for {system}"
                )));
            }
        }
    }
    Ok(platforms)
}

/// When the newest commit was made, so that the same commit gives the same files; null without Git.
fn date() -> Option<String> {
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%cI"])
        .current_dir(workspace::root());
    let said = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const URL: &str = "https://example.org/v1/";

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        folder
    }

    fn read(folder: &TempDir, name: &str) -> String {
        std::fs::read_to_string(folder.path().join(name)).expect("it was written")
    }

    #[test]
    fn only_signed_installers_are_updates_and_everything_has_a_sum() {
        let folder = folder(&[
            ("Visio_1.0.0_amd64.AppImage", "abc"),
            ("Visio_1.0.0_amd64.AppImage.sig", "signed\n"),
            ("Visio.app.tar.gz", "app"),
            ("Visio.app.tar.gz.sig", "signed too"),
            ("Visio_1.0.0_x64-setup.exe", "not signed"),
        ]);
        write(folder.path(), URL, None).expect("it is written");
        // Written again, what was written is not taken for an installer.
        write(folder.path(), URL, None).expect("it is written again");
        let manifest: Value = serde_json::from_str(&read(&folder, MANIFEST)).expect("JSON");
        let systems = manifest["platforms"].as_object().expect("an object");
        let systems: Vec<&str> = systems.keys().map(String::as_str).collect();
        assert_eq!(systems, ["darwin-aarch64", "darwin-x86_64", "linux-x86_64"]);
        assert_eq!(
            manifest["platforms"]["linux-x86_64"],
            json!({"signature": "signed", "url": "https://example.org/v1/Visio_1.0.0_amd64.AppImage"})
        );
        let sums = read(&folder, SUMS);
        // The digest of "abc" is the example of FIPS 180-2.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(
            sums.contains(&format!("{abc}  Visio_1.0.0_amd64.AppImage\n")),
            "{sums}"
        );
        assert_eq!(sums.lines().count(), 6);
    }

    #[test]
    fn what_can_not_be_published_is_refused() {
        let exe = ("Visio_1.0.0_x64-setup.exe", "");
        for (files, url) in [
            (&[][..], URL),
            (&[exe], "http://example.org"),
            (&[("Visio 1.exe", "")], URL),
            (&[("notes.txt", ""), ("notes.txt.sig", "")], URL),
            (
                &[
                    ("a.deb", ""),
                    ("a.deb.sig", ""),
                    ("b.deb", ""),
                    ("b.deb.sig", ""),
                ],
                URL,
            ),
        ] {
            assert!(
                write(folder(files).path(), url, None).is_err(),
                "{files:?} {url}"
            );
        }
    }

    #[test]
    fn a_tag_is_of_this_version_and_in_the_list_of_changes() {
        let changes = format!(
            "# Changes\n\n## Unreleased\n\n- a\n\n## {VERSION} - 2026-12-01\n\n### Added\n- b\n\n## 0.0.1\n- c\n"
        );
        let tag = format!("v{VERSION}");
        assert_eq!(
            released(&changes, &tag).expect("it is there"),
            "### Added\n- b"
        );
        assert!(released(&changes, "v999.0.0").is_err());
        assert!(released("# Changes\n\n## Unreleased\n- a\n", &tag).is_err());
    }
}
