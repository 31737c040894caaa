//! A secret that was given on the command line: nothing prints it, and its memory is wiped.

use std::{convert::Infallible, fmt, ops::Deref, str::FromStr};

use zeroize::Zeroizing;

/// What was given.
#[derive(Clone)]
pub(super) struct Hidden(Zeroizing<String>);

impl FromStr for Hidden {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl Deref for Hidden {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_what_was_given_on_the_command_line() {
        let given: Hidden = "hunter2".parse().unwrap();
        assert_eq!((&*given, format!("{:?}", Some(&given)).as_str()), ("hunter2", "Some(Hidden(…))"));
    }
}
