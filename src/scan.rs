//! Where the lines end: one pass over a block that turns 64 bytes into a mask of newlines, instead of a search per line.

#![allow(unsafe_code)]

/// Appends `base` + the offset behind each `byte` of `data`.
pub(crate) fn ends(data: &[u8], byte: u8, base: u64, found: &mut Vec<u64>) {
    #[cfg(target_arch = "x86_64")]
    if data.len() >= 64 && is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { ends_avx2(data, byte, base, found) };
    }
    ends_scalar(data, byte, base, found);
}

fn ends_scalar(data: &[u8], byte: u8, base: u64, found: &mut Vec<u64>) {
    found.extend(memchr::memchr_iter(byte, data).map(|at| base + at as u64 + 1));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn ends_avx2(data: &[u8], byte: u8, base: u64, found: &mut Vec<u64>) {
    use std::arch::x86_64::*;
    let wanted = _mm256_set1_epi8(byte as i8);
    let mut blocks = data.chunks_exact(64);
    let mut base = base + 1;
    for block in &mut blocks {
        // SAFETY: a block has 64 bytes, and unaligned loads are asked for.
        let (low, high) = unsafe {
            let at = block.as_ptr().cast::<__m256i>();
            (_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1)))
        };
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)) as u32;
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)) as u32;
        let mut mask = u64::from(low) | (u64::from(high) << 32);
        let count = mask.count_ones() as usize;
        found.reserve(64);
        // SAFETY: there is room for 64 more, the most that a block can have. What is written beyond `count` (to spare
        // a branch for each line) is not counted.
        unsafe {
            let len = found.len();
            let mut at = found.as_mut_ptr().add(len);
            let mut left = count as isize;
            while left > 0 {
                for i in 0..4 {
                    *at.add(i) = base + u64::from(mask.trailing_zeros());
                    mask &= mask.wrapping_sub(1);
                }
                at = at.add(4);
                left -= 4;
            }
            found.set_len(len + count);
        }
        base += 64;
    }
    ends_scalar(blocks.remainder(), byte, base - 1, found);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_find_the_same() {
        let mut seed = 1u32;
        for round in 0..2000usize {
            let data: Vec<u8> = (0..round % 300)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if seed >> 28 < (round % 17) as u32 { b'\n' } else { b'x' }
                })
                .collect();
            let (mut one, mut other) = (vec![7], vec![7]);
            ends(&data, b'\n', 1000, &mut one);
            ends_scalar(&data, b'\n', 1000, &mut other);
            assert_eq!(one, other);
        }
    }
}
