//! A workspace in trouble: disks that take nothing more, newer stores, and company.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    sched::{CloneFlags, unshare},
};

use crate::lab::{Answer, Lab, tree};

/// A small disk, seen by the thread that mounted it and by what that starts.
struct Disk {
    place: PathBuf,
}

impl Disk {
    /// None, with a word, where mounting is not allowed.
    fn mount(place: PathBuf) -> Option<Self> {
        fs::create_dir_all(&place).expect("a folder");
        let apart = || mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>);
        let disk = || mount(Some("tmpfs"), &place, Some("tmpfs"), MsFlags::empty(), Some("size=32m"));
        match unshare(CloneFlags::CLONE_NEWNS).and_then(|()| apart()).and_then(|()| disk()) {
            Ok(()) => Some(Self { place }),
            Err(error) => {
                eprintln!("skipped: no disk can be mounted here ({error})");
                None
            }
        }
    }

    fn turn(&self, flags: MsFlags) {
        mount(None::<&str>, &self.place, None::<&str>, MsFlags::MS_REMOUNT | flags, None::<&str>).expect("turned");
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut file = fs::File::create(self.filler()).expect("a file");
        for size in [1 << 20, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn filler(&self) -> PathBuf {
        self.place.join("filler")
    }

    fn empty(&self) {
        fs::remove_file(self.filler()).expect("there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        umount2(&self.place, MntFlags::MNT_DETACH).expect("unmounted");
    }
}

#[track_caller]
fn in_trouble(answer: &Answer, word: &str) {
    assert_eq!(answer.code, Some(3), "{}{}", answer.out, answer.err);
    assert!(answer.err.contains(word) && !answer.err.contains("panicked"), "{}", answer.err);
}

fn is_sound(lab: &Lab) {
    assert_eq!(lab.mendel(&["doctor"]).code, Some(0));
}

#[test]
fn f21_a_read_only_disk_is_told_takes_nothing_and_comes_back() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.outside("home")) else { return };
    lab.write("train.py", lab.counting());
    lab.run(&["train.py"]);
    disk.turn(MsFlags::MS_RDONLY);
    let before = tree(&lab.workspace());

    let answer = lab.mendel(&["run", "--env", "system", "train.py", "again"]);

    in_trouble(&answer, "read-only");
    assert_eq!((lab.executions(), tree(&lab.workspace()) == before), (1, true));
    disk.turn(MsFlags::empty());
    lab.run(&["train.py", "again"]);
    assert_eq!((lab.executions(), &lab.json(&["runs"])["total"]), (2, &2.into()));
    is_sound(&lab);
}

#[test]
fn f20_a_full_disk_is_told_starts_nothing_and_is_used_again_once_there_is_room() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.outside("home")) else { return };
    lab.write("train.py", lab.counting());
    lab.run(&["train.py"]);
    lab.write("train.py", lab.counting() + "# edited\n");
    disk.fill();

    let answer = lab.mendel(&["run", "--env", "system", "train.py"]);

    in_trouble(&answer, "full");
    assert_eq!(lab.executions(), 1);
    disk.empty();
    assert_eq!(lab.json(&["runs"])["total"], 1, "nothing half-made is there");
    lab.run(&["train.py"]);
    assert_eq!((lab.executions(), &lab.json(&["runs"])["total"]), (2, &2.into()));
    is_sound(&lab);
}

#[test]
fn f20_a_disk_that_fills_under_a_run_loses_nothing_once_there_is_room_again() {
    let lab = Lab::new();
    let Some(disk) = Disk::mount(lab.outside("home")) else { return };
    let filling = "try:\n    while filler.write(bytes(4096)) == 4096: pass\nexcept OSError: print('full')\n";
    lab.write("train.py", format!("filler = open({:?}, 'wb', buffering=0)\n{filling}", disk.filler()));
    let mut command = lab.command(&["run", "--env", "system", "--no-monitor", "train.py"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut heard = [0; 4];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut heard).expect("the console is shown");

    disk.empty();

    let answer = Answer::of(&child.wait_with_output().expect("it ends"));
    assert_eq!((&heard, answer.code), (b"full", Some(0)), "{}", answer.err);
    assert_eq!(lab.json(&["runs"])["runs"][0]["status"], "completed");
    assert_eq!(lab.mendel(&["logs", "@1"]).out.trim(), "full");
    is_sound(&lab);
}

#[test]
fn two_commands_share_a_workspace_that_neither_has_met() {
    let lab = Lab::new();
    lab.write("train.py", lab.counting());
    let start = |word: &str| {
        let mut command = lab.command(&["--json", "run", "--env", "system", "--no-monitor", "train.py", word]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
    };

    let answers = ["a", "b", "c"].map(start).map(|child| Answer::of(&child.wait_with_output().expect("it ends")));

    for answer in &answers {
        assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    }
    let runs = lab.json(&["runs"]);
    assert_eq!((lab.executions(), &runs["total"]), (3, &3.into()));
    assert!(runs["runs"].as_array().expect("runs").iter().all(|run| run["status"] == "completed"), "{runs}");
    is_sound(&lab);
}

#[test]
fn f71_a_database_of_a_newer_version_is_refused_and_untouched() {
    let lab = Lab::new();
    lab.write("train.py", "print('x')\n");
    lab.run(&["train.py"]);
    let newer = "import sqlite3, sys\nfacts = sqlite3.connect(sys.argv[1])\nfacts.execute('UPDATE mendel_store SET format = 99')\nfacts.commit()\nfacts.close()\n";
    let database = lab.workspace().join("mendel.db");
    let done = Command::new("python3").arg("-c").arg(newer).arg(database).status().expect("it starts");
    assert!(done.success());
    // An earlier process may still be closing the database, whose own files then change.
    let others = || {
        let mut files = tree(&lab.workspace());
        files.retain(|path, _| !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("mendel.db")));
        files
    };
    let before = others();

    let answer = lab.mendel(&["run", "--env", "system", "train.py"]);

    in_trouble(&answer, "format 99");
    assert!(answer.err.contains("update mendel"), "{}", answer.err);
    assert!(others() == before, "nothing was written");
    in_trouble(&lab.mendel(&["runs"]), "format 99");
}

#[test]
fn f71_a_store_of_a_newer_version_is_refused_and_untouched() {
    let lab = Lab::new();
    lab.write("train.py", "print('x')\n");
    lab.run(&["train.py"]);
    let identity = lab.workspace().join("workspace.json");
    let text = std::fs::read_to_string(&identity).expect("an identity");
    std::fs::write(&identity, text.replace("\"format\":1", "\"format\":99")).expect("a newer one");
    let before = tree(&lab.workspace());

    let answer = lab.mendel(&["runs"]);

    assert_eq!(answer.code, Some(3), "{}", answer.err);
    assert!(answer.err.contains("newer"), "{}", answer.err);
    assert_eq!(tree(&lab.workspace()), before);
}

#[test]
fn a_workspace_that_cannot_be_written_is_trouble_and_leaves_nothing() {
    let lab = Lab::new();
    lab.write("train.py", lab.counting());
    // A file where the folder would be: nobody, not even root, can make a workspace there.
    std::fs::write(lab.outside("home"), "in the way").expect("a file");

    let answer = lab.mendel(&["run", "--env", "system", "train.py"]);

    assert_eq!(answer.code, Some(3), "{}", answer.err);
    assert_eq!(lab.executions(), 0);
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
}
