//! What differs between systems about cameras. Each sibling has the same functions:
//!
//! - `list_cameras`: the cameras, in the system's order, with ids that outlive a restart;
//! - `is_path_of`: whether a person's text is the system's path of a camera;
//! - `prepare`: makes a camera acceptable to nokhwa before it is opened;
//! - `opening_requests`: the modes to open it with, until one works;
//! - `problem_of`: what an error of the system means;
//! - `unblock_cameras`: makes blocked reads of this process return.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub use linux::*;

#[cfg(target_os = "windows")]
mod windows;
#[cfg(target_os = "windows")]
pub use windows::*;

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
mod macos;
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
pub use macos::*;
