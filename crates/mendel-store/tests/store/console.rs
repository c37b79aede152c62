//! The console: every line once, from either end, before and after merging.

use mendel_model::{ConsoleStream, Record, Timestamp};

use crate::world::{Batch, World, both, id};

both!(tr_66_lines_are_read_from_either_end_and_in_pages, an_empty_console_has_no_lines);

fn text(number: u64) -> String {
    format!("line {number} äöü")
}

async fn write(world: &World, batches: u64, lines: u64) {
    world.running(1).await;
    let mut number = 0;
    for batch in 0..batches {
        let mut records = Batch::new(1, batch * lines + 1);
        for _ in 0..lines {
            let stream = if number % 2 == 0 { ConsoleStream::Out } else { ConsoleStream::Err };
            records = records.add(Record::Console { stream, time: Timestamp(number as i64), text: text(number) });
            number += 1;
        }
        world.append(1, records).await.expect("appends");
    }
}

async fn check(world: &World, total: u64) {
    let all = world.store.console(id(1), 0, 0).await.expect("reads");
    assert_eq!((all.first, all.next, all.lines.len() as u64), (0, total, total));
    for (number, line) in all.lines.iter().enumerate() {
        assert_eq!((line.text.as_str(), line.time.0), (text(number as u64).as_str(), number as i64));
        assert_eq!(line.stream == ConsoleStream::Err, number % 2 == 1);
    }
    let mut paged = Vec::new();
    let mut after = 0;
    loop {
        let page = world.store.console(id(1), after, 7).await.expect("reads");
        if page.lines.is_empty() {
            break;
        }
        assert_eq!((page.first, page.next), (after, after + page.lines.len() as u64));
        after = page.next;
        paged.extend(page.lines);
    }
    assert_eq!(paged, all.lines);
    for wanted in [0, 1, 5, 42, 10_000] {
        let tail = world.store.console_tail(id(1), wanted).await.expect("reads");
        let expected = all.lines.len().saturating_sub(wanted);
        assert_eq!((tail.first, tail.next), (expected as u64, total), "{wanted}");
        assert_eq!(tail.lines, all.lines[expected..], "{wanted}");
    }
}

async fn tr_66_lines_are_read_from_either_end_and_in_pages(world: World) {
    write(&world, 40, 3).await;
    check(&world, 120).await;
    world.store.seal(Some(id(1))).await.expect("seals");
    check(&world, 120).await;
}

async fn an_empty_console_has_no_lines(world: World) {
    world.running(1).await;
    let page = world.store.console(id(1), 0, 0).await.expect("reads");
    assert_eq!((page.lines.len(), page.next), (0, 0));
    assert_eq!(world.store.console_tail(id(1), 5).await.expect("reads").next, 0);
    assert!(world.store.console(id(9), 0, 10).await.expect("reads").lines.is_empty());
}
