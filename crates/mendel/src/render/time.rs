//! Spans and moments as people read them.

use jiff::{Timestamp as Moment, tz::TimeZone};
use mendel_model::{Run, Timestamp};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A span in milliseconds, in its two largest units.
pub fn span(milliseconds: u64) -> String {
    match milliseconds {
        0..10_000 => format!("{:.1} s", milliseconds as f64 / 1_000.0),
        10_000..MINUTE => format!("{} s", milliseconds / SECOND),
        MINUTE..HOUR => two(milliseconds, (MINUTE, "min"), (SECOND, "s")),
        HOUR..DAY => two(milliseconds, (HOUR, "h"), (MINUTE, "min")),
        _ => two(milliseconds, (DAY, "d"), (HOUR, "h")),
    }
}

/// How long ago something was, in its largest unit.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match now.since(then) {
        0..SECOND => "just now".to_owned(),
        past @ SECOND..MINUTE => format!("{} s ago", past / SECOND),
        past @ MINUTE..HOUR => format!("{} min ago", past / MINUTE),
        past @ HOUR..DAY => format!("{} h ago", past / HOUR),
        past => format!("{} d ago", past / DAY),
    }
}

/// A moment by the clock on the wall.
pub fn moment(time: Timestamp) -> String {
    moment_in(time, TimeZone::system())
}

/// How long a run took, or has been going on.
pub fn duration(run: &Run, now: Timestamp) -> Option<u64> {
    run.started.map(|started| run.ended.unwrap_or(now).since(started))
}

fn moment_in(time: Timestamp, zone: TimeZone) -> String {
    match Moment::from_millisecond(time.0) {
        Ok(moment) => moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => time.to_string(),
    }
}

fn two(milliseconds: u64, (large, large_name): (u64, &str), (small, small_name): (u64, &str)) -> String {
    match milliseconds % large / small {
        0 => format!("{} {large_name}", milliseconds / large),
        rest => format!("{} {large_name} {rest} {small_name}", milliseconds / large),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_two_units() {
        let texts: Vec<_> = [0, 400, 9_900, 12_345, 60_000, 200_000, 7_500_000, 273_600_000].map(span).into();
        assert_eq!(texts, ["0.0 s", "0.4 s", "9.9 s", "12 s", "1 min", "3 min 20 s", "2 h 5 min", "3 d 4 h"]);
    }

    #[test]
    fn ages_are_told_in_one_unit_and_never_from_the_future() {
        let told = |past: i64| ago(Timestamp(0), Timestamp(past));
        assert_eq!(
            [told(-5), told(40_000), told(180_000), told(7_200_000)],
            ["just now", "40 s ago", "3 min ago", "2 h ago"]
        );
        assert_eq!(told(3 * 86_400_000), "3 d ago");
    }

    #[test]
    fn moments_are_told_by_the_clock_on_the_wall() {
        assert_eq!(moment_in(Timestamp(1_700_000_000_123), TimeZone::UTC), "2023-11-14 22:13:20");
    }
}
