//! Whether two tables hold the same.
//!
//! The SHA-256 of each row, added up: the sum does not depend on the order, so that
//! each store may read its rows as it likes best, and no row can be missing, twice,
//! or changed without changing it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{Row, Table, Value};

/// A sum of SHA-256 values: four numbers, added each by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checksum([u64; 4]);

/// What a table holds, in short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many rows.
    pub rows: u64,
    /// Which.
    pub checksum: Checksum,
}

impl Digest {
    /// Takes in a row.
    pub fn add(&mut self, table: Table, row: &Row) {
        let mut hash = Sha256::new();
        hash.update(table.name());
        for value in row {
            absorb(&mut hash, value);
        }
        let hash = hash.finalize();
        for (sum, part) in self.checksum.0.iter_mut().zip(hash.chunks_exact(8)) {
            let part = part.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
            *sum = sum.wrapping_add(part);
        }
        self.rows += 1;
    }
}

/// Kind and length before each value: no two rows are written alike.
fn absorb(hash: &mut Sha256, value: &Value) {
    let mut bytes = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null => hash.update([0]),
        Value::Int(number) => {
            hash.update([1]);
            hash.update(number.to_le_bytes());
        }
        Value::Text(text) => bytes(2, text.as_bytes()),
        Value::Blob(blob) => bytes(3, blob),
        Value::Rows(rows) => {
            hash.update([4]);
            hash.update(rows.len().to_le_bytes());
            for row in rows {
                hash.update(row.to_le_bytes());
            }
        }
    }
}

impl fmt::Display for Checksum {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| write!(f, "{part:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn of(rows: &[Row]) -> Digest {
        let mut digest = Digest::default();
        for row in rows {
            digest.add(Table::Fact, row);
        }
        digest
    }

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (one, two) = (vec![text("a"), Value::Int(1)], vec![text("b"), Value::Null]);
        let both = of(&[one.clone(), two.clone()]);
        assert_eq!(both, of(&[two.clone(), one.clone()]));
        let others: [&[Row]; 5] = [
            &[],
            from_ref(&one),
            &[one.clone(), one.clone()],
            &[one.clone(), one.clone(), two.clone()],
            &[vec![text("a"), Value::Null], vec![text("b"), Value::Int(1)]],
        ];
        for other in others {
            assert_ne!(of(other).checksum, both.checksum, "{other:?}");
        }
    }

    #[test]
    fn values_that_look_alike_are_told_apart() {
        let alike = [
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![text("abc"), text("")],
            vec![text("abc"), Value::Null],
            vec![Value::Blob(b"abc".to_vec()), Value::Null],
            vec![Value::Rows(vec![1]), Value::Int(1)],
            vec![Value::Int(1), Value::Rows(vec![1])],
            vec![Value::Rows(vec![]), Value::Int(1)],
        ];
        for (at, one) in alike.iter().enumerate() {
            for other in &alike[at + 1..] {
                assert_ne!(of(from_ref(one)), of(from_ref(other)), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_checksum_is_written_as_sixty_four_digits() {
        assert_eq!(of(&[]).checksum.to_string(), "0".repeat(64));
        assert_eq!(of(&[vec![text("a")]]).checksum.to_string().len(), 64);
    }
}
