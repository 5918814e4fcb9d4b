//! `takwimu drops`: the latest hits that a running server has not stored, and why.

use serde_json::Value;

use crate::arguments::{Arguments, Flag};

pub const ABOUT: &str = "Shows the latest hits that a running server has not stored, the newest first, and why. It needs a \
    superuser's token in TAKWIMU_TOKEN. No address, token or query of a page is kept; numbers since the start are at \
    /metrics.";

pub const FLAGS: &[Flag] = &[Flag {
    name: "--url",
    value: "URL",
    about: "address of the server (default: http://127.0.0.1:8080)",
}];

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let base = arguments.value("--url").unwrap_or("http://127.0.0.1:8080");
    let token = std::env::var("TAKWIMU_TOKEN")
        .map_err(|_| "put a superuser's token in the variable TAKWIMU_TOKEN".to_owned())?;
    let url = format!("{}/drops", base.trim_end_matches('/'));
    let failed = |error: ureq::Error| format!("{url}: {error}");
    let request = ureq::get(&url).header("Authorization", format!("Bearer {token}"));
    let mut answer = request.call().map_err(failed)?;
    let text = answer.body_mut().read_to_string().map_err(failed)?;
    let drops: Vec<Value> =
        serde_json::from_str(&text).map_err(|_| format!("{url} answers with no list"))?;
    drops.iter().for_each(|drop| println!("{}", line(drop)));
    Ok(())
}

/// One drop for people. What came in with a hit may hold anything: control characters are left out.
fn line(drop: &Value) -> String {
    let text = |name: &str| {
        let text = drop[name].as_str().unwrap_or_default();
        text.chars()
            .filter(|letter| !letter.is_control())
            .collect::<String>()
    };
    let seconds = drop["time"].as_i64().unwrap_or(0);
    let time = model::Zone::utc().local(seconds);
    let site = drop["site"].as_i64().unwrap_or(0);
    format!(
        "{time}Z  site {site:<4} {:<20} {}  {}",
        text("reason"),
        text("meaning"),
        text("page")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_is_one_line_whatever_it_holds() {
        let drop = serde_json::json!({
            "time": 1_700_000_000, "site": 3, "reason": "robot", "meaning": "a robot", "page": "https://h/\u{1b}[2J\n",
        });
        assert_eq!(
            line(&drop),
            "2023-11-14T22:13:20Z  site 3    robot                a robot  https://h/[2J"
        );
    }
}
