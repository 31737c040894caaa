//! The settings that say where the encryption key comes from, and those before it.

use waxwing_core::seal::SealingKey;
use zeroize::Zeroizing;

use super::{
    settings::{Given, Reader},
    table::words,
};

type Result<T> = std::result::Result<T, String>;

/// What seals the keys that seal secrets.
#[derive(Clone)]
pub(crate) struct Encryption {
    /// The key.
    pub(crate) key: Given,
    /// What prints it.
    pub(crate) command: Option<Vec<String>>,
    /// Those before it.
    pub(crate) previous: Given,
}

impl Reader<'_> {
    /// One place at most for the key; its bytes are looked at when the server starts.
    pub(super) fn encryption(&mut self) -> Encryption {
        let key = self.given("encryption_key", "encryption_key_file", key);
        let command = self.optional("encryption_key_command", command);
        if command.is_some() && (key.value.is_some() || key.file.is_some()) {
            let problem = "encryption_key_command and encryption_key or encryption_key_file were both given; give one of them.";
            self.problems.push(problem.to_owned());
        }
        let previous = self.given("previous_encryption_keys", "previous_encryption_keys_file", keys);
        Encryption { key, command, previous }
    }
}

fn key(text: &str) -> Result<Zeroizing<String>> {
    match SealingKey::from_base64(text) {
        Ok(_) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => Err(format!("is {error}")),
    }
}

fn keys(text: &str) -> Result<Zeroizing<String>> {
    for (at, word) in words(text).enumerate() {
        key(word).map_err(|problem| format!("number {} {problem}", at + 1))?;
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// A command and its arguments, quoted as for a shell, which does not run it.
fn command(text: &str) -> Result<Vec<String>> {
    match shlex::split(text) {
        None => Err("has a quote that is not closed".into()),
        Some(words) if words.is_empty() => Err("names no command".into()),
        Some(words) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Effective, Environment, Flags, Settings},
        *,
    };

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    fn read(variables: &[(&str, &str)]) -> anyhow::Result<Settings> {
        Settings::read(&Effective::load(&Flags::default(), &Environment::of(variables))?)
    }

    #[test]
    fn a_command_is_split_like_in_a_shell_and_nothing_in_it_is_expanded() {
        assert_eq!(command("age -d -i 'my key' $HOME/k").unwrap(), ["age", "-d", "-i", "my key", "$HOME/k"]);
        for text in ["", "  ", "sops 'open"] {
            assert!(command(text).is_err(), "{text}");
        }
    }

    #[test]
    fn there_is_one_place_for_the_key() {
        for other in [("WAXWING_ENCRYPTION_KEY", KEY), ("WAXWING_ENCRYPTION_KEY_FILE", "k")] {
            assert!(read(&[other]).is_ok());
            assert!(read(&[other, ("WAXWING_ENCRYPTION_KEY_COMMAND", "cat k")]).is_err());
        }
    }

    #[test]
    fn previous_keys_are_a_list_of_which_none_is_shown() {
        assert!(read(&[("WAXWING_PREVIOUS_ENCRYPTION_KEYS", &format!("{KEY}, {KEY}"))]).is_ok());
        let wrong = format!("{KEY},hunter2");
        let Err(error) = read(&[("WAXWING_PREVIOUS_ENCRYPTION_KEYS", &wrong)]) else { panic!("accepted") };
        let error = error.to_string();
        assert!(error.contains("number 2 is not an encryption key"), "{error}");
        assert!(!error.contains("hunter2") && !error.contains(KEY), "{error}");
    }
}
