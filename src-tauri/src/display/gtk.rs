//! Linux: an X server or a Wayland compositor that answers.

/// Connects to it, once for the whole process; must be called on the main thread.
pub fn is_there() -> bool {
    gtk::init().is_ok()
}
