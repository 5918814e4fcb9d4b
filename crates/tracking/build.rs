//! Packs the data that tracking needs into the program: the rules of device detection and the
//! country database. Both come from locked packages that `make data` fetches.

#[path = "src/device/compile/mod.rs"]
#[allow(dead_code)]
mod device_rules;

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

/// Place for the country database; nothing is packed here yet.
fn pack_country_database(_data: &Path, _out: &Path) -> Result<(), String> {
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
