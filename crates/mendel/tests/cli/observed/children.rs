//! What is not Python, or does not report itself: started programs, killed workers, libraries.

use super::computes_after;
use crate::lab::{Lab, id};

#[test]
fn p7_what_a_started_program_reads_counts_with_every_file_of_the_project() {
    for script in [
        "import subprocess\nsubprocess.run('wc -l < d.csv', shell=True, check=True)\n",
        "import os\nos.system('cat d.csv')\n",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-I', 'c.py'], check=True)\n",
        "import os\nos.posix_spawn('/bin/cat', ['cat', 'd.csv'], os.environ)\nos.wait()\n",
    ] {
        let lab = Lab::new();
        lab.write("d.csv", "1\n");
        lab.write("c.py", "print(open('d.csv').read())\n");
        lab.write("s.py", lab.counting() + script);
        let second = computes_after(&lab, &["s.py"], || drop(lab.write("d.csv", "1\n2\n")));
        let shown = lab.mendel(&["show", id(&second)]);
        assert!(shown.out.contains("every file of the project"), "{}", shown.out);
    }
}

#[test]
fn p7_a_program_that_reads_nothing_of_a_project_leaves_other_files_out() {
    let lab = Lab::new();
    lab.write("note.md", "1\n");
    let script = "import subprocess, sys\nsubprocess.run(['uname', '-a'], check=True)\n\
        subprocess.run([sys.executable, '-c', 'open(\"in.txt\").read()'], check=True)\n";
    lab.write("in.txt", "1");
    lab.write("s.py", lab.counting() + script);
    let first = lab.run(&["s.py"]);
    lab.write("note.md", "2\n");
    assert_eq!(id(&lab.run(&["s.py"])), id(&first));
    computes_after(&lab, &["s.py"], || drop(lab.write("in.txt", "2")));
}

#[test]
fn p7_what_the_workers_of_a_pool_read_counts_though_they_are_killed() {
    let lab = Lab::new();
    let script = "import multiprocessing\ndef work(n):\n    return open('d%d.txt' % n).read()\n\
        if __name__ == '__main__':\n    with multiprocessing.get_context('fork').Pool(2) as pool:\n\
        \x20       print(pool.map(work, range(4)))\n";
    lab.write("s.py", lab.counting() + script);
    for n in 0..4 {
        lab.write(&format!("d{n}.txt"), "1");
    }
    for n in 0..4 {
        computes_after(&lab, &["s.py"], || drop(lab.write(&format!("d{n}.txt"), "22")));
        lab.write(&format!("d{n}.txt"), "1");
    }
}

#[test]
fn p7_a_library_that_opens_files_unseen_counts_with_what_the_code_names_else_with_everything() {
    let lab = Lab::new();
    let library = "import os\ndef load(path):\n    return os.path.getsize(path)\n";
    std::fs::create_dir_all(lab.outside("site-packages/h5py")).expect("a folder");
    std::fs::write(lab.outside("site-packages/h5py/__init__.py"), library).expect("written");
    let head = format!("import sys\nsys.path.append({:?})\nimport h5py\n", lab.outside("site-packages"));
    lab.write("d.h5", "1");
    lab.write("note.md", "1");
    lab.write("s.py", lab.counting() + &head + "print(h5py.load('d.h5'))\n");
    computes_after(&lab, &["s.py"], || drop(lab.write("d.h5", "22")));
    let first = lab.run(&["s.py"]);
    lab.write("note.md", "2");
    assert_eq!(id(&lab.run(&["s.py"])), id(&first), "what the code names is enough");

    lab.write("t.py", lab.counting() + &head + "print(h5py.load(''.join(['d', '.h', '5'])))\n");
    computes_after(&lab, &["t.py"], || drop(lab.write("d.h5", "333")));
}

#[test]
fn p7_a_shared_library_of_the_project_is_an_input() {
    let lab = Lab::new();
    lab.write("x.so", "no library");
    let script = "import ctypes\ntry:\n    ctypes.CDLL('./x.so')\nexcept OSError:\n    print('none')\n";
    lab.write("s.py", lab.counting() + script);
    computes_after(&lab, &["s.py"], || drop(lab.write("x.so", "another")));
}
