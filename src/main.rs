//! Takwimu: web analytics and a knowledge base in one program.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use server::{App, Options};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => Err(format!("the runtime cannot start: {error}")),
    };
    if let Err(message) = result {
        eprintln!("takwimu: {message}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let (mut port, mut data, mut test_mode) = (8080, PathBuf::from("data"), false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "serve" => {}
            "--port" => port = arguments.next().and_then(|port| port.parse().ok()).unwrap_or(port),
            "--data" => data = arguments.next().map_or(data, PathBuf::from),
            "--test-mode" => test_mode = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    std::fs::create_dir_all(&data).map_err(|error| error.to_string())?;
    let settings = settings::Settings::open(data.join("settings.sqlite"), data.join("key"))
        .await
        .map_err(|error| error.to_string())?;
    let options = Options {
        data_dir: data,
        base_url: None,
        trusted_proxies: Vec::new(),
        control_route: test_mode,
        matomo_defaults: test_mode,
    };
    let _lock = journal::DataLock::acquire(&options.data_dir).map_err(|error| error.to_string())?;
    let journal_dir = options.data_dir.join("journal");
    let build = Box::new(server::rules_from_journal);
    let ingest = ingest::Ingest::open(&journal_dir, journal::Options::default(), build)
        .map_err(|error| error.to_string())?;
    let app = App::new(settings, Arc::new(ingest), options)
        .await
        .map_err(|error| error.to_string())?;
    if test_mode {
        app.make_test_superuser().await.map_err(|error| error.to_string())?;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| error.to_string())?;
    let service = server::router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await.map_err(|error| error.to_string())
}
