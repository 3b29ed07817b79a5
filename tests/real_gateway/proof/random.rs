//! Random numbers that are the same ones on every machine, in every version: the generator is `SplitMix64`, written here,
//! because a seed in `proven.json` must name the same cases for as long as this generator makes them.

/// A source of random choices.
pub(crate) struct Random(u64);

impl Random {
    /// The choices of one case of a seed. Cases share nothing, so that each can be made alone.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut start = Self(seed);
        let mixed = start.next() ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * u128::try_from(bound).unwrap();
        usize::try_from(wide >> 64).unwrap()
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// True in `percent` percent of the cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// One word of a text.
    pub(crate) fn word(&mut self, words: &str) -> String {
        let count = words.split_whitespace().count();
        words.split_whitespace().nth(self.below(count)).unwrap().to_owned()
    }

    /// One line of a file of `words/`.
    pub(crate) fn line(&mut self, lines: &str) -> String {
        let count = lines.lines().count();
        spelled(lines.lines().nth(self.below(count)).unwrap())
    }

    /// One line of a file of `words/` that lists the options of a program: the name, and the options.
    pub(crate) fn options<'a>(&mut self, lines: &'a str) -> (&'a str, Vec<&'a str>) {
        let count = lines.lines().count();
        let line = lines.lines().nth(self.below(count)).unwrap();
        let mut parts = line.split("  ").map(str::trim).filter(|part| !part.is_empty());
        (parts.next().unwrap(), parts.collect())
    }

    /// A random sample, in random order.
    pub(crate) fn sample<T: Clone>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut rest = from.to_vec();
        (0..count.min(from.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }

    /// Hexadecimal digits.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}

/// A line of `words/` as the text that it means: `⏎` is a line break, `⇥` a tab, `‹2028›` the character of that number.
pub(crate) fn spelled(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('‹') {
        let (number, after) = after.split_once('›').unwrap();
        text.push_str(before);
        text.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        rest = after;
    }
    text.push_str(rest);
    text.replace('⏎', "\n").replace('⇥', "\t")
}
