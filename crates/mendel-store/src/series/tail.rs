//! A tail: the points of one batch, uncompressed columns of each series one after the other.

use mendel_model::{SeriesPoint, Timestamp};

use crate::{Result, StoreError};

/// Points of one series, named by its number in the database.
pub(crate) type Section = (i64, Vec<SeriesPoint>);

/// The body of a tail.
pub(crate) fn encode(sections: &[(i64, &[SeriesPoint])]) -> Vec<u8> {
    let points: usize = sections.iter().map(|(_, points)| points.len()).sum();
    let mut body = Vec::with_capacity(sections.len() * 12 + points * 24);
    for (series, points) in sections {
        body.extend(series.to_le_bytes());
        body.extend((points.len() as u32).to_le_bytes());
        points.iter().for_each(|point| body.extend_from_slice(&point.step.to_le_bytes()));
        points.iter().for_each(|point| body.extend_from_slice(&point.time.0.to_le_bytes()));
        points.iter().for_each(|point| body.extend_from_slice(&point.value.to_le_bytes()));
    }
    body
}

/// The sections of a body; only of one series where `wanted` names it.
pub(crate) fn decode(mut body: &[u8], wanted: Option<i64>) -> Result<Vec<Section>> {
    let broken = || StoreError::Corrupt("a tail of points cannot be read".to_owned());
    let mut sections = Vec::new();
    while !body.is_empty() {
        let (series, rest) = body.split_first_chunk::<8>().ok_or_else(broken)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
        let (series, count) = (i64::from_le_bytes(*series), u32::from_le_bytes(*count) as usize);
        let (columns, rest) = rest.split_at_checked(count.saturating_mul(24)).ok_or_else(broken)?;
        if wanted.is_none_or(|wanted| wanted == series) {
            sections.push((series, points(columns, count)));
        }
        body = rest;
    }
    Ok(sections)
}

fn points(columns: &[u8], count: usize) -> Vec<SeriesPoint> {
    let (words, _) = columns.as_chunks::<8>();
    let (steps, rest) = words.split_at(count);
    let (times, values) = rest.split_at(count);
    let columns = steps.iter().zip(times).zip(values);
    let point = |((step, time), value): ((&[u8; 8], &[u8; 8]), &[u8; 8])| SeriesPoint {
        step: i64::from_le_bytes(*step),
        time: Timestamp(i64::from_le_bytes(*time)),
        value: f64::from_le_bytes(*value),
    };
    columns.map(point).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::series::bucket::tests::{any_points, bits};

    proptest! {
        #[test]
        fn a_tail_survives_its_bytes(one in any_points(40), other in any_points(40)) {
            let body = encode(&[(1, &one), (2, &other)]);
            let sections = decode(&body, None).expect("whole");
            prop_assert_eq!(bits(&sections[0].1), bits(&one));
            prop_assert_eq!(bits(&decode(&body, Some(2)).expect("whole")[0].1), bits(&other));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, None);
        }
    }
}
