//! The table of numbers: what is to be reached, what was measured, and how it stands in README.md. Pure.

/// Between these two lines README.md holds the table.
const BEGIN: &str = "<!-- numbers: written by `cargo xtask bench --write` -->";
const END: &str = "<!-- end of numbers -->";

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What was measured; also what tells rows apart.
    pub what: String,
    /// What is to be reached.
    pub reach: String,
    /// What was.
    pub measured: String,
}

impl Row {
    /// A row, with the mark that says whether the measurement reaches what it should.
    pub fn new(what: &str, reach: &str, measured: &str, met: bool) -> Self {
        let mark = if met { "" } else { " **(not reached)**" };
        Self {
            what: what.to_owned(),
            reach: reach.to_owned(),
            measured: format!("{measured}{mark}"),
        }
    }
}

/// The lowest, middle and highest of several measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

impl Spread {
    /// Of `values`; zeros if there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or_default();
        Self {
            min: at(0),
            median: at(values.len() / 2),
            max: at(values.len().saturating_sub(1)),
        }
    }

    /// "median (min to max)" with as many digits after the point as asked for, and the unit behind.
    pub fn shown(&self, digits: usize, unit: &str) -> String {
        let Self { min, median, max } = self;
        format!("{median:.digits$}{unit} ({min:.digits$} to {max:.digits$})")
    }
}

/// The table as Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let lines = rows
        .iter()
        .map(|row| format!("| {} | {} | {} |\n", row.what, row.reach, row.measured));
    let head = "| what | to reach | measured: median (lowest to highest) |\n| --- | --- | --- |\n";
    std::iter::once(head.to_owned()).chain(lines).collect()
}

/// `readme` with `rows` in its table: those it has of the same name are replaced, the others kept, new ones added.
/// `None` when it has no place for the table.
pub fn with_rows(readme: &str, rows: &[Row], conditions: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let mut all: Vec<Row> = old.lines().filter_map(parse).collect();
    for row in rows {
        match all.iter_mut().find(|other| other.what == row.what) {
            Some(other) => *other = row.clone(),
            None => all.push(row.clone()),
        }
    }
    Some(format!(
        "{before}{BEGIN}\n{}\n{conditions}\n{END}{after}",
        markdown(&all)
    ))
}

fn parse(line: &str) -> Option<Row> {
    let cells: Vec<&str> = line
        .trim()
        .strip_prefix('|')?
        .strip_suffix('|')?
        .split('|')
        .map(str::trim)
        .collect();
    let [what, reach, measured] = cells[..] else {
        return None;
    };
    let is_head = what == "what" || what.starts_with("---");
    (!is_head).then(|| Row {
        what: what.to_owned(),
        reach: reach.to_owned(),
        measured: measured.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_lowest_middle_and_highest() {
        assert_eq!(
            Spread::of([3.0, 1.0, 2.0]).shown(1, " ms"),
            "2.0 ms (1.0 to 3.0)"
        );
        assert_eq!(
            Spread::of([]),
            Spread {
                min: 0.0,
                median: 0.0,
                max: 0.0
            }
        );
    }

    #[test]
    fn a_part_that_was_measured_replaces_its_rows_and_keeps_the_others() {
        let readme = format!("# Visio\n{BEGIN}\n{END}\nmore\n");
        let first = [
            Row::new("calls", "29", "30", true),
            Row::new("six", "14", "9", false),
        ];
        let readme = with_rows(&readme, &first, "On Monday.").expect("it has the markers");
        let readme =
            with_rows(&readme, &[Row::new("six", "14", "15", true)], "On Tuesday.").expect("still");
        assert!(
            readme.contains("| calls | 29 | 30 |\n| six | 14 | 15 |\n\nOn Tuesday.\n"),
            "{readme}"
        );
        assert!(readme.starts_with("# Visio\n") && readme.ends_with("\nmore\n"));
    }

    #[test]
    fn a_number_that_was_not_reached_says_so() {
        assert!(markdown(&[Row::new("six", "14", "9", false)]).contains("9 **(not reached)**"));
    }
}
