//! kfactor-server: arguments, start and stop.

use clap::Parser;
use kfactor_server::api::insight::Stories;
use kfactor_server::app::{App, Limiters, router};
use kfactor_server::campaigns::Campaigns;
use kfactor_server::clock::Clock;
use kfactor_server::config::{Config, ConfigError};
use kfactor_server::keeper::Tools;
use kfactor_server::log::Log;
use kfactor_server::log::sqlite::SqliteLog;
use kfactor_server::metrics::Metrics;
use kfactor_server::secrets::Secrets;
use kfactor_server::snapshots::Snapshots;
use kfactor_server::store::Store;
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The reference backend of kfactor: one binary, embedded SQLite.
#[derive(Parser)]
#[command(name = "kfactor-server", version)]
struct Arguments {
    /// Folder for the log and the secrets; made if it does not exist.
    #[arg(long, value_name = "DIR", default_value = "kfactor-data")]
    data: PathBuf,
    /// Campaign documents to load or revise at the start: files, or folders of .json files.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    campaigns: Vec<PathBuf>,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Folder of pages to serve where nothing else answers.
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// Configuration file (JSON); secrets may also come from KFACTOR_PUBLISHABLE_KEY, KFACTOR_SECRET_KEY,
    /// KFACTOR_PARTICIPANT_SECRET and KFACTOR_TOKEN_KEY.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the world reaches this server; short links begin with it.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Offer a fake payment provider and identities under /demo; only on a loopback address.
    #[arg(long)]
    demo: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kfactor-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if arguments.demo && !arguments.listen.ip().is_loopback() {
        return Err("--demo proves anybody's identity, so it is only for a loopback address".into());
    }
    let config = Config::load(arguments.config.as_deref(), |name| std::env::var(name).ok())?;
    std::fs::create_dir_all(&arguments.data).map_err(|error| ConfigError::of(&arguments.data, error))?;
    let secrets = Secrets::load(&arguments.data, &config)?;
    let log: Arc<dyn Log> = Arc::new(SqliteLog::open(&arguments.data.join("log.db"))?);
    let store = Store::open(&arguments.data.join("store.db"))?;
    let clock = Arc::new(Clock::default());
    let metrics = Arc::new(Metrics::default());
    let tools = Tools {
        log: Arc::clone(&log),
        clock: Arc::clone(&clock),
        metrics: Arc::clone(&metrics),
        most_records: config.limits.campaign_records,
        snapshots: Arc::new(Snapshots::open(&arguments.data.join("snapshots.db"))?),
        snapshot_every: config.snapshot_every,
    };
    let campaigns = Campaigns::start(tools, config.limits.campaigns)?;
    for file in files(&arguments.campaigns)? {
        load(&campaigns, &file).await?;
    }

    let place = arguments.listen;
    let listener = TcpListener::bind(place).await.map_err(|error| format!("--listen {place}: {error}"))?;
    let address = listener.local_addr()?;
    let public_url = arguments.public_url.unwrap_or_else(|| format!("http://{address}"));
    let (stopping, stop) = watch::channel(false);
    let limiters = Limiters::new(&config);
    let public_url = public_url.trim_end_matches('/').to_owned();
    let painter = kfactor_server::api::poster::Painter::new(config.poster_images.clone());
    let stories = Stories::default();
    let app = App {
        config,
        secrets,
        log,
        clock,
        metrics,
        campaigns,
        store,
        painter,
        public_url,
        stop,
        limiters,
        stories,
    };
    let router = router(Arc::new(app), arguments.www.as_deref(), arguments.demo);

    // Listened for before anybody can know the address: whoever asks to stop right away is heard.
    let asked = asked_to_stop()?;
    println!("kfactor-server listening on http://{address}");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            asked.await;
            // Listeners would keep their connections for ever.
            let _listeners = stopping.send(true);
        })
        .await?;
    Ok(())
}

/// The files named, and those in the folders named, in the order of their names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ConfigError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| ConfigError::of(path, error))?;
        let mut inside: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
            .collect();
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

async fn load(campaigns: &Campaigns, file: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = std::fs::read(file).map_err(|error| ConfigError::of(file, error))?;
    let wrong = |_| format!("{}: this is no UTF-8: save it as UTF-8 (请另存为 UTF-8 编码)", file.display());
    let text = String::from_utf8(bytes).map_err(wrong)?;
    let Err(failure) = campaigns.load(text).await else { return Ok(()) };
    let body = failure.body();
    let mut lines = vec![format!("{}: {}", file.display(), body["message"].as_str().unwrap_or_default())];
    for problem in body["problems"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}:{}:{}: {}: {}",
            file.display(),
            problem["line"],
            problem["column"],
            problem["code"].as_str().unwrap_or_default(),
            problem["message"].as_str().unwrap_or_default()
        ));
    }
    Err(lines.join("\n").into())
}

/// Begins to listen for the signals that ask for a clean stop; the future ends with the first of them.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
