//! How many files this process may have open where the system sets no limit worth speaking of.

/// For how many connections there is room, of `wanted`: for all.
pub(crate) fn places(wanted: usize, _others: usize) -> usize {
    wanted
}
