//! The table as it stands in its page. Pure.

/// Between these two lines the page holds the table.
const BEGIN: &str = "<!-- network: written by `cargo xtask bench network --write` -->";
const END: &str = "<!-- end of network -->";

const HEAD: &str = "\
| link | who | fps | freezes: number, share of the time | capture to decoded, p50 / p95 | sound invented | used, of what the link had | settled after | to reach |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
";

/// One line: the link, who, and what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub cells: Vec<String>,
}

/// The table as Markdown.
pub fn table(entries: &[Entry]) -> String {
    let lines = entries
        .iter()
        .map(|entry| format!("| {} |\n", entry.cells.join(" | ")));
    std::iter::once(HEAD.to_owned()).chain(lines).collect()
}

/// `page` with `entries` in its table: those it has of the same link and person are replaced, the others kept, new ones
/// added. `None` when it has no place for the table.
pub fn with_entries(page: &str, entries: &[Entry], conditions: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let mut all: Vec<Entry> = old.lines().filter_map(parse).collect();
    for entry in entries {
        match all
            .iter_mut()
            .find(|other| other.cells[..2] == entry.cells[..2])
        {
            Some(other) => *other = entry.clone(),
            None => all.push(entry.clone()),
        }
    }
    let table = table(&all);
    Some(format!(
        "{before}{BEGIN}\n{table}\n{conditions}\n{END}{after}"
    ))
}

fn parse(line: &str) -> Option<Entry> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<String> = inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect();
    let is_head = cells[0] == "link" || cells[0].starts_with("---");
    (!is_head && cells.len() > 2).then_some(Entry { cells })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(link: &str, who: &str, fps: &str) -> Entry {
        let cells = [link, who, fps].map(str::to_owned).to_vec();
        Entry { cells }
    }

    #[test]
    fn a_row_that_was_measured_again_replaces_itself_and_keeps_the_others() {
        let page = format!("# Networks\n{BEGIN}\n{END}\nmore\n");
        let first = [
            entry("clean", "Visio", "30"),
            entry("clean", "Chromium", "29"),
        ];
        let page = with_entries(&page, &first, "On Monday.").expect("it has the markers");
        let page =
            with_entries(&page, &[entry("clean", "Visio", "28")], "On Tuesday.").expect("still");
        assert!(
            page.contains("| clean | Visio | 28 |\n| clean | Chromium | 29 |\n\nOn Tuesday."),
            "{page}"
        );
        assert!(page.starts_with("# Networks\n") && page.ends_with("\nmore\n"));
    }
}
