//! Which ranges of a command lie in which others, for commands with tens of thousands of parts: a question takes a search
//! instead of a walk over all of them.

use std::ops::Range;

/// Ranges, to be asked whether one of them lies in a given one, or around it.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// The start of each, in order.
    starts: Vec<usize>,
    /// The least end of the range at each place and all after it.
    least_ends: Vec<usize>,
    /// The greatest end of the range at each place and all before it.
    greatest_ends: Vec<usize>,
}

impl Ranges {
    pub(super) fn new(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut ranges: Vec<Range<usize>> = ranges.into_iter().collect();
        ranges.sort_by_key(|range| range.start);
        let starts = ranges.iter().map(|range| range.start).collect();
        let greatest = |ends: &mut usize, range: &Range<usize>| {
            *ends = (*ends).max(range.end);
            Some(*ends)
        };
        let greatest_ends = ranges.iter().scan(0, greatest).collect();
        let least = |ends: &mut usize, range: &Range<usize>| {
            *ends = (*ends).min(range.end);
            Some(*ends)
        };
        let mut least_ends: Vec<usize> = ranges.iter().rev().scan(usize::MAX, least).collect();
        least_ends.reverse();
        Self { starts, least_ends, greatest_ends }
    }

    /// Whether one of them lies in `outer`.
    pub(super) fn any_in(&self, outer: &Range<usize>) -> bool {
        let first = self.starts.partition_point(|&start| start < outer.start);
        self.least_ends.get(first).is_some_and(|&end| end <= outer.end)
    }

    /// Whether one of them lies around `inner`.
    pub(super) fn any_around(&self, inner: &Range<usize>) -> bool {
        let count = self.starts.partition_point(|&start| start <= inner.start);
        count
            .checked_sub(1)
            .and_then(|last| self.greatest_ends.get(last))
            .is_some_and(|&end| end >= inner.end)
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn ranges_are_found_in_and_around_others() {
        let ranges = Ranges::new([10..20, 2..4, 12..14]);
        for (range, within, around) in [
            (0..30, true, false),
            (10..20, true, true),
            (11..15, true, true),
            (12..13, false, true),
            (15..25, false, false),
            (0..3, false, false),
            (3..4, false, true),
            (30..40, false, false),
        ] {
            assert_eq!(ranges.any_in(&range), within, "{range:?}");
            assert_eq!(ranges.any_around(&range), around, "{range:?}");
        }
        assert!(!Ranges::new([]).any_in(&(0..9)) && !Ranges::new([]).any_around(&(0..9)));
    }
}
