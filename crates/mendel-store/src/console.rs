//! The console of a run: chunks of lines, compressed, numbered, readable from either end.
//!
//! L08 bounds a line, which is cut with a mark, and a run, which keeps its newest lines.

use mendel_model::{ConsoleLine, ConsoleStream, RunId, Timestamp, limits};

use crate::{
    ConsolePage, Result, Store, StoreError,
    database::{Row, Session, sql},
    run::number,
};

/// Follows a line that was cut.
const CUT: &str = " … [cut]";
/// Chunks smaller than this are merged when a run is sealed.
const SMALL: i64 = 64 << 10;
/// Bytes of a merged chunk, at most.
const MERGED: i64 = 256 << 10;
/// Small neighbours that make merging worth it.
const MERGE_LEAST: usize = 8;
/// Chunks read at once.
const CHUNKS: i64 = 16;
const LEVEL: i32 = 3;

/// How much console a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Console {
    /// Number of the next line.
    pub(crate) lines: i64,
    /// Bytes that are kept.
    pub(crate) bytes: i64,
}

/// A line, cut if it is too long.
pub(crate) fn line(stream: ConsoleStream, time: Timestamp, text: &str) -> ConsoleLine {
    let mut text = text.to_owned();
    if text.len() > limits::CONSOLE_LINE_BYTES {
        text.truncate(text.floor_char_boundary(limits::CONSOLE_LINE_BYTES - CUT.len()));
        text.push_str(CUT);
    }
    ConsoleLine { stream, time, text }
}

/// Adds lines, and drops the oldest chunks while there is too much.
pub(crate) async fn append(session: &mut Session, run: i64, before: Console, lines: &[ConsoleLine]) -> Result<Console> {
    if lines.is_empty() {
        return Ok(before);
    }
    let body = encode(lines);
    insert(session, run, before.lines, lines.len() as i64, &body).await?;
    let after = Console { lines: before.lines + lines.len() as i64, bytes: before.bytes + body.len() as i64 };
    let bytes = trim(session, run, after.bytes, limits::CONSOLE_BYTES as i64).await?;
    Ok(Console { bytes, ..after })
}

async fn insert(session: &mut Session, run: i64, first: i64, lines: i64, body: &[u8]) -> Result<()> {
    let insert = sql("INSERT INTO console (run, first_line, lines, bytes, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(run)
        .bind(first)
        .bind(lines)
        .bind(body.len() as i64)
        .bind(pack(body)?);
    session.execute(insert).await.map(drop)
}

async fn trim(session: &mut Session, run: i64, mut bytes: i64, limit: i64) -> Result<i64> {
    while bytes > limit {
        let text = "SELECT first_line, bytes FROM console WHERE run = $1 ORDER BY first_line LIMIT 1";
        let Some(row) = session.first(sql(text).bind(run)).await? else {
            return Ok(0);
        };
        let delete = sql("DELETE FROM console WHERE run = $1 AND first_line = $2").bind(run).bind(row.int(0)?);
        session.execute(delete).await?;
        bytes -= row.int(1)?;
    }
    Ok(bytes)
}

/// Drops chunks whose lines are all older than `before`; tells how many lines there were.
pub(crate) async fn forget_console(session: &mut Session, run: i64, before: Timestamp) -> Result<u64> {
    let mut forgotten = 0;
    let text = "SELECT first_line, body, bytes FROM console WHERE run = $1 ORDER BY first_line";
    for row in session.all(sql(text).bind(run)).await? {
        let (first, lines) = numbered(&row)?;
        if lines.iter().any(|line| line.time >= before) {
            continue;
        }
        forgotten += lines.len() as u64;
        let delete = sql("DELETE FROM console WHERE run = $1 AND first_line = $2").bind(run);
        session.execute(delete.bind(first.cast_signed())).await?;
        let update = sql("UPDATE runs SET console_bytes = console_bytes - $1 WHERE number = $2");
        session.execute(update.bind(row.int(2)?).bind(run)).await?;
    }
    Ok(forgotten)
}

/// Merges small neighbouring chunks, so that a quiet run does not stay a row a line.
pub(crate) async fn merge(session: &mut Session, run: i64) -> Result<()> {
    let text = "SELECT first_line, bytes FROM console WHERE run = $1 AND bytes < $2 ORDER BY first_line";
    let (mut group, mut bytes, mut groups) = (Vec::new(), 0, Vec::new());
    for row in session.all(sql(text).bind(run).bind(SMALL)).await? {
        if bytes + row.int(1)? > MERGED {
            groups.push(std::mem::take(&mut group));
            bytes = 0;
        }
        bytes += row.int(1)?;
        group.push(row.int(0)?);
    }
    groups.push(group);
    for group in groups.iter().filter(|group| group.len() >= MERGE_LEAST) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = "run = $1 AND first_line >= $2 AND first_line <= $3";
        let select = format!("SELECT first_line, lines, body FROM console WHERE {range} ORDER BY first_line");
        let rows = session.all(sql(select).bind(run).bind(*first).bind(*last)).await?;
        // A large chunk between small ones stays where it is, and so do they.
        if rows.len() != group.len() {
            continue;
        }
        let (mut lines, mut body) = (0, Vec::new());
        for row in rows {
            lines += row.int(1)?;
            body.extend(unpack(&row.bytes(2)?)?);
        }
        let delete = format!("DELETE FROM console WHERE {range}");
        session.execute(sql(delete).bind(run).bind(*first).bind(*last)).await?;
        insert(session, run, *first, lines, &body).await?;
    }
    Ok(())
}

impl Store {
    /// Console lines from number `after` on, at most `limit`; 0 is no limit.
    pub async fn console(&self, id: RunId, after: u64, limit: usize) -> Result<ConsolePage> {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut session = self.database.read().await?;
        let Some(run) = number(&mut session, id).await? else {
            return Ok(ConsolePage::default());
        };
        let mut page = ConsolePage { first: after.cast_unsigned(), next: after.cast_unsigned(), lines: Vec::new() };
        let text = "SELECT first_line, body FROM console WHERE run = $1 AND first_line + lines > $2 \
             ORDER BY first_line LIMIT $3";
        loop {
            let from = page.next.cast_signed();
            let rows = session.all(sql(text).bind(run).bind(from).bind(CHUNKS)).await?;
            for row in &rows {
                let (first, lines) = numbered(row)?;
                if page.lines.is_empty() {
                    page.first = page.next.max(first);
                }
                let skipped = page.first.max(page.next).saturating_sub(first) as usize;
                page.lines.extend(lines.into_iter().skip(skipped).take(limit - page.lines.len()));
                page.next = page.first + page.lines.len() as u64;
            }
            if rows.is_empty() || page.lines.len() >= limit {
                return Ok(page);
            }
        }
    }

    /// The last lines of the console.
    pub async fn console_tail(&self, id: RunId, lines: usize) -> Result<ConsolePage> {
        let mut session = self.database.read().await?;
        let row = session.first(sql("SELECT number, console_lines FROM runs WHERE id = $1").bind(id)).await?;
        let Some(row) = row else {
            return Ok(ConsolePage::default());
        };
        let (run, end) = (row.int(0)?, row.int(1)?);
        let mut page = ConsolePage { first: end.cast_unsigned(), next: end.cast_unsigned(), lines: Vec::new() };
        let text = "SELECT first_line, body FROM console WHERE run = $1 AND first_line < $2 \
             ORDER BY first_line DESC LIMIT $3";
        while page.lines.len() < lines {
            let rows = session.all(sql(text).bind(run).bind(page.first.cast_signed()).bind(CHUNKS)).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let (first, mut chunk) = numbered(row)?;
                chunk.append(&mut page.lines);
                page = ConsolePage { lines: chunk, first, ..page };
                if page.lines.len() >= lines {
                    break;
                }
            }
        }
        let more = page.lines.len().saturating_sub(lines);
        page.lines.drain(..more);
        page.first += more as u64;
        Ok(page)
    }
}

fn numbered(row: &Row) -> Result<(u64, Vec<ConsoleLine>)> {
    Ok((row.count(0)?, decode(&unpack(&row.bytes(1)?)?)?))
}

/// Compresses a stored text.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::encode_all(bytes, LEVEL).map_err(|error| StoreError::Corrupt(format!("text cannot be compressed: {error}")))
}

/// Undoes [`pack`].
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
    zstd::decode_all(bytes).map_err(|error| StoreError::Corrupt(format!("a stored text cannot be read: {error}")))
}

fn encode(lines: &[ConsoleLine]) -> Vec<u8> {
    let mut body = Vec::new();
    for line in lines {
        body.push(u8::from(line.stream == ConsoleStream::Err));
        body.extend(line.time.0.to_le_bytes());
        body.extend((line.text.len() as u32).to_le_bytes());
        body.extend(line.text.as_bytes());
    }
    body
}

fn decode(mut body: &[u8]) -> Result<Vec<ConsoleLine>> {
    let broken = || StoreError::Corrupt("a chunk of console lines cannot be read".to_owned());
    let mut lines = Vec::new();
    while let Some((stream, rest)) = body.split_first() {
        let (time, rest) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(broken)?;
        lines.push(ConsoleLine {
            stream: if *stream == 0 { ConsoleStream::Out } else { ConsoleStream::Err },
            time: Timestamp(i64::from_le_bytes(*time)),
            text: String::from_utf8_lossy(text).into_owned(),
        });
        body = rest;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l08_a_long_line_is_cut_with_a_mark() {
        let long = line(ConsoleStream::Out, Timestamp(0), &"ü".repeat(limits::CONSOLE_LINE_BYTES));
        assert!(long.text.len() <= limits::CONSOLE_LINE_BYTES);
        assert!(long.text.ends_with("[cut]"));
        assert_eq!(line(ConsoleStream::Out, Timestamp(0), "short").text, "short");
    }

    #[test]
    fn lines_survive_their_chunk() {
        let lines = [line(ConsoleStream::Err, Timestamp(-5), "ä\t"), line(ConsoleStream::Out, Timestamp(7), "")];
        assert_eq!(decode(&unpack(&pack(&encode(&lines)).expect("packs")).expect("unpacks")).expect("whole"), lines);
        assert!(decode(&encode(&lines)[1..]).is_err());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn l08_the_newest_lines_stay_when_there_are_too_many() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("opens");
        let mut session = store.database.write().await.expect("begins");
        let mut console = Console::default();
        for number in 0..10 {
            let text = format!("line {number}");
            let lines = [line(ConsoleStream::Out, Timestamp(0), &text)];
            console = append(&mut session, 1, console, &lines).await.expect("appends");
        }
        let bytes = trim(&mut session, 1, console.bytes, console.bytes / 2).await.expect("trims");
        let row = session.one(sql("SELECT min(first_line), sum(bytes) FROM console")).await.expect("a row");
        assert_eq!((row.int(0).expect("a number"), row.int(1).expect("a number")), (5, bytes));
    }
}
