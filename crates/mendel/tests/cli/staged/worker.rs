//! The processes that run stages: warm, and apart.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::lab::Tree;

/// An installed package that counts how often it is imported.
const HEAVY: &str =
    "import os\nwith open(os.environ['COUNT'], 'a') as file:\n    file.write('import\\n')\nVALUE = []\n";

/// A tree of five tasks whose stages use an installed package; none without Python.
fn heavy(package: &str, stages: &str) -> Option<Tree> {
    let tree = Tree::new()?;
    let place = tree.lab.outside("user").join(library());
    fs::create_dir_all(&place).expect("a folder");
    fs::write(place.join("heavy.py"), package).expect("a module");
    tree.lab.edit("pkg/stages.py", "import os\n", stages);
    tree.lab.write("tree/task.yml", super::lab::ROOT.replace("runnable: true", "runnable: false"));
    for task in 1..6 {
        let text = format!("runnable: true\nconfig:\n  segment: {{threshold: {task}}}\n");
        tree.lab.write(&format!("tree/t{task}/task.yml"), text);
    }
    Some(tree)
}

/// Where packages of a user lie below `PYTHONUSERBASE`.
fn library() -> String {
    let python = std::env::var("MENDEL_TEST_PYTHON_VERSION");
    let version = python.unwrap_or_else(|_| {
        let asked = std::process::Command::new("python3")
            .args(["-c", "import sys; print('python%d.%d' % sys.version_info[:2])"])
            .output()
            .expect("Python starts");
        String::from_utf8_lossy(&asked.stdout).trim().to_owned()
    });
    format!("lib/{version}/site-packages")
}

/// How often the package was imported, and `wrong` written, by a run with these options.
#[track_caller]
fn imports(tree: &Tree, options: &[&str]) -> (usize, usize) {
    let base = tree.lab.outside("user");
    let mut command = tree.command(&[&["run", "--no-monitor", "--env", "system", "tree"], options].concat());
    let done = command.env("PYTHONUSERBASE", &base).env("PYTHONPATH", base.join(library())).output();
    let done = done.expect("the binary starts");
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let counted = tree.counted();
    let count = |name: &str| counted.get(name).copied().unwrap_or_default();
    (count("import"), count("wrong"))
}

#[test]
fn an_installed_package_is_not_imported_by_every_task() {
    // A task that finds what another one left in a module would write it down.
    let stages = "import os\nimport heavy\nif heavy.VALUE:\n    open(os.environ['COUNT'], 'a').write('wrong\\n')\nheavy.VALUE.append(1)\n";
    let Some(tree) = heavy(HEAVY, stages) else { return };
    assert_eq!(imports(&tree, &[]), (2, 0), "the first task told, and the others found it");

    let Some(tree) = heavy(HEAVY, stages) else { return };
    assert_eq!(imports(&tree, &["--isolate"]), (10, 0), "each task and its worker are processes of their own");
}

#[test]
fn a_package_that_a_fork_would_break_is_imported_by_every_task() {
    let package = format!(
        "{HEAVY}import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    );
    let Some(tree) = heavy(&package, "import os\nimport heavy\n") else { return };
    assert!(imports(&tree, &[]).0 >= 10, "forks of a process with threads would hang");
}

#[test]
fn a_project_that_sets_variables_first_is_not_surprised() {
    let package =
        format!("{HEAVY}if os.environ.get('MODE') != 'exact':\n    open(os.environ['COUNT'], 'a').write('wrong\\n')\n");
    let stages = "import os\nos.environ['MODE'] = 'exact'\nimport heavy\n";
    let Some(tree) = heavy(&package, stages) else { return };
    assert_eq!(imports(&tree, &[]), (5, 0), "none is imported before the variable is set");
}

#[test]
fn a_module_that_is_edited_between_two_tasks_is_the_edited_one() {
    let Some(tree) = Tree::new() else { return };
    let edit = "import os\nif os.path.basename(os.path.dirname(os.environ['MENDEL_STAGES'])) and not os.path.exists(os.environ['COUNT'] + '.edited'):\n    open(os.environ['COUNT'] + '.edited', 'w').close()\n    path = os.path.join(os.path.dirname(__file__), 'util.py')\n    text = open(path).read().replace('value * by', 'value * by + 1')\n";
    tree.lab.edit(
        "pkg/stages.py",
        "import os\n",
        &format!("{edit}    import atexit\n    atexit.register(lambda: open(path, 'w').write(text))\n"),
    );
    tree.lab.write("tree/task.yml", super::lab::ROOT.replace("runnable: true", "runnable: false"));
    for task in ["one", "two"] {
        tree.lab.write(
            &format!("tree/{task}/task.yml"),
            format!("runnable: true\nconfig: {{blur: {{sigma: {}}}}}\n", task.len()),
        );
    }
    tree.run("tree", &[]);

    tree.run("tree", &[]);

    for task in ["tree/one", "tree/two"] {
        assert_eq!(tree.status(task)["pending"], "", "what was computed by the old code is computed again");
    }
}

#[test]
fn rp_a_crash_takes_one_input_with_it() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"blur\")\n",
        "        count(\"blur\")\n        if image[1] == 2:\n            os.kill(os.getpid(), 11)\n",
    );
    tree.lab.write("tree/task.yml", super::lab::ROOT.replace("'1-2'", "'1-4'"));

    let answer = tree.mendel(&["run", "--no-monitor", "--env", "system", "tree"]);

    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(answer.err.contains("input `2`, stage `blur`: the process was killed by SIGSEGV"), "{}", answer.err);
    assert_eq!(tree.counted().get("segment"), Some(&3), "the others go on in another process");
}

/// A tree whose stages wait until `gate` is there; its folder and the file.
fn gated(tree: &Tree) -> std::path::PathBuf {
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"segment\")\n",
        "        count(\"segment\")\n        import time\n        from mendel.pipeline import status as told\n        for step in told.progress(status, range(2000), details=\"tiles\"):\n            if os.path.exists(os.environ[\"GATE\"]):\n                break\n            time.sleep(0.02)\n",
    );
    tree.lab.outside("gate")
}

#[test]
fn rp_30_another_terminal_sees_stage_input_and_progress_within_a_second() {
    let Some(tree) = Tree::new() else { return };
    let gate = gated(&tree);
    let mut command = tree.command(&["run", "tree", "--env", "system", "--no-monitor"]);
    let mut child = command.env("GATE", &gate).spawn().expect("it starts");
    let until = Instant::now() + Duration::from_secs(60);
    while tree.counted().get("segment").is_none() {
        assert!(Instant::now() < until, "the stage begins");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(1000));

    let document = tree.json(&["top"]);

    let progress = &document["runs"][0]["progress"];
    assert_eq!(progress["inputs"], 2, "{document}");
    let active = &progress["active"][0];
    assert_eq!((&active["input"], &active["stage"]), (&1.into(), &"segment".into()), "{document}");
    assert_eq!((&active["of"], &active["details"]), (&2000.into(), &"tiles".into()));
    let first = active["step"].as_u64().expect("a step");
    let later = tree.json(&["top", "tree"])["runs"][0]["progress"]["active"][0]["step"].as_u64();
    assert!(later.expect("a step") >= first);
    let plain = tree.mendel(&["top", "@1"]);
    assert!(plain.out.contains("0/2 inputs") && plain.out.contains("[input 1 "), "{}", plain.out);
    assert!(tree.mendel(&["show", "@1"]).out.contains("segment"), "`show` tells as well");
    std::fs::write(&gate, "").expect("a file");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(tree.mendel(&["top"]).out.contains("nothing runs"));
}

#[test]
fn rp_45_start_end_skip_and_error_are_in_the_event_log_in_order() {
    let Some(tree) = Tree::new() else { return };
    tree.run("tree", &[]);
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"segment\")\n",
        "        count(\"segment\")\n        if blurred[1] == 4:\n            raise ValueError(\"no\")\n",
    );
    assert_eq!(tree.mendel(&["run", "--no-monitor", "--env", "system", "tree"]).code, Some(1));

    let told = |run: &str| {
        let document = tree.json(&["show", run, "--events"]);
        let events = document["events"].as_array().expect("events").clone();
        let line = |event: &serde_json::Value| {
            let word = |name: &str| event[name].as_str().map_or_else(|| event[name].to_string(), str::to_owned);
            match event["event"].as_str() {
                Some(kind @ ("enter" | "start" | "storing" | "completed")) => kind.to_owned(),
                Some(kind @ ("process" | "done")) => format!("{kind} {}", word("input")),
                Some("stage_skip") => format!("skip {} {} {}", word("input"), word("stage"), word("why")),
                Some(kind) => format!("{} {} {}", kind.trim_start_matches("stage_"), word("input"), word("stage")),
                None => String::new(),
            }
        };
        events.iter().map(line).collect::<Vec<_>>()
    };
    let computed = |input: u32| {
        let stages = ["load", "blur", "segment"];
        let each =
            stages.into_iter().flat_map(|stage| [format!("start {input} {stage}"), format!("end {input} {stage}")]);
        [vec![format!("process {input}")], each.collect(), vec![format!("done {input}")]].concat()
    };
    let whole = |parts: Vec<Vec<String>>, last: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        [words(&["enter", "start"]), parts.concat(), words(last)].concat()
    };
    assert_eq!(told("@1"), whole(vec![computed(1), computed(2)], &["storing", "completed"]));
    let skipped = |input: u32| {
        let each = ["load", "blur"].map(|stage| format!("skip {input} {stage} reused"));
        [vec![format!("process {input}")], each.to_vec(), vec![format!("start {input} segment")]].concat()
    };
    let one = [skipped(1), vec!["end 1 segment".to_owned(), "done 1".to_owned()]].concat();
    let two = [skipped(2), vec!["error 2 segment".to_owned()]].concat();
    assert_eq!(told("@2"), whole(vec![one, two], &[]));
}

#[test]
fn jobs_below_one_are_bad_input() {
    let Some(tree) = Tree::new() else { return };
    for jobs in ["0", "-1", "many"] {
        let answer = tree.mendel(&["run", "tree", "-j", jobs]);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
        assert!(answer.err.contains("at least 1"), "{}", answer.err);
    }
}

#[test]
fn inputs_of_all_tasks_share_the_jobs() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"segment\")\n",
        "        import time\n        count(\"begin\")\n        time.sleep(0.1)\n        count(\"end\")\n",
    );
    tree.lab.write(
        "tree/task.yml",
        super::lab::ROOT.replace("runnable: true", "runnable: false").replace("'1-2'", "'1-4'"),
    );
    for task in 1..4 {
        tree.lab
            .write(&format!("tree/t{task}/task.yml"), format!("runnable: true\nconfig: {{blur: {{sigma: {task}}}}}\n"));
    }

    tree.run("tree", &["-j", "2"]);

    let (mut now, mut most) = (0i32, 0);
    for line in fs::read_to_string(tree.lab.outside("counted")).expect("counted").lines() {
        now += match line {
            "begin" => 1,
            "end" => -1,
            _ => 0,
        };
        most = most.max(now);
    }
    assert_eq!(most, 2, "as many as were asked for, of three tasks");
}

#[test]
fn a_step_above_its_memory_fails_and_the_others_go_on() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"blur\")\n",
        "        count(\"blur\")\n        if image[1] == 2:\n            much = bytearray(900 << 20)\n",
    );
    tree.lab.write(
        "tree/task.yml",
        format!("{}resources: {{memory: 400M, cpu: 1}}\n", super::lab::ROOT.replace("'1-2'", "'1-4'")),
    );

    let answer = tree.mendel(&["run", "--no-monitor", "--env", "system", "tree"]);

    assert_eq!(answer.code, Some(1), "{}", answer.err);
    assert!(answer.err.contains("input `2`, stage `blur`") && answer.err.contains("400 MiB"), "{}", answer.err);
    assert_eq!(tree.counted().get("segment"), Some(&3));
}

#[test]
fn runs_that_share_steps_at_the_same_time_count_each_of_theirs() {
    let Some(tree) = Tree::new() else { return };
    tree.lab.edit(
        "pkg/stages.py",
        "        count(\"blur\")\n",
        "        count(\"blur\")\n        import time; time.sleep(0.5)\n",
    );
    let start = || {
        let words = ["--json", "run", "tree", "--env", "system", "--no-monitor"];
        tree.command(&words).stdout(std::process::Stdio::piped()).spawn().expect("it starts")
    };

    let started = [start(), start()];

    let mut sums = Vec::new();
    for child in started {
        let done = child.wait_with_output().expect("it ends");
        let document: serde_json::Value = serde_json::from_slice(&done.stdout).expect("a document");
        let steps = &document["runs"][0]["steps"];
        let count = |name: &str| steps[name].as_u64().unwrap_or_default();
        sums.push((count("computed"), count("computed") + count("reused") + count("waited")));
    }
    assert!(sums.iter().all(|(_, all)| *all == 6), "{sums:?}");
    assert_eq!(sums.iter().map(|(computed, _)| computed).sum::<u64>(), 6, "each was computed once: {sums:?}");
}
