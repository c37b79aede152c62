//! The writing side of a journal: records become frames in segments.
//!
//! `append` collects, `write` hands to the operating system, `flush` puts on stable
//! storage. A failed write leaves the segment at its last whole record and the frames in
//! memory; after a failed synchronisation the writer goes on in a new segment, since what
//! the kernel still holds of the old one can no longer be known.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use mendel_model::{Owner, Point, Record, RunId, WriterId};

use crate::{
    Header, Workspace,
    leftover::{CLOSED, Card},
    scan::{Piece, piece},
    segment::{HEADER_BYTES, SEGMENT_BYTES, name, numbers},
};

/// Points in one frame.
const POINTS_PER_FRAME: usize = 4096;
/// Frames are handed on when this much has come together.
const BUFFER_BYTES: usize = 128 << 10;

/// Why a journal could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The folder cannot be made or read.
    #[error("cannot make journal `{}`", path.display())]
    Open {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A segment cannot be written; the records are kept for another try.
    #[error("cannot write journal segment `{}`", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A segment cannot be put on stable storage.
    #[error("cannot synchronise journal segment `{}`", path.display())]
    Synchronise {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes one writer's records into its journal folder.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    run: RunId,
    attempt: u32,
    writer: WriterId,
    segment: u64,
    file: Option<Arc<File>>,
    /// Bytes of the segment up to its last whole record.
    length: u64,
    next: u64,
    buffer: Vec<u8>,
    unsynced: Unsynced,
    total: u64,
}

/// What was handed to the operating system and is not yet known to be on stable storage.
/// It may be synchronised by another thread than the writer's.
#[derive(Debug, Default)]
pub struct Unsynced {
    files: Vec<(PathBuf, Arc<File>)>,
    folders: Vec<PathBuf>,
    bytes: u64,
}

impl Unsynced {
    /// How many bytes wait.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }

    /// Adds what `later` holds.
    pub fn join(&mut self, later: Self) {
        for (path, file) in later.files {
            self.note(&path, &file);
        }
        self.folders.extend(later.folders);
        self.bytes += later.bytes;
    }

    /// Puts it on stable storage: the files, then the folders that name them.
    pub fn synchronise(self) -> Result<(), WriterError> {
        for (path, file) in self.files {
            file.sync_data().map_err(|source| WriterError::Synchronise { path, source })?;
        }
        for path in self.folders {
            match File::open(&path).and_then(|folder| folder.sync_all()) {
                // Delivered meanwhile, and deleted with all that was in it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                synced => synced.map_err(|source| WriterError::Synchronise { path, source })?,
            }
        }
        Ok(())
    }

    fn note(&mut self, path: &Path, file: &Arc<File>) {
        if !self.files.iter().any(|(known, _)| known == path) {
            self.files.push((path.to_owned(), Arc::clone(file)));
        }
    }
}

impl Writer {
    /// Opens the journal of `writer` for `owner`: a new one, or its own from before, whose
    /// torn tail is cut.
    pub fn open(
        workspace: &Workspace,
        run: RunId,
        attempt: u32,
        writer: WriterId,
        owner: &Owner,
    ) -> Result<Self, WriterError> {
        let folder = workspace.journal(run, writer);
        let failed = |source| WriterError::Open { path: folder.clone(), source };
        let card = Card { owner: owner.clone(), attempt };
        let mut unsynced = Unsynced::default();
        if !folder.is_dir() {
            make(&folder, &card).map_err(failed)?;
            unsynced.folders.extend(folder.ancestors().skip(1).take(3).map(Path::to_owned));
        }
        let (segment, last) = recover(&folder).map_err(failed)?;
        Ok(Self {
            run,
            attempt,
            writer,
            segment,
            file: None,
            length: 0,
            next: last + 1,
            buffer: Vec::new(),
            unsynced,
            total: 0,
            folder,
        })
    }

    /// The journal folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sequence of the last appended record; 0 before the first.
    pub fn last(&self) -> u64 {
        self.next - 1
    }

    /// Bytes written since it was opened.
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// Bytes appended and not yet written.
    pub fn buffered_bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Appends a record. After an error it is kept in memory; `write` tries again.
    pub fn append(&mut self, record: &Record) -> Result<(), WriterError> {
        record.write(self.next, &mut self.buffer);
        self.next += 1;
        self.write_if_full()
    }

    /// Appends points, in as many records as their number asks for.
    pub fn append_points(&mut self, points: &[Point]) -> Result<(), WriterError> {
        let mut written = Ok(());
        for chunk in points.chunks(POINTS_PER_FRAME) {
            Record::write_points(chunk, self.next, &mut self.buffer);
            self.next += 1;
            written = self.write_if_full();
        }
        written
    }

    /// Hands everything appended to the operating system.
    pub fn write(&mut self) -> Result<(), WriterError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.length >= SEGMENT_BYTES {
            self.roll();
        }
        let path = self.path();
        self.write_buffer().map_err(|source| {
            self.cut_back();
            WriterError::Write { path, source }
        })
    }

    /// Puts everything appended on stable storage.
    pub fn flush(&mut self) -> Result<(), WriterError> {
        self.write()?;
        self.take_unsynced().synchronise().inspect_err(|_| self.roll())
    }

    /// Takes what waits for stable storage, for another thread to synchronise. When that
    /// fails, the thread has to tell the writer to [`Self::roll`].
    pub fn take_unsynced(&mut self) -> Unsynced {
        std::mem::take(&mut self.unsynced)
    }

    /// Goes on in a new segment with the next record.
    pub fn roll(&mut self) {
        if self.file.take().is_some() {
            self.segment += 1;
            self.length = 0;
        }
    }

    /// Flushes and marks the journal as complete, so that it is deleted once delivered.
    pub fn close(mut self) -> Result<(), WriterError> {
        self.flush()?;
        let path = self.folder.join(CLOSED);
        File::create(&path).map(drop).map_err(|source| WriterError::Write { path, source })
    }

    fn write_if_full(&mut self) -> Result<(), WriterError> {
        match self.buffer.len() >= BUFFER_BYTES {
            true => self.write(),
            false => Ok(()),
        }
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        let file = self.file()?;
        (&*file).write_all(&self.buffer)?;
        let written = self.buffer.len() as u64;
        self.length += written;
        self.total += written;
        self.unsynced.bytes += written;
        self.unsynced.note(&self.path(), &file);
        self.buffer.clear();
        self.buffer.shrink_to(2 * BUFFER_BYTES);
        Ok(())
    }

    /// The open segment, made when there is none.
    fn file(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let path = self.path();
        let header = Header { run: self.run, attempt: self.attempt, writer: self.writer, first: self.first_buffered() };
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        if let Err(error) = file.write_all(&header.to_bytes()) {
            fs::remove_file(&path)?;
            return Err(error);
        }
        let file = Arc::new(file);
        self.length = HEADER_BYTES as u64;
        self.unsynced.folders.push(self.folder.clone());
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }

    fn first_buffered(&self) -> u64 {
        Record::peek(&self.buffer).map_or(self.next, |(sequence, _)| sequence)
    }

    /// Undoes a half write. Where even that fails, a new segment follows, and the reader
    /// skips what is torn.
    fn cut_back(&mut self) {
        let cut = self.file.as_ref().map(|file| file.set_len(self.length));
        if matches!(cut, Some(Err(_))) {
            self.roll();
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(name(self.segment))
    }
}

impl Drop for Writer {
    /// The last chance of a writer that nobody closed; an error has no one to go to.
    fn drop(&mut self) {
        let _lost = self.write();
    }
}

/// Makes a journal folder, which appears together with the facts of its owner.
fn make(folder: &Path, card: &Card) -> io::Result<()> {
    let (above, own) = folder.parent().zip(folder.file_name()).ok_or(io::ErrorKind::InvalidInput)?;
    let partial = above.join(format!(".{}", own.to_string_lossy()));
    // A delivery may remove the folder of the run when its last journal is gone.
    for _ in 0..8 {
        let made = fs::create_dir_all(&partial)
            .and_then(|()| card.write(&partial))
            .and_then(|()| fs::rename(&partial, folder));
        match made {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            made => return made,
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// Cuts the torn tail of an earlier opening; returns the number of the next segment and
/// the last sequence.
fn recover(folder: &Path) -> io::Result<(u64, u64)> {
    let acknowledged = crate::Position::read(folder).map_or(0, |position| position.sequence);
    let mut last = acknowledged;
    let existing = numbers(folder)?;
    for &number in &existing {
        let path = folder.join(name(number));
        let bytes = fs::read(&path)?;
        let Ok(header) = Header::from_bytes(&bytes) else { continue };
        last = last.max(header.first - 1);
        let mut at = HEADER_BYTES;
        loop {
            match piece(&bytes[at..], last) {
                Piece::Frame { sequence, length } => {
                    last = sequence;
                    at += length;
                }
                Piece::Skip { length } => at += length,
                Piece::Incomplete | Piece::Unreadable => break,
            }
        }
        if existing.last() == Some(&number) && at < bytes.len() {
            OpenOptions::new().write(true).open(&path)?.set_len(at as u64)?;
        }
    }
    Ok((existing.last().map_or(1, |number| number + 1), last))
}
