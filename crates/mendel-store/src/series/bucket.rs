//! Roll-ups: what a stretch of a series is told by, and its fixed form of 104 bytes.

use mendel_model::{SeriesPoint, Timestamp};

use crate::{Bucket, Result, StoreError};

/// Bytes of one roll-up.
pub(super) const BYTES: usize = 104;
/// Points in a roll-up of the first level.
pub(super) const SMALL: usize = 256;
/// Points in a roll-up of the second level, at least.
pub(super) const LARGE: u64 = 65_536;

impl Bucket {
    /// A stretch of one point.
    pub(super) fn new(point: SeriesPoint) -> Self {
        let SeriesPoint { step, value, .. } = point;
        let extreme = (!value.is_nan()).then_some((value, step));
        let sum = if value.is_finite() { value } else { 0.0 };
        let finite = u64::from(value.is_finite());
        Self { first: point, last: point, min: extreme, max: extreme, sum, finite, count: 1 }
    }

    /// This stretch and the one that follows it.
    pub(super) fn join(&mut self, next: &Self) {
        self.last = next.last;
        self.min = pick(self.min, next.min, |new, old| new < old);
        self.max = pick(self.max, next.max, |new, old| new > old);
        self.sum += next.sum;
        self.finite += next.finite;
        self.count += next.count;
    }

    /// All of `points`, if there are any.
    pub(super) fn of(points: &[SeriesPoint]) -> Option<Self> {
        let (first, rest) = points.split_first()?;
        let mut whole = Self::new(*first);
        rest.iter().for_each(|point| whole.join(&Self::new(*point)));
        Some(whole)
    }

    /// Appends the fixed form.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let (nothing, sum) = ((f64::NAN, 0), self.sum);
        for point in [self.first, self.last] {
            bytes.extend(point.step.to_le_bytes());
            bytes.extend(point.time.0.to_le_bytes());
            bytes.extend(point.value.to_le_bytes());
        }
        for (value, step) in [self.min.unwrap_or(nothing), self.max.unwrap_or(nothing)] {
            bytes.extend(value.to_le_bytes());
            bytes.extend(step.to_le_bytes());
        }
        bytes.extend(sum.to_le_bytes());
        bytes.extend(self.finite.to_le_bytes());
        bytes.extend(self.count.to_le_bytes());
    }

    /// Reads all roll-ups of `bytes`.
    pub(super) fn read_all(bytes: &[u8]) -> Result<Vec<Self>> {
        let (whole, rest) = bytes.as_chunks::<BYTES>();
        if !rest.is_empty() {
            return Err(StoreError::Corrupt("a roll-up of a series is cut off".to_owned()));
        }
        Ok(whole.iter().map(Self::read).collect())
    }

    fn read(bytes: &[u8; BYTES]) -> Self {
        let word = |index: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
            word
        };
        let int = |index| i64::from_le_bytes(word(index));
        let real = |index| f64::from_le_bytes(word(index));
        let point = |at| SeriesPoint { step: int(at), time: Timestamp(int(at + 1)), value: real(at + 2) };
        let extreme = |at| Some((real(at), int(at + 1))).filter(|(value, _)| !value.is_nan());
        Self {
            first: point(0),
            last: point(3),
            min: extreme(6),
            max: extreme(8),
            sum: real(10),
            finite: u64::from_le_bytes(word(11)),
            count: u64::from_le_bytes(word(12)),
        }
    }
}

/// The better of two extremes; the earlier of equal ones.
fn pick(old: Option<(f64, i64)>, new: Option<(f64, i64)>, better: fn(f64, f64) -> bool) -> Option<(f64, i64)> {
    match (old, new) {
        (Some(old), Some(new)) => Some(if better(new.0, old.0) { new } else { old }),
        (old, new) => old.or(new),
    }
}

/// Roll-ups of the first level.
pub(super) fn roll_up(points: &[SeriesPoint]) -> Vec<Bucket> {
    points.chunks(SMALL).filter_map(Bucket::of).collect()
}

/// Joins neighbours until at most `wanted` stretches of about equal length are left.
pub(super) fn gather(parts: &[Bucket], wanted: usize) -> Vec<Bucket> {
    let total: u64 = parts.iter().map(|part| part.count).sum();
    let share = total.div_ceil(wanted.max(1) as u64).max(1);
    let mut gathered: Vec<Bucket> = Vec::with_capacity(wanted.min(parts.len()));
    let (mut before, mut place) = (0, None);
    for part in parts {
        let own = before / share;
        match gathered.last_mut() {
            Some(last) if place == Some(own) => last.join(part),
            _ => gathered.push(*part),
        }
        place = Some(own);
        before += part.count;
    }
    gathered
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::series) fn any_points(most: usize) -> impl Strategy<Value = Vec<SeriesPoint>> {
        let value = prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            any::<f32>().prop_map(f64::from),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
        ];
        let point = (any::<i64>(), any::<i64>(), value).prop_map(|(step, time, value)| SeriesPoint {
            step,
            time: Timestamp(time),
            value,
        });
        prop::collection::vec(point, 0..most)
    }

    pub(in crate::series) fn bits(points: &[SeriesPoint]) -> Vec<(i64, i64, u64)> {
        points.iter().map(|point| (point.step, point.time.0, point.value.to_bits())).collect()
    }

    fn extremes(points: &[SeriesPoint]) -> (Option<f64>, Option<f64>) {
        let values = || points.iter().map(|point| point.value).filter(|value| !value.is_nan());
        (values().reduce(f64::min), values().reduce(f64::max))
    }

    #[test]
    fn nan_takes_no_part_in_extremes_and_sum() {
        let point = |value| SeriesPoint { step: 1, time: Timestamp(1), value };
        let bucket = Bucket::of(&[point(f64::NAN), point(2.0), point(f64::INFINITY)]).expect("points");
        assert_eq!((bucket.min, bucket.max), (Some((2.0, 1)), Some((f64::INFINITY, 1))));
        assert_eq!((bucket.sum, bucket.finite, bucket.count), (2.0, 1, 3));
        assert_eq!(Bucket::of(&[point(f64::NAN)]).expect("a point").min, None);
    }

    proptest! {
        #[test]
        fn a_roll_up_survives_its_bytes(points in any_points(20)) {
            if let Some(bucket) = Bucket::of(&points) {
                let mut bytes = Vec::new();
                bucket.write(&mut bytes);
                prop_assert_eq!(bytes.len(), BYTES);
                let back = Bucket::read_all(&bytes).expect("whole");
                prop_assert_eq!(bits(&[back[0].first, back[0].last]), bits(&[bucket.first, bucket.last]));
                prop_assert_eq!((back[0].min, back[0].max, back[0].count), (bucket.min, bucket.max, bucket.count));
            }
        }

        #[test]
        fn gathering_keeps_extremes_ends_and_count(points in any_points(2000), wanted in 1..50usize) {
            let gathered = gather(&roll_up(&points), wanted);
            prop_assert!(gathered.len() <= wanted);
            prop_assert_eq!(gathered.iter().map(|bucket| bucket.count).sum::<u64>(), points.len() as u64);
            let low = gathered.iter().filter_map(|bucket| bucket.min).map(|(value, _)| value).reduce(f64::min);
            let high = gathered.iter().filter_map(|bucket| bucket.max).map(|(value, _)| value).reduce(f64::max);
            prop_assert_eq!((low, high), extremes(&points));
            if let (Some(first), Some(last)) = (gathered.first(), gathered.last()) {
                prop_assert_eq!(bits(&[first.first, last.last]), bits(&[points[0], points[points.len() - 1]]));
            }
        }
    }
}
