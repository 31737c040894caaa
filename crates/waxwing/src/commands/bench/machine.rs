//! What the figures were measured on: without that they mean nothing.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;
use tokio::time::Instant;

use super::{histogram::Histogram, results::ms};

/// Blocks that are written and synced to see what a commit costs the disk.
const SYNCS: usize = 100;
const BLOCK: [u8; 4096] = [0x57; 4096];

/// Hardware and operating system. On other systems than Linux much of it is not known.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    pub(super) cpu: Option<String>,
    pub(super) cores: usize,
    /// Whether the processor says that it is one of a virtual machine.
    pub(super) is_virtual: Option<bool>,
    pub(super) memory_bytes: Option<u64>,
    /// Name and release.
    pub(super) kernel: Option<String>,
    /// Programs that wanted a processor in the minute before, on average.
    pub(super) load: Option<f64>,
    pub(super) disk: Disk,
}

/// Where the databases are.
#[derive(Debug, Serialize)]
pub(super) struct Disk {
    pub(super) file_system: Option<String>,
    pub(super) device: Option<String>,
    /// To write 4 KiB and have them on disk.
    pub(super) fsync_p50_ms: Option<f64>,
    pub(super) fsync_p99_ms: Option<f64>,
}

impl Machine {
    /// This one; databases are made in `directory`.
    pub(super) fn here(directory: &Path) -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let field = |name: &str| {
            let line = cpuinfo.as_deref()?.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let release = read("/proc/sys/kernel/osrelease");
        Self {
            cpu: field("model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            is_virtual: field("flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            memory_bytes: read("/proc/meminfo").as_deref().and_then(memory),
            kernel: release.map(|release| format!("Linux {}", release.trim())),
            load: read("/proc/loadavg").and_then(|load| load.split(' ').next()?.parse().ok()),
            disk: disk(directory),
        }
    }
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn disk(directory: &Path) -> Disk {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    let mounts = read("/proc/self/mountinfo").unwrap_or_default();
    let (file_system, device) = mounts
        .lines()
        .filter_map(mount)
        .filter(|(point, ..)| directory.starts_with(point))
        // Of mounts on the same point the last one is seen.
        .max_by_key(|(point, ..)| point.components().count())
        .map(|(_, file_system, device)| (file_system, device))
        .unzip();
    let syncs = syncs(&directory).ok();
    let at = |percent| Some(ms(syncs.as_ref()?.percentile(percent)?));
    Disk { file_system, device, fsync_p50_ms: at(50.0), fsync_p99_ms: at(99.0) }
}

/// Mount point, file system and device of a line of mountinfo.
fn mount(line: &str) -> Option<(PathBuf, String, String)> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    Some((left.split(' ').nth(4)?.into(), right.next()?.to_owned(), right.next()?.to_owned()))
}

fn syncs(directory: &Path) -> std::io::Result<Histogram> {
    let mut file = tempfile::tempfile_in(directory)?;
    let took = Histogram::default();
    for _ in 0..SYNCS {
        let began = Instant::now();
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        took.add(began.elapsed());
    }
    Ok(took)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn knows_the_machine_that_it_runs_on() {
        let machine = Machine::here(&std::env::temp_dir());
        assert!(machine.memory_bytes.unwrap() > 1 << 20, "{machine:?}");
        assert!(machine.disk.file_system.is_some() && machine.disk.fsync_p50_ms.is_some(), "{machine:?}");
        assert!(machine.load.unwrap() >= 0.0);
        assert!(machine.kernel.unwrap().starts_with("Linux "));
    }

    #[test]
    fn a_mount_is_read() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";
        assert_eq!(mount(line), Some(("/mnt2".into(), "ext3".into(), "/dev/root".into())));
    }
}
