//! A small table from keys to codes that answers most look-ups with one comparison. It may forget
//! any key at any time: whoever asks has the full answer elsewhere.

/// Slots. A column of a few hundred values seldom has two that want the same one.
const SLOTS: usize = 1 << 12;

/// What values are told apart by.
pub(super) trait Key: Copy + PartialEq + From<u8> {
    /// The key's bits mixed into 64, the best ones highest; zero for zero.
    fn mix(self) -> u64;
}

/// 2⁶⁴ divided by the golden ratio: multiples of it spread evenly, so numbers in a row do not meet.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Key for u64 {
    fn mix(self) -> u64 {
        // Doubles differ in their high bits, of which a product keeps little.
        (self ^ (self >> 32)).wrapping_mul(GOLDEN)
    }
}

impl Key for u128 {
    fn mix(self) -> u64 {
        ((self as u64).wrapping_mul(GOLDEN).rotate_left(32) ^ (self >> 64) as u64).mix()
    }
}

/// At most one key and its code per slot.
pub(super) struct Memo<K> {
    slots: Box<[(K, u32); SLOTS]>,
}

impl<K: Key> Memo<K> {
    pub(super) fn new() -> Self {
        let mut memo = Self { slots: Box::new([(K::from(0), 0); SLOTS]) };
        memo.forget();
        memo
    }

    /// The code of a key and true, or anything and false.
    #[inline]
    pub(super) fn get(&self, key: K) -> (u32, bool) {
        let (known, code) = self.slots[slot(key)];
        (code, known == key)
    }

    /// Takes the place of the key that was in this slot.
    pub(super) fn remember(&mut self, key: K, code: u32) {
        self.slots[slot(key)] = (key, code);
    }

    /// Forgets all keys: every slot gets one that is never looked for there.
    pub(super) fn forget(&mut self) {
        self.slots.fill((K::from(0), 0));
        self.slots[slot(K::from(0))].0 = K::from(1);
    }
}

fn slot<K: Key>(key: K) -> usize {
    (key.mix() >> (64 - SLOTS.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_found_and_what_is_not_is_not() {
        let mut memo = Memo::<u64>::new();
        let keys = [0, 1, 2, 300, u64::MAX, 2.5f64.to_bits()];
        assert!(keys.iter().all(|key| !memo.get(*key).1));
        for (code, key) in (7..).zip(keys) {
            memo.remember(key, code);
            assert_eq!(memo.get(key), (code, true));
        }
        memo.forget();
        assert!(keys.iter().all(|key| !memo.get(*key).1));
    }

    #[test]
    fn small_numbers_and_short_texts_do_not_meet() {
        let distinct = |slots: Vec<usize>| slots.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(distinct((0..1000u64).map(slot).collect()), 1000);
        assert_eq!(distinct((0..20).map(|v| slot((f64::from(v)).to_bits())).collect()), 20);
        // Views of twelve bytes that differ in the last, then in the first.
        assert_eq!(distinct((48..58u128).map(|byte| slot(12 | byte << 120)).collect()), 10);
        assert_eq!(distinct((48..58u128).map(|byte| slot(12 | byte << 32)).collect()), 10);
    }
}
