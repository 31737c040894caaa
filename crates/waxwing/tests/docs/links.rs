//! Links, and the length of the README.

use std::collections::HashSet;

use crate::pages::{Page, root};

/// The targets of a page's links.
fn targets(page: &Page) -> Vec<String> {
    let prose = page.prose();
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &Page) -> HashSet<String> {
    let headings = page.prose();
    let headings = headings.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    headings
        .map(|heading| {
            let kept = heading.to_lowercase().replace(' ', "-");
            kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
        })
        .collect()
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut checked = 0;
    for page in Page::all() {
        for target in targets(&page) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let folder = root().join(&page.name).parent().unwrap().to_owned();
            let path = if file.is_empty() { root().join(&page.name) } else { folder.join(file) };
            assert!(path.exists(), "{}: {target} does not exist", page.name);
            if !anchor.is_empty() {
                let path = path.canonicalize().unwrap();
                let there = Page::read(path.strip_prefix(root()).unwrap().to_str().unwrap());
                assert!(anchors(&there).contains(anchor), "{}: {target} has no such heading", page.name);
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} links were found");
}

#[test]
fn every_page_below_docs_can_be_reached_by_links() {
    let mut reached = HashSet::from(["README.md".to_owned()]);
    let mut left = vec!["README.md".to_owned()];
    while let Some(name) = left.pop() {
        for target in targets(&Page::read(&name)) {
            let file = target.split('#').next().unwrap();
            let path = root().join(&name).parent().unwrap().join(file);
            if path.extension().is_none_or(|extension| extension != "md") || target.contains("://") {
                continue;
            }
            let found = path.canonicalize().unwrap();
            let found = found.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            if reached.insert(found.clone()) {
                left.push(found);
            }
        }
    }
    let forgotten: Vec<_> =
        Page::all().into_iter().map(|page| page.name).filter(|name| !reached.contains(name)).collect();
    assert!(forgotten.is_empty(), "no link leads to {forgotten:?}");
}

#[test]
fn the_readme_is_short() {
    assert!(Page::read("README.md").text.lines().count() <= 150);
}
