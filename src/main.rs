//! Takwimu: web analytics and a knowledge base in one program. The only place that reads flags and builds
//! things.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use server::{App, Options};
use settings::{NewToken, NewUser, PasswordRules, Secret, Settings};

const HELP: &str = "\
takwimu serve [--host ADDRESS] [--port N] [--data DIR] [--base-url URL] [--trusted-proxy CIDR]... [--test-mode]
takwimu user LOGIN EMAIL [--data DIR]         make a superuser; the password is read from standard input
takwimu user password LOGIN [--data DIR]      set another password, read from standard input; sessions of LOGIN end
takwimu unblock [--data DIR]                  let everybody try again who was locked out by failed sign-ins
takwimu token LOGIN DESCRIPTION [--data DIR]  make a token; the password is read from standard input

The first start prints a link that makes the superuser; it works once and for a day. --base-url is the address that browsers
use, such as https://example.org/stats, when a proxy stands before the program.

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
    base_url: Option<String>,
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
            base_url: None,
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
                "--base-url" => flags.base_url = Some(server::parse_base_url(&value()?)?),
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
        ["user", "password", login] => set_password(&flags.data, login).await,
        ["unblock"] => unblock(&flags.data).await,
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

async fn set_password(data: &Path, login: &str) -> Result<(), String> {
    let settings = open_settings(data).await?;
    let failed = |error: settings::Error| error.to_string();
    let user = settings.user(login).await.map_err(failed)?;
    let rules = match user.superuser_access {
        true => PasswordRules::SUPERUSER_FORM,
        false => PasswordRules::FORM,
    };
    settings
        .set_password(login, &read_password()?, rules, None, now())
        .await
        .map_err(failed)?;
    println!(
        "{} has a new password; all sessions have ended.",
        user.login
    );
    settings.close().await;
    Ok(())
}

async fn unblock(data: &Path) -> Result<(), String> {
    let settings = open_settings(data).await?;
    settings
        .unblock_all()
        .await
        .map_err(|error| error.to_string())?;
    println!("Everybody may try again.");
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
        base_url: flags.base_url,
        trusted_proxies: flags.trusted_proxies,
        control_route: flags.test_mode,
        matomo_defaults: flags.test_mode,
    };
    let address = SocketAddr::new(flags.host, flags.port);
    let public_url = options.base_url.clone();
    let app = App::new(settings.clone(), ingest.clone(), options)
        .await
        .map_err(|error| failed(&error))?;
    if flags.test_mode {
        app.make_test_superuser()
            .await
            .map_err(|error| failed(&error))?;
    }
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    eprintln!("takwimu: listening on http://{address}");
    tokio::spawn(follow_changes(settings.clone()));
    print_setup_link(&settings, public_url, address).await?;
    let service = server::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop_asked())
        .await;
    served.map_err(|error| failed(&error))?;
    ingest.close()
}

/// Notices within a second what other commands of the program changed: a token deleted by one of them is refused.
async fn follow_changes(settings: Settings) {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = settings.look_for_changes().await {
            eprintln!("takwimu: settings cannot be read: {error}");
        }
    }
}

/// As long as nobody can sign in, each start prints a new link to the page that makes the superuser. It is printed here and
/// nowhere else.
async fn print_setup_link(
    settings: &Settings,
    public_url: Option<String>,
    address: SocketAddr,
) -> Result<(), String> {
    let link = settings.make_setup_link(now()).await;
    let Some(key) = link.map_err(|error| error.to_string())? else {
        return Ok(());
    };
    let server = public_url.unwrap_or_else(|| match address.ip().is_unspecified() {
        true => format!("http://127.0.0.1:{}", address.port()),
        false => format!("http://{address}"),
    });
    println!(
        "\nNobody can sign in yet. Open this link to make the superuser; it works once, within a day:\n"
    );
    println!("    {server}/setup/{}\n", key.expose());
    Ok(())
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
