//! The processes that run stages: warm, and apart.

use std::fs;

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
