//! Takwimu: web analytics and a knowledge base in one program. The only place that reads flags and builds
//! things.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use server::{App, Options};
use settings::{NewToken, NewUser, PasswordRules, Secret, Settings};

const HELP: &str = "\
takwimu serve [--host ADDRESS] [--port N] [--data DIR] [--trusted-proxy CIDR]... [--test-mode]
takwimu user LOGIN EMAIL [--data DIR]         make a superuser; the password is read from standard input
takwimu token LOGIN DESCRIPTION [--data DIR]  make a token; the password is read from standard input

The password is one line. A token is shown once: keep it like a password.
";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(std::env::args().skip(1).collect())),
        Err(error) => Err(format!("the runtime cannot start: {error}")),
    };
    if let Err(message) = result {
        eprintln!("takwimu: {message}");
        std::process::exit(1);
    }
}

/// What the command line says.
struct Flags {
    words: Vec<String>,
    host: IpAddr,
    port: u16,
    data: PathBuf,
    trusted_proxies: Vec<settings::Network>,
    test_mode: bool,
}

impl Flags {
    fn read(arguments: Vec<String>) -> Result<Flags, String> {
        let mut flags = Flags {
            words: Vec::new(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            data: PathBuf::from("data-dir"),
            trusted_proxies: Vec::new(),
            test_mode: false,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--host" => flags.host = parsed(&argument, &value()?)?,
                "--port" => flags.port = parsed(&argument, &value()?)?,
                "--data" => flags.data = PathBuf::from(value()?),
                "--trusted-proxy" => {
                    let text = value()?;
                    let network = settings::Network::parse(&text);
                    flags
                        .trusted_proxies
                        .push(network.ok_or_else(|| format!("'{text}' is no network"))?);
                }
                "--test-mode" => flags.test_mode = true,
                flag if flag.starts_with("--") && flag != "--help" => {
                    return Err(format!("there is no flag {flag}; see takwimu --help"));
                }
                word => flags.words.push(word.to_owned()),
            }
        }
        Ok(flags)
    }
}

fn parsed<T: std::str::FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is no value for {flag}"))
}

async fn run(arguments: Vec<String>) -> Result<(), String> {
    let flags = Flags::read(arguments)?;
    let words: Vec<&str> = flags.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] | [] => serve(flags).await,
        ["user", login, email] => make_user(&flags.data, login, email).await,
        ["token", login, description] => make_token(&flags.data, login, description).await,
        ["--help" | "help"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err("this is no command; see takwimu --help".to_owned()),
    }
}

async fn open_settings(data: &Path) -> Result<Settings, String> {
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let opened = Settings::open(data.join("settings.sqlite"), data.join("key")).await;
    opened.map_err(|error| error.to_string())
}

fn read_password() -> Result<Secret, String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

async fn make_user(data: &Path, login: &str, email: &str) -> Result<(), String> {
    let settings = open_settings(data).await?;
    let user = NewUser {
        login: login.to_owned(),
        email: email.to_owned(),
        password: read_password()?,
        invited_by: None,
    };
    let made = settings
        .create_superuser(user, PasswordRules::SUPERUSER_FORM, now())
        .await;
    made.map_err(|error| error.to_string())?;
    println!("{login} is a superuser now.");
    settings.close().await;
    Ok(())
}

async fn make_token(data: &Path, login: &str, description: &str) -> Result<(), String> {
    let settings = open_settings(data).await?;
    let failed = |error: settings::Error| error.to_string();
    let user = settings
        .check_password(login, &read_password()?)
        .await
        .map_err(failed)?;
    let user = user.ok_or("login or password is wrong")?;
    let new = NewToken {
        login: user.login,
        description: description.to_owned(),
        ..NewToken::default()
    };
    let (_, token) = settings.create_token(new, now()).await.map_err(failed)?;
    println!("{}", token.expose());
    settings.close().await;
    Ok(())
}

async fn serve(flags: Flags) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let settings = open_settings(&flags.data).await?;
    let _lock = journal::DataLock::acquire(&flags.data).map_err(|error| failed(&error))?;
    let build = Box::new(server::rules_from_journal);
    let journal_dir = flags.data.join("journal");
    let ingest = ingest::Ingest::open(&journal_dir, journal::Options::default(), build);
    let ingest = Arc::new(ingest.map_err(|error| failed(&error))?);
    let options = Options {
        data_dir: flags.data,
        base_url: None,
        trusted_proxies: flags.trusted_proxies,
        control_route: flags.test_mode,
        unsalted_fingerprints: flags.test_mode,
        matomo_defaults: flags.test_mode,
    };
    let app = App::new(settings, ingest.clone(), options)
        .await
        .map_err(|error| failed(&error))?;
    if flags.test_mode {
        app.make_test_superuser()
            .await
            .map_err(|error| failed(&error))?;
    }
    let address = SocketAddr::new(flags.host, flags.port);
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("{address}: {error}"))?;
    eprintln!("takwimu: listening on http://{address}");
    let watched = app.clone();
    tokio::spawn(async move { watched.watch_settings().await });
    let service = server::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop_asked())
        .await;
    served.map_err(|error| failed(&error))?;
    ingest.close()
}

/// Resolves when the program is asked to stop.
async fn stop_asked() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
