use mendel_agent::supervisor::Event;
use mendel_model::{ConsoleStream, Status, limits::CONSOLE_LINE_BYTES};

use crate::lab::{Lab, alone};

#[test]
fn tr_66_both_streams_are_captured_in_order_and_kept() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import sys\nfor n in range(3):\n  print('out', n)\nprint('err', file=sys.stderr)\n");
        let job = lab.script("train.py", &[]).await;
        let finished = lab.finish(job).await;

        assert_eq!(finished.run.status, Status::Completed, "{:?}", finished.ended);
        let mut lines = lab.console(finished.ended.run).await;
        lines.sort();
        assert_eq!(lines, ["err", "out 0", "out 1", "out 2"]);
        let page = lab.client.console_tail(finished.ended.run, 2).await.expect("asked");
        assert_eq!(page.lines.len(), 2);
        let streams = finished.events.iter().filter(
            |event| matches!(event, Event::Line { stream: ConsoleStream::Err, text, whole: true, .. } if text == "err"),
        );
        assert_eq!(streams.count(), 1);
    });
}

#[test]
fn f63_progress_is_live_for_the_watcher_and_one_line_in_the_record() {
    alone(async {
        let lab = Lab::new().await;
        let script = "import sys, time\n\
                      sys.stdout.write('\\r10%'); sys.stdout.flush()\n\
                      open('shown', 'w')\n\
                      import os\n\
                      while not os.path.exists('go'): time.sleep(0.01)\n\
                      sys.stdout.write('\\r100%\\n')\n";
        lab.write("train.py", script);
        let job = lab.script("train.py", &[]).await;
        let id = job.run;
        let mut supervised = lab.start(lab.batch(vec![job]));
        let live =
            |event: &Event| matches!(event, Event::Line { text, whole: false, .. } if text == "10%").then_some(());
        supervised.until(live).await;
        lab.write("go", "");
        supervised.ended().await;

        assert_eq!(lab.console(id).await, ["100%"]);
    });
}

#[test]
fn f63_invalid_text_and_a_line_of_a_million_bytes_are_shown_safely() {
    alone(async {
        let lab = Lab::new().await;
        let script = "import os\nos.write(1, b'a\\xffb\\n')\nos.write(1, b'x' * 1000000 + b'\\nafter\\n')\n";
        lab.write("train.py", script);
        let job = lab.script("train.py", &[]).await;
        let finished = lab.finish(job).await;

        let lines = lab.console(finished.ended.run).await;
        assert_eq!((lines[0].as_str(), lines[2].as_str(), lines.len()), ("a\u{fffd}b", "after", 3));
        assert!(lines[1].len() <= CONSOLE_LINE_BYTES && lines[1].ends_with("bytes cut]"), "{}", lines[1].len());
    });
}

#[test]
fn f69_a_script_that_closes_its_standard_descriptors_still_ends_properly() {
    alone(async {
        let lab = Lab::new().await;
        lab.write("train.py", "import os\nprint('before', flush=True)\nos.closerange(0, 3)\nos._exit(0)\n");
        let job = lab.script("train.py", &[]).await;
        let finished = lab.finish(job).await;

        assert_eq!(finished.run.status, Status::Completed);
        assert_eq!(lab.console(finished.ended.run).await, ["before"]);
    });
}
