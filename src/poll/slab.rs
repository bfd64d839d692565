//! Values by keys that are never used again: what the kernel tells late is then nobody's.

/// A key is a place, and how often that was emptied.
pub(super) struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    pub(super) len: usize,
}

impl<T> Slab<T> {
    pub(super) const EMPTY: Slab<T> = Slab { places: Vec::new(), free: Vec::new(), len: 0 };

    pub(super) fn put(&mut self, value: T) -> u64 {
        self.len += 1;
        if let Some(at) = self.free.pop() {
            if let Some((round, place)) = self.places.get_mut(at as usize) {
                *place = Some(value);
                return u64::from(*round) << 32 | u64::from(at);
            }
        }
        self.places.push((0, Some(value)));
        self.places.len() as u64 - 1
    }

    pub(super) fn get(&mut self, key: u64) -> Option<&mut T> {
        let (round, place) = self.places.get_mut(key as u32 as usize)?;
        if u64::from(*round) == key >> 32 { place.as_mut() } else { None }
    }

    pub(super) fn take(&mut self, key: u64) -> Option<T> {
        let (round, place) = self.places.get_mut(key as u32 as usize)?;
        if u64::from(*round) != key >> 32 {
            return None;
        }
        let taken = place.take()?;
        *round += 1;
        self.len -= 1;
        // A place whose rounds are used up is left alone, and so is the key that wakes.
        if *round < u32::MAX {
            self.free.push(key as u32);
        }
        Some(taken)
    }

    pub(super) fn keys(&self) -> Vec<u64> {
        let full = |(at, (round, place)): (usize, &(u32, Option<T>))| {
            place.as_ref().map(|_| u64::from(*round) << 32 | at as u64)
        };
        self.places.iter().enumerate().filter_map(full).collect()
    }
}
