//! The tables of hostile URLs and answers of DNS, row by row.

use super::*;

const URLS: &str = include_str!("../hostile/urls.txt");
const ANSWERS: &str = include_str!("../hostile/answers.txt");

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Puts the characters in that a table writes as `\u{…}`.
fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        whole.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        whole.push_str(rest);
    }
    whole
}

#[test]
fn every_hostile_url_is_refused_with_its_code() {
    let verdict = |url: &str| check(&unescaped(url)).err().map_or("ok", |error| error.code());
    let wrong = rows(URLS).filter_map(|row| {
        let (code, url) = row.split_once(' ').unwrap();
        let verdict = verdict(url);
        (verdict != code).then(|| format!("{row}: {verdict}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_host_that_is_not_public_is_not_with_a_port_and_a_path_either() {
    let hosts = rows(URLS).filter_map(|row| row.strip_prefix("url_not_public https://")?.strip_suffix('/'));
    for host in hosts.map(unescaped).filter(|host| !host.ends_with(":8443")) {
        let error = check(&format!("hTTps://{host}:8443/a?b=c")).expect_err(&host);
        assert_eq!(error.code(), "url_not_public", "{host}: {error}");
    }
}

#[test]
fn every_hostile_answer_is_refused_as_a_whole() {
    for row in rows(ANSWERS) {
        let answer: Vec<IpAddr> = row.split(' ').map(|address| address.parse().unwrap()).collect();
        assert!(TargetPolicy::default().check_answer(&answer).is_err(), "{row}");
    }
}

#[test]
fn the_tables_are_as_long_as_they_are_meant_to_be_and_name_nothing_twice() {
    for (table, least) in [(URLS, 200), (ANSWERS, 70)] {
        let mut all: Vec<&str> = rows(table).collect();
        let count = all.len();
        assert!(count >= least, "{count}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
