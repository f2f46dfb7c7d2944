//! `platform-api serve | seed | migrate | openapi | price`: reads the command line and calls the library.

mod command;

use command::{Command, ServeOptions};
use platform_api::{
    config::Config,
    foundation::{
        clock::{Clock, SystemClock},
        error::chain,
        migrate,
    },
    openapi_document, price,
    serve::serve,
    start,
};
use std::{
    error::Error,
    future::Future,
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    match command::parse(std::env::args().skip(1)).map_err(Into::into).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// False when the command has said itself that it failed.
fn run(command: Command) -> Result<bool, Box<dyn Error>> {
    match command {
        Command::Serve(options) => tokio::runtime::Runtime::new()?.block_on(run_server(options))?,
        Command::Seed(options) => {
            start::demo(settings(options.config, options.data)?, options.seed)?;
        }
        Command::Migrate { config, data } => {
            let config = settings(config, data)?;
            let db = start::open_database(&config.database.folder)?;
            migrate::run(&db, migrate::HISTORY, SystemClock.now())?;
        }
        Command::OpenApi => print_line(&openapi_document()?.to_pretty_json()?)?,
        Command::Price(files) => {
            return Ok(price::run(&files, &mut std::io::stdout().lock(), &mut std::io::stderr().lock())?);
        }
        Command::Help => print_line(command::HELP)?,
    }
    Ok(true)
}

async fn run_server(options: ServeOptions) -> Result<(), Box<dyn Error>> {
    let mut config = settings(options.config, options.data)?;
    config.http.listen = options.listen.unwrap_or(config.http.listen);
    let listen = config.http.listen;
    let app = if options.demo { start::demo(config, options.seed)? } else { start::production(config)? };
    let stop = stop_signal()?;
    let listener = TcpListener::bind(listen).await?;
    print_line(&format!("listening on http://{}", listener.local_addr()?))?;
    serve(app, listener, stop).await?;
    Ok(())
}

fn settings(
    file: Option<PathBuf>,
    data: Option<PathBuf>,
) -> Result<Config, platform_api::config::ConfigError> {
    let mut config = Config::load(file.as_deref(), std::env::vars())?;
    config.database.folder = data.unwrap_or(config.database.folder);
    Ok(config)
}

/// Ready when the process is asked to end (SIGINT or SIGTERM).
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn print_line(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
