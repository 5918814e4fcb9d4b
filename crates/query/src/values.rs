use std::ops::Range;
use std::sync::Arc;

/// One column of a chunk, packed: most columns need far fewer than eight bytes a row.
#[derive(Clone, Debug)]
pub enum Values {
    Constant { value: i64, rows: usize },
    Bytes { base: i64, values: Arc<[u8]> },
    Shorts { base: i64, values: Arc<[u16]> },
    Words { base: i64, values: Arc<[u32]> },
    Wide(Arc<[i64]>),
}

impl Values {
    /// Packs a column into the narrowest form.
    pub fn pack(values: &[i64]) -> Values {
        let Some((least, most)) = bounds(values) else {
            return Values::Constant { value: 0, rows: 0 };
        };
        if least == most {
            return Values::Constant {
                value: least,
                rows: values.len(),
            };
        }
        // The distance of two numbers of 64 bits fits 64 bits without sign.
        let offset = |value: &i64| value.wrapping_sub(least) as u64;
        match offset(&most) {
            0..=0xff => Values::Bytes {
                base: least,
                values: values.iter().map(|value| offset(value) as u8).collect(),
            },
            0x100..=0xffff => Values::Shorts {
                base: least,
                values: values.iter().map(|value| offset(value) as u16).collect(),
            },
            0x1_0000..=0xffff_ffff => Values::Words {
                base: least,
                values: values.iter().map(|value| offset(value) as u32).collect(),
            },
            _ => Values::Wide(values.into()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Values::Constant { rows, .. } => *rows,
            Values::Bytes { values, .. } => values.len(),
            Values::Shorts { values, .. } => values.len(),
            Values::Words { values, .. } => values.len(),
            Values::Wide(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of one row; the row must exist.
    pub fn get(&self, row: usize) -> i64 {
        match self {
            Values::Constant { value, .. } => *value,
            Values::Bytes { base, values } => widen(*base, values[row]),
            Values::Shorts { base, values } => widen(*base, values[row]),
            Values::Words { base, values } => widen(*base, values[row]),
            Values::Wide(values) => values[row],
        }
    }

    /// Replaces `into` by the values of a range of rows.
    pub fn read(&self, rows: Range<usize>, into: &mut Vec<i64>) {
        into.clear();
        match self {
            Values::Constant { value, .. } => into.resize(rows.len(), *value),
            Values::Bytes { base, values } => widen_all(*base, &values[rows], into),
            Values::Shorts { base, values } => widen_all(*base, &values[rows], into),
            Values::Words { base, values } => widen_all(*base, &values[rows], into),
            Values::Wide(values) => into.extend_from_slice(&values[rows]),
        }
    }

    /// Replaces `into` by the values of these rows.
    pub fn gather(&self, rows: &[u32], into: &mut Vec<i64>) {
        into.clear();
        match self {
            Values::Constant { value, .. } => into.resize(rows.len(), *value),
            Values::Bytes { base, values } => gather(*base, values, rows, into),
            Values::Shorts { base, values } => gather(*base, values, rows, into),
            Values::Words { base, values } => gather(*base, values, rows, into),
            Values::Wide(values) => {
                into.extend(rows.iter().map(|row| values[*row as usize]));
            }
        }
    }

    /// The first row in `rows`, which are sorted by this column, whose value is at least `bound`.
    pub fn partition_point(&self, rows: Range<usize>, bound: i64) -> usize {
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// What it takes in memory.
    pub fn size_bytes(&self) -> usize {
        let payload = match self {
            Values::Constant { .. } => 0,
            Values::Bytes { values, .. } => values.len(),
            Values::Shorts { values, .. } => values.len() * 2,
            Values::Words { values, .. } => values.len() * 4,
            Values::Wide(values) => values.len() * 8,
        };
        payload + size_of::<Values>()
    }
}

fn bounds(values: &[i64]) -> Option<(i64, i64)> {
    let first = *values.first()?;
    Some(values.iter().fold((first, first), |(least, most), value| {
        (least.min(*value), most.max(*value))
    }))
}

fn widen<T: Into<u64>>(base: i64, value: T) -> i64 {
    base.wrapping_add(value.into() as i64)
}

fn widen_all<T: Copy + Into<u64>>(base: i64, values: &[T], into: &mut Vec<i64>) {
    into.extend(values.iter().map(|value| widen(base, *value)));
}

fn gather<T: Copy + Into<u64>>(base: i64, values: &[T], rows: &[u32], into: &mut Vec<i64>) {
    into.extend(rows.iter().map(|row| widen(base, values[*row as usize])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_values_read_back_in_every_width() {
        for (values, bytes_a_row) in [
            (vec![7, 7, 7], 0),
            (vec![-1, 254, 3], 1),
            (vec![-1, 255, 3], 2),
            (vec![1_700_000_000, 1_700_065_535], 2),
            (vec![0, 0xffff_ffff], 4),
            (vec![i64::MIN, 0, i64::MAX], 8),
            (vec![i64::MIN, i64::MIN + 3], 1),
            (vec![], 0),
        ] {
            let packed = Values::pack(&values);
            assert_eq!(packed.len(), values.len());
            assert_eq!(
                packed.size_bytes() - size_of::<Values>(),
                bytes_a_row * values.len(),
                "{values:?}"
            );
            let mut read = Vec::new();
            packed.read(0..values.len(), &mut read);
            assert_eq!(read, values);
            let backwards: Vec<u32> = (0..values.len() as u32).rev().collect();
            packed.gather(&backwards, &mut read);
            read.reverse();
            assert_eq!(read, values);
        }
    }

    #[test]
    fn the_partition_point_is_the_first_row_at_or_after_the_bound() {
        let packed = Values::pack(&[1, 3, 3, 300]);
        for (bound, row) in [(0, 0), (2, 1), (3, 1), (4, 3), (301, 4)] {
            assert_eq!(packed.partition_point(0..4, bound), row, "{bound}");
        }
        assert_eq!(packed.partition_point(2..3, 0), 2);
    }
}
