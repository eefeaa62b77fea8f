//! Windows and macOS: a program that can be started has a screen.

/// Always.
pub fn is_there() -> bool {
    true
}
