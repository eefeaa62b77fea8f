//! The house rules that a program can check: file sizes, words in both languages, strings that belong on one machine only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, workspace};

/// Past this many lines a source file is asking to be split.
const MAX_LINES: usize = 500;

/// Files that are read as source and so fall under [`MAX_LINES`].
const SOURCE: &[&str] = &["rs", "js", "css", "html", "py", "sh"];

/// Strings that no file may hold, each with the reason. Split so that this file does not hold them either.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "unfinished work belongs in an issue"),
    (concat!("FIX", "ME"), "unfinished work belongs in an issue"),
    (concat!("todo", "!("), "unfinished work belongs in an issue"),
    (
        concat!("unimplemented", "!("),
        "unfinished work belongs in an issue",
    ),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/Us", "ers/"), "a path of one machine"),
    (
        concat!("\"resol", "ved\":"),
        "a lock file that names the registry it was made with",
    ),
];

/// Everything in the workspace that breaks a rule, each in one line.
pub fn problems() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in tracked_files()? {
        // Vendored code keeps its authors' habits; binary files are no text.
        if file.components().any(|part| part.as_os_str() == "vendor") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(workspace::root().join(&file)) else {
            continue;
        };
        problems.extend(problems_of(&file, &text));
    }
    let words = |language: &str| {
        let path = workspace::root().join(format!("ui/i18n/{language}.json"));
        path.is_file().then(|| std::fs::read_to_string(path))
    };
    if let (Some(english), Some(french)) = (words("en"), words("fr")) {
        problems.extend(language_problems(&english?, &french?)?);
    }
    Ok(problems)
}

/// What git tracks or would add, by path relative to the root.
fn tracked_files() -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(workspace::root())
        .output()
        .during("asking git for the files")?;
    if !output.status.success() {
        return Err(Trouble::new(String::from_utf8_lossy(&output.stderr)));
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    Ok(listing
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .collect())
}

fn problems_of(file: &Path, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let is_source = file
        .extension()
        .is_some_and(|extension| SOURCE.iter().any(|source| extension == *source));
    let lines = text.lines().count();
    if is_source && lines > MAX_LINES {
        problems.push(format!(
            "{}: {lines} lines, more than {MAX_LINES}: is it one noun?",
            file.display()
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for (string, reason) in FORBIDDEN {
            if line.contains(string) {
                problems.push(format!("{}:{number}: {string}: {reason}", file.display()));
            }
        }
    }
    problems
}

/// Words that stand in one language only, or whose placeholders differ.
fn language_problems(english: &str, french: &str) -> Result<Vec<String>> {
    let english = words_of(english).during("ui/i18n/en.json")?;
    let french = words_of(french).during("ui/i18n/fr.json")?;
    let keys = |words: &[(String, BTreeSet<String>)]| {
        words
            .iter()
            .map(|(key, _)| key.clone())
            .collect::<BTreeSet<_>>()
    };
    let (english_keys, french_keys) = (keys(&english), keys(&french));
    let mut problems: Vec<String> = english_keys
        .symmetric_difference(&french_keys)
        .map(|key| {
            let there = if english_keys.contains(key) {
                "English"
            } else {
                "French"
            };
            format!("ui/i18n: {key} is there in {there} only")
        })
        .collect();
    for (key, placeholders) in &english {
        if french
            .iter()
            .any(|(other, theirs)| other == key && theirs != placeholders)
        {
            problems.push(format!("ui/i18n: {key} has other placeholders in French"));
        }
    }
    Ok(problems)
}

/// Every leaf of a language file: its dotted key and the placeholders in its text.
fn words_of(json: &str) -> Result<Vec<(String, BTreeSet<String>)>> {
    fn collect(
        prefix: &str,
        value: &serde_json::Value,
        words: &mut Vec<(String, BTreeSet<String>)>,
    ) {
        match value {
            serde_json::Value::Object(entries) => {
                for (key, value) in entries {
                    let key = if prefix.is_empty() {
                        key.clone()
                    } else {
                        format!("{prefix}.{key}")
                    };
                    collect(&key, value, words);
                }
            }
            other => words.push((
                prefix.to_owned(),
                placeholders(other.as_str().unwrap_or_default()),
            )),
        }
    }
    let mut words = Vec::new();
    collect("", &serde_json::from_str(json)?, &mut words);
    Ok(words)
}

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_source_file_is_told_and_a_long_lock_file_is_not() {
        let long = "line\n".repeat(MAX_LINES + 1);
        assert_eq!(problems_of(Path::new("src/long.rs"), &long).len(), 1);
        assert!(problems_of(Path::new("Cargo.lock"), &long).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_told_with_its_line() {
        let problems = problems_of(
            Path::new("notes.md"),
            concat!("first\nsee /ho", "me/someone/file\n"),
        );
        assert!(problems[0].starts_with("notes.md:2: "), "{problems:?}");
    }

    #[test]
    fn words_must_stand_in_both_languages_with_the_same_placeholders() {
        let english = r#"{"call": {"leave": "Leave", "waiting": "Connecting to {name}…"}}"#;
        let french = r#"{"call": {"waiting": "Connexion à {nom}…"}}"#;
        let problems = language_problems(english, french).expect("both are JSON");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("call.leave is there in English only"));
    }
}
