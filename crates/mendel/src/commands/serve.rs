//! `mendel serve`

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use mendel_journal::{Claim, RunningServer, ServerLock, Workspace};
use mendel_server::{App, BadCertificate, Certificate, Server, ServerSettings};
use mendel_store::Store;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    arguments::Global,
    commands::limits,
    context::{self, Context, present_folder},
    exit::{Exit, Failure},
    printer::Printer,
};

/// Serve the workspace to a team.
#[derive(Args)]
pub struct Serve {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: IpAddr,
    /// The port of everything: interface, files, events and pages; 0 takes a free one.
    #[arg(long, default_value_t = 8008, value_name = "PORT")]
    port: u16,
    /// Address and port in one.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with_all = ["host", "port"])]
    listen: Option<SocketAddr>,
    /// Listen on this port as well, where clients of ClearML look for the interface.
    #[arg(long, value_name = "PORT")]
    api_port: Option<u16>,
    /// Listen on this port as well, where clients of ClearML look for pages.
    #[arg(long, value_name = "PORT")]
    web_port: Option<u16>,
    /// Listen on this port as well, where clients of ClearML look for files.
    #[arg(long, value_name = "PORT")]
    files_port: Option<u16>,
    /// The database: postgres://user@host/name, shared by as many servers as are wanted; a file
    /// in the workspace when absent.
    #[arg(long, value_name = "URL", env = "MENDEL_DB", hide_env_values = true)]
    db: Option<String>,
    /// Where bytes are kept: file:///folder; in the workspace when absent.
    #[arg(long, value_name = "URL")]
    blobs: Option<String>,
    /// Encrypt connections with the certificate in this file, and the chain after it.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Callers come through a proxy that encrypts: cookies are for encrypted connections only.
    #[arg(long)]
    behind_tls: bool,
    /// A name under which the server is reached, besides `localhost` and numbers.
    #[arg(long, value_name = "NAME")]
    host_name: Vec<String>,
    /// Serve others than this machine without encryption.
    #[arg(long)]
    insecure: bool,
    /// Log every request.
    #[arg(long)]
    log_requests: bool,
    /// Print the limits and end.
    #[arg(long)]
    limits: bool,
}

impl Serve {
    /// Serves until told to end.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        if self.limits {
            limits::print(printer);
            return Ok(Exit::Done);
        }
        let main = self.listen.unwrap_or(SocketAddr::new(self.host, self.port));
        self.check_encryption(main, printer)?;
        let workspace = context::find(global, &present_folder()?)?;
        if let Some(address) = workspace.server_address() {
            let message = format!("`{address}` is a server already, and a folder is served");
            return Err(Failure::input_hint(message, "name a folder with `--workspace DIR`"));
        }
        let certificate = self.certificate()?;
        // Before anybody is told that there is a server to end.
        let mut ends = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        let (store, lock) = self.open(&workspace).await?;
        let id = match &lock {
            Some(_) => workspace.create()?,
            None => store.identity(&mendel_server::random(32), context::now()).await?,
        };
        let app =
            App::new(store).of_workspace(&id).encrypted(self.behind_tls || certificate.is_some()).reporting(log_defect);
        let token = mendel_server::random(48);
        let settings = ServerSettings {
            hosts: self.host_name.clone(),
            local_token: Some(token.clone()),
            certificate: certificate.clone(),
            log_requests: self.log_requests,
        };
        let mut server = Server::new(app.clone(), settings);
        let bound = listen(&mut server, main).await?;
        for port in [self.api_port, self.web_port, self.files_port].into_iter().flatten() {
            listen(&mut server, SocketAddr::new(main.ip(), port)).await?;
        }
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", reachable(bound));
        if let Some(lock) = &lock {
            let address = match certificate {
                Some(_) => format!("http://{}", server.listen_locally().await.map_err(|error| unheard(main, &error))?),
                None => url.clone(),
            };
            let running = RunningServer { address, token, pid: std::process::id() };
            let silent = |error| Failure::trouble(format!("cannot say where the server is: {error}"));
            lock.announce(&running).map_err(silent)?;
        }
        let set_up = mendel_server::open_set_up(&app).await?.map(|secret| format!("{url}/set-up#{secret}"));
        tell(&url, set_up.as_deref(), printer);
        let ended = async move {
            let [terminate, interrupt] = &mut ends;
            tokio::select! {
                () = received(terminate) => {}
                () = received(interrupt) => {}
            }
        };
        server.run(ended).await.map_err(|error| Failure::trouble(format!("the server failed: {error}")))?;
        app.store().close().await;
        printer.note(format_args!("Ended"));
        Ok(Exit::Done)
    }

    fn certificate(&self) -> Result<Option<Certificate>, Failure> {
        let Some((certificate, key)) = self.tls_cert.as_deref().zip(self.tls_key.as_deref()) else { return Ok(None) };
        Certificate::read(certificate, key).map(Some).map_err(|error: BadCertificate| {
            Failure::input_hint(error.to_string(), "both files are PEM, the certificate of the server first")
        })
    }

    /// The store to serve. That of a folder is served by one server at a time, which holds its
    /// lock; a database server is shared.
    async fn open(&self, workspace: &Workspace) -> Result<(Store, Option<ServerLock>), Failure> {
        let blobs = self.blobs.as_deref().map(folder_of).transpose()?;
        if let Some(url) = &self.db {
            if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                return Err(Failure::input_hint(
                    "`--db` is no address of a database",
                    "give postgres://user@host/name",
                ));
            }
            workspace.create()?;
            let blobs = blobs.unwrap_or_else(|| workspace.blobs());
            return Ok((Store::open_postgres(url, &blobs).await?, None));
        }
        workspace.create()?;
        let lock = claim(workspace)?;
        // Whoever opens the workspace brings in what earlier processes left.
        Context::of(workspace.clone()).await?;
        let store = match blobs {
            Some(blobs) => Store::open_folder_with_blobs(workspace.root(), &blobs).await?,
            None => Store::open_folder(workspace.root()).await?,
        };
        store.keep_private()?;
        Ok((store, Some(lock)))
    }

    /// Others than this machine are served in the clear only by someone who says so.
    fn check_encryption(&self, main: SocketAddr, printer: &Printer) -> Result<(), Failure> {
        if main.ip().is_loopback() || self.tls_cert.is_some() {
            return Ok(());
        }
        if !self.insecure {
            return Err(Failure::input_hint(
                format!("`{}` is reached by others, and keys would travel in the clear", main.ip()),
                "give `--tls-cert` and `--tls-key`, stay on 127.0.0.1 behind a proxy that encrypts, or say `--insecure`",
            ));
        }
        printer.note(format_args!("warning: keys travel in the clear to whoever reaches {}", main.ip()));
        Ok(())
    }
}

/// The folder that an address of bytes names.
fn folder_of(url: &str) -> Result<PathBuf, Failure> {
    let folder = url.strip_prefix("file://").map(PathBuf::from).filter(|path| path.is_absolute());
    folder.ok_or_else(|| {
        Failure::input_hint(format!("`{url}` is no place for bytes that this version knows"), "give file:///folder")
    })
}

async fn received(signal: &mut std::io::Result<tokio::signal::unix::Signal>) {
    match signal {
        Ok(signal) => drop(signal.recv().await),
        // Without a handler the system's own way of ending applies.
        Err(_) => std::future::pending().await,
    }
}

fn claim(workspace: &Workspace) -> Result<ServerLock, Failure> {
    match workspace.claim_server()? {
        Claim::Taken(lock) => Ok(lock),
        Claim::Held(holder) => {
            let root = workspace.root().display();
            let message = match holder {
                Some(server) => {
                    format!("workspace `{root}` is served already, by process {} at {}", server.pid, server.address)
                }
                None => format!("workspace `{root}` is being served by a process that just starts"),
            };
            Err(Failure::trouble_hint(message, "stop that server, or name another folder with `--workspace`"))
        }
    }
}

async fn listen(server: &mut Server, address: SocketAddr) -> Result<SocketAddr, Failure> {
    server.listen(address).await.map_err(|error| unheard(address, &error))
}

fn unheard(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure::trouble_hint(format!("cannot listen on {address}: {error}"), "`--port 0` takes a free port")
}

/// The address that this machine reaches the server under.
fn reachable(bound: SocketAddr) -> SocketAddr {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new([127, 0, 0, 1].into(), bound.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), bound.port()),
        IpAddr::V4(_) | IpAddr::V6(_) => bound,
    }
}

fn tell(url: &str, set_up: Option<&str>, printer: &Printer) {
    printer.answer(&json!({ "url": url, "set_up": set_up }), |text| {
        text.push_str(&format!("Serving at {url}\n"));
        if let Some(link) = set_up {
            text.push_str(&format!(
                "Nobody has a key yet. This link makes the first admin, once: {link}\n\
                 So does, on this machine: mendel keys create --clearml\n"
            ));
        }
    });
}

/// One line for each defect; what it names stays on this machine.
fn log_defect(defect: &(dyn std::error::Error + 'static)) {
    let line = json!({ "time": context::now(), "event": "defect", "error": crate::exit::told(defect) });
    eprintln!("{line}");
}
