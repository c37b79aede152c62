//! Modules: which file an import finds, and from where.

use super::{computes_after, reason};
use crate::lab::{Lab, id};

#[test]
fn p7_a_module_that_was_missing_and_comes_is_noticed() {
    let lab = Lab::new();
    let script = "try:\n    import local_settings\nexcept ImportError:\n    print('none')\n";
    lab.write("s.py", lab.counting() + script);
    let second = computes_after(&lab, &["s.py"], || drop(lab.write("local_settings.py", "")));
    assert_eq!(reason(&lab, &second)["subject"], "local_settings.py");
}

#[test]
fn p7_a_file_that_comes_to_stand_before_a_library_is_noticed_and_another_is_not() {
    let lab = Lab::new();
    lab.write("s.py", lab.counting() + "import colorsys\nprint(colorsys.__file__)\n");
    let first = lab.run(&["s.py"]);
    lab.write("other.py", "");
    assert_eq!(id(&lab.run(&["s.py"])), id(&first), "nobody looked for it");
    computes_after(&lab, &["s.py"], || drop(lab.write("colorsys.py", "")));
}

#[test]
fn p7_a_package_that_comes_before_a_module_of_its_name_is_noticed() {
    let lab = Lab::new();
    lab.write("m.py", "X = 1\n");
    lab.write("space/inner.py", "");
    lab.write("s.py", lab.counting() + "import m, space.inner\nprint(m.__file__)\n");
    computes_after(&lab, &["s.py"], || drop(lab.write("m/__init__.py", "X = 2\n")));
    computes_after(&lab, &["s.py"], || drop(lab.write("space/__init__.py", "")));
}

#[test]
fn p7_modules_outside_the_project_count() {
    let lab = Lab::new();
    std::fs::create_dir_all(lab.outside("lib")).expect("a folder");
    let helper = lab.outside("lib").join("helper_of_mine.py");
    std::fs::write(&helper, "X = 1\n").expect("written");
    let script = format!("import sys\nsys.path.insert(0, {:?})\nimport helper_of_mine\n", lab.outside("lib"));
    lab.write("s.py", lab.counting() + &script);
    computes_after(&lab, &["s.py"], || std::fs::write(&helper, "X = 22\n").expect("written"));
}

#[test]
fn p7_the_folder_one_stands_in_is_the_project_of_a_script_below_it() {
    let lab = Lab::new();
    lab.write("data/x.csv", "1\n");
    lab.write("src/lib.py", "X = 1\n");
    let script = "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'src'))\n\
        import lib\nprint(open('data/x.csv').read())\n";
    lab.write("scripts/t.py", lab.counting() + script);
    computes_after(&lab, &["scripts/t.py"], || drop(lab.write("data/x.csv", "2\n")));
    computes_after(&lab, &["scripts/t.py"], || drop(lab.write("src/lib.py", "X = 2\n")));
}

#[test]
fn p7_what_was_compiled_from_an_older_text_is_not_run() {
    let lab = Lab::new();
    lab.write("s.py", "import m\nprint('value', m.X)\n");
    let stamp = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
    let at = |offset: u64| stamp + std::time::Duration::from_millis(offset);
    let write = |text: &str, offset: u64| {
        let path = lab.write("m.py", text);
        std::fs::File::options().write(true).open(path).and_then(|file| file.set_modified(at(offset))).expect("dated");
    };
    write("X = 1\n", 0);
    lab.run(&["s.py"]);
    let cached = std::fs::read_dir(lab.folder().join("__pycache__")).expect("compiled");
    for entry in cached.flatten() {
        let file = std::fs::File::options().write(true).open(entry.path()).expect("opened");
        file.set_modified(at(1)).expect("dated");
    }
    write("X = 2\n", 2);
    let second = lab.run(&["s.py"]);
    let shown = lab.json(&["show", id(&second), "--log"]);
    assert!(shown["log"].as_str().is_some_and(|log| log.contains("value 2")), "{shown}");
}
