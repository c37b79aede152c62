//! Which frames of a journal go out together.
//!
//! A batch keeps the limits L03, except for a single record that alone exceeds them. Where
//! a record could not be read, an empty one takes its sequence, so that the server sees no
//! gap. The making of a run begins a batch.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use mendel_model::{
    NewRun, Record,
    limits::{BATCH_BYTES, POINTS_PER_BATCH},
};

use crate::{
    Damage, Header, Position,
    scan::{Piece, piece},
    segment::{HEADER_BYTES, name, numbers},
};

const FRAME_HEAD: usize = 16;
const KIND_SERIES: u8 = 1;
const KIND_POINTS: u8 = 2;
const KIND_CREATE: u8 = 9;
const POINT_BYTES: usize = 28;
/// Read at once; a full batch of points fits.
const WINDOW_BYTES: usize = 320 << 10;

/// Frames that go out together, and what each of them means for the position.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The bytes to send.
    pub(crate) frames: Vec<u8>,
    /// The position behind each frame.
    pub(crate) ends: Vec<End>,
    /// The run to make before.
    pub(crate) create: Option<Box<NewRun>>,
    /// The attempt the segment was written for.
    pub(crate) attempt: Option<u32>,
    /// What could not be read.
    pub(crate) damage: Vec<Damage>,
    points: usize,
}

/// Where a frame of a batch ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// Within the journal.
    pub(crate) position: Position,
    /// Within the batch.
    pub(crate) frames: usize,
    /// How many points and other records it holds.
    pub(crate) records: u64,
}

/// Reads batches from a journal folder.
#[derive(Debug)]
pub(crate) struct Reader {
    folder: PathBuf,
    window: Vec<u8>,
}

impl Batch {
    /// Some of the frames, to be sent alone.
    pub(crate) fn part(&self, frames: Range<usize>) -> Self {
        let frames = self.frames[frames].to_vec();
        Self { frames, create: self.create.clone(), attempt: self.attempt, ..Self::default() }
    }

    fn is_full(&self, more: usize, points: usize) -> bool {
        !self.ends.is_empty() && (self.frames.len() + more > BATCH_BYTES || self.points + points > POINTS_PER_BATCH)
    }

    fn push(&mut self, frame: &[u8], position: Position) {
        let (points, records) = contents(frame);
        self.frames.extend_from_slice(frame);
        self.points += points;
        self.ends.push(End { position, frames: self.frames.len(), records });
    }

    /// An empty record in place of one that is not sent.
    fn fill(&mut self, position: Position) {
        Record::write_points(&[], position.sequence, &mut self.frames);
        self.ends.push(End { position, frames: self.frames.len(), records: 0 });
    }

    /// Fills the sequences up to `last`; false when the batch is full before.
    fn fill_up_to(&mut self, last: u64, position: &mut Position) -> bool {
        while position.sequence < last {
            if self.is_full(FRAME_HEAD + 1, 0) {
                return false;
            }
            position.sequence += 1;
            self.fill(*position);
        }
        true
    }
}

impl Reader {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), window: Vec::new() }
    }

    /// The position before everything that is still there.
    pub(crate) fn beginning(&self) -> io::Result<Position> {
        let first = numbers(&self.folder)?.first().copied().unwrap_or(1);
        let before = self.header(first).map_or(0, |header| header.first - 1);
        Ok(Position { segment: first, offset: 0, sequence: before })
    }

    /// The next batch behind `position`, and the position behind all that was looked at.
    /// When `complete`, nothing will be added, so what is torn is lost.
    pub(crate) fn batch(&mut self, mut position: Position, complete: bool) -> io::Result<(Batch, Position)> {
        let mut batch = Batch::default();
        let first = position.segment;
        for number in numbers(&self.folder)?.into_iter().filter(|&number| number >= first) {
            if number > position.segment {
                position = Position { segment: number, offset: 0, ..position };
            }
            let last = complete || self.folder.join(name(number + 1)).exists();
            if !self.segment(&mut batch, &mut position, last)? {
                break;
            }
        }
        Ok((batch, position))
    }

    /// Adds frames of one segment; false when the batch ends before the segment does.
    fn segment(&mut self, batch: &mut Batch, position: &mut Position, last: bool) -> io::Result<bool> {
        let file = File::open(self.folder.join(name(position.segment)))?;
        let length = file.metadata()?.len();
        if length < HEADER_BYTES as u64 && !last {
            return Ok(false);
        }
        let attempt = self.header(position.segment).map(|header| header.attempt);
        match (batch.attempt, attempt) {
            (Some(one), Some(other)) if one != other => return Ok(false),
            (None, Some(attempt)) => batch.attempt = Some(attempt),
            (Some(_) | None, _) => {}
        }
        position.offset = position.offset.max(HEADER_BYTES as u64);
        let mut wanted = WINDOW_BYTES;
        while position.offset < length {
            self.fill_window(&file, position.offset, length, wanted)?;
            let read_to_end = position.offset + self.window.len() as u64 >= length;
            let window = std::mem::take(&mut self.window);
            let outcome = take(&window, batch, position, read_to_end && last);
            self.window = window;
            match outcome {
                Taken::Full => return Ok(false),
                Taken::All => wanted = WINDOW_BYTES,
                Taken::Stuck if !read_to_end => wanted *= 2,
                Taken::Stuck => return Ok(false),
            }
        }
        Ok(true)
    }

    fn fill_window(&mut self, file: &File, offset: u64, length: u64, wanted: usize) -> io::Result<()> {
        let size = usize::try_from(length - offset).unwrap_or(usize::MAX).min(wanted);
        self.window.resize(size, 0);
        file.read_exact_at(&mut self.window, offset)
    }

    fn header(&self, number: u64) -> Option<Header> {
        let mut bytes = [0; HEADER_BYTES];
        let file = File::open(self.folder.join(name(number))).ok()?;
        file.read_exact_at(&mut bytes, 0).ok()?;
        Header::from_bytes(&bytes).ok()
    }
}

/// What became of a window.
enum Taken {
    /// The batch holds as much as it may.
    Full,
    /// Everything readable was taken.
    All,
    /// It begins with something that it does not hold whole.
    Stuck,
}

/// Moves frames from the beginning of `window` into `batch`. At the end of a segment
/// that will not grow (`last`), what cannot be read is given up.
fn take(window: &[u8], batch: &mut Batch, position: &mut Position, last: bool) -> Taken {
    let mut at = 0;
    let skip = |length: usize, batch: &mut Batch, position: &mut Position| {
        let bytes = position.offset..position.offset + length as u64;
        batch.damage.push(Damage { segment: position.segment, bytes });
        position.offset += length as u64;
    };
    while at < window.len() {
        match piece(&window[at..], position.sequence) {
            Piece::Frame { sequence, length } => {
                let frame = &window[at..at + length];
                if !batch.fill_up_to(sequence - 1, position) || batch.is_full(length, contents(frame).0) {
                    return Taken::Full;
                }
                let behind = Position { offset: position.offset + length as u64, sequence, ..*position };
                match created(frame) {
                    // Its own call comes before everything else of its batch.
                    Some(_) if !batch.ends.is_empty() => return Taken::Full,
                    Some(run) => {
                        batch.create = Some(run);
                        batch.push(frame, behind);
                    }
                    None => batch.push(frame, behind),
                }
                *position = behind;
                at += length;
            }
            Piece::Skip { length } => {
                skip(length, batch, position);
                at += length;
            }
            Piece::Incomplete | Piece::Unreadable if last => {
                skip(window.len() - at, batch, position);
                return Taken::All;
            }
            Piece::Incomplete | Piece::Unreadable if at == 0 => return Taken::Stuck,
            Piece::Incomplete | Piece::Unreadable => return Taken::All,
        }
    }
    Taken::All
}

/// How many points are in a frame, and how many things that a writer was given; naming a
/// series is none.
fn contents(frame: &[u8]) -> (usize, u64) {
    match frame.get(FRAME_HEAD) {
        Some(&KIND_POINTS) => {
            let points = (frame.len() - FRAME_HEAD - 1) / POINT_BYTES;
            (points, points as u64)
        }
        Some(&KIND_SERIES) => (0, 0),
        Some(_) | None => (0, 1),
    }
}

fn created(frame: &[u8]) -> Option<Box<NewRun>> {
    if frame.get(FRAME_HEAD) != Some(&KIND_CREATE) {
        return None;
    }
    match Record::read(frame) {
        Ok((_, Record::Create(run), _)) => Some(run),
        // Not readable here, perhaps by a newer server: it goes out as it is.
        Ok(_) | Err(_) => None,
    }
}
