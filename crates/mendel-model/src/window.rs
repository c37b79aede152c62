//! Windows: a series drawn with fewer points, by the rule of the Trains API.

use std::collections::BTreeMap;

use crate::{SeriesPoint, Timestamp};

/// The means of at most `samples` windows of equal width that begin at multiples of that
/// width. A series with fewer points stays as it is.
///
/// A window is named by its beginning, and timed by its first point; empty ones are absent.
pub fn window_means(points: Vec<SeriesPoint>, samples: usize) -> Vec<SeriesPoint> {
    let steps = points.iter().map(|point| i128::from(point.step));
    let (Some(least), Some(most)) = (steps.clone().min(), steps.max()) else { return points };
    if points.len() < samples || samples == 0 {
        return points;
    }
    let width = width(least, most, samples as i128);
    // A single window cannot begin at a multiple of any width when the steps cross zero.
    let last = least.div_euclid(width) + samples as i128 - 1;
    let mut windows: BTreeMap<i128, (Timestamp, f64, f64)> = BTreeMap::new();
    for point in points {
        let number = i128::from(point.step).div_euclid(width).min(last);
        let window = windows.entry(number * width).or_insert((point.time, 0.0, 0.0));
        window.1 += point.value;
        window.2 += 1.0;
    }
    let mean = |(beginning, (time, sum, count)): (i128, (Timestamp, f64, f64))| {
        // Only the first window can begin before the least step that a number can say.
        let step = i64::try_from(beginning).unwrap_or(i64::MIN);
        SeriesPoint { step, time, value: sum / count }
    };
    windows.into_iter().map(mean).collect()
}

/// The smallest width that covers the steps from `least` to `most` with `samples` windows;
/// a little more where beginning at a multiple would ask for one window too many.
fn width(least: i128, most: i128, samples: i128) -> i128 {
    let up = |span: i128, parts: i128| (span + parts - 1).div_euclid(parts).max(1);
    let width = up(most - least + 1, samples);
    match most.div_euclid(width) - least.div_euclid(width) < samples {
        true => width,
        false => up(most - least, (samples - 1).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(step: i64, value: f64) -> SeriesPoint {
        SeriesPoint { step, time: Timestamp(step), value }
    }

    #[test]
    fn windows_begin_at_multiples_and_hold_means() {
        let points = (0..10).map(|step| point(step, step as f64)).collect();
        let seen: Vec<_> = window_means(points, 5).into_iter().map(|point| (point.step, point.value)).collect();
        assert_eq!(seen, [(0, 0.5), (2, 2.5), (4, 4.5), (6, 6.5), (8, 8.5)]);
    }

    #[test]
    fn fewer_points_than_asked_for_stay() {
        let points = vec![point(9, 1.0), point(-4, f64::INFINITY)];
        assert_eq!(window_means(points.clone(), 3), points);
        assert_eq!(window_means(Vec::new(), 3), []);
    }

    proptest! {
        #[test]
        fn there_are_never_more_windows_than_asked_for(steps in prop::collection::vec(any::<i64>(), 1..50), samples in 1_usize..20) {
            let count = steps.len();
            let means = window_means(steps.into_iter().map(|step| point(step, 1.0)).collect(), samples);
            prop_assert!(means.len() <= samples && !means.is_empty(), "{count}");
            prop_assert!(means.iter().all(|mean| mean.value == 1.0));
        }
    }
}
