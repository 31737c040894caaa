//! Moments that follow from a seed, which the environment may set.

/// SplitMix64: enough for choosing moments.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// A number of the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var_os(name).map_or(default, |text| text.to_str().unwrap().parse().unwrap())
}
