//! The report of a call as the engine writes it, with what only the window knows: when it first painted, and what it drew.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::frames::drawn::Drawn;

/// Gathers what the window knows.
pub struct Reporter {
    started: Instant,
    first_paint: OnceLock<Duration>,
    file: Option<PathBuf>,
    drawn: Arc<Drawn>,
}

impl Reporter {
    /// `file` is where [`Reporter::write`] writes to, if anywhere.
    pub fn new(started: Instant, file: Option<PathBuf>, drawn: Arc<Drawn>) -> Reporter {
        Reporter {
            started,
            first_paint: OnceLock::new(),
            file,
            drawn,
        }
    }

    /// The page has painted. Only the first time counts.
    pub fn painted(&self) {
        let after = self.started.elapsed();
        if self.first_paint.set(after).is_ok() {
            tracing::info!(?after, "first paint");
        }
    }

    /// The engine's report, or an empty one, with a `window` added:
    /// `{"first_paint_ms": 310, "tiles": [{"tile": "me", "frames_drawn": 450, "fps": 29.9}]}`.
    pub fn complete(&self, engine: Option<Value>) -> Value {
        let mut report = engine.filter(Value::is_object).unwrap_or_else(|| json!({}));
        report["window"] = json!({
            "first_paint_ms": self.first_paint.get().map(|after| after.as_millis() as u64),
            "tiles": self.drawn.tiles(),
        });
        report
    }

    /// Writes the complete report to where the environment asked for it.
    pub fn write(&self, engine: Option<Value>) {
        let Some(file) = &self.file else { return };
        let report = format!("{:#}\n", self.complete(engine));
        if let Err(error) = std::fs::write(file, report) {
            tracing::error!(%error, file = %file.display(), "the report can't be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::tile::TileId;

    #[test]
    fn the_window_adds_what_only_it_knows() {
        let drawn = Arc::<Drawn>::default();
        drawn.count(TileId::ME, Instant::now());
        let reporter = Reporter::new(Instant::now(), None, drawn);
        let report = reporter.complete(Some(json!({"seconds": 20.0})));
        assert_eq!(report["seconds"], 20.0);
        assert_eq!(report["window"]["first_paint_ms"], Value::Null);
        assert_eq!(
            report["window"]["tiles"][0],
            json!({"tile": "me", "frames_drawn": 1, "fps": 0.0})
        );
    }

    #[test]
    fn a_run_without_a_call_has_a_report_too() {
        let reporter = Reporter::new(Instant::now(), None, Arc::default());
        reporter.painted();
        assert!(reporter.complete(None)["window"]["first_paint_ms"].is_u64());
    }
}
