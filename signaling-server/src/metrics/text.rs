//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

/// The content type of a [`Page`].
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page of numbers.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "gauge");
        self.line(name, "", value);
    }

    /// A number that only grows, from the start of the server.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, help, "counter");
        self.line(name, "", value);
    }

    /// Numbers that only grow, one for each value of a label. Values are the server's own words,
    /// with nothing in them to escape.
    pub(super) fn counters<V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (String, V)>,
    ) {
        self.head(name, help, "counter");
        for (of, value) in values {
            self.line(name, &format!("{{{label}=\"{of}\"}}"), value);
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_as_prometheus_reads_it() {
        let mut page = Page::default();
        page.gauge("visio_rooms", "Rooms.", 3);
        page.counters(
            "visio_refusals_total",
            "Refusals.",
            "reason",
            [("room_full".to_owned(), 2)],
        );
        assert_eq!(
            page.into_text(),
            "# HELP visio_rooms Rooms.\n# TYPE visio_rooms gauge\nvisio_rooms 3\n\
             # HELP visio_refusals_total Refusals.\n# TYPE visio_refusals_total counter\n\
             visio_refusals_total{reason=\"room_full\"} 2\n"
        );
    }
}
