//! One Visio for each person: one that is started while another runs hands that one its link, and ends.

#[cfg(target_os = "macos")]
#[path = "second_start/macos.rs"]
mod system;
#[cfg(not(target_os = "macos"))]
#[path = "second_start/plugin.rs"]
mod system;

pub use system::{on_run_event, watch, watch_no_more};
