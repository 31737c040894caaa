//! Password files, as libpq reads them: lines `host:port:database:user:password`, in
//! which `*` stands for anything and `\` takes the meaning from `:` and `\`.
//!
//! Source: PostgreSQL's documentation, "The Password File".

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tokio_postgres::{Config, config::Host};

use crate::error::OpenError;

/// The password for the address, if the file has one. A file that nobody named may
/// be missing; one that others can read is not used, as libpq does it.
pub(crate) fn password(path: &Path, named: bool, config: &Config) -> Result<Option<String>, OpenError> {
    let unreadable = |reason: String| OpenError::Passfile { path: path.to_owned(), reason };
    let metadata = match fs::metadata(path) {
        Err(_) if !named => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
        Ok(metadata) => metadata,
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(unreadable("others can read it; chmod 600 it".into()));
    }
    let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    Ok(find(&text, config))
}

fn find(text: &str, config: &Config) -> Option<String> {
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let ports = config.get_ports();
    let lines = || text.lines().filter(|line| !line.starts_with('#'));
    config.get_hosts().iter().enumerate().find_map(|(index, host)| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432).to_string();
        let host = match host {
            Host::Tcp(name) => name.as_str(),
            Host::Unix(_) => "localhost",
        };
        let wanted = [host, &port, database, user];
        lines().find_map(|line| {
            let fields = fields(line);
            let [given @ .., password] = &fields[..] else { return None };
            let matches = given.len() == wanted.len()
                && given.iter().zip(wanted).all(|(given, wanted)| given == "*" || given == wanted);
            matches.then(|| password.clone())
        })
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => fields.push(String::new()),
            '\\' => fields.last_mut().into_iter().for_each(|field| field.extend(characters.next())),
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# comment\nother:5432:*:*:no\n*:5433:events:me:second\ndb:*:*:me:a\\:b\\\\c\n*:*:*:*:any";

    fn found(url: &str) -> Option<String> {
        find(FILE, &url.parse().unwrap())
    }

    #[test]
    fn the_first_line_that_matches_counts() {
        assert_eq!(found("postgres://me@db/events").as_deref(), Some("a:b\\c"));
        assert_eq!(found("postgres://me@db:5433/events").as_deref(), Some("second"));
        assert_eq!(found("postgres://you@db/events").as_deref(), Some("any"));
        assert_eq!(find("db:5432:events:you:x\n", &"postgres://me@db/events".parse().unwrap()), None);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        fs::write(&path, "*:*:*:*:secret\n").unwrap();
        let config: Config = "postgres://me@db/events".parse().unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refusal = password(&path, true, &config).unwrap_err().to_string();
        assert!(refusal.contains("chmod 600") && !refusal.contains("secret"), "{refusal}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(password(&path, true, &config).unwrap().as_deref(), Some("secret"));
        assert_eq!(password(&folder.path().join("none"), false, &config).unwrap(), None);
    }
}
