//! Delivery of a journal: from its acknowledged position, in order, in batches.
//!
//! Staged blobs go out before the records that name them. What the server acknowledged is
//! forgotten here: the position moves on, whole segments are removed, and a complete
//! journal disappears with its last record. A record that the server will never take is
//! left out, counted, and does not hold up the others.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mendel_model::Digest;

use crate::{
    Damage, Journal, Position, SendError, Sender,
    batch::{Batch, End, Reader},
    blob,
    leftover::{REFUSED, journals_in},
    lock::Lock,
    segment::{name, numbers},
};

/// Refusals kept word by word; more are only counted.
const REFUSALS_KEPT: usize = 100;

/// Why a delivery did not go on.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The journal cannot be read or tidied.
    #[error("cannot deliver journal `{}`", path.display())]
    Journal {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder's place names no run and writer.
    #[error("`{}` is not the folder of a journal", path.display())]
    NotAJournal {
        /// Which folder.
        path: PathBuf,
    },
    /// Nobody took the records now.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// A record that the server will never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Sequence of the record.
    pub sequence: u64,
    /// Stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What a delivery did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Points and other records that the server has.
    pub records: u64,
    /// Points and other records that it will never take.
    pub refused: u64,
    /// The first of the refusals.
    pub refusals: Vec<Refusal>,
    /// Stretches that could not be read.
    pub damage: Vec<Damage>,
    /// Why the server refused the journal as a whole, if it did.
    pub refusal: Option<String>,
    /// Whether the journal is delivered, complete and gone.
    pub finished: bool,
    /// Whether someone else delivers it right now.
    pub busy: bool,
}

/// What one step of a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The server took a batch; there may be more.
    Sent,
    /// Nothing is left to send for now.
    CaughtUp,
    /// Nothing will ever be left: delivered whole and deleted, or refused as a whole.
    Finished,
}

/// A delivery under way; it holds the journal's lock.
#[derive(Debug)]
pub struct Delivery {
    journal: Journal,
    reader: Reader,
    position: Position,
    rewound: bool,
    report: Delivered,
    _lock: Lock,
}

/// Delivers everything there is in the journal folder `path`.
pub fn deliver(path: &Path, sender: &mut dyn Sender) -> Result<Delivered, DeliverError> {
    let Some(mut delivery) = Delivery::open(path)? else {
        return Ok(Delivered { busy: true, ..Delivered::default() });
    };
    while delivery.step(sender)? == Step::Sent {}
    Ok(delivery.report)
}

impl Delivery {
    /// Begins with the journal folder `path`; none when someone else delivers it, or did.
    pub fn open(path: &Path) -> Result<Option<Self>, DeliverError> {
        let named = || Journal::at(path).ok_or_else(|| DeliverError::NotAJournal { path: path.to_owned() });
        named()?;
        let failed = |source| DeliverError::Journal { path: path.to_owned(), source };
        let lock = match Lock::try_take(&path.join("lock")) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !path.is_dir() {
            return Ok(None);
        }
        // Read under the lock: a folder that has only now appeared says now who writes it. Read
        // before, it would say nobody, and a journal that nobody writes is deleted.
        let journal = named()?;
        let reader = Reader::new(path);
        let position = match Position::read(path) {
            Some(position) => position,
            None => reader.beginning().map_err(failed)?,
        };
        let report = Delivered { refusal: journal.refusal(), ..Delivered::default() };
        Ok(Some(Self { journal, reader, position, rewound: false, report, _lock: lock }))
    }

    /// What was done so far.
    pub fn report(&self) -> &Delivered {
        &self.report
    }

    /// How far the server has it.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Sends the next batch, if there is one.
    pub fn step(&mut self, sender: &mut dyn Sender) -> Result<Step, DeliverError> {
        if self.report.refusal.is_some() {
            return Ok(Step::Finished);
        }
        // Asked before reading: a writer that ends in between is seen by the next step.
        let complete = self.journal.is_complete();
        let (mut batch, behind) = self.reader.batch(self.position, complete).map_err(|source| self.failed(source))?;
        self.report.damage.append(&mut batch.damage);
        let Some(last) = batch.ends.last().copied() else {
            return self.nothing_to_send(behind, complete);
        };
        let sent = match self.send(sender, &batch) {
            Ok(acknowledged) => self.acknowledged(&batch, acknowledged, behind),
            Err(SendError::Refused { status, code, message }) => {
                let refusal = Refusal { sequence: last.position.sequence, code, message };
                self.refused(sender, (&batch, behind), (status, refusal))
            }
            Err(error) => Err(error.into()),
        };
        // What was named by the batch is referred to now, so its copy here is not needed.
        sent.and_then(|step| self.tidy(&batch).map(|()| step))
    }

    fn send(&self, sender: &mut dyn Sender, batch: &Batch) -> Result<u64, SendError> {
        if let Some(run) = &batch.create {
            sender.create_run(run)?;
        }
        for digest in self.named_blobs(batch)? {
            sender.put_blob(&digest, &self.blob(&digest))?;
        }
        let attempt = batch.attempt.unwrap_or(self.journal.attempt);
        sender.append(self.journal.run, attempt, self.journal.writer, &batch.frames)
    }

    /// Moves on to what the server has of `batch`; `behind` is where a whole one ends.
    fn acknowledged(&mut self, batch: &Batch, sequence: u64, behind: Position) -> Result<Step, DeliverError> {
        let mut taken = batch.ends.iter().filter(|end| end.position.sequence <= sequence);
        let records = taken.clone().map(|end| end.records).sum::<u64>();
        let Some(last) = taken.next_back() else {
            let message = format!("the server acknowledged {sequence}, which is before this batch");
            return Err(SendError::Later { message, after: None }.into());
        };
        let whole = batch.ends.last().is_some_and(|end| end.position == last.position);
        self.report.records += records;
        self.move_to(if whole { behind } else { last.position })?;
        Ok(Step::Sent)
    }

    /// Finds out what of a refused batch is at fault: the journal, or single records.
    fn refused(
        &mut self,
        sender: &mut dyn Sender,
        (batch, behind): (&Batch, Position),
        (status, refusal): (u16, Refusal),
    ) -> Result<Step, DeliverError> {
        match (status, refusal.code.as_str()) {
            (401 | 403, _) => return Err(later(&refusal)),
            (_, "sequence_gap") if !self.rewound => {
                self.rewound = true;
                self.position = self.reader.beginning().map_err(|source| self.failed(source))?;
                return Ok(Step::Sent);
            }
            (404, _) | (_, "stale_attempt") if self.may_come()? => return Err(later(&refusal)),
            (404, _) | (_, "stale_attempt" | "sequence_gap" | "wrong_store") => return self.give_up(&refusal),
            (400..500, _) => {}
            _ => return Err(later(&refusal)),
        }
        // Some servers keep the good part of a batch; asked again they acknowledge it.
        match self.send(sender, batch) {
            Ok(acknowledged) => {
                self.note(refusal);
                return self.acknowledged(batch, acknowledged, behind);
            }
            Err(SendError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let mut start = 0;
        for end in &batch.ends {
            let single = batch.part(start..end.frames);
            match self.send(sender, &single) {
                Ok(_) => self.report.records += end.records,
                Err(SendError::Refused { code, message, .. }) => {
                    let refusal = Refusal { sequence: end.position.sequence, code, message };
                    self.leave_out(sender, single.attempt, *end, refusal)?;
                    if self.report.refusal.is_some() {
                        return Ok(Step::Finished);
                    }
                }
                Err(error) => return Err(error.into()),
            }
            self.move_to(end.position)?;
            start = end.frames;
        }
        Ok(Step::Sent)
    }

    /// Sends an empty record in place of one that was refused.
    fn leave_out(
        &mut self,
        sender: &mut dyn Sender,
        attempt: Option<u32>,
        end: End,
        refusal: Refusal,
    ) -> Result<(), DeliverError> {
        let mut empty = Vec::new();
        mendel_model::Record::write_points(&[], refusal.sequence, &mut empty);
        let attempt = attempt.unwrap_or(self.journal.attempt);
        match sender.append(self.journal.run, attempt, self.journal.writer, &empty) {
            Ok(_) => {}
            Err(SendError::Refused { .. }) => return self.give_up(&refusal).map(drop),
            Err(error) => return Err(error.into()),
        }
        self.report.refused += end.records;
        self.note(refusal);
        Ok(())
    }

    fn note(&mut self, refusal: Refusal) {
        if self.report.refusals.len() < REFUSALS_KEPT {
            self.report.refusals.push(refusal);
        }
    }

    /// Whether the run, or the attempt, may still be made by records on their way: those of
    /// another writer of the run, such as the parent of a forked process.
    fn may_come(&self) -> Result<bool, DeliverError> {
        if self.position.sequence > 0 {
            return Ok(false);
        }
        let run = self.journal.path.parent().unwrap_or(&self.journal.path);
        let others = journals_in(run).map_err(|source| self.failed(source))?;
        let begins = |journal: &Journal| journal.writer != self.journal.writer && journal.is_undelivered();
        Ok(!self.journal.is_complete() || others.iter().any(begins))
    }

    /// Keeps the journal as it is, for a person to look at, and sends nothing more of it.
    fn give_up(&mut self, refusal: &Refusal) -> Result<Step, DeliverError> {
        let text = format!("{}: {}", refusal.code, refusal.message);
        fs::write(self.journal.path.join(REFUSED), &text).map_err(|source| self.failed(source))?;
        self.report.refusal = Some(text);
        Ok(Step::Finished)
    }

    fn nothing_to_send(&mut self, behind: Position, complete: bool) -> Result<Step, DeliverError> {
        if !complete {
            self.position = behind;
            return Ok(Step::CaughtUp);
        }
        self.delete().map_err(|source| self.failed(source))?;
        self.report.finished = true;
        Ok(Step::Finished)
    }

    fn move_to(&mut self, position: Position) -> Result<(), DeliverError> {
        position.write(&self.journal.path).map_err(|source| self.failed(source))?;
        for number in self.segments()?.into_iter().filter(|&number| number < position.segment) {
            fs::remove_file(self.journal.path.join(name(number))).map_err(|source| self.failed(source))?;
        }
        self.position = position;
        Ok(())
    }

    /// Removes the staged blobs that `batch` named.
    fn tidy(&self, batch: &Batch) -> Result<(), DeliverError> {
        if self.report.finished || self.report.refusal.is_some() {
            return Ok(());
        }
        for digest in self.named_blobs(batch)? {
            fs::remove_file(self.blob(&digest)).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// Renamed first, so that nobody meets a journal that is half there.
    fn delete(&self) -> io::Result<()> {
        let path = &self.journal.path;
        let run = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let gone = run.join(format!(".{}-delivered", self.journal.writer));
        fs::rename(path, &gone)?;
        fs::remove_dir_all(&gone)?;
        match fs::remove_dir(run) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }

    /// The staged blobs whose digest stands somewhere in `batch`. Looking for the text
    /// serves every kind of record, also those of tomorrow.
    fn named_blobs(&self, batch: &Batch) -> Result<Vec<Digest>, SendError> {
        let unreadable = |error: io::Error| SendError::Later { message: error.to_string(), after: None };
        let mut staged = blob::staged(&self.journal.path).map_err(unreadable)?;
        let mut texts = Vec::new();
        if !staged.is_empty() {
            texts.extend_from_slice(&batch.frames);
            if let Some(run) = &batch.create {
                texts.extend(serde_json::to_vec(run).expect("nouns of the model have text keys"));
            }
        }
        staged.retain(|digest| contains(&texts, digest.to_string().as_bytes()));
        Ok(staged)
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        blob::folder(&self.journal.path).join(digest.to_string())
    }

    fn segments(&self) -> Result<Vec<u64>, DeliverError> {
        numbers(&self.journal.path).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> DeliverError {
        DeliverError::Journal { path: self.journal.path.clone(), source }
    }
}

fn later(refusal: &Refusal) -> DeliverError {
    let message = format!("{}: {}", refusal.code, refusal.message);
    SendError::Later { message, after: None }.into()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
