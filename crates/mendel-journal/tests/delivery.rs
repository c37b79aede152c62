//! What a journal brings to a server, whatever happened to its files before.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use mendel_journal::{
    Delivered, Delivery, Header, SendError, Sender, Step, Workspace, Writer, deliver, journals, leftover, owner_of,
    stage_bytes, this_process,
};
use mendel_model::{
    Artifact, ArtifactMode, ConsoleStream, Digest, NewRun, Owner, Point, Record, RunId, Timestamp, WriterId,
};
use proptest::prelude::*;

/// A server in memory: applies each sequence of a writer once, and refuses a gap.
#[derive(Default)]
struct Server {
    acknowledged: u64,
    applied: BTreeMap<u64, Record>,
    blobs: Vec<Digest>,
    created: Vec<RunId>,
    /// Takes this many more calls, then does not answer; after taking the records if `deaf`.
    answers: Option<usize>,
    deaf: bool,
    refuses: Option<String>,
    attempt: u32,
    absent: bool,
}

impl Sender for Server {
    fn create_run(&mut self, run: &NewRun) -> Result<(), SendError> {
        self.created.push(run.id);
        Ok(())
    }

    fn put_blob(&mut self, digest: &Digest, path: &Path) -> Result<(), SendError> {
        assert_eq!(Digest::of(&fs::read(path).expect("staged")), *digest);
        self.blobs.push(*digest);
        Ok(())
    }

    fn append(&mut self, _: RunId, attempt: u32, _: WriterId, mut frames: &[u8]) -> Result<u64, SendError> {
        assert!(frames.len() <= 1 << 20, "a batch is at most 1 MiB");
        let refused = |status, code: &str| Err(SendError::Refused { status, code: code.into(), message: "no".into() });
        let silent = || SendError::Later { message: "silence".into(), after: None };
        if attempt < self.attempt {
            return refused(409, "stale_attempt");
        }
        if self.absent {
            return refused(404, "not_found");
        }
        if self.answers == Some(0) && !self.deaf {
            return Err(silent());
        }
        let mut read = Vec::new();
        let mut points = 0;
        while !frames.is_empty() {
            let (sequence, record, length) = Record::read(frames).expect("only whole frames are sent");
            if let (Record::Console { text, .. }, Some(word)) = (&record, &self.refuses)
                && text.contains(word)
            {
                return refused(422, "invalid");
            }
            if let Record::Points(own) = &record {
                points += own.len();
            }
            read.push((sequence, record));
            frames = &frames[length..];
        }
        assert!(points <= 10_000);
        for (sequence, record) in read {
            if sequence > self.acknowledged + 1 {
                return refused(409, "sequence_gap");
            }
            if sequence == self.acknowledged + 1 {
                self.acknowledged = sequence;
                assert!(self.applied.insert(sequence, record).is_none(), "{sequence} was applied twice");
            }
        }
        match &mut self.answers {
            Some(0) => Err(silent()),
            Some(left) => {
                *left -= 1;
                Ok(self.acknowledged)
            }
            None => Ok(self.acknowledged),
        }
    }
}

impl Server {
    fn points(&self) -> Vec<i64> {
        let records = self.applied.values();
        records
            .flat_map(|record| if let Record::Points(points) = record { points.clone() } else { Vec::new() })
            .map(|point| point.step)
            .collect()
    }

    fn lines(&self) -> Vec<&str> {
        let mut lines = Vec::new();
        for record in self.applied.values() {
            if let Record::Console { text, .. } = record {
                lines.push(text.as_str());
            }
        }
        lines
    }
}

struct Lab {
    _place: tempfile::TempDir,
    workspace: Workspace,
    run: RunId,
    writer: WriterId,
}

impl Lab {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::named(place.path());
        workspace.create().expect("a workspace");
        Self { _place: place, workspace, run: RunId::new(1, [1; 10]), writer: WriterId::new(2, [2; 10]) }
    }

    fn writer(&self, owner: &Owner) -> Writer {
        Writer::open(&self.workspace, self.run, 1, self.writer, owner).expect("a journal")
    }

    fn folder(&self) -> PathBuf {
        self.workspace.journal(self.run, self.writer)
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder()).expect("a journal");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        paths.sort();
        paths
    }

    fn deliver(&self, server: &mut Server) -> Delivered {
        deliver(&self.folder(), server).expect("delivered")
    }
}

fn dead() -> Owner {
    Owner { start: 1, ..this_process() }
}

fn line(text: &str) -> Record {
    Record::Console { stream: ConsoleStream::Out, time: Timestamp(1), text: text.into() }
}

fn points(steps: std::ops::Range<i64>) -> Vec<Point> {
    steps.map(|step| Point { series: 0, step, time: Timestamp(step), value: 0.5 }).collect()
}

#[test]
fn f09_a_million_points_of_a_killed_writer_arrive_once() {
    let lab = Lab::new();
    let mut writer = lab.writer(&dead());
    for start in (0..1_000_000).step_by(50_000) {
        writer.append_points(&points(start..start + 50_000)).expect("written");
    }
    writer.write().expect("written");
    std::mem::forget(writer);

    let mut server = Server::default();
    let report = lab.deliver(&mut server);

    assert_eq!(report.records, 1_000_000);
    assert!(report.finished && report.damage.is_empty());
    assert!(server.points().into_iter().eq(0..1_000_000));
    assert!(!lab.folder().exists());
}

#[test]
fn what_a_living_writer_wrote_is_delivered_while_it_goes_on() {
    let lab = Lab::new();
    let mut writer = lab.writer(&this_process());
    let mut server = Server::default();
    for round in 0..3 {
        writer.append(&line(&format!("round {round}"))).expect("appended");
        writer.write().expect("written");
        let report = lab.deliver(&mut server);
        assert_eq!((report.records, report.finished), (1, false));
    }
    writer.close().expect("closed");
    assert!(lab.deliver(&mut server).finished);
    assert_eq!(server.lines(), ["round 0", "round 1", "round 2"]);
    assert!(journals(&lab.workspace).expect("listed").is_empty());
}

#[test]
fn delivered_segments_of_a_living_writer_are_removed() {
    let lab = Lab::new();
    let mut writer = lab.writer(&this_process());
    for start in (0..600_000).step_by(100_000) {
        writer.append_points(&points(start..start + 100_000)).expect("written");
    }
    writer.flush().expect("flushed");
    assert!(lab.segments().len() > 3);
    let mut server = Server::default();
    lab.deliver(&mut server);
    assert_eq!(lab.segments().len(), 1);
    writer.append_points(&points(600_000..600_010)).expect("written");
    writer.write().expect("written");
    lab.deliver(&mut server);
    assert!(server.points().into_iter().eq(0..600_010));
}

#[test]
fn a_blob_arrives_before_the_record_that_names_it_and_leaves_the_journal() {
    let lab = Lab::new();
    let mut writer = lab.writer(&dead());
    let digest = stage_bytes(writer.folder(), b"weights").expect("staged");
    let artifact = Artifact {
        name: "model".into(),
        kind: "file".into(),
        mode: ArtifactMode::Output,
        digest: Some(digest),
        size: 7,
        file: "model.bin".into(),
        media: String::new(),
        preview: String::new(),
        metadata: serde_json::Map::new(),
        uri: None,
        time: Timestamp(1),
    };
    writer.append(&Record::Artifact(artifact)).expect("appended");
    drop(writer);

    let mut server = Server::default();
    let report = lab.deliver(&mut server);

    assert!(report.finished);
    assert_eq!(server.blobs, [digest]);
}

#[test]
fn the_making_of_a_run_goes_first_and_takes_its_sequence() {
    let lab = Lab::new();
    let mut writer = lab.writer(&dead());
    let run = serde_json::json!({"id": lab.run, "name": "n", "project": "p", "created": 1, "script": {"entry": ""}});
    let run: NewRun = serde_json::from_value(run).expect("a run");
    writer.append(&Record::Create(Box::new(run))).expect("appended");
    writer.append(&line("started")).expect("appended");
    drop(writer);

    let mut server = Server::default();
    lab.deliver(&mut server);

    assert_eq!(server.created, [lab.run]);
    assert_eq!(server.acknowledged, 2);
    assert!(matches!(server.applied[&1], Record::Create(_)));
    assert_eq!(server.lines(), ["started"]);
}

#[test]
fn a_record_that_is_refused_does_not_hold_up_the_others() {
    let lab = Lab::new();
    let mut writer = lab.writer(&dead());
    for text in ["one", "poison", "three"] {
        writer.append(&line(text)).expect("appended");
    }
    drop(writer);

    let mut server = Server { refuses: Some("poison".into()), ..Server::default() };
    let report = lab.deliver(&mut server);

    assert_eq!((report.records, report.refused, report.finished), (2, 1, true));
    assert_eq!(report.refusals[0].code, "invalid");
    assert_eq!(server.lines(), ["one", "three"]);
}

#[test]
fn a_journal_of_an_attempt_that_is_over_is_kept_and_not_sent_again() {
    let lab = Lab::new();
    drop(lab.writer(&dead()).append(&line("late")));
    let mut server = Server { attempt: 2, ..Server::default() };
    let report = lab.deliver(&mut server);
    assert!(report.refusal.is_some_and(|text| text.starts_with("stale_attempt")));
    assert!(lab.folder().exists());
    assert!(leftover(&lab.workspace).expect("listed").is_empty());
}

#[test]
fn f10_a_child_waits_for_the_parent_to_make_the_run() {
    let lab = Lab::new();
    let mut parent = lab.writer(&dead());
    parent.append(&line("made by the parent")).expect("appended");
    drop(parent);
    let child = WriterId::new(3, [3; 10]);
    let mut writer = Writer::open(&lab.workspace, lab.run, 1, child, &dead()).expect("a journal");
    writer.append(&line("of the child")).expect("appended");
    let folder = writer.folder().to_owned();
    drop(writer);

    let mut absent = Server { absent: true, ..Server::default() };
    assert!(deliver(&folder, &mut absent).is_err());
    assert!(lab.deliver(&mut Server::default()).finished);
    assert!(deliver(&folder, &mut absent).expect("looked at").refusal.is_some());
}

#[test]
fn a_lost_position_file_repeats_nothing_at_the_server() {
    let lab = Lab::new();
    let mut writer = lab.writer(&this_process());
    writer.append(&line("one")).expect("appended");
    writer.write().expect("written");
    let mut server = Server::default();
    lab.deliver(&mut server);
    fs::write(lab.folder().join("acknowledged"), b"").expect("torn");
    writer.append(&line("two")).expect("appended");
    writer.close().expect("closed");
    assert!(lab.deliver(&mut server).finished);
    assert_eq!(server.lines(), ["one", "two"]);
}

#[test]
fn a_damaged_header_costs_nothing_but_the_header() {
    let lab = Lab::new();
    drop(lab.writer(&dead()).append(&line("kept")));
    let path = &lab.segments()[0];
    let mut bytes = fs::read(path).expect("a segment");
    assert_eq!(Header::from_bytes(&bytes).expect("a header").first, 1);
    bytes[20] ^= 1;
    fs::write(path, bytes).expect("damaged");
    let mut server = Server::default();
    lab.deliver(&mut server);
    assert_eq!(server.lines(), ["kept"]);
}

#[test]
fn a_journal_being_delivered_is_left_to_whoever_does_it() {
    let lab = Lab::new();
    drop(lab.writer(&dead()).append(&line("one")));
    let held = Delivery::open(&lab.folder()).expect("possible").expect("free");
    assert!(lab.deliver(&mut Server::default()).busy);
    drop(held);
    assert!(lab.deliver(&mut Server::default()).finished);
}

#[test]
fn a_journal_met_while_it_is_made_is_left_to_its_writer() {
    for _ in 0..300 {
        let lab = Lab::new();
        let folder = lab.folder();
        let (writer, step) = std::thread::scope(|scope| {
            let meeting = scope.spawn(|| {
                loop {
                    if let Some(mut delivery) = Delivery::open(&folder).expect("possible") {
                        return delivery.step(&mut Server::default()).expect("possible");
                    }
                }
            });
            (lab.writer(&this_process()), meeting.join().expect("it ends"))
        });
        assert_eq!(step, Step::CaughtUp);
        drop(writer);
        assert!(folder.exists());
    }
}

#[test]
fn the_journal_of_a_living_process_is_no_leftover() {
    let lab = Lab::new();
    let mut writer = lab.writer(&owner_of(std::process::id()).expect("alive"));
    writer.append(&line("one")).expect("appended");
    assert!(leftover(&lab.workspace).expect("listed").is_empty());
    writer.close().expect("closed");
    assert_eq!(leftover(&lab.workspace).expect("listed").len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn m5_a_cut_at_any_byte_loses_the_torn_tail_only(count in 1usize..40, cut in any::<prop::sample::Index>()) {
        let lab = Lab::new();
        let mut writer = lab.writer(&dead());
        for index in 0..count {
            writer.append(&line(&format!("line {index}"))).expect("appended");
        }
        drop(writer);
        let path = &lab.segments()[0];
        let whole = fs::read(path).expect("a segment");
        let cut = cut.index(whole.len() + 1);
        fs::write(path, &whole[..cut]).expect("cut");
        let mut expected = 0;
        let mut at = 64;
        while let Some(Ok((_, length))) = whole.get(at..cut).map(Record::peek) {
            expected += 1;
            at += length;
        }

        // The same writer goes on, or everything is delivered as it is.
        let mut server = Server::default();
        let mut writer = lab.writer(&dead());
        prop_assert_eq!(writer.last(), expected);
        writer.append(&line("after")).expect("appended");
        drop(writer);
        let report = lab.deliver(&mut server);

        prop_assert!(report.finished);
        let mut lines: Vec<_> = (0..expected).map(|index| format!("line {index}")).collect();
        lines.push("after".into());
        prop_assert_eq!(server.lines(), lines);
    }

    #[test]
    fn m5_a_damaged_byte_costs_its_own_record_and_is_reported(count in 2usize..40, at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let lab = Lab::new();
        let mut writer = lab.writer(&dead());
        for index in 0..count {
            writer.append(&line(&format!("line {index}"))).expect("appended");
        }
        drop(writer);
        let path = &lab.segments()[0];
        let mut bytes = fs::read(path).expect("a segment");
        let at = 64 + at.index(bytes.len() - 64);
        bytes[at] ^= 1 << bit;
        fs::write(path, bytes).expect("damaged");

        let mut server = Server::default();
        let report = lab.deliver(&mut server);

        prop_assert!(report.finished);
        prop_assert_eq!(server.lines().len(), count - 1);
        prop_assert_eq!(report.damage.len(), 1);
        prop_assert!(report.damage[0].bytes.contains(&(at as u64)));
    }

    #[test]
    fn p2_silence_at_any_call_loses_and_repeats_nothing(count in 1i64..60_000, answers in 0usize..8, deaf: bool) {
        let lab = Lab::new();
        let mut writer = lab.writer(&dead());
        writer.append_points(&points(0..count)).expect("appended");
        drop(writer);
        let mut server = Server { answers: Some(answers), deaf, ..Server::default() };
        while deliver(&lab.folder(), &mut server).is_err() {
            server.answers = None;
        }
        prop_assert!(server.points().into_iter().eq(0..count));
    }
}
