//! What a process uses, as Linux counts it in `/proc`: processor time, with all that descends from it, and memory.

use crate::{Result, Trouble};

/// The unit of `/proc/ID/stat`: `USER_HZ`, which is 100 on every Linux that has not been rebuilt for another (proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds used by `parent`, by those below it, and by those below it that have ended and been waited for.
pub fn seconds_of_tree(parent: u32) -> f64 {
    let own = std::fs::read_to_string(format!("/proc/{parent}/stat"))
        .ok()
        .and_then(|stat| ticks(&stat))
        .unwrap_or(0) as f64
        / TICKS_PER_SECOND;
    own + children(parent)
        .into_iter()
        .map(seconds_of_tree)
        .sum::<f64>()
}

/// What `process` holds in memory now, in bytes: `VmRSS`, which Linux gives in units of 1024.
pub fn resident(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    let kibibytes = kibibytes.ok_or_else(|| Trouble::new("a process does not tell its memory"))?;
    Ok(kibibytes * 1024.0)
}

/// User and system time of the process and of its children that have ended: the fields 14 to 17. The name before them
/// stands in parentheses and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields = after_name.split_whitespace().skip(11).take(4);
    fields.map(|field| field.parse::<u64>().ok()).sum()
}

fn children(parent: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task"));
    let lists = tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 10 20 30 40 20 0";
        assert_eq!(ticks(stat), Some(100));
    }

    #[test]
    fn who_is_gone_has_used_nothing_that_could_be_read() {
        assert_eq!(seconds_of_tree(u32::MAX), 0.0);
    }
}
