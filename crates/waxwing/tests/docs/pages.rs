//! The pages of the documentation and what stands in them.

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A Markdown page.
pub(crate) struct Page {
    /// Its path from the root.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let text =
            std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), text }
    }

    /// Every page of the documentation.
    pub(crate) fn all() -> Vec<Self> {
        let mut names = vec![
            "README.md".to_owned(),
            "ARCHITECTURE.md".to_owned(),
            "CHANGELOG.md".to_owned(),
            "SECURITY.md".to_owned(),
        ];
        let mut folders = vec![root().join("docs")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "md") {
                    names.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// Its fenced blocks, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for line in self.text.lines() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block { language: language.to_owned(), text: String::new() });
                }
                (None, Some(block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{} has a block without an end", self.name);
        blocks
    }

    /// Its blocks of one language.
    pub(crate) fn blocks_of(&self, language: &str) -> Vec<String> {
        let blocks = self.blocks().into_iter().filter(|block| block.language == language);
        blocks.map(|block| block.text).collect()
    }

    /// The text outside of fenced blocks.
    pub(crate) fn prose(&self) -> String {
        let mut inside = false;
        let outside = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        outside.flat_map(|line| [line, "\n"]).collect()
    }

    /// The part under a heading, up to the next one of its level.
    pub(crate) fn section(&self, heading: &str) -> &str {
        let level = heading.split(' ').next().unwrap();
        let start = self.text.find(&format!("\n{heading}\n")).unwrap_or_else(|| {
            panic!("{} has no heading {heading:?}", self.name);
        });
        let rest = &self.text[start + heading.len() + 1..];
        &rest[..rest.find(&format!("\n{level} ")).unwrap_or(rest.len())]
    }
}

/// The rows of the tables in a text whose first column is in backticks: the cells
/// of each, the first one bare.
pub(crate) fn rows(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let inner = line.strip_prefix("| ")?.strip_suffix('|')?.replace("\\|", "\u{1}");
        let cells = inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|"));
        let cells: Vec<String> = cells.collect();
        let first = cells[0].strip_prefix('`')?.split('`').next()?.to_owned();
        Some(std::iter::once(first).chain(cells.into_iter().skip(1)).collect())
    };
    text.lines().filter_map(cells).collect()
}

/// A cell's text without its backticks.
pub(crate) fn bare(cell: &str) -> &str {
    cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell)
}
