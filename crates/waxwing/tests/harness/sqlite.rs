//! Where the servers of a test binary keep everything: in a file of the test's folder.

/// A database file that is not there yet.
#[derive(Debug, Default)]
pub(crate) struct Place {}

impl Place {
    /// The settings that lead there.
    #[allow(clippy::unused_self, reason = "other places have something to say")]
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DATABASE", "sqlite:test.db".to_owned())]
    }
}
