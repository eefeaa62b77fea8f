//! Whether there is a screen to open a window on. Asked first, because the window toolkit panics where there is none.

#[cfg(target_os = "linux")]
#[path = "display/gtk.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "display/other.rs"]
mod system;

pub use system::is_there;
