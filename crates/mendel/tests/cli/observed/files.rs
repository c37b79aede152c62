//! Files: read by a database, read before they are written, named by parameters, listed.

use std::process::Command;

use super::{computes_after, reason};
use crate::lab::{Lab, id};

fn database(lab: &Lab, statement: &str) {
    let code = "import sqlite3, sys\nc = sqlite3.connect('d.db')\nc.execute(sys.argv[1])\nc.commit()\n";
    let done = Command::new("python3").args(["-c", code, statement]).current_dir(lab.folder()).status();
    assert!(done.expect("it starts").success());
}

#[test]
fn p7_a_database_that_is_read_is_an_input() {
    let lab = Lab::new();
    for script in [
        "import sqlite3\nprint(sqlite3.connect('d.db').execute('select sum(a) from t').fetchall())\n",
        "import sqlite3\nc = sqlite3.connect('file:d.db?mode=ro', uri=True)\nprint(c.execute('select a from t').fetchall())\n",
    ] {
        let _ = std::fs::remove_file(lab.folder().join("d.db"));
        database(&lab, "create table t (a)");
        lab.write("s.py", lab.counting() + script);
        let second = computes_after(&lab, &["s.py"], || database(&lab, "insert into t values (5)"));
        assert_eq!(reason(&lab, &second)["subject"], "d.db");
    }
}

#[test]
fn p7_a_file_that_is_read_and_then_written_is_an_input_as_it_was() {
    let lab = Lab::new();
    lab.write("count.txt", "1");
    let script = "n = int(open('count.txt').read())\nopen('count.txt', 'w').write(str(n + 1))\n";
    lab.write("s.py", lab.counting() + script);
    lab.run(&["s.py"]);
    lab.run(&["s.py"]);
    assert_eq!((lab.read("count.txt").as_str(), lab.executions()), ("3", 2));
    lab.write("count.txt", "1");
    lab.run(&["s.py"]);
    assert_eq!(lab.executions(), 2, "as it was before the first");
}

#[test]
fn p7_a_path_that_only_a_default_names_counts() {
    let lab = Lab::new();
    let data = lab.outside("data.csv");
    std::fs::write(&data, "1").expect("written");
    let script = format!(
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--data', default={data:?})\n\
        print(open(p.parse_args().data).read())\n"
    );
    lab.write("s.py", lab.counting() + &script);
    computes_after(&lab, &["s.py"], || std::fs::write(&data, "2").expect("written"));
}

#[test]
fn p7_a_folder_that_the_words_name_counts_even_where_nobody_saw_it_read() {
    let lab = Lab::new();
    lab.write("in/a.bin", "1");
    lab.write("out/old.txt", "1");
    let script = "import sys\nopen(sys.argv[2] + '/new.txt', 'w').write('x')\n";
    lab.write("s.py", lab.counting() + script);
    computes_after(&lab, &["s.py", "in", "out"], || drop(lab.write("in/a.bin", "2")));
    let first = lab.run(&["s.py", "in", "out"]);
    lab.write("out/of_another.txt", "1");
    assert_eq!(id(&lab.run(&["s.py", "in", "out"])), id(&first), "a folder it only writes to is no input");
}

#[test]
fn p7_names_that_come_or_go_are_told() {
    let lab = Lab::new();
    lab.write("d/a", "1");
    lab.write("s.py", lab.counting() + "import os\nprint(sorted(os.listdir('d')))\n");
    let second = computes_after(&lab, &["s.py"], || drop(lab.write("d/b", "1")));
    let why = lab.mendel(&["why", id(&second)]);
    assert!(why.out.contains("file `d/b` is new"), "{}", why.out);
    let third = computes_after(&lab, &["s.py"], || std::fs::remove_file(lab.folder().join("d/a")).expect("gone"));
    let why = lab.mendel(&["why", id(&third)]);
    assert!(why.out.contains("file `d/a` is gone"), "{}", why.out);
}
