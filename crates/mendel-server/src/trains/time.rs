//! Times and ids as the Trains API writes them.

use mendel_model::Timestamp;
use uuid::Uuid;

/// A new id of 32 lower-case hexadecimal digits.
pub(super) fn new_id() -> String {
    Uuid::now_v7().as_simple().to_string()
}

/// A time in ISO 8601 with microseconds, in UTC.
pub(super) fn iso(time: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(time.0) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string(),
        Err(_) => iso(Timestamp(0)),
    }
}

/// A time in ISO 8601 with three decimals and `Z`, as axes of charts have it.
pub(super) fn axis(millis: i64) -> String {
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => axis(0),
    }
}

/// Reads a time: with or without an offset, a `T` or a blank, or a date alone.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let utc = |time: jiff::civil::DateTime| Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let time = text.parse::<jiff::Timestamp>().ok();
    let time = time.or_else(|| utc(text.parse::<jiff::civil::DateTime>().ok()?));
    let time = time.or_else(|| utc(text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0)));
    time.map(|time| Timestamp(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_microseconds_and_an_offset() {
        assert_eq!(iso(Timestamp(1_582_556_735_426)), "2020-02-24T15:05:35.426000+00:00");
        assert_eq!(axis(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_are_read_in_the_forms_that_clients_send() {
        for text in ["2020-02-24T15:05:35.426770+00:00", "2020-02-24 15:05:35.426770", "2020-02-24T15:05:35.426Z"] {
            assert_eq!(parse(text), Some(Timestamp(1_582_556_735_426)), "{text}");
        }
        assert_eq!(parse("2020-02-24"), Some(Timestamp(1_582_502_400_000)));
        assert_eq!(parse("yesterday"), None);
    }
}
