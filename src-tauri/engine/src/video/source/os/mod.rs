//! What differs between systems about cameras. Each sibling has the same functions:
//!
//! - `list_cameras`: the cameras, in the system's order, with ids that outlive a restart;
//! - `is_path_of`: whether a person's text is the system's path of a camera;
//! - `open_camera`: opens a camera in the best mode of the layouts given, not streaming yet;
//! - `problem_of`: what an error of the system means;
//! - `unblock_cameras`: makes blocked reads of this process return.

pub mod layout;

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
