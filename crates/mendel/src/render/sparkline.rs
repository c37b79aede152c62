//! A series in one line of blocks.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `values` in at most `most` blocks; what is not a number is a gap.
pub fn sparkline(values: &[f64], most: usize) -> String {
    if values.is_empty() || most == 0 {
        return String::new();
    }
    let columns = most.min(values.len());
    let means: Vec<Option<f64>> = (0..columns)
        .map(|column| {
            let start = column * values.len() / columns;
            let end = ((column + 1) * values.len() / columns).max(start + 1);
            mean(&values[start..end])
        })
        .collect();
    let finite = means.iter().flatten().copied();
    let low = finite.clone().fold(f64::INFINITY, f64::min);
    let high = finite.fold(f64::NEG_INFINITY, f64::max);
    means.into_iter().map(|mean| mean.map_or(' ', |value| block(value, low, high))).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let count = finite.clone().count();
    // Each is divided first, so that the sum of large values stays finite.
    (count > 0).then(|| finite.map(|value| value / count as f64).sum())
}

fn block(value: f64, low: f64, high: f64) -> char {
    let spread = high - low;
    if spread <= 0.0 || !spread.is_finite() {
        return BLOCKS[3];
    }
    // The share lies within 0 and 1, so the index fits.
    BLOCKS[((value - low) / spread * 7.0).round().clamp(0.0, 7.0) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_series_rises() {
        let values: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(sparkline(&values, 20), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&values, 4), "▁▃▆█");
    }

    #[test]
    fn gaps_and_flat_series_are_no_trouble() {
        assert_eq!(sparkline(&[1.0, f64::NAN, 3.0], 10), "▁ █");
        assert_eq!(sparkline(&[2.0, 2.0], 10), "▄▄");
        assert_eq!(sparkline(&[f64::NAN], 10), " ");
        assert_eq!(sparkline(&[f64::MAX, f64::MIN], 10).chars().count(), 2);
        assert_eq!(sparkline(&[], 10), "");
    }
}
