//! Records: what a writer reports, in the one binary form that journal files, the wire and
//! the store's tails share.
//!
//! A frame is `length u32 · crc32 u32 · sequence u64 · payload`, little endian; the
//! checksum covers sequence and payload. Frames of one writer carry rising sequences.

use serde::{Deserialize, Serialize};

use crate::{Artifact, Event, ModelRecord, Move, NewRun, Owner, RunUpdate, SeriesKey, Timestamp};

const FRAME_HEAD: usize = 16;
const POINT_BYTES: usize = 28;
/// A payload longer than this is damage, not data.
const PAYLOAD_MAX: usize = 64 << 20;

/// Which stream of a process a console line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleStream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One scalar point of a series that the same writer declared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The writer's own number of the series.
    pub series: u32,
    /// Iteration.
    pub step: i64,
    /// When it was reported.
    pub time: Timestamp,
    /// The value; NaN and infinities are data.
    pub value: f64,
}

/// One thing a writer reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Gives a series the number by which points name it.
    Series {
        /// The writer's own number.
        id: u32,
        /// Its name.
        key: SeriesKey,
    },
    /// Scalar points in the order of their reporting.
    Points(Vec<Point>),
    /// A console line.
    Console {
        /// Which stream.
        stream: ConsoleStream,
        /// When.
        time: Timestamp,
        /// The text without its line end.
        text: String,
    },
    /// A plot, text, image or other medium.
    Event(Event),
    /// A change of what the run says about itself.
    Update(Box<RunUpdate>),
    /// An artifact whose blob was put before.
    Artifact(Artifact),
    /// A model read or made.
    Model(Box<ModelRecord>),
    /// A change of status.
    Move(StatusRecord),
    /// The making of the run itself; first in a journal of a run nobody else made.
    Create(Box<NewRun>),
}

/// A change of status as a writer reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusRecord {
    /// What should happen.
    pub to: Move,
    /// A short reason.
    #[serde(default)]
    pub reason: String,
    /// A sentence.
    #[serde(default)]
    pub message: String,
    /// When it happened.
    pub time: Timestamp,
    /// Who executes it from now on, for a start.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Exit code of the process.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Signal that ended the process.
    #[serde(default)]
    pub signal: Option<i32>,
}

/// Bytes that are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// The bytes end inside a frame: a torn tail.
    #[error("the bytes end inside a record")]
    Torn,
    /// The checksum does not fit.
    #[error("a record of {length} bytes is damaged")]
    Damaged {
        /// Length of the whole frame, to skip it.
        length: usize,
    },
    /// The length itself is impossible; what follows cannot be found.
    #[error("a record says it has {0} bytes")]
    Impossible(usize),
    /// Whole, but not understood.
    #[error("a record of kind {kind} is not understood: {why}")]
    Unknown {
        /// Kind byte.
        kind: u8,
        /// What is wrong.
        why: String,
        /// Length of the whole frame, to skip it.
        length: usize,
    },
}

impl Record {
    /// Appends the frame of this record to `buffer`.
    pub fn write(&self, sequence: u64, buffer: &mut Vec<u8>) {
        frame(sequence, buffer, |payload| self.write_payload(payload));
    }

    /// Appends the frame of a [`Record::Points`] without making one.
    pub fn write_points(points: &[Point], sequence: u64, buffer: &mut Vec<u8>) {
        frame(sequence, buffer, |payload| payload_of_points(points, payload));
    }

    /// Reads the first frame of `bytes`: its sequence, the record, and the frame's length.
    pub fn read(bytes: &[u8]) -> Result<(u64, Self, usize), BadRecord> {
        let (sequence, payload, length) = unframe(bytes)?;
        let (&kind, body) = payload.split_first().ok_or(BadRecord::Damaged { length })?;
        let unknown = |why: String| BadRecord::Unknown { kind, why, length };
        let record = match kind {
            1 => read_series(body).ok_or_else(|| unknown("too short".into()))?,
            2 => read_points(body).ok_or_else(|| unknown("not whole points".into()))?,
            3 => read_console(body).ok_or_else(|| unknown("not a console line".into()))?,
            4 => Self::Event(read_json(body).map_err(unknown)?),
            5 => Self::Update(read_json(body).map_err(unknown)?),
            6 => Self::Artifact(read_json(body).map_err(unknown)?),
            7 => Self::Model(read_json(body).map_err(unknown)?),
            8 => Self::Move(read_json(body).map_err(unknown)?),
            9 => Self::Create(read_json(body).map_err(unknown)?),
            _ => return Err(unknown("newer than this program".into())),
        };
        Ok((sequence, record, length))
    }

    /// Reads the sequence and length of the first frame without decoding the record.
    pub fn peek(bytes: &[u8]) -> Result<(u64, usize), BadRecord> {
        unframe(bytes).map(|(sequence, _, length)| (sequence, length))
    }

    fn write_payload(&self, payload: &mut Vec<u8>) {
        match self {
            Self::Series { id, key } => {
                payload.push(1);
                payload.extend(id.to_le_bytes());
                payload.extend((key.metric.len() as u32).to_le_bytes());
                payload.extend(key.metric.as_bytes());
                payload.extend(key.variant.as_bytes());
            }
            Self::Points(points) => payload_of_points(points, payload),
            Self::Console { stream, time, text } => {
                payload.extend([3, u8::from(*stream == ConsoleStream::Err)]);
                payload.extend(time.0.to_le_bytes());
                payload.extend(text.as_bytes());
            }
            Self::Event(event) => write_json(4, event, payload),
            Self::Update(update) => write_json(5, update, payload),
            Self::Artifact(artifact) => write_json(6, artifact, payload),
            Self::Model(model) => write_json(7, model, payload),
            Self::Move(change) => write_json(8, change, payload),
            Self::Create(run) => write_json(9, run, payload),
        }
    }
}

fn frame(sequence: u64, buffer: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend([0; 8]);
    buffer.extend(sequence.to_le_bytes());
    fill(buffer);
    let length = (buffer.len() - start - FRAME_HEAD) as u32;
    let checksum = crc32fast::hash(&buffer[start + 8..]);
    buffer[start..start + 4].copy_from_slice(&length.to_le_bytes());
    buffer[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
}

fn unframe(bytes: &[u8]) -> Result<(u64, &[u8], usize), BadRecord> {
    let head: &[u8; FRAME_HEAD] = bytes.first_chunk().ok_or(BadRecord::Torn)?;
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let payload = word(0) as usize;
    if payload > PAYLOAD_MAX {
        return Err(BadRecord::Impossible(payload));
    }
    let length = FRAME_HEAD + payload;
    let whole = bytes.get(..length).ok_or(BadRecord::Torn)?;
    if crc32fast::hash(&whole[8..]) != word(4) {
        return Err(BadRecord::Damaged { length });
    }
    let sequence = u64::from(word(8)) | u64::from(word(12)) << 32;
    Ok((sequence, &whole[FRAME_HEAD..], length))
}

fn payload_of_points(points: &[Point], payload: &mut Vec<u8>) {
    payload.reserve(1 + points.len() * POINT_BYTES);
    payload.push(2);
    for point in points {
        payload.extend_from_slice(&point.series.to_le_bytes());
        payload.extend_from_slice(&point.step.to_le_bytes());
        payload.extend_from_slice(&point.time.0.to_le_bytes());
        payload.extend_from_slice(&point.value.to_le_bytes());
    }
}

fn read_points(body: &[u8]) -> Option<Record> {
    let (points, rest) = body.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() {
        return None;
    }
    let long = |bytes: &[u8]| bytes.first_chunk().copied();
    let read = |bytes: &[u8; POINT_BYTES]| {
        Some(Point {
            series: u32::from_le_bytes(*bytes.first_chunk()?),
            step: i64::from_le_bytes(long(&bytes[4..])?),
            time: Timestamp(i64::from_le_bytes(long(&bytes[12..])?)),
            value: f64::from_le_bytes(long(&bytes[20..])?),
        })
    };
    points.iter().map(read).collect::<Option<_>>().map(Record::Points)
}

fn read_series(body: &[u8]) -> Option<Record> {
    let (id, rest) = body.split_first_chunk()?;
    let (length, names) = rest.split_first_chunk()?;
    let (metric, variant) = names.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let key = SeriesKey { metric: text(metric)?, variant: text(variant)? };
    Some(Record::Series { id: u32::from_le_bytes(*id), key })
}

fn read_console(body: &[u8]) -> Option<Record> {
    let (&stream, rest) = body.split_first()?;
    let (time, text) = rest.split_first_chunk()?;
    Some(Record::Console {
        stream: if stream == 0 { ConsoleStream::Out } else { ConsoleStream::Err },
        time: Timestamp(i64::from_le_bytes(*time)),
        text: String::from_utf8_lossy(text).into_owned(),
    })
}

fn write_json(kind: u8, value: &impl Serialize, payload: &mut Vec<u8>) {
    payload.push(kind);
    serde_json::to_writer(payload, value).expect("the nouns of the model have text keys and no failing parts");
}

fn read_json<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(record: &Record, sequence: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        record.write(sequence, &mut bytes);
        bytes
    }

    #[test]
    fn every_kind_survives() {
        let console = Record::Console { stream: ConsoleStream::Err, time: Timestamp(5), text: "ü".into() };
        let series = Record::Series { id: 3, key: SeriesKey { metric: "loss".into(), variant: "train".into() } };
        let update =
            Record::Update(Box::new(RunUpdate { comment: Some("x".into()), parent: Some(None), ..Default::default() }));
        for record in [console, series] {
            let bytes = written(&record, 7);
            assert_eq!(Record::read(&bytes), Ok((7, record, bytes.len())));
        }
        assert!(Record::read(&written(&update, 1)).is_ok());
    }

    #[test]
    fn a_torn_tail_and_a_flipped_bit_are_told_apart() {
        let bytes = written(&Record::Points(vec![Point { series: 1, step: 2, time: Timestamp(3), value: 4.0 }]), 1);
        assert_eq!(Record::read(&bytes[..bytes.len() - 1]), Err(BadRecord::Torn));
        let mut flipped = bytes.clone();
        flipped[20] ^= 1;
        assert_eq!(Record::read(&flipped), Err(BadRecord::Damaged { length: bytes.len() }));
    }

    #[test]
    fn a_kind_of_tomorrow_is_skipped_by_its_length() {
        let mut bytes = Vec::new();
        frame(9, &mut bytes, |payload| payload.extend([200, 1, 2]));
        assert!(matches!(Record::read(&bytes), Err(BadRecord::Unknown { kind: 200, length: 19, .. })));
    }

    proptest! {
        #[test]
        fn points_survive_bit_for_bit(points in prop::collection::vec((any::<u32>(), any::<i64>(), any::<i64>(), any::<u64>()), 0..50), sequence: u64) {
            let points: Vec<_> = points.into_iter().map(|(series, step, time, bits)| Point { series, step, time: Timestamp(time), value: f64::from_bits(bits) }).collect();
            let mut bytes = Vec::new();
            Record::write_points(&points, sequence, &mut bytes);
            let (read, record, _) = Record::read(&bytes).expect("whole");
            let Record::Points(back) = record else { panic!("points") };
            prop_assert_eq!(read, sequence);
            prop_assert_eq!(back.len(), points.len());
            for (one, other) in back.iter().zip(&points) {
                prop_assert_eq!((one.series, one.step, one.time, one.value.to_bits()), (other.series, other.step, other.time, other.value.to_bits()));
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::read(&bytes);
        }
    }
}
