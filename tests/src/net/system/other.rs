//! Elsewhere there are no network namespaces: nothing here is ever reached, because [`super::super::NEEDS`] is not met.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

fn unsupported<T>() -> Result<T> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "there are no network namespaces on this system",
    ))
}

pub fn enter(_namespace: &File) -> Result<()> {
    unsupported()
}

pub fn open_tap(_name: &str) -> Result<File> {
    unsupported()
}

pub fn is_readable(_file: &File, _within: Duration) -> Result<bool> {
    unsupported()
}
