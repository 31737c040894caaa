//! What the kernel knows of the server process: CPU time and memory. Linux only;
//! elsewhere the figures are missing from the report.

use std::{path::Path, time::Duration};

/// The kernel counts CPU time for `/proc` in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// User and system CPU time that the process has used.
pub(super) fn cpu(pid: u32) -> Option<Duration> {
    ticks(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?, 2)
}

/// User and system CPU time of all processes of this name, with what their children
/// that ended had used.
pub(super) fn cpu_of_all(name: &str) -> Duration {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Duration::ZERO };
    let stats =
        processes.flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    let named = format!(" ({name}) ");
    stats.filter(|stat| stat.contains(&named)).filter_map(|stat| ticks(&stat, 4)).sum()
}

/// The sum of the first of a process's utime, stime, cutime and cstime: the fields 14
/// to 17, counted from the first.
fn ticks(stat: &str, count: usize) -> Option<Duration> {
    // The second field is the name in parentheses and may hold spaces.
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ticks = fields.skip(11).take(count).map(|field| field.parse::<u32>().ok());
    Some(TICK * ticks.sum::<Option<u32>>()?)
}

/// The most memory that the process ever held, in bytes.
pub(super) fn peak_rss(pid: u32) -> Option<u64> {
    status_kib(pid, "VmHWM:")
}

/// The memory that the process holds now, in bytes.
pub(super) fn rss(pid: u32) -> Option<u64> {
    status_kib(pid, "VmRSS:")
}

/// Bytes that the process had the kernel write to disk.
pub(super) fn written(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("write_bytes: "))?.parse().ok()
}

fn status_kib(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Bytes of the files in a directory whose names end so.
pub(super) fn disk(directory: &Path, suffix: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let size = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok().filter(|entry| entry.file_name().to_string_lossy().ends_with(suffix))?;
        Some(entry.metadata().ok()?.len())
    };
    entries.filter_map(size).sum()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_its_own_figures() {
        let pid = std::process::id();
        assert!(cpu(pid).is_some());
        let name = std::fs::read_to_string("/proc/self/comm").unwrap();
        assert!(cpu_of_all(name.trim()) >= cpu(pid).unwrap());
        assert_eq!(cpu_of_all("nobody has this name"), Duration::ZERO);
        assert!(written(pid).is_some());
        assert!(peak_rss(pid).unwrap() >= rss(pid).unwrap() / 2);
    }
}
