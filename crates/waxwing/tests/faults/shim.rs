//! The knobs of `shim.c`: how a test makes a server's disk and clock fail.
//!
//! The C file is compiled when a test first asks for it, into a library that a server is
//! started with. The model of what fails, and how, is at its top.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::harness::{Server, World, run_with, waxwing};

/// Where a knob's eight bytes stand in the file, in the order of `struct knobs`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Knob {
    ClockMs,
    SyncError,
    SyncGood,
    SyncMs,
    WriteError,
    WriteGood,
    Files,
    ReadOnly,
    Dropping,
    Failed,
}

/// In the place of an error's number: the power is cut.
pub(crate) const POWER: i64 = -1;
pub(crate) const EIO: i64 = 5;
pub(crate) const ENOSPC: i64 = 28;
/// Values of [`Knob::Files`].
pub(crate) const DATABASE: i64 = 1;
pub(crate) const LOG: i64 = 2;
pub(crate) const EVERY_FILE: i64 = 7;

/// The knobs of one server, or of one after another.
pub(crate) struct Faults {
    knobs: File,
    path: PathBuf,
}

impl Faults {
    /// All off, and what is not synced is dropped when a sync fails.
    pub(crate) fn new(world: &World) -> Self {
        Self::named(world, "faults")
    }

    /// Those of one of several servers.
    pub(crate) fn named(world: &World, name: &str) -> Self {
        let path = world.path(name);
        let knobs = File::options().create(true).truncate(true).write(true).read(true).open(&path).unwrap();
        knobs.set_len(8 * (Knob::Failed as u64 + 1)).unwrap();
        let faults = Self { knobs, path };
        faults.set(Knob::Files, EVERY_FILE);
        faults.set(Knob::Dropping, 1);
        faults
    }

    pub(crate) fn set(&self, knob: Knob, value: i64) {
        self.knobs.write_all_at(&value.to_ne_bytes(), 8 * knob as u64).unwrap();
    }

    pub(crate) fn get(&self, knob: Knob) -> i64 {
        let mut value = [0; 8];
        self.knobs.read_exact_at(&mut value, 8 * knob as u64).unwrap();
        i64::from_ne_bytes(value)
    }

    /// `waxwing serve` in this world, with the shim.
    fn command(&self, world: &World) -> tokio::process::Command {
        let mut command = waxwing(world.dir.path());
        command.arg("serve").env("LD_PRELOAD", library()).env("FAULTS", &self.path);
        command
    }

    pub(crate) async fn serve(&self, world: &World, extra: &[(&str, &str)]) -> Server {
        world.serve_as(self.command(world), extra).await
    }

    /// A server that is expected to end by itself: its output.
    pub(crate) async fn serve_in_vain(&self, world: &World) -> std::process::Output {
        run_with(self.command(world), &world.environment(&[]), b"").await
    }
}

/// The compiled shim.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    &LIBRARY.get_or_init(compile).1
}

fn compile() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let library = folder.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
    let output = compiler.arg(&library).arg(source).arg("-ldl").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, library)
}
