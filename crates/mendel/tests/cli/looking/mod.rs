//! Commands that look at what there is, and keep it in order.

mod compare;
mod diff;
mod list;
mod make;
mod show;
mod upkeep;

use mendel_model::{Point, Record, RunId, SeriesKey, Timestamp, WriterId};
use mendel_store::Store;
use serde_json::Value;

use crate::lab::{Lab, id};

/// A script with a parser, a file that it writes, and two lines to print.
const SCRIPT: &str = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=0.1)\n\
    args = parser.parse_args()\nprint('rate', args.lr)\nprint('done')\nopen('result.txt', 'w').write(str(args.lr))\n";

/// Runs the script with a rate.
fn train(lab: &Lab, rate: &str) -> Value {
    lab.write("train.py", SCRIPT);
    lab.run(&["train.py", "--lr", rate])
}

/// Adds a series to a run, as its own code would have.
fn report(lab: &Lab, run: &Value, metric: &str, values: &[f64]) {
    let run: RunId = id(run).parse().expect("an id");
    let mut frames = Vec::new();
    let key = SeriesKey { metric: metric.to_owned(), variant: String::new() };
    Record::Series { id: 0, key }.write(1, &mut frames);
    let point = |(step, value): (usize, &f64)| Point {
        series: 0,
        step: i64::try_from(step).expect("few steps"),
        time: Timestamp(1_700_000_000_000),
        value: *value,
    };
    Record::Points(values.iter().enumerate().map(point).collect()).write(2, &mut frames);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut chance = [7; 10];
    for (place, byte) in chance.iter_mut().zip(metric.bytes()) {
        *place = byte;
    }
    runtime.block_on(async {
        let store = Store::open_folder_existing(&lab.workspace()).await.expect("a store");
        let writer = WriterId::new(1, chance);
        store.append(run, 1, writer, &frames, Timestamp(1_700_000_000_000)).await.expect("taken");
    });
}
