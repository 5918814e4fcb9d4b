//! A data folder, opened by one process: settings, journal and all that is built on them.

use std::path::Path;
use std::sync::Arc;

use ingest::Ingest;
use journal::DataLock;
use server::{App, Options};
use settings::Settings;
use tokio::runtime::Runtime;

use crate::configuration::Configuration;
use crate::import::marks::Marks;

/// Everything of a data folder. Closed by `close`, else as after a crash, which loses nothing either.
pub struct House {
    pub runtime: Runtime,
    pub app: App,
    pub ingest: Arc<Ingest>,
    _lock: DataLock,
}

/// What a command wants beyond the configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    pub control_route: bool,
    pub matomo_defaults: bool,
}

impl House {
    /// Takes the folder, or says who has it.
    pub fn open(configuration: &Configuration, wants: Wants) -> Result<House, String> {
        let runtime = runtime()?;
        let data = &configuration.data;
        let settings = runtime.block_on(open_settings(data))?;
        let lock = DataLock::acquire(data).map_err(|error| error.to_string())?;
        let build = Box::new(server::rules_from_journal);
        let options = ingest::Options {
            sealing: configuration.sealing,
            journal: journal::Options {
                durability: configuration.durability,
                ..journal::Options::default()
            },
            ..ingest::Options::default()
        };
        let ingest = Ingest::open(data, options, build);
        let ingest = Arc::new(ingest.map_err(|error| error.to_string())?);
        Marks::settle(data, ingest.journal_stats().last_number)
            .map_err(|error| error.to_string())?;
        let options = Options {
            data_dir: data.clone(),
            base_url: configuration.base_url.clone(),
            trusted_proxies: configuration.trusted_proxies.clone(),
            places: configuration.places.clone(),
            control_route: wants.control_route,
            matomo_defaults: wants.matomo_defaults,
        };
        let app = runtime
            .block_on(App::new(settings, ingest.clone(), options))
            .map_err(|error| error.to_string())?;
        Ok(House {
            runtime,
            app,
            ingest,
            _lock: lock,
        })
    }

    pub fn close(self) -> Result<(), String> {
        let closed = self.ingest.close();
        self.runtime.block_on(self.app.settings.close());
        closed
    }
}

/// The runtime of a command.
pub fn runtime() -> Result<Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot start: {error}"))
}

/// Sites, users and tokens of a folder, which is made where it is not there.
pub async fn open_settings(data: &Path) -> Result<Settings, String> {
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let opened = Settings::open(data.join("settings.sqlite"), data.join("key")).await;
    opened.map_err(|error| error.to_string())
}
