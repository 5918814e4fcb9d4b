//! Browser, system, device, screen and plugins.

use catalog::columns::PLUGIN_BITS;

use super::Enriching;
use crate::device::ClientHints;
use crate::hit::DeviceFacts;
use crate::outcome::Stop;

/// The system of robots that count as visitors.
const ROBOT_SYSTEM: &str = "BOT";

/// Detects the device by user agent and client hints, those of the parameters before those of the headers.
pub fn detect(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let stated = hit.params.filled("ua");
    hit.user_agent = stated.unwrap_or(&hit.environment.user_agent).to_owned();
    let hints = client_hints(hit, stated.is_some());
    hit.device = hit.sources.devices.detect(&hit.user_agent, &hints);
    let device = &hit.device;
    hit.hit.device = DeviceFacts {
        browser: device.client_code.clone(),
        browser_version: device.client_version.clone(),
        browser_engine: device.engine.clone(),
        client_type: device.client_kind.map_or(0, |kind| kind as i64),
        os: if device.bot.is_some() {
            ROBOT_SYSTEM.to_owned()
        } else {
            device.os_code.clone()
        },
        os_version: device.os_version.clone(),
        device_type: device.device_type.map(i64::from),
        brand: device.brand.clone(),
        model: model_of(device),
        plugins: plugins(hit),
    };
    hit.hit.resolution = hit
        .params
        .filled("res")
        .filter(|resolution| !resolution.eq_ignore_ascii_case("unknown"))
        .map(str::to_owned);
    hit.hit.local_time_seconds = local_time(hit);
    Ok(())
}

/// A device whose model is unknown is called after its kind, as in `generic smartphone`.
fn model_of(device: &crate::device::Device) -> String {
    if !device.model.is_empty() {
        return device.model.clone();
    }
    let kind = device.device_type.and_then(crate::device::device_type_name);
    kind.map(|kind| format!("generic {kind}"))
        .unwrap_or_default()
}

/// Hints of the headers belong to the user agent of the header, not to one that was stated.
fn client_hints(hit: &Enriching<'_>, agent_is_stated: bool) -> ClientHints {
    let sent = hit
        .params
        .filled("uadata")
        .and_then(ClientHints::from_uadata_json);
    if let Some(hints) = sent {
        return hints;
    }
    if agent_is_stated {
        return ClientHints::default();
    }
    let headers = &hit.environment.client_hints;
    ClientHints::from_headers(&|name| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    })
}

fn plugins(hit: &Enriching<'_>) -> i64 {
    let set = PLUGIN_BITS.iter().filter(|(name, _)| hit.params.flag(name));
    set.fold(0, |bits, (_, bit)| bits | 1 << bit)
}

/// The visitor's clock; parts that are not sent are those of the hit's time.
fn local_time(hit: &Enriching<'_>) -> u32 {
    let of_day = hit.hit.time.rem_euclid(model::SECONDS_PER_DAY);
    let part = |name: &str, default: i64, limit: i64| match hit.params.integer(name) {
        Some(number) if (0..limit).contains(&number) => number,
        Some(_) => 0,
        None => default,
    };
    let hours = part("h", of_day / 3_600, 24);
    let minutes = part("m", of_day / 60 % 60, 60);
    let seconds = part("s", of_day % 60, 60);
    (hours * 3_600 + minutes * 60 + seconds) as u32
}
