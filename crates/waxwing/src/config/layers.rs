//! Flags, environment, file and defaults, laid over each other.
//!
//! Values are text here; [`super::settings`] reads them. Each knows where it
//! came from, for `config print` and for error messages.

use std::{fmt, path::Path};

use anyhow::{Context, anyhow, bail};
use zeroize::Zeroizing;

use super::{
    Environment, Flags, suggest,
    table::{SETTINGS, Setting, find},
};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `--flag`.
    Flag,
    /// An environment variable.
    Environment,
    /// The TOML file at this path.
    File(String),
    /// Nobody said otherwise.
    Default,
}

/// A setting with its value.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Which setting.
    pub(crate) setting: &'static Setting,
    /// Its value; `None` when there is none and no default.
    pub(crate) text: Option<Zeroizing<String>>,
    /// Where the value came from.
    pub(crate) source: Source,
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    /// One for each setting, in the table's order.
    pub(crate) entries: Vec<Entry>,
}

impl Entry {
    /// How the user would name it, given where the value came from.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Flag => format!("--{}", self.setting.flag()),
            Source::Environment => self.setting.variable(),
            Source::File(path) => format!("{} in {path}", self.setting.key),
            Source::Default => self.setting.key.to_owned(),
        }
    }
}

impl Effective {
    /// Lays the sources over each other.
    ///
    /// # Errors
    /// When the file cannot be read, or something in it or in the environment
    /// is not known.
    pub(crate) fn load(flags: &Flags, environment: &Environment) -> anyhow::Result<Self> {
        let path = flags.config.as_deref().or_else(|| environment.get("WAXWING_CONFIG"));
        let text = path.map(|path| {
            std::fs::read_to_string(Path::new(path))
                .with_context(|| format!("the configuration file {path} cannot be read"))
        });
        let text = text.transpose()?;
        Self::of(flags, environment, path.zip(text.as_deref()))
    }

    /// As [`Effective::load`], with a file of this name and text, or none.
    ///
    /// # Errors
    /// When something in it or in the environment is not known.
    pub(crate) fn of(
        flags: &Flags,
        environment: &Environment,
        file: Option<(&str, &str)>,
    ) -> anyhow::Result<Self> {
        let path = file.map(|(path, _)| path);
        let (file, mut problems) = match file {
            Some((path, text)) => table_of(path, text)?,
            None => (toml::Table::new(), Vec::new()),
        };
        problems.extend(environment.problems());
        let mut entries = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS {
            let from_file = match file.get(setting.key).map(|value| text_of(setting, value)).transpose() {
                Ok(text) => text,
                Err(problem) => {
                    problems.push(problem);
                    None
                }
            };
            entries.push(choose(setting, flags, environment, from_file, path));
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        Ok(Self { entries })
    }

    /// The entry of a setting.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.setting.key == key)
    }
}

fn choose(
    setting: &'static Setting,
    flags: &Flags,
    environment: &Environment,
    from_file: Option<String>,
    path: Option<&str>,
) -> Entry {
    let given = |text: &str, source| Entry { setting, text: Some(Zeroizing::new(text.to_owned())), source };
    if let Some(text) = flags.values.get(setting.key) {
        return given(text, Source::Flag);
    }
    if let Some(text) = environment.get(&setting.variable()) {
        return given(text, Source::Environment);
    }
    if let Some(text) = from_file {
        return given(&text, Source::File(path.unwrap_or_default().to_owned()));
    }
    let text = (!setting.default.is_empty()).then(|| Zeroizing::new(setting.default.to_owned()));
    Entry { setting, text, source: Source::Default }
}

/// The file's table, and what in it nobody knows.
fn table_of(path: &str, text: &str) -> anyhow::Result<(toml::Table, Vec<String>)> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        // Not the error as such: it quotes the line, which may hold a secret.
        let at = error.span().and_then(|span| text.get(..span.start)).unwrap_or(text);
        let line = at.matches('\n').count() + 1;
        anyhow!("the configuration file {path} is not valid TOML: line {line}: {}", error.message())
    })?;
    let unknown = table.keys().filter(|key| find(key).is_none()).map(|key| {
        let hint = suggest::hint(key, SETTINGS.iter().map(|setting| setting.key));
        format!("{path}: there is no setting {key}.{hint}")
    });
    let problems = unknown.collect();
    Ok((table, problems))
}

/// A TOML value as a flag would give it. Lists are joined by commas.
fn text_of(setting: &Setting, value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Array(items) if !setting.secret => {
            let texts: Result<Vec<String>, String> =
                items.iter().map(|item| text_of(setting, item)).collect();
            Ok(texts?.join(","))
        }
        other => Err(format!(
            "{} in the configuration file is a {}; write a text in quotes or a number.",
            setting.key,
            other.type_str()
        )),
    }
}

impl fmt::Debug for Entry {
    /// Without the value, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.setting.key, self.source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => f.write_str(path),
            Self::Default => f.write_str("default"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        file: &str,
    ) -> anyhow::Result<Effective> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("waxwing.toml");
        std::fs::write(&path, file).unwrap();
        let flags = Flags {
            config: Some(path.display().to_string()),
            until_stdin_closes: false,
            values: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
        };
        Effective::load(&flags, &Environment::of(variables))
    }

    fn text(effective: &Effective, key: &str) -> String {
        effective.entry(key).unwrap().text.as_deref().unwrap().clone()
    }

    #[test]
    fn flags_win_over_environment_over_file_over_default() {
        let effective = load(
            &[("listen", "flag:1")],
            &[("WAXWING_LISTEN", "environment:1"), ("WAXWING_NODE", "environment")],
            "listen = \"file:1\"\nnode = \"file\"\nin_flight = 7\nallowed_networks = [\"10.0.0.0/8\", \"::1\"]",
        )
        .unwrap();
        assert_eq!(text(&effective, "listen"), "flag:1");
        assert_eq!(text(&effective, "node"), "environment");
        assert_eq!(text(&effective, "in_flight"), "7");
        assert_eq!(text(&effective, "allowed_networks"), "10.0.0.0/8,::1");
        assert_eq!(text(&effective, "retention"), "30d");
        assert!(matches!(effective.entry("in_flight").unwrap().source, Source::File(_)));
    }

    #[test]
    fn what_nobody_knows_is_refused_all_at_once_with_suggestions() {
        let error = load(&[], &[("WAXWING_LISTN", "x")], "retry_shedule = \"1s\"\nlog = true")
            .unwrap_err()
            .to_string();
        assert!(error.contains("Did you mean WAXWING_LISTEN?"), "{error}");
        assert!(error.contains("Did you mean retry_schedule?"), "{error}");
        assert!(error.contains("log in the configuration file is a boolean"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_toml_is_refused_without_showing_its_secrets() {
        for file in ["node = \"a\"\noperator_key = \"hunter2", "operator_key = hunter2", "hunter2"] {
            let error = format!("{:#}", load(&[], &[], file).unwrap_err());
            assert!(error.contains("is not valid TOML: line "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_refused() {
        let flags = Flags { config: Some("/no/such/file".into()), ..Flags::default() };
        let error = Effective::load(&flags, &Environment::default()).unwrap_err();
        assert!(error.to_string().contains("/no/such/file"));
    }
}
