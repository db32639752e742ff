//! What containers take of memory, estimated from what they tell of themselves. What the allocator adds is not in it.

/// What an `Arc` holds before its content: two counts.
pub(crate) const ARC: usize = 2 * size_of::<usize>();

/// The content of an `Arc`, with the counts.
pub(crate) fn shared<T: ?Sized>(content: &T) -> usize {
    (ARC + size_of_val(content)).next_multiple_of(align_of::<usize>())
}

/// A hash table of `std` with room for so many entries of this size. It leaves an eighth of its places free, and has a
/// byte more for each place and a group of 16 at the end.
pub(crate) fn table(capacity: usize, entry: usize) -> usize {
    match (capacity * 8).div_ceil(7) {
        0 => 0,
        places => places * (entry + 1) + 16,
    }
}

/// A B-tree with so many entries of this size. Its nodes have eleven places, of which about seven are filled.
pub(crate) fn tree(len: usize, entry: usize) -> usize {
    (len * 11).div_ceil(7) * (entry + 1)
}

#[cfg(all(test, not(tachometer_loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_arc_has_two_counts_before_its_content_and_ends_with_a_word() {
        const WORD: usize = size_of::<usize>();
        assert_eq!(shared(&0_usize), 3 * WORD);
        assert_eq!(shared(""), 2 * WORD);
        assert_eq!(shared("a"), 3 * WORD);
        assert_eq!(shared(&[0_usize; 7][..]), 9 * WORD);
    }

    #[test]
    fn a_table_has_a_place_in_eight_free_and_bytes_beside_the_places() {
        assert_eq!(table(0, 24), 0);
        assert_eq!(table(7, 24), 8 * 25 + 16);
        assert_eq!(table(14, 1), 16 * 2 + 16);
    }

    #[test]
    fn a_tree_has_eleven_places_for_seven_entries() {
        assert_eq!(tree(0, 24), 0);
        assert_eq!(tree(7, 24), 11 * 25);
        assert_eq!(tree(8, 1), 13 * 2);
    }
}
