//! A batch of records as it came in, read before anyone waits for the database.

use mendel_model::{BadRecord, Record, RunId, Timestamp, WriterId, limits};

use super::WriterKey;
use crate::{Result, StoreError};

/// A batch of one writer.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) run: RunId,
    pub(super) attempt: u32,
    pub(super) writer: WriterId,
    pub(super) now: Timestamp,
    /// At least one, by rising sequence.
    pub(super) records: Vec<(u64, Record)>,
}

impl Incoming {
    /// Reads all frames; one that cannot be read refuses the batch.
    ///
    /// L03 holds for what a client can split: a single record is never too large.
    pub(super) fn read(run: RunId, attempt: u32, writer: WriterId, frames: &[u8], now: Timestamp) -> Result<Self> {
        let (mut records, mut points, mut rest) = (Vec::new(), 0, frames);
        while !rest.is_empty() {
            let (sequence, record, length) = Record::read(rest)?;
            if let Record::Points(own) = &record {
                points += own.len();
            }
            match records.last() {
                Some((before, _)) if *before >= sequence => {
                    return Err(StoreError::SequenceGap { expected: before + 1, given: sequence });
                }
                _ => records.push((sequence, record)),
            }
            rest = &rest[length..];
        }
        match records.len() {
            0 => return Err(BadRecord::Torn.into()),
            1 => {}
            _ if frames.len() > limits::BATCH_BYTES => {
                let (limit, value) = (limits::BATCH_BYTES, frames.len());
                return Err(StoreError::TooLarge { what: "the size of a batch", limit, value });
            }
            _ if points > limits::POINTS_PER_BATCH => {
                let limit = limits::POINTS_PER_BATCH;
                return Err(StoreError::TooLarge { what: "the number of points of a batch", limit, value: points });
            }
            _ => {}
        }
        Ok(Self { run, attempt, writer, now, records })
    }

    /// Sequence of the first record.
    pub(super) fn first(&self) -> u64 {
        self.records.first().map_or(0, |(sequence, _)| *sequence)
    }

    /// Sequence of the last record.
    pub(super) fn last(&self) -> u64 {
        self.records.last().map_or(0, |(sequence, _)| *sequence)
    }

    /// By what its writer is remembered.
    pub(super) fn key(&self) -> WriterKey {
        (self.run, self.attempt, self.writer)
    }
}

#[cfg(test)]
mod tests {
    use mendel_model::{ConsoleStream, Point};

    use super::*;

    fn batch(frames: &[u8]) -> Result<Incoming> {
        Incoming::read(RunId::new(1, [0; 10]), 1, WriterId::new(1, [0; 10]), frames, Timestamp(0))
    }

    fn line(sequence: u64, frames: &mut Vec<u8>) {
        Record::Console { stream: ConsoleStream::Out, time: Timestamp(0), text: "x".into() }.write(sequence, frames);
    }

    #[test]
    fn a_batch_that_is_cut_off_is_refused_whole() {
        let mut frames = Vec::new();
        line(1, &mut frames);
        line(2, &mut frames);
        assert_eq!(batch(&frames).expect("whole").records.len(), 2);
        assert!(matches!(batch(&frames[..frames.len() - 1]), Err(StoreError::BadRecords(BadRecord::Torn))));
        assert!(matches!(batch(&[]), Err(StoreError::BadRecords(_))));
    }

    #[test]
    fn sequences_rise() {
        let mut frames = Vec::new();
        line(2, &mut frames);
        line(2, &mut frames);
        assert!(matches!(batch(&frames), Err(StoreError::SequenceGap { .. })));
    }

    #[test]
    fn a_batch_of_more_than_ten_thousand_points_is_refused() {
        let point = Point { series: 1, step: 0, time: Timestamp(0), value: 0.0 };
        let mut frames = Vec::new();
        Record::write_points(&vec![point; limits::POINTS_PER_BATCH], 1, &mut frames);
        Record::write_points(&[point], 2, &mut frames);
        assert!(matches!(batch(&frames), Err(StoreError::TooLarge { .. })));
    }
}
