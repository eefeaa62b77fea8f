//! `cargo xtask bench network [ROW...]`: the same bad link for a call between two `visio-cli` and for one between two
//! Chromiums, in namespaces of this machine; one table with both. Each is measured [`TIMES`] times, with the seeds 1 to 3.

mod page;
mod tally;

use visio_tests::chromium::{self, rival};
use visio_tests::rows::{Measured, ROWS, Row, visio};
use visio_tests::trouble::During;
use visio_tests::{Result, Trouble, need, net, workspace};

use super::film::media;
use super::{TIMES, binaries, conditions};
use page::Entry;

/// Where the table stands.
const PAGE: &str = "docs/NETWORK.md";

/// Runs the command. `--write` puts the table into its page, `--dev` takes the development build, for trying the bench.
pub fn command(arguments: &[String]) -> Result<bool> {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let names: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| ROWS.iter().all(|row| row.name != name.as_str()))
    {
        let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        return Err(Trouble::new(format!(
            "There is no row {unknown}; the rows are {}.",
            known.join(", ")
        )));
    }
    if let Some(reason) = need::missing(&[net::NEEDS, chromium::NEEDS].concat()) {
        return Err(Trouble::new(reason));
    }
    let binaries = binaries(has("--dev"))?;
    let files = tempfile::Builder::new().prefix("visio-film-").tempdir()?;
    let media = media(&binaries, files.path())?;
    let chosen = ROWS
        .iter()
        .filter(|row| names.is_empty() || names.iter().any(|name| *name == row.name));
    let mut entries = Vec::new();
    for row in chosen {
        eprintln!("{}: {}", row.name, row.link);
        let ours = |seed| visio::run(row, &binaries, media.voice.as_deref(), seed);
        entries.push(entry(row, "Visio", ours)?);
        if row.rival {
            let theirs = |seed| rival::run(row, &media, seed);
            entries.push(entry(row, "Chromium", theirs)?);
        }
    }
    let conditions = format!("{} {}", conditions("network --write")?, rival_version()?);
    println!("{}\n{conditions}", page::table(&entries));
    if has("--write") {
        let path = workspace::root().join(PAGE);
        let text = std::fs::read_to_string(&path).during(PAGE)?;
        let text = page::with_entries(&text, &entries, &conditions)
            .ok_or_else(|| Trouble::new(format!("{PAGE} has no place for the table")))?;
        std::fs::write(&path, text)?;
    }
    Ok(true)
}

/// Measures one side of a row.
fn entry(row: &Row, who: &str, run: impl Fn(u64) -> Result<Measured>) -> Result<Entry> {
    let runs = (1..=TIMES as u64)
        .map(|seed| {
            let measured = run(seed).during(format_args!("{} by {who}", row.name))?;
            eprintln!("  {who}, seed {seed}: {}", tally::told(row, &measured));
            Ok(measured)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(tally::entry(row, who, &runs))
}

fn rival_version() -> Result<String> {
    let output = std::process::Command::new("chromium")
        .arg("--version")
        .output()
        .during("chromium")?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = version.split_whitespace().take(2).collect();
    Ok(format!("The browser: {}, headless.", words.join(" ")))
}
