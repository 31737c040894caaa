//! The process's environment, read once.
//!
//! Only names that begin with `WAXWING_` and the few conventions that concern a
//! terminal are looked at. Empty values count as absent, because that is how
//! compose files and unit files say "not set".

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{
    suggest,
    table::{OTHER_VARIABLES, SETTINGS},
};

/// The variables that begin with `WAXWING_`.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, Zeroizing<String>>,
    unreadable: Vec<String>,
}

impl Environment {
    /// Of this process.
    pub(crate) fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let Some(name) = name.to_str().filter(|name| name.starts_with("WAXWING_")) else {
                continue;
            };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => {
                    environment.variables.insert(name.to_owned(), Zeroizing::new(value));
                }
                Err(_) => environment.unreadable.push(name.to_owned()),
            }
        }
        environment
    }

    /// Of the given variables.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), Zeroizing::new((*value).to_owned()));
        Self { variables: variables.iter().map(owned).collect(), unreadable: Vec::new() }
    }

    /// A variable's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.as_str())
    }

    /// What is wrong with it: names that nobody knows, values that are not UTF-8.
    pub(crate) fn problems(&self) -> Vec<String> {
        let settings: Vec<String> = SETTINGS.iter().map(super::table::Setting::variable).collect();
        let known = || settings.iter().map(String::as_str).chain(OTHER_VARIABLES.iter().copied());
        let unknown = self.variables.keys().filter(|name| !known().any(|known| known == name.as_str()));
        let unknown = unknown.map(|name| {
            format!(
                "the environment variable {name} is none that waxwing knows.{}",
                suggest::hint(name, known())
            )
        });
        let unreadable =
            self.unreadable.iter().map(|name| format!("the environment variable {name} is not UTF-8."));
        unknown.chain(unreadable).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_variable_is_a_problem_with_a_suggestion() {
        let environment = Environment::of(&[("WAXWING_LISTEN", "x"), ("WAXWING_RETENSION", "1d")]);
        let problems = environment.problems();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("WAXWING_RETENSION"), "{problems:?}");
        assert!(problems[0].contains("Did you mean WAXWING_RETENTION?"), "{problems:?}");
    }
}
