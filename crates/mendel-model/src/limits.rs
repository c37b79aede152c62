//! Every limit, with its number, in one file. Ids are those of the limits reference.

/// L03: points in one batch.
pub const POINTS_PER_BATCH: usize = 10_000;
/// L03: bytes in one batch.
pub const BATCH_BYTES: usize = 1 << 20;
/// L01: bytes in one JSON body.
pub const BODY_BYTES: usize = 8 << 20;
/// L02: depth of a JSON body.
pub const JSON_DEPTH: usize = 64;
/// L02: keys in one object of a JSON body.
pub const JSON_KEYS: usize = 10_000;
/// L02: bytes in one text of a JSON body; documents may be as long as the body.
pub const JSON_TEXT_BYTES: usize = 1 << 20;
/// L04: metric series in one run.
pub const SERIES_PER_RUN: usize = 10_000;
/// L06: characters in a name.
pub const NAME_CHARS: usize = 256;
/// L07: parameters in one run.
pub const PARAMS_PER_RUN: usize = 10_000;
/// L07: bytes in the value of a parameter.
pub const PARAM_BYTES: usize = 64 << 10;
/// L08: bytes in one console line.
pub const CONSOLE_LINE_BYTES: usize = 16 << 10;
/// L08: bytes of console in one run; the newest are kept.
pub const CONSOLE_BYTES: u64 = 1 << 30;
/// L11: files in a snapshot.
pub const SNAPSHOT_FILES: usize = 20_000;
/// L11: bytes in a snapshot.
pub const SNAPSHOT_BYTES: u64 = 500 << 20;
/// L11: bytes in one file of a snapshot.
pub const SNAPSHOT_FILE_BYTES: u64 = 50 << 20;
/// Bytes above which a snapshot is warned about.
pub const SNAPSHOT_WARN_BYTES: u64 = 100 << 20;
/// L13: bytes, depth and nodes of a YAML file.
pub const YAML_BYTES: usize = 1 << 20;
/// L13: depth of a YAML file.
pub const YAML_DEPTH: usize = 64;
/// L13: nodes of a YAML file after aliases are expanded.
pub const YAML_NODES: usize = 100_000;
/// Inputs of one task of a tree.
pub const INPUTS_PER_TASK: usize = 1_000_000;
/// L15: rows in one page of a list.
pub const PAGE_ROWS: usize = 500;
/// L16: cells of a grid.
pub const GRID_CELLS: usize = 10_000;
/// Cells of a grid above which `--yes` is asked for.
pub const GRID_CELLS_UNASKED: usize = 1_000;
/// L22: bytes of a journal that waits for its server.
pub const JOURNAL_BYTES: u64 = 10 << 30;
/// L22: a journal takes at most one such part of the free space.
pub const JOURNAL_PART_OF_FREE: u64 = 5;
/// L17: requests a second of one user while the server is busy.
pub const REQUESTS_PER_SECOND: usize = 200;
/// L17: requests that one user may be ahead.
pub const REQUESTS_BURST: usize = 1_000;
/// L19: connections open at once.
pub const CONNECTIONS: usize = 10_000;
/// L19: connections open at once from one address.
pub const CONNECTIONS_PER_ADDRESS: usize = 1_024;
/// L19: seconds a connection may be silent.
pub const IDLE_SECONDS: u64 = 75;
/// L19: bytes in the head of a request.
pub const HEAD_BYTES: usize = 32 << 10;
/// How deep typed configurations may lie within each other.
pub const CONFIGURATION_DEPTH: usize = 1_000;
/// Configurations written for one identity; only cycles within cycles come near it.
pub const CONFIGURATION_VISITS: usize = 1_000_000;
/// L20: streams of events open at once for one user.
pub const STREAMS_PER_USER: usize = 20;
