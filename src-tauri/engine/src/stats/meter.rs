//! From decibels to the length of a bar.

/// What the bar shows as empty: the hiss of a quiet room. dBFS.
const QUIET_DBFS: f32 = -60.0;

/// Length of a level meter's bar, 0 to 1, for a level in dBFS.
pub fn meter(level_dbfs: f32) -> f32 {
    if level_dbfs.is_finite() {
        (1.0 - level_dbfs / QUIET_DBFS).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::meter;

    #[test]
    fn silence_is_an_empty_bar_and_full_scale_a_full_one() {
        assert_eq!(meter(f32::NEG_INFINITY), 0.0);
        assert_eq!(meter(-90.0), 0.0);
        assert_eq!(meter(-30.0), 0.5);
        assert_eq!(meter(0.0), 1.0);
        assert_eq!(meter(f32::NAN), 0.0);
    }
}
