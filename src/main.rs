//! Takwimu: web analytics and a knowledge base in one program. The only place that reads flags and builds
//! things.

mod accounts;
mod arguments;
mod backup;
mod configuration;
mod demo;
mod drops;
mod house;
mod import;
mod licences;
mod lists;
mod time;

use std::net::SocketAddr;

use arguments::{Arguments, Command, Flag};
use configuration::Configuration;
use house::{House, Wants};

/// Everything the program does.
const COMMANDS: &[Command] = &[
    Command {
        name: "serve",
        words: "",
        about: "Starts the server.",
        flags: &[Flag {
            name: "--test-mode",
            value: "",
            about: "for recorded tests: an empty server with Matomo's defaults and a route that empties it",
        }],
        settings: &[
            "data",
            "host",
            "port",
            "base_url",
            "trusted_proxy",
            "location_database",
            "durability",
            "seal",
        ],
        run: serve,
    },
    Command {
        name: "import",
        words: "LOG...",
        about: import::ABOUT,
        flags: import::FLAGS,
        settings: &["data", "location_database"],
        run: import::run,
    },
    Command {
        name: "demo",
        words: "",
        about: demo::ABOUT,
        flags: demo::FLAGS,
        settings: &["data", "location_database"],
        run: demo::run,
    },
    Command {
        name: "user",
        words: "LOGIN EMAIL | password LOGIN",
        about: "Makes a superuser; or gives a user another password, which ends all sessions of that user. The \
            password is one line of standard input.",
        flags: &[],
        settings: &["data"],
        run: accounts::user,
    },
    Command {
        name: "unblock",
        words: "",
        about: "Lets everybody try again who was locked out by failed sign-ins.",
        flags: &[],
        settings: &["data"],
        run: accounts::unblock,
    },
    Command {
        name: "token",
        words: "LOGIN DESCRIPTION",
        about: "Makes a token for the API. The user's password is one line of standard input. The token is shown \
            once: keep it like a password.",
        flags: &[],
        settings: &["data"],
        run: accounts::make_token,
    },
    Command {
        name: "backup",
        words: "FOLDER",
        about: backup::BACKUP,
        flags: &[],
        settings: &["data"],
        run: backup::backup,
    },
    Command {
        name: "restore",
        words: "FOLDER",
        about: backup::RESTORE,
        flags: &[],
        settings: &["data"],
        run: backup::restore,
    },
    Command {
        name: "verify",
        words: "",
        about: backup::VERIFY,
        flags: &[],
        settings: &["data"],
        run: backup::verify,
    },
    Command {
        name: "drops",
        words: "",
        about: drops::ABOUT,
        flags: drops::FLAGS,
        settings: &[],
        run: drops::run,
    },
    Command {
        name: "lists",
        words: "[update FILE|URL]",
        about: lists::ABOUT,
        flags: &[],
        settings: &["data"],
        run: lists::run,
    },
    Command {
        name: "licences",
        words: "",
        about: "Prints the notice, and every package and data set with its licence.",
        flags: &[],
        settings: &[],
        run: licences::run,
    },
    Command {
        name: "config",
        words: "",
        about: "Prints a configuration file with every setting, what it does, and its default.",
        flags: &[],
        settings: &[],
        run: |_| {
            print!("{}", configuration::template());
            Ok(())
        },
    },
];

fn main() {
    if let Err(message) = run(std::env::args().skip(1).collect()) {
        eprintln!("takwimu: {message}");
        std::process::exit(1);
    }
}

fn run(mut texts: Vec<String>) -> Result<(), String> {
    let asks_for_help = |text: &String| matches!(text.as_str(), "help" | "--help" | "-h");
    if texts.iter().any(asks_for_help) {
        let name = texts.iter().find(|text| !asks_for_help(text));
        return show_help(name.map(String::as_str));
    }
    let name = match texts.first() {
        Some(first) if !first.starts_with('-') => texts.remove(0),
        _ => "serve".to_owned(),
    };
    let command = find(&name)?;
    (command.run)(&Arguments::read(command, texts)?)
}

fn find(name: &str) -> Result<&'static Command, String> {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.ok_or_else(|| format!("'{name}' is no command; see takwimu help"))
}

fn show_help(name: Option<&str>) -> Result<(), String> {
    match name {
        Some(name) => print!("{}", arguments::help(find(name)?)),
        None => print!("{}", arguments::overview(COMMANDS)),
    }
    Ok(())
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let mut configuration = Configuration::of(arguments)?;
    let test_mode = arguments.is_set("--test-mode");
    if test_mode {
        configuration.places = server::PlacesFrom::Nothing;
    }
    let wants = Wants {
        control_route: test_mode,
        matomo_defaults: test_mode,
    };
    let house = House::open(&configuration, wants)?;
    let served = house.runtime.block_on(async {
        if test_mode {
            let made = house.app.make_test_superuser().await;
            made.map_err(|error| error.to_string())?;
        }
        listen(&house, &configuration).await
    });
    house.close().and(served)
}

async fn listen(house: &House, configuration: &Configuration) -> Result<(), String> {
    let address = SocketAddr::new(configuration.host, configuration.port);
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("{address}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("takwimu: listening on http://{address}");
    print_setup_link(&house.app, configuration.base_url.as_deref(), address).await?;
    let watched = house.app.clone();
    tokio::spawn(async move { watched.watch_settings().await });
    let kept = house.app.clone();
    tokio::spawn(async move { kept.keep_retention().await });
    let service = server::router(house.app.clone());
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stop_asked())
        .await;
    served.map_err(|error| error.to_string())
}

/// As long as nobody can sign in, each start prints a new link to the page that makes the superuser. It is
/// printed here and nowhere else.
async fn print_setup_link(
    app: &server::App,
    base_url: Option<&str>,
    address: SocketAddr,
) -> Result<(), String> {
    let link = app.settings.make_setup_link(time::now()).await;
    let Some(key) = link.map_err(|error| error.to_string())? else {
        return Ok(());
    };
    let server = base_url.map_or_else(
        || match address.ip().is_unspecified() {
            true => format!("http://127.0.0.1:{}", address.port()),
            false => format!("http://{address}"),
        },
        str::to_owned,
    );
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
