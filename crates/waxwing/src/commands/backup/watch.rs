//! What a backup may not do to the server beside it: fill the disk, or keep the
//! write-ahead log from starting over for too long.

use std::{ops::ControlFlow, path::PathBuf};

use waxwing_sqlite::backup::Progress;

use super::super::{status::StatusLine, whole};

/// The longest that the write-ahead log may become meanwhile.
const MAX_LOG: u64 = 4 << 30;

/// Looks after a copy while it is made.
pub(super) struct Watch {
    line: StatusLine,
    copy: PathBuf,
}

impl Watch {
    /// Of a copy at this path.
    pub(super) fn new(copy: PathBuf) -> Self {
        Self { line: StatusLine::new(), copy }
    }

    /// After each step: whether it may go on.
    pub(super) fn look(&mut self, progress: Progress) -> ControlFlow<String> {
        let Progress { copied, total, log } = progress;
        self.line.show(|| format!("copied {} of {} MiB", copied >> 20, total >> 20));
        let room = whole::room_for(total - copied, &self.copy).and_then(|()| bounded(log));
        room.map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }
}

fn bounded(log: u64) -> Result<(), String> {
    if log <= MAX_LOG {
        return Ok(());
    }
    Err(format!(
        "the write-ahead log of the server has grown to {} MiB while its database was read; take the backup when less is written, or onto a faster disk",
        log >> 20
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_ends_before_the_log_of_the_server_grows_without_bound() {
        assert!(bounded(MAX_LOG).is_ok());
        assert!(bounded(MAX_LOG + 1).unwrap_err().contains("has grown to 4096 MiB"));
    }
}
