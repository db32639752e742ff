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
