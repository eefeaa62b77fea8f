//! Randomness from the operating system.

/// `N` unpredictable bytes.
///
/// # Panics
/// When the operating system has no randomness to give. There is then nothing safe left to do, and
/// on the systems that Visio runs on it does not happen.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}
