//! Writing for people: data on stdout, everything else on stderr, colors only
//! on a terminal and only without `NO_COLOR` (<https://no-color.org>), tables
//! that line up.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// Writes one line to stdout.
pub(crate) fn print(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Writes one line to stderr. That nobody reads it is no reason to stop.
pub(crate) fn note(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Colors, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// For lines on stdout.
    pub(crate) fn of_stdout() -> Self {
        Self { on: io::stdout().is_terminal() && wanted() }
    }

    /// For lines on stderr.
    pub(crate) fn of_stderr() -> Self {
        Self { on: io::stderr().is_terminal() && wanted() }
    }

    /// None.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { on: false }
    }

    /// Whether there are any.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// `text` in a tone.
    pub(crate) fn tone(self, tone: Tone, text: impl Display) -> String {
        match tone {
            Tone::Plain => text.to_string(),
            Tone::Good => self.green(text),
            Tone::Bad => self.red(text),
            Tone::Waiting => self.yellow(text),
            Tone::Quiet => self.dim(text),
        }
    }

    pub(crate) fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }
    pub(crate) fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }
    pub(crate) fn red(self, text: impl Display) -> String {
        self.wrap("31", text)
    }
    pub(crate) fn green(self, text: impl Display) -> String {
        self.wrap("32", text)
    }
    pub(crate) fn yellow(self, text: impl Display) -> String {
        self.wrap("33", text)
    }
    pub(crate) fn cyan(self, text: impl Display) -> String {
        self.wrap("36", text)
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

fn wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// What a text says by its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing.
    Plain,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Not decided yet.
    Waiting,
    /// Beside the point.
    Quiet,
}

/// Rows and columns that line up. Numbers are put to the right.
#[derive(Debug, Default)]
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<(String, Tone)>>,
}

impl Table {
    /// With these column heads.
    pub(crate) fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self { head: head.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<(String, Tone)>) {
        self.rows.push(cells);
    }

    /// Adds a row without colors.
    pub(crate) fn plain(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.row(cells.into_iter().map(|cell| (cell.into(), Tone::Plain)).collect());
    }

    /// The lines, each behind `indent` spaces.
    pub(crate) fn lines(&self, paint: Paint, indent: usize) -> Vec<String> {
        let columns = self.head.len();
        let cell =
            |row: &Vec<(String, Tone)>, at: usize| row.get(at).map_or(0, |(text, _)| text.chars().count());
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                let widest = self.rows.iter().map(|row| cell(row, at)).max().unwrap_or(0);
                widest.max(self.head[at].chars().count())
            })
            .collect();
        let numeric: Vec<bool> = (0..columns)
            .map(|at| self.rows.iter().all(|row| row.get(at).is_none_or(|(text, _)| is_number(text))))
            .collect();
        let line = |cells: Vec<(&str, Tone)>, head: bool| {
            let texts = cells.into_iter().enumerate().map(|(at, (text, tone))| {
                let gap = " ".repeat(widths[at] - text.chars().count());
                let text = if head { paint.dim(text) } else { paint.tone(tone, text) };
                if numeric[at] { format!("{gap}{text}") } else { format!("{text}{gap}") }
            });
            let joined = texts.collect::<Vec<_>>().join("  ");
            format!("{}{}", " ".repeat(indent), joined.trim_end())
        };
        let head = line(self.head.iter().map(|text| (text.as_str(), Tone::Quiet)).collect(), true);
        let rows = self.rows.iter().map(|row| {
            line(row.iter().take(columns).map(|(text, tone)| (text.as_str(), *tone)).collect(), false)
        });
        std::iter::once(head).chain(rows).collect()
    }
}

fn is_number(text: &str) -> bool {
    text.is_empty() || text == "–" || text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains("://")
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let mut table = Table::new(["what", "count"]);
        table.plain(["a", "1"]);
        table.plain(["longer", "1,000"]);
        assert_eq!(table.lines(Paint::plain(), 2), ["  what    count", "  a           1", "  longer  1,000"]);
    }
}
