//! The database file: how it is opened, brought up to date, written and watched.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{SqlSafeStr, Transaction};

use crate::error::{Error, Result};
use crate::secret::{create_private, refuse_readable_by_others};

/// The database in use. PostgreSQL would change this line and [`open`]; the statements stay.
pub(crate) type Db = sqlx::Sqlite;
pub(crate) type DbRow = sqlx::sqlite::SqliteRow;
pub(crate) type Write = Transaction<'static, Db>;

/// Every change of the tables, in order. A released file is never edited: its checksum is kept in the database.
pub(crate) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "core", include_str!("../migrations/0001_core.sql")),
    (
        2,
        "own things",
        include_str!("../migrations/0002_own_things.sql"),
    ),
];

/// Numbers that only grow; each change raises one or both, in the same transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Anything that decides how a hit is recorded: sites, goals, custom dimensions, options, configuration.
    pub tracking: u64,
    /// Anything that decides who may do what: users, access, tokens.
    pub access: u64,
}

/// Which numbers of [`Changes`] a change raises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touches {
    Nothing,
    Tracking,
    Access,
    Both,
}

/// One connection writes, so that writers wait in line instead of failing; a few others read beside it.
pub(crate) struct Pools {
    pub(crate) reader: SqlitePool,
    pub(crate) writer: SqlitePool,
}

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) async fn open(path: &Path) -> Result<Pools> {
    make_private_file(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // Measured: NORMAL loses acknowledged changes at a power cut, FULL does not.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Erased personal data must not stay in free pages.
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_with(options.clone())
        .await?;
    migrator(MIGRATIONS).run(&writer).await?;
    let reader = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_with(options.pragma("query_only", "ON"))
        .await?;
    Ok(Pools { reader, writer })
}

pub(crate) fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migrations = migrations.iter().map(|(number, name, sql)| {
        Migration::new(
            *number,
            (*name).into(),
            MigrationType::Simple,
            (*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

/// SQLite gives its side files the mode of the main file, so the main file must be private before it is used.
fn make_private_file(path: &Path) -> Result<()> {
    let unusable = |error: std::io::Error| {
        Error::Storage(format!(
            "the database {} cannot be used: {error}",
            path.display()
        ))
    };
    match std::fs::File::open(path) {
        Ok(file) => refuse_readable_by_others(&file, path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            create_private(path).map(|_| ()).map_err(unusable)
        }
        Err(error) => Err(unusable(error)),
    }
}

/// Copies the database, as of one moment, to a file that does not exist yet.
pub(crate) async fn copy_to(pool: &SqlitePool, path: &Path) -> Result<()> {
    let unusable = |why: &dyn std::fmt::Display| {
        Error::Storage(format!("the copy {} cannot be made: {why}", path.display()))
    };
    let file = create_private(path).map_err(|error| unusable(&error))?;
    let name = path
        .to_str()
        .ok_or_else(|| unusable(&"its name is not UTF-8"))?;
    sqlx::query("VACUUM INTO $1")
        .bind(name)
        .execute(pool)
        .await
        .map_err(|error| unusable(&error))?;
    file.sync_all().map_err(|error| unusable(&error))
}

/// Raises the numbers inside the transaction of the change and returns the new ones.
pub(crate) async fn raise_changes(write: &mut Write, touches: Touches) -> Result<Changes> {
    let mut changes = Changes::default();
    if matches!(touches, Touches::Tracking | Touches::Both) {
        changes.tracking = raise(write, "tracking").await?;
    }
    if matches!(touches, Touches::Access | Touches::Both) {
        changes.access = raise(write, "access").await?;
    }
    Ok(changes)
}

async fn raise(write: &mut Write, name: &'static str) -> Result<u64> {
    let number: i64 = sqlx::query_scalar(
        "UPDATE change_number SET number = number + 1 WHERE name = $1 RETURNING number",
    )
    .bind(name)
    .fetch_one(&mut **write)
    .await?;
    Ok(number.max(0) as u64)
}

pub(crate) async fn read_changes(pool: &SqlitePool) -> Result<Changes> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT name, number FROM change_number")
        .fetch_all(pool)
        .await?;
    let mut changes = Changes::default();
    for (name, number) in rows {
        match name.as_str() {
            "tracking" => changes.tracking = number.max(0) as u64,
            "access" => changes.access = number.max(0) as u64,
            _ => {}
        }
    }
    Ok(changes)
}

/// The next id of a counter that starts at 1 and never gives a number twice.
pub(crate) async fn next_id(write: &mut Write, counter: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "INSERT INTO counter (name, last) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET last = counter.last + 1 RETURNING last",
    )
    .bind(counter)
    .fetch_one(&mut **write)
    .await?)
}
