//! A sealed chunk: step, time and value columns, compressed one after the other in one blob.

use mendel_model::{SeriesPoint, Timestamp};
use pco::{ChunkConfig, standalone};

use crate::{Result, StoreError};

/// Most points of a chunk.
pub(super) const FULL: usize = 16_384;
/// A last chunk of fewer points is opened again for the points that follow.
pub(super) const LEAST: usize = 4_096;

/// Encodes at four times the speed of the default level for almost the same size.
const LEVEL: usize = 4;

/// The blob of `points`.
pub(super) fn encode(points: &[SeriesPoint]) -> Result<Vec<u8>> {
    let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
    let times: Vec<i64> = points.iter().map(|point| point.time.0).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let config = ChunkConfig::default().with_compression_level(LEVEL);
    let broken = |error| StoreError::Corrupt(format!("points cannot be compressed: {error}"));
    let steps = standalone::simple_compress(&steps, &config).map_err(broken)?;
    let times = standalone::simple_compress(&times, &config).map_err(broken)?;
    let values = standalone::simple_compress(&values, &config).map_err(broken)?;

    let mut blob = Vec::with_capacity(8 + steps.len() + times.len() + values.len());
    blob.extend((steps.len() as u32).to_le_bytes());
    blob.extend((times.len() as u32).to_le_bytes());
    blob.extend(steps);
    blob.extend(times);
    blob.extend(values);
    Ok(blob)
}

/// The points of a blob.
pub(crate) fn decode(blob: &[u8]) -> Result<Vec<SeriesPoint>> {
    let broken = || StoreError::Corrupt("a chunk of a series cannot be read".to_owned());
    let (first, rest) = blob.split_first_chunk::<4>().ok_or_else(broken)?;
    let (second, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
    let (steps, rest) = rest.split_at_checked(u32::from_le_bytes(*first) as usize).ok_or_else(broken)?;
    let (times, values) = rest.split_at_checked(u32::from_le_bytes(*second) as usize).ok_or_else(broken)?;
    let steps: Vec<i64> = standalone::simple_decompress(steps).map_err(|_| broken())?;
    let times: Vec<i64> = standalone::simple_decompress(times).map_err(|_| broken())?;
    let values: Vec<f64> = standalone::simple_decompress(values).map_err(|_| broken())?;
    if steps.len() != times.len() || steps.len() != values.len() {
        return Err(broken());
    }
    let columns = steps.into_iter().zip(times).zip(values);
    Ok(columns.map(|((step, time), value)| SeriesPoint { step, time: Timestamp(time), value }).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::series::bucket::tests::{any_points, bits};

    #[test]
    fn values_born_as_f32_take_less_than_four_bytes_and_a_half() {
        let noise = |step: i64| ((step * 7_919) % 1_000) as f32 / 1_000.0;
        let point = |step: i64| SeriesPoint {
            step,
            time: Timestamp(1_700_000_000_000 + step * 37 + (step * 31) % 5),
            value: f64::from((-step as f32 / 5_000.0).exp() + noise(step) * 0.01),
        };
        let points: Vec<_> = (0..FULL as i64).map(point).collect();
        let blob = encode(&points).expect("encodes");
        assert!(blob.len() * 2 < FULL * 9, "{} bytes", blob.len());
    }

    proptest! {
        #[test]
        fn points_survive_bit_for_bit(points in any_points(600)) {
            let back = decode(&encode(&points).expect("encodes")).expect("decodes");
            prop_assert_eq!(bits(&back), bits(&points));
        }

        #[test]
        fn damaged_bytes_are_refused_without_panic(points in any_points(50), at: prop::sample::Index, flip in 1..=255u8) {
            let mut blob = encode(&points).expect("encodes");
            let at = at.index(blob.len());
            blob[at] ^= flip;
            let _ = decode(&blob);
            let _ = decode(&blob[..at]);
        }
    }
}
