use mendel_model::Status;

use crate::lab::{Finished, Lab, alone};

async fn end_of(script: &str, words: &[&str]) -> (Lab, Finished) {
    let lab = Lab::new().await;
    lab.write("train.py", script);
    let job = lab.script("train.py", words).await;
    let finished = lab.finish(job).await;
    (lab, finished)
}

#[test]
fn an_exception_fails_the_run_with_its_type_and_text_and_shows_no_frame_of_ours() {
    alone(async {
        let (lab, finished) = end_of("def work():\n  raise ValueError('no such colour')\nwork()\n", &[]).await;

        let run = &finished.run;
        assert_eq!((run.status, run.exit_code), (Status::Failed, Some(1)));
        assert_eq!((run.status_reason.as_str(), run.status_message.as_str()), ("ValueError", "no such colour"));
        let console = lab.console(run.facts.id).await;
        assert_eq!(console.iter().filter(|line| line.starts_with("  File ")).count(), 2, "{console:#?}");
        assert!(console.iter().all(|line| !line.contains("mendel_worker")));
        assert_eq!(finished.ended.last_lines.last().map(String::as_str), Some("ValueError: no such colour"));
    });
}

#[test]
fn exit_codes_and_system_exits_are_kept() {
    alone(async {
        let (_lab, finished) = end_of("raise SystemExit(7)\n", &[]).await;
        assert_eq!((finished.run.status, finished.run.exit_code), (Status::Failed, Some(7)));
        assert_eq!(finished.run.status_reason, "exit code 7");

        let (_lab, finished) = end_of("import sys\nsys.exit('bad weather')\n", &[]).await;
        assert_eq!(finished.run.exit_code, Some(1));
        assert_eq!(finished.run.status_message, "bad weather");

        let (_lab, finished) = end_of("import sys\nsys.exit()\n", &[]).await;
        assert_eq!((finished.run.status, finished.run.exit_code), (Status::Completed, Some(0)));
    });
}

#[test]
fn f13_a_process_killed_by_a_signal_fails_with_its_name() {
    alone(async {
        let (_lab, finished) = end_of("import os\nprint('last')\nos.kill(os.getpid(), 9)\n", &[]).await;
        let run = &finished.run;
        assert_eq!((run.status, run.signal, run.exit_code), (Status::Failed, Some(9), None));
        assert_eq!(run.status_reason, "killed by SIGKILL");
        assert!(
            run.status_message.contains("memory") && run.status_message.ends_with("last"),
            "{}",
            run.status_message
        );

        let (_lab, finished) = end_of("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", &[]).await;
        assert_eq!(finished.run.status_reason, "killed by SIGSEGV");
    });
}

#[test]
fn exit_handlers_run_in_their_order_and_after_the_exception_was_shown() {
    alone(async {
        let script = "import atexit\natexit.register(print, 'first')\natexit.register(print, 'second')\n";
        let (lab, finished) = end_of(script, &[]).await;
        assert_eq!(lab.console(finished.ended.run).await, ["second", "first"]);
    });
}

#[test]
fn the_script_is_the_main_program_with_its_own_arguments_and_path() {
    alone(async {
        let script = "import sys, os\n\
                      assert __name__ == '__main__' and sys.modules['__main__'].__file__ == __file__\n\
                      assert sys.argv == ['train.py', '-x', 'a b', '--y=1'], sys.argv\n\
                      assert sys.path[0] == os.path.dirname(os.path.abspath(__file__)), sys.path\n\
                      assert not any('worker-' in entry for entry in sys.path), sys.path\n\
                      assert sys.stdin.read() == ''\n";
        let (lab, finished) = end_of(script, &["-x", "a b", "--y=1"]).await;
        let console = lab.console(finished.ended.run).await;
        assert_eq!(finished.run.status, Status::Completed, "{console:#?}");
    });
}

#[test]
fn ct_18_the_entry_that_was_chosen_is_the_only_file_that_is_started() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("main.py", "print('main')\n");
        lab.write("sub/validate.py", "import sys\nprint('validate', sys.path[0].endswith('sub'))\n");
        let job = lab.script("sub/validate.py", &[]).await;
        let finished = lab.finish(job).await;
        assert_eq!(lab.console(finished.ended.run).await, ["validate True"]);
    });
}

#[test]
fn what_cannot_be_started_fails_with_the_reason() {
    alone(async {
        let lab = Lab::new().await;
        let job = lab.command("no-such-program", &[]).await;
        let finished = lab.finish(job).await;
        assert_eq!((finished.run.status, finished.ended.started), (Status::Failed, false));
        assert_eq!(finished.run.status_reason, "cannot start");
        assert!(finished.run.status_message.contains("No such file"), "{}", finished.run.status_message);
    });
}

#[test]
fn processes_left_in_its_group_do_not_outlive_a_run() {
    alone(async {
        let lab = Lab::new().await;
        let job = lab.command("sh", &["-c", "sleep 600 & echo $!"]).await;
        let finished = lab.finish(job).await;
        let pid = lab.console(finished.ended.run).await.remove(0).parse().expect("a process id");
        assert_eq!(finished.run.status, Status::Completed);
        assert!(mendel_journal::owner_of(pid).is_none(), "it still runs");
    });
}
