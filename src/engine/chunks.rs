//! Long lists whose items never move.

/// A list in pieces of [`CHUNK`] items. A list in one piece moves when it is full, and has room to spare afterwards; this
/// one has room for less than a piece.
///
/// ```
/// use kfactor::engine::chunks::Chunks;
/// let list: Chunks<u32> = (0..3000).collect();
/// assert_eq!((list.len(), list.get(2999), list.get(3000)), (3000, Some(&2999), None));
/// assert!(list.memory() < 3300 * 4);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chunks<T> {
    /// Full ones, but for the last. The first grows, so that a short list is short.
    chunks: Vec<Vec<T>>,
    len: usize,
}

/// How many items a piece has.
const CHUNK: usize = 256;

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Chunks<T> {
    /// How many items there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at a position.
    #[must_use]
    #[inline]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    /// The item at a position.
    #[inline]
    pub fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    /// Adds an item at the end.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.begin();
        }
        self.len += 1;
        if let Some(last) = self.chunks.last_mut() {
            last.push(item);
        }
    }

    /// Begins a piece.
    #[cold]
    fn begin(&mut self) {
        self.chunks.push(Vec::with_capacity(if self.is_empty() { 4 } else { CHUNK }));
    }

    /// The items. By position, which takes less code than one loop within another.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len).filter_map(|at| self.get(at))
    }

    /// Bytes of memory held, without what items keep elsewhere.
    #[must_use]
    pub fn memory(&self) -> usize {
        let items: usize = self.chunks.iter().map(Vec::capacity).sum();
        items * size_of::<T>() + self.chunks.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list = Self::default();
        items.into_iter().for_each(|item| list.push(item));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_what_a_list_does() {
        for len in (0..5).chain([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5_000]) {
            let mut list: Chunks<usize> = (0..len).collect();
            assert_eq!((list.len(), list.is_empty()), (len, len == 0));
            assert!(list.iter().copied().eq(0..len));
            for at in 0..len {
                assert_eq!(list.get(at), Some(&at));
                *list.get_mut(at).unwrap() += 1;
            }
            assert!(list.iter().copied().eq(1..=len));
            assert_eq!(list.get(len), None);
            assert_eq!(list.get_mut(len), None);
        }
    }
}
