//! Tauri's build step: the icon, the manifest, the capabilities.

fn main() {
    tauri_build::build();
}
