//! How many files this process may have open on Unix, each connection being one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many as the system gives, and answers for how many connections that does, of `wanted`,
/// with `others` set aside for everything else.
pub(crate) fn places(wanted: usize, others: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let enough = u64::try_from(wanted.saturating_add(others)).unwrap_or(u64::MAX);
    let least = |limit: Option<u64>| limit.is_none_or(|limit| limit >= enough);
    if !least(limit.current) {
        // macOS gives less than it says: then what there is has to do.
        let most = Some(limit.maximum.unwrap_or(enough));
        let raised = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: most,
                maximum: limit.maximum,
            },
        );
        if let Err(error) = raised {
            tracing::debug!(%error, "the limit on open files could not be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current;
    if least(files) {
        return wanted;
    }
    let files = usize::try_from(files.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    tracing::warn!(
        files,
        "the system lets this process open fewer files than its limits ask for (ulimit -n, LimitNOFILE)"
    );
    // However few there are, some are for people.
    files.saturating_sub(others).max(files / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_places_than_files_and_always_some() {
        assert_eq!(places(1, 1), 1);
        let files = getrlimit(Resource::Nofile).maximum;
        let places = places(usize::MAX / 2, 100);
        assert!(places > 0);
        if let Some(files) = files {
            assert!(u64::try_from(places).unwrap() < files.max(2));
        }
        let now = getrlimit(Resource::Nofile);
        assert!(
            now.maximum.is_none() || now.current == now.maximum,
            "{now:?}"
        );
    }
}
