//! A file that appears under its name when all of it is on disk, or not at all.
//!
//! Until then it has a name of its own in the same folder, which begins with a dot and
//! ends with `.partial`. It is removed when this is dropped; only a process that is
//! killed leaves it behind.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

use crate::exit::Exit;

/// Room that is left to others on the disk: they may need some to end in order.
const RESERVE: u64 = 64 << 20;

/// A file that is being written, readable by its owner only.
pub(super) struct Whole {
    partial: NamedTempFile,
    path: PathBuf,
}

impl Whole {
    /// Begins one that will have this path.
    ///
    /// # Errors
    /// When there is such a file already, or its folder cannot be written to.
    pub(super) fn begin(path: &Path) -> anyhow::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial =
            Builder::new().prefix(&format!(".{name}.")).suffix(".partial").tempfile_in(folder(path));
        let partial = partial.map_err(|error| {
            Exit::Failed.because(format_args!(
                "{} cannot be written: {error}; check that its folder exists and may be written to",
                path.display()
            ))
        })?;
        Ok(Self { partial, path: path.to_owned() })
    }

    /// Where it is until it is finished.
    pub(super) fn partial(&self) -> &Path {
        self.partial.path()
    }

    /// Gives it its name; nothing is overwritten.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let failed = |error: io::Error| {
            Exit::Failed.because(format_args!("{} cannot be written: {error}", self.path.display()))
        };
        self.partial.as_file().sync_all().map_err(failed)?;
        match self.partial.persist_noclobber(&self.path) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(exists(&self.path));
            }
            named => named.map_err(|error| failed(error.error))?,
        };
        // The folder's entry must last as long as the file does.
        File::open(folder(&self.path)).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}

/// Whether so many bytes more have room beside `path`; otherwise why not.
pub(super) fn room_for(bytes: u64, path: &Path) -> Result<(), String> {
    // Where the system does not say, writing will.
    let Ok(disk) = rustix::fs::statvfs(folder(path)) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    enough(bytes, free).map_err(|words| format!("{words}, on the disk of {}", folder(path).display()))
}

fn enough(bytes: u64, free: u64) -> Result<(), String> {
    match free.checked_sub(bytes) {
        Some(left) if left >= RESERVE => Ok(()),
        _ => Err(format!(
            "there is too little room: {} MiB more are needed and {} MiB are free, of which {} MiB are left to others",
            bytes >> 20,
            free >> 20,
            RESERVE >> 20
        )),
    }
}

fn exists(path: &Path) -> anyhow::Error {
    Exit::Failed.because(format_args!(
        "there is a file {} already; it was left as it is: choose another name, or move it away",
        path.display()
    ))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all_and_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backup.db");
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        let given_up = Whole::begin(&path).unwrap();
        assert_eq!((path.exists(), names()), (false, 1));
        drop(given_up);
        assert_eq!(names(), 0);
        let [first, second] = [Whole::begin(&path).unwrap(), Whole::begin(&path).unwrap()];
        std::fs::write(first.partial(), "first").unwrap();
        std::fs::write(second.partial(), "second").unwrap();
        first.finish().unwrap();
        assert!(second.finish().unwrap_err().to_string().contains("already"));
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), names()), ("first", 1));
        assert!(Whole::begin(&path).is_err());
    }

    #[test]
    fn some_room_is_left_to_others() {
        assert!(enough(100 << 20, 164 << 20).is_ok());
        let refused = enough(100 << 20, 163 << 20).unwrap_err();
        assert!(refused.contains("100 MiB more are needed and 163 MiB are free"), "{refused}");
        assert!(enough(2, 1).is_err());
    }
}
