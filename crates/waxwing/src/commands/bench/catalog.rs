//! The scenarios that are built in, and those that the user has.

use std::path::{Path, PathBuf};

use super::scenario::Scenario;
use crate::{config::suggest, exit::Exit};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../../../bench/scenarios/", $name, ".toml")))),+]
    };
}

/// In the order in which they are run.
const BUILT_IN: [(&str, &str); 11] = files![
    "saturation",
    "saturation-million-stored",
    "steady-rate",
    "fan-out-1",
    "fan-out-10",
    "fan-out-100",
    "isolation",
    "slow-and-failing",
    "backlog-drain",
    "start-with-backlog",
    "event-log",
];

/// Those of `bench/scenarios`.
pub(super) fn built_in() -> anyhow::Result<Vec<Scenario>> {
    let path = |name: &str| format!("bench/scenarios/{name}.toml");
    BUILT_IN.into_iter().map(|(name, text)| Scenario::parse(name, &path(name), text)).collect()
}

/// Those of files, and of the files in directories.
pub(super) fn of(paths: &[PathBuf]) -> anyhow::Result<Vec<Scenario>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut found: Vec<PathBuf> = Vec::new();
            for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
                found.push(entry.map_err(|error| unreadable(path, &error))?.path());
            }
            found.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
            found.sort();
            if found.is_empty() {
                return Err(Exit::Usage.because(format_args!("{} holds no .toml file", path.display())));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Scenario::parse(&name, &path.display().to_string(), &text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Exit::Usage.because(format_args!("{} cannot be read: {error}", path.display()))
}

/// Those with these names; all without any.
pub(super) fn only(all: Vec<Scenario>, names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    let known = || all.iter().map(|scenario| scenario.name.as_str());
    if let Some(unknown) = names.iter().find(|name| !known().any(|it| it == *name)) {
        let hint = suggest::hint(unknown, known());
        let all = known().collect::<Vec<_>>().join(", ");
        return Err(
            Exit::Usage.because(format_args!("there is no scenario {unknown}.{hint} There are {all}."))
        );
    }
    Ok(all.into_iter().filter(|scenario| names.is_empty() || names.contains(&scenario.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_built_in_and_is_a_scenario() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/scenarios");
        let mut files: Vec<String> = of(&[folder]).unwrap().into_iter().map(|it| it.name).collect();
        let mut built_in: Vec<String> = built_in().unwrap().into_iter().map(|it| it.name).collect();
        files.sort();
        built_in.sort();
        assert_eq!(files, built_in);
    }

    #[test]
    fn a_name_that_is_not_there_is_refused_with_one_that_is() {
        let error = only(built_in().unwrap(), &["satuartion".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("Did you mean saturation?"), "{error}");
        assert_eq!(only(built_in().unwrap(), &["isolation".to_owned()]).unwrap().len(), 1);
    }
}
