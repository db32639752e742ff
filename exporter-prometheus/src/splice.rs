//! Replacing parts of a text where it lies.

/// A part of a text that is replaced by another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edit {
    /// Where it begins.
    pub(crate) at: usize,
    /// How long it is, and how long what replaces it.
    pub(crate) old: u32,
    pub(crate) new: u32,
}

/// Edits of one text, in ascending order.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
    /// What replaces the parts, one after the other.
    texts: String,
}

impl Edit {
    fn end(&self) -> usize {
        self.at + self.old as usize
    }

    /// By how much everything behind it moves.
    fn growth(&self) -> isize {
        self.new as isize - self.old as isize
    }
}

impl Edits {
    /// Replaces the `old` bytes at `at`, which is behind all edits before, by `text`.
    pub(crate) fn push(&mut self, at: usize, old: usize, text: &str) {
        // No value takes more than some tens of bytes.
        self.edits.push(Edit { at, old: old as u32, new: text.len() as u32 });
        self.texts.push_str(text);
    }

    /// Forgets all edits.
    pub(crate) fn clear(&mut self) {
        self.edits.clear();
        self.texts.clear();
    }

    /// Replaces the parts of `body`.
    ///
    /// The runs of text between them move within the buffer, each of them once: those that go to the left from left to
    /// right, then those that go to the right from right to left. So none is written over before it has moved.
    pub(crate) fn apply(&self, body: &mut Vec<u8>) {
        let old_len = body.len();
        let new_len = old_len.wrapping_add_signed(self.edits.iter().map(Edit::growth).sum());
        grow(body, new_len);
        let mut shift = 0_isize;
        for (number, edit) in self.edits.iter().enumerate() {
            shift += edit.growth();
            if shift < 0 {
                let end = self.edits.get(number + 1).map_or(old_len, |next| next.at);
                body.copy_within(edit.end()..end, edit.end().wrapping_add_signed(shift));
            }
        }
        let mut end = old_len;
        let mut texts = self.texts.as_bytes();
        for edit in self.edits.iter().rev() {
            let to = edit.end().wrapping_add_signed(shift);
            if shift > 0 {
                body.copy_within(edit.end()..end, to);
            }
            let (before, text) = texts.split_at(texts.len() - edit.new as usize);
            body[to - text.len()..to].copy_from_slice(text);
            texts = before;
            end = edit.at;
            shift -= edit.growth();
        }
        body.truncate(new_len);
    }

    /// Moves positions in the text, which ascend, to where they are after [`apply`](Edits::apply). One must not lie
    /// within a part that is replaced.
    pub(crate) fn shift(&self, positions: &mut [u32]) {
        let Some(first) = self.edits.first() else { return };
        let unmoved = positions.partition_point(|position| *position as usize <= first.at);
        let mut edits = self.edits.iter().peekable();
        let mut shift = 0_isize;
        for position in &mut positions[unmoved..] {
            while let Some(edit) = edits.next_if(|edit| edit.at < *position as usize) {
                shift += edit.growth();
            }
            *position = (*position as usize).wrapping_add_signed(shift) as u32;
        }
    }
}

/// Makes room, and some more, so that not every render has to; but a small part of the text only.
fn grow(body: &mut Vec<u8>, len: usize) {
    if len > body.capacity() {
        body.reserve_exact(len - body.len() + len / 64);
    }
    if len > body.len() {
        body.resize(len, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::Edits;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_replaced_and_the_rest_moves(
            parts in vec(("[a-z]{0,4}", "[0-9]{0,5}", "[0-9]{0,5}"), 0..12),
            end in "[a-z]{0,4}",
        ) {
            // A text that is kept, one that is replaced, and what replaces it.
            let (mut body, mut expected, mut edits) = (String::new(), String::new(), Edits::default());
            let (mut positions, mut moved) = (vec![0], vec![0]);
            for (kept, old, new) in &parts {
                body.push_str(kept);
                expected.push_str(kept);
                edits.push(body.len(), old.len(), new);
                body.push_str(old);
                expected.push_str(new);
                if !old.is_empty() {
                    positions.push(body.len() as u32);
                    moved.push(expected.len() as u32);
                }
            }
            body.push_str(&end);
            expected.push_str(&end);

            edits.shift(&mut positions);
            prop_assert_eq!(positions, moved);
            let mut body = body.into_bytes();
            edits.apply(&mut body);
            prop_assert_eq!(String::from_utf8(body), Ok(expected));
        }
    }
}
