//! Outputs: what a run wrote, and what others did beside it.

use std::os::unix::fs::PermissionsExt as _;

use crate::lab::{Lab, id};

#[test]
fn p7_files_that_others_write_beside_a_run_are_not_its_outputs() {
    let lab = Lab::new();
    // What happens beside it is done by a program of the same lab, unseen by the observation.
    let script = "import os, time\nopen('mine.txt', 'w').write('1')\nprint('ready', flush=True)\n\
        while not os.path.exists('notes.md'): time.sleep(0.01)\n";
    lab.write("s.py", script);
    let child = lab.command(&["run", "--no-monitor", "--env", "system", "s.py"]).spawn().expect("it starts");
    while lab.read("mine.txt").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    lab.write("notes.md", "of a person");
    assert!(child.wait_with_output().expect("it ends").status.success());

    std::fs::remove_file(lab.folder().join("notes.md")).expect("there");
    std::fs::remove_file(lab.folder().join("mine.txt")).expect("there");
    lab.run(&["s.py"]);
    assert_eq!(lab.read("mine.txt"), "1", "its own is put back");
    assert!(!lab.folder().join("notes.md").exists(), "that of others is not");
}

#[test]
fn p7_a_listing_in_which_others_wrote_spoils_the_result_and_is_told() {
    let lab = Lab::new();
    lab.write("d/a", "1");
    let script = "import os, time\nprint(os.listdir('d'))\nopen('d/mine', 'w').close()\n\
        while not os.path.exists('d/other'): time.sleep(0.01)\n";
    lab.write("s.py", lab.counting() + script);
    let mut child = lab.command(&["run", "--no-monitor", "--env", "system", "s.py"]);
    let child = child.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    while !lab.folder().join("d/mine").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    lab.write("d/other", "1");
    let ended = child.wait_with_output().expect("it ends");
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(told.contains("never reused: folder `d` changed while it ran"), "{told}");

    let second = lab.run(&["s.py"]);
    assert_eq!(lab.executions(), 2);
    let why = lab.mendel(&["why", id(&second)]);
    assert!(why.out.contains("the earlier one does not count: folder `d` changed while it ran"), "{}", why.out);
}

#[test]
fn p7_an_output_that_was_there_before_is_one_all_the_same() {
    let lab = Lab::new();
    let script = "import sys\nopen('model.txt', 'w').write('small' if sys.argv[1] == '3' else 'big')\n";
    lab.write("s.py", lab.counting() + script);
    for lr in ["1", "2", "3"] {
        lab.run(&["s.py", lr]);
    }
    let answer = lab.mendel(&["run", "--env", "system", "s.py", "2"]);
    assert!(answer.err.contains("kept `model.txt`"), "{}", answer.err);
    std::fs::remove_file(lab.folder().join("model.txt")).expect("there");
    lab.run(&["s.py", "2"]);
    assert_eq!((lab.read("model.txt").as_str(), lab.executions()), ("big", 3));
}

#[test]
fn outputs_are_put_back_with_their_folder_their_mode_and_as_links() {
    let lab = Lab::new();
    let script = "import os\nos.makedirs('out/deep')\nopen('out/deep/run.sh', 'w').write('#!/bin/sh\\n')\n\
        os.chmod('out/deep/run.sh', 0o755)\nos.symlink('deep/run.sh', 'out/latest')\n";
    lab.write("s.py", lab.counting() + script);
    lab.run(&["s.py"]);
    std::fs::remove_dir_all(lab.folder().join("out")).expect("there");
    lab.run(&["s.py"]);
    assert_eq!(lab.executions(), 1);
    let mode = lab.folder().join("out/deep/run.sh").metadata().expect("put back").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert_eq!(
        std::fs::read_link(lab.folder().join("out/latest")).expect("a link"),
        std::path::Path::new("deep/run.sh")
    );
}

#[test]
fn a_folder_that_a_script_makes_and_removes_is_no_doubt() {
    let lab = Lab::new();
    let script =
        "import os, shutil\nos.makedirs('scratch/x')\nopen('scratch/x/a', 'w').close()\nshutil.rmtree('scratch')\n";
    lab.write("s.py", lab.counting() + script);
    let first = lab.run(&["s.py"]);
    assert_eq!(id(&lab.run(&["s.py"])), id(&first));
    assert_eq!(lab.executions(), 1);
}
