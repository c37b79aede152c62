//! Days and moments of YAML 1.1, in the one way in which Python writes them.

/// `text` as `2001-01-02` or `2001-01-02T03:04:05.100000+01:00`; none where there is no such day or time.
pub(super) fn iso(text: &str) -> Option<String> {
    let (day, rest) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start_matches([' ', '\t']))),
        None => (text, None),
    };
    let mut parts = day.split('-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=days(year, month)).contains(&day) {
        return None;
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    match rest {
        Some(rest) => Some(format!("{day}T{}", time(rest)?)),
        None => Some(day),
    }
}

fn days(year: u32, month: u32) -> u32 {
    let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leaps => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn time(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())),
        None => ("", rest),
    };
    // Python keeps microseconds, and drops what is finer.
    let micros = format!("{:0<6}", fraction.get(..6).unwrap_or(fraction));
    let micros = if micros == "000000" { String::new() } else { format!(".{micros}") };
    Some(format!("{hour:02}:{minute:02}:{second:02}{micros}{}", offset(zone.trim())?))
}

fn offset(zone: &str) -> Option<String> {
    let Some(sign) = zone.chars().next() else { return Some(String::new()) };
    if zone == "Z" {
        return Some("+00:00".to_owned());
    }
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "0"));
    let minutes = hours.parse::<u32>().ok()? * 60 + minutes.parse::<u32>().ok()?;
    // A zone is less than a day away.
    if minutes >= 24 * 60 {
        return None;
    }
    let sign = if minutes == 0 { '+' } else { sign };
    Some(format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}
