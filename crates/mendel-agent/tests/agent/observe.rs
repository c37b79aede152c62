use mendel_model::{Dependency, DependencyKind, Digest, Status, StepResult};

use crate::lab::{Finished, Lab, alone};

async fn result_of(lab: &Lab, finished: &Finished) -> StepResult {
    lab.result(finished.ended.run).await.expect("a result")
}

fn subjects(result: &StepResult, kind: DependencyKind) -> Vec<&str> {
    let of_kind = result.dependencies.iter().filter(|dependency| dependency.kind == kind);
    of_kind.map(|dependency| dependency.subject.as_str()).collect()
}

fn outputs(result: &StepResult) -> Vec<&str> {
    result.outputs.iter().map(|output| output.path.as_str()).collect()
}

#[test]
fn what_a_script_imports_reads_lists_and_writes_is_known() {
    alone(async {
        let lab = Lab::new().await;
        lab.write(
            "train.py",
            "import os, util, pack.inner\n\
            text = open('data/in.txt').read() + open('data/../data/in.txt').read()\n\
            os.listdir('data')\n\
            os.makedirs('out', exist_ok=True)\n\
            open('out/model.txt', 'w').write(text)\n\
            open('out/model.txt').read()\n\
            open('out/gone.txt', 'w').close(); os.remove('out/gone.txt')\n\
            open('out/part', 'w').close(); os.rename('out/part', 'out/whole')\n\
            try:\n  open('absent.txt')\nexcept FileNotFoundError:\n  pass\n",
        );
        lab.write("util.py", "X = 1\n");
        lab.write("pack/__init__.py", "");
        lab.write("pack/inner.py", "");
        lab.write("unused.py", "");
        lab.write("data/in.txt", "hello");
        let job = lab.script("train.py", &[]).await;
        let finished = lab.finish(job).await;
        assert_eq!((finished.run.status, finished.ended.tainted.as_slice()), (Status::Completed, &[][..]));

        let result = result_of(&lab, &finished).await;
        assert_eq!(
            subjects(&result, DependencyKind::Code),
            ["pack/__init__.py", "pack/inner.py", "train.py", "util.py"]
        );
        assert_eq!(subjects(&result, DependencyKind::Input), ["absent.txt", "data/in.txt"]);
        assert_eq!(subjects(&result, DependencyKind::Listing), ["data"]);
        assert_eq!(outputs(&result), ["out/model.txt", "out/whole"]);
        let input = Dependency {
            kind: DependencyKind::Input,
            subject: "data/in.txt".into(),
            digest: Some(Digest::of(b"hello")),
        };
        assert!(result.dependencies.contains(&input));
        let model = &result.outputs[0];
        assert_eq!((model.digest, model.size, model.kept), (Digest::of(b"hellohello"), 10, true));
        assert_eq!(&lab.client.blob(&model.digest).await.expect("stored")[..], b"hellohello");

        // A second run finds its modules compiled, and depends on the same.
        let job = lab.script("train.py", &[]).await;
        let second = lab.finish(job).await;
        let code = result_of(&lab, &second).await;
        assert_eq!(subjects(&code, DependencyKind::Code), subjects(&result, DependencyKind::Code));
    });
}

#[test]
fn a_module_that_changes_while_it_runs_taints_the_run() {
    alone(async {
        let lab = Lab::new().await;
        lab.write(
            "train.py",
            "import util\nopen(util.__file__.replace('util', 'other'), 'a').close()\n\
            import os, time\nprint('started')\nwhile not os.path.exists('go'): time.sleep(0.01)\n",
        );
        lab.write("util.py", "X = 1\n");
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut supervised = lab.start(lab.batch(vec![job]));
        supervised.line("started").await;
        lab.write("util.py", "X = 2\n# longer\n");
        lab.write("go", "");
        let ended = supervised.ended().await.remove(&id).expect("ended");

        assert_eq!((ended.status, ended.reusable), (Status::Completed, false));
        assert_eq!(ended.tainted, ["`util.py` changed while it ran"]);
        assert!(lab.run(id).await.tainted);
    });
}

#[test]
fn a_module_that_differs_from_the_snapshot_taints_the_run() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import util\n");
        lab.write("util.py", "X = 1\n");
        let job = lab.script("train.py", &[]).await;
        lab.write("util.py", "X = 2\n");
        let finished = lab.finish(job).await;
        assert_eq!(finished.ended.tainted, ["`util.py` is not as in the snapshot"]);
        assert!(finished.run.tainted);
    });
}

#[test]
fn f10_f69_forked_started_and_spawned_children_are_observed_whatever_way_they_end() {
    alone(async {
        let lab = Lab::new().await;
        lab.write(
            "train.py",
            "import os, subprocess, sys, multiprocessing\n\
            def work(n):\n  open('spawned%d.txt' % n, 'w').close()\n\
            if __name__ == '__main__':\n\
            \x20 if os.fork() == 0:\n    open('forked.txt', 'w').close()\n    os._exit(3)\n\
            \x20 os.wait()\n\
            \x20 code = 'open(\"in.txt\").read(); open(\"started.txt\", \"w\").close()'\n\
            \x20 subprocess.run([sys.executable, '-c', code], check=True)\n\
            \x20 worker = multiprocessing.get_context('spawn').Process(target=work, args=(1,))\n\
            \x20 worker.start(); worker.join()\n\
            \x20 os.chdir('/'); os.environ.clear()\n\
            \x20 os._exit(0)\n",
        );
        lab.write("in.txt", "x");
        let job = lab.script("train.py", &[]).await;
        let finished = lab.finish(job).await;
        assert_eq!(finished.run.status, Status::Completed, "{:?}", finished.ended);
        let result = result_of(&lab, &finished).await;
        assert_eq!(outputs(&result), ["forked.txt", "spawned1.txt", "started.txt"]);
        assert_eq!(subjects(&result, DependencyKind::Input), ["in.txt"]);
        assert!(finished.ended.reusable, "{:?}", finished.ended.tainted);
    });
}

#[test]
fn files_named_in_the_arguments_count_even_where_nobody_saw_them_opened() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\n");
        let elsewhere = lab.place.path().join("elsewhere.csv");
        std::fs::write(&elsewhere, "1").expect("written");
        let word = format!("--data={}", elsewhere.display());
        let job = lab.script("train.py", &[&word]).await;
        let finished = lab.finish(job).await;
        let result = result_of(&lab, &finished).await;
        assert_eq!(subjects(&result, DependencyKind::Input), [elsewhere.to_str().expect("text")]);
    });
}

#[test]
fn a_command_depends_on_the_whole_snapshot_unless_its_inputs_are_named() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("a.txt", "1");
        lab.write("b.txt", "2");
        let job = lab.command("sh", &["-c", "cat a.txt > made.txt"]).await;
        let mut narrowed = lab.command("sh", &["-c", "cat a.txt > made.txt"]).await;
        let finished = lab.finish(job).await;
        let result = result_of(&lab, &finished).await;
        assert_eq!(subjects(&result, DependencyKind::Code), ["."]);
        assert_eq!(outputs(&result), ["made.txt"]);
        assert!(finished.ended.reusable, "{:?}", finished.ended.tainted);

        narrowed.inputs = Some(vec!["a.txt".into()]);
        let finished = lab.finish(narrowed).await;
        let result = result_of(&lab, &finished).await;
        assert_eq!(subjects(&result, DependencyKind::Code), Vec::<&str>::new());
        assert_eq!(subjects(&result, DependencyKind::Input), ["a.txt"]);
    });
}

#[test]
fn importing_mendel_without_a_package_names_the_way_out() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "try:\n  import mendel\nexcept ImportError as error:\n  print(error)\n");
        let job = lab.script("train.py", &[]).await;
        let mut batch = lab.batch(vec![job]);
        let id = batch.jobs[0].run;
        lab.start(batch.clone()).ended().await;
        let console = lab.console(id).await;
        assert!(console[0].contains("pip install mendel") || console.is_empty(), "{console:?}");

        let package = lab.place.path().join("package/mendel");
        std::fs::create_dir_all(package.join("compat/coretex")).expect("made");
        std::fs::write(package.join("__init__.py"), "WHO = 'ours'\n").expect("written");
        std::fs::write(package.join("compat/coretex/__init__.py"), "WHO = 'shim'\n").expect("written");
        lab.write("train.py", "import mendel, coretex\nprint(mendel.WHO, coretex.WHO)\n");
        lab.write("coretex.py", "WHO = 'theirs'\n");
        let mut job = lab.script("train.py", &[]).await;
        job.coretex = true;
        let id = job.run;
        batch = lab.batch(vec![job]);
        batch.package = Some(package);
        lab.start(batch).ended().await;
        assert_eq!(lab.console(id).await, ["ours shim"]);
    });
}

#[test]
fn what_observes_is_compiled_once_even_where_the_user_wants_no_bytecode() {
    alone(async {
        let lab = Lab::new().await;
        lab.write(
            "train.py",
            "import argparse, sys, util\nargparse.ArgumentParser().parse_args()\nprint(sys.dont_write_bytecode)\n",
        );
        lab.write("util.py", "X = 1\n");
        let mut job = lab.script("train.py", &[]).await;
        job.environment.variables.insert("PYTHONDONTWRITEBYTECODE".to_owned(), Some("1".to_owned()));
        job.environment.variables.insert("PYTHONPYCACHEPREFIX".to_owned(), None);
        let finished = lab.finish(job).await;
        assert_eq!(finished.run.status, Status::Completed);
        assert_eq!(lab.console(finished.ended.run).await, ["True"]);
        assert!(!lab.project().join("__pycache__").exists());
        let caches = std::fs::read_dir(lab.workspace.cache()).expect("a cache").flatten();
        let mut compiled = caches.map(|folder| folder.path().join("_mendel_worker/__pycache__"));
        let compiled = compiled.find(|folder| folder.is_dir()).expect("compiled files");
        let names: Vec<_> =
            std::fs::read_dir(compiled).expect("listed").flatten().map(|file| file.file_name()).collect();
        assert!(names.iter().any(|name| name.to_string_lossy().starts_with("arguments.")), "{names:?}");
    });
}
