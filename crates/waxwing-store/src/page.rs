//! Pages of lists. A cursor is a row number of the store: stable while rows come
//! and go, and cheap at any depth.

/// The most items that a page may hold.
pub const MAX_PAGE: usize = 250;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Items at most, 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// Continue after this position, as an earlier page's `next` gave it.
    pub cursor: Option<i64>,
}

impl PageRequest {
    /// The first `limit` items, moved into `1..=MAX_PAGE`.
    pub fn first(limit: usize) -> Self {
        Self { limit: limit.clamp(1, MAX_PAGE), cursor: None }
    }
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<i64>,
}

impl<T> Page<T> {
    /// A page of at most `limit` items from `rows`, which holds one more row
    /// than that when the list goes on.
    pub fn of(mut rows: Vec<(i64, T)>, limit: usize) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|(position, _)| *position) } else { None };
        Self { items: rows.into_iter().map(|(_, item)| item).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: i64) -> Vec<(i64, char)> {
        (0..count).map(|n| (n * 10, 'x')).collect()
    }

    #[test]
    fn the_first_page_stays_within_the_bounds() {
        for (asked, limit) in [(0, 1), (1, 1), (MAX_PAGE, MAX_PAGE), (usize::MAX, MAX_PAGE)] {
            assert_eq!(PageRequest::first(asked), PageRequest { limit, cursor: None });
        }
    }

    #[test]
    fn one_row_more_than_the_limit_means_that_the_list_goes_on() {
        let page = Page::of(rows(4), 3);
        assert_eq!((page.items.len(), page.next), (3, Some(20)));
    }

    #[test]
    fn a_page_that_is_just_full_or_less_is_the_last() {
        for count in [0, 2, 3] {
            assert_eq!(Page::of(rows(count), 3).next, None);
        }
    }
}
