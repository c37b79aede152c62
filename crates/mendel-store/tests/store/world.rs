//! A store to test on, of either kind, and short ways to make runs and records.
//!
//! PostgreSQL is started once from Debian's binaries and ends with the test process,
//! however that ends: a shell waits for the closing of its input.

use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use mendel_model::{Move, NewRun, Param, Point, Record, Run, RunId, SeriesKey, StatusRecord, Timestamp, WriterId};
use mendel_store::{RunQuery, Store, StoreError};
use serde_json::json;
use tempfile::TempDir;

const BINARIES: &str = "/usr/lib/postgresql/15/bin";
const TEMPLATE: &str = "mendel_template";

/// Runs each named test on both databases.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::world::World::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(world) = $crate::world::World::postgres().await {
                    super::$name(world).await;
                }
            })*
        }
    };
}
pub(crate) use both;

/// A store of its own for one test.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    url: Option<String>,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("opens");
        Self { store, folder, url: None }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let server = Server::get()?;
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        server.create_database(&name, Some(TEMPLATE));
        let (folder, url) = (tempfile::tempdir().expect("a folder"), server.url(&name));
        let store = Store::open_postgres(&url, folder.path()).await.expect("opens");
        Some(Self { store, folder, url: Some(url) })
    }

    /// A second store over the same data, as another process has it.
    pub(crate) async fn another(&self) -> Store {
        match &self.url {
            None => Store::open_folder(self.folder.path()).await,
            Some(url) => Store::open_postgres(url, self.folder.path()).await,
        }
        .expect("opens again")
    }

    /// The folder of blobs.
    pub(crate) fn blobs(&self) -> PathBuf {
        match self.url {
            None => self.folder.path().join("blobs"),
            Some(_) => self.folder.path().to_owned(),
        }
    }

    /// A run that a process executes.
    pub(crate) async fn running(&self, number: u64) -> Run {
        self.store.create_runs(&[new_run(number)], None, now()).await.expect("creates");
        let start = change(Move::Start);
        self.store.move_run(id(number), None, &start, now()).await.expect("starts")
    }

    /// Appends one batch.
    pub(crate) async fn append(&self, number: u64, batch: Batch) -> Result<u64, StoreError> {
        self.store.append(id(number), 1, batch.writer, &batch.frames, now()).await
    }

    /// Names of the runs that a filter finds, in order.
    pub(crate) async fn names(&self, filter: &str, sort: &[&str]) -> Vec<String> {
        let filter = (!filter.is_empty()).then(|| filter.parse().expect("a filter"));
        let sort = sort.iter().map(|key| key.parse().expect("a key")).collect();
        let page = self.store.runs(&RunQuery { filter, sort, ..RunQuery::default() }).await.expect("lists");
        assert_eq!(page.total, page.runs.len());
        page.runs.into_iter().map(|run| run.facts.name).collect()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp(1_700_000_000_000)
}

pub(crate) fn id(number: u64) -> RunId {
    RunId::new(number, [0; 10])
}

pub(crate) fn writer(number: u64) -> WriterId {
    WriterId::new(number, [1; 10])
}

pub(crate) fn new_run(number: u64) -> NewRun {
    serde_json::from_value(json!({
        "id": id(number), "name": format!("run {number}"), "project": "demo", "created": 1_600_000_000_000_u64 + number,
    }))
    .expect("a run")
}

pub(crate) fn param(name: &str, value: serde_json::Value) -> Param {
    serde_json::from_value(json!({"name": name, "value": value, "origin": {"from": "code"}})).expect("a parameter")
}

pub(crate) fn change(to: Move) -> StatusRecord {
    let (reason, message) = (String::new(), String::new());
    StatusRecord { to, reason, message, time: now(), owner: None, exit_code: None, signal: None }
}

pub(crate) fn key(metric: &str) -> SeriesKey {
    SeriesKey { metric: metric.to_owned(), variant: String::new() }
}

pub(crate) fn points(series: u32, steps: std::ops::Range<i64>, value: impl Fn(i64) -> f64) -> Record {
    let point = |step| Point { series, step, time: Timestamp(step * 10), value: value(step) };
    Record::Points(steps.map(point).collect())
}

/// Frames of one writer.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) writer: WriterId,
    pub(crate) frames: Vec<u8>,
    next: u64,
}

impl Batch {
    /// A batch of writer `number` whose first record has sequence `first`.
    pub(crate) fn new(number: u64, first: u64) -> Self {
        Self { writer: writer(number), frames: Vec::new(), next: first }
    }

    pub(crate) fn add(mut self, record: Record) -> Self {
        record.write(self.next, &mut self.frames);
        self.next += 1;
        self
    }

    pub(crate) fn series(self, number: u32, metric: &str) -> Self {
        self.add(Record::Series { id: number, key: key(metric) })
    }
}

/// The one PostgreSQL server of the test process.
struct Server {
    port: u16,
    _ends_with_us: Mutex<Child>,
}

impl Server {
    fn get() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        if !Path::new(BINARIES).join("postgres").exists() {
            let required = std::env::var("MENDEL_TEST_REQUIRE").unwrap_or_default();
            assert!(!required.contains("pg"), "there is no PostgreSQL in {BINARIES}");
            eprintln!("skipped: there is no PostgreSQL in {BINARIES}");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").expect("a folder").keep();
        let root = run(Command::new("id").arg("-u")).trim() == "0";
        if root {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let program = |name: &str| {
            let program = format!("{BINARIES}/{name}");
            let mut command = Command::new(if root { "setpriv" } else { &program });
            if root {
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", &program]);
            }
            command.env("HOME", &folder).current_dir(&folder);
            command
        };
        let data = folder.join("data");
        let mut initdb = program("initdb");
        initdb.args(["-U", "mendel", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        run(initdb.arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -p {port} -k {} -c fsync=off -c full_page_writes=off \
             -c synchronous_commit=off -c max_connections=400",
            folder.display()
        );
        let mut start = program("pg_ctl");
        run(start.args(["start", "-w", "-l", "log", "-o", &options, "-D"]).arg(&data).stdout(Stdio::null()));
        let stop =
            format!("read _; kill -QUIT $(head -n 1 {0}/data/postmaster.pid); sleep 0.2; rm -rf {0}", folder.display());
        let ends = Command::new("sh").args(["-c", &stop]).stdin(Stdio::piped()).spawn().expect("a shell");
        let server = Self { port, _ends_with_us: Mutex::new(ends) };
        server.create_database(TEMPLATE, None);
        server.migrate();
        Some(server)
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://mendel@127.0.0.1:{}/{database}", self.port)
    }

    fn create_database(&self, name: &str, template: Option<&str>) {
        // One at a time: making two databases from one template at once may be refused.
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let template = template.map(|name| format!(" TEMPLATE {name}")).unwrap_or_default();
        let statement = format!("CREATE DATABASE {name}{template};");
        let mut psql = Command::new(format!("{BINARIES}/psql"));
        psql.args(["-q", "-v", "ON_ERROR_STOP=1", &self.url("postgres")]).stdin(Stdio::piped());
        let mut child = psql.spawn().expect("psql starts");
        child.stdin.take().expect("an input").write_all(statement.as_bytes()).expect("writes");
        assert!(child.wait().expect("psql ends").success(), "{statement}");
    }

    /// Migrates the template once, apart from the runtime of the test that comes first.
    fn migrate(&self) {
        let url = self.url(TEMPLATE);
        let migrated = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let folder = tempfile::tempdir().expect("a folder");
                Store::open_postgres(&url, folder.path()).await.expect("migrates").close().await;
            });
        });
        migrated.join().expect("migrates");
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
