//! `BANDWIDTH.md` names every constant of the estimator and the pacer as it stands in the source.

use std::path::Path;

/// The constants of a source file, tests left out: name and value, as one line each.
fn constants(source: &str) -> Vec<(String, String)> {
    let code = source
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default();
    let declared = code.split("const ").skip(1).filter_map(|rest| {
        let (declaration, _) = rest.split_once(';')?;
        let (left, value) = declaration.split_once(" = ")?;
        let (name, _) = left.split_once(':')?;
        let is_name = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        is_name.then(|| (name.to_owned(), value))
    });
    declared.collect()
}

/// A value as the page writes it.
fn as_written(value: &str) -> String {
    value
        .replace("Duration::from_", "")
        .replace("Bitrate::from_", "")
}

#[test]
fn every_constant_stands_in_the_page_with_its_value_and_a_reason() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(engine.join("BANDWIDTH.md")).expect("the page is there");
    let room = engine.join("src/transport");
    let mut files = vec!["pacer.rs".to_owned()];
    for entry in std::fs::read_dir(room.join("estimator")).expect("the room is there") {
        let name = entry.expect("it can be listed").file_name();
        files.push(format!("estimator/{}", name.to_string_lossy()));
    }
    let (mut found, mut missing) = (0, Vec::new());
    for file in files {
        let source = std::fs::read_to_string(room.join(&file)).expect("source is text");
        let heading = format!("### `{file}`");
        let section = page.split(&heading).nth(1).unwrap_or_default();
        let section = section.split("\n### ").next().unwrap_or_default();
        for (name, value) in constants(&source) {
            found += 1;
            let row = format!("| `{name}` | `{}` | ", as_written(&value));
            let reason = section
                .split(&row)
                .nth(1)
                .and_then(|rest| rest.lines().next());
            if reason.is_none_or(|reason| reason.len() < 10) {
                missing.push(format!("{file}: {row}"));
            }
        }
    }
    assert!(found > 100, "only {found} constants were found");
    assert!(missing.is_empty(), "not in the page: {missing:#?}");
}
