//! Robots: told apart by name and kind, and kept apart in their own visits.

use std::sync::LazyLock;

use super::Enriching;
use crate::hit::Robot;
use crate::outcome::{Exclusion, Stop};
use crate::rules::AddressList;

/// Addresses from which only robots of their owners come, whatever browser they claim to be.
const GOOGLE: &[&str] = &[
    "216.239.32.0/19",
    "64.233.160.0/19",
    "66.249.80.0/20",
    "72.14.192.0/18",
    "209.85.128.0/17",
    "66.102.0.0/20",
    "74.125.0.0/16",
    "64.18.0.0/20",
    "207.126.144.0/20",
    "173.194.0.0/16",
];
const MICROSOFT: &[&str] = &[
    "64.4.0.0/18",
    "65.52.0.0/14",
    "157.54.0.0/15",
    "157.56.0.0/14",
    "157.60.0.0/16",
    "207.46.0.0/16",
    "207.68.128.0/18",
    "207.68.192.0/20",
    "131.253.26.0/20",
    "131.253.24.0/20",
];
const YAHOO: &[&str] = &["72.30.198.0/20", "72.30.196.0/20", "98.137.207.0/20"];

static OWNERS: LazyLock<[(&str, AddressList); 3]> = LazyLock::new(|| {
    let list = |ranges: &[&'static str]| AddressList::new(ranges.iter().copied());
    [
        ("Google", list(GOOGLE)),
        ("Microsoft", list(MICROSOFT)),
        ("Yahoo", list(YAHOO)),
    ]
});

/// The kind of a robot that only its address gives away.
const BY_ADDRESS: &str = "Network";

/// Names the robot, unless the request says that robots count as visitors.
pub fn classify(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let recorded_as_robot = hit.params.integer("recMode") == Some(1);
    if hit.params.flag("bots") && !recorded_as_robot {
        return Ok(());
    }
    let robot = by_user_agent(hit).or_else(|| by_address(hit));
    if robot.is_none() && recorded_as_robot {
        return Err(Exclusion::OtherBotRecord.into());
    }
    if robot.is_some() && hit.rules.drop_robots {
        return Err(Exclusion::Robot.into());
    }
    hit.hit.robot = robot;
    Ok(())
}

fn by_user_agent(hit: &Enriching<'_>) -> Option<Robot> {
    let bot = hit.device.bot.as_ref()?;
    Some(Robot {
        name: bot.name.clone(),
        kind: bot.category.clone(),
    })
}

/// Browsers of people who let Google compress their pages come from Google's addresses, too.
fn by_address(hit: &Enriching<'_>) -> Option<Robot> {
    if hit
        .environment
        .via
        .to_ascii_lowercase()
        .contains("chrome-compression-proxy")
    {
        return None;
    }
    let (owner, _) = OWNERS.iter().find(|(_, ranges)| ranges.contains(hit.ip))?;
    Some(Robot {
        name: (*owner).to_owned(),
        kind: BY_ADDRESS.to_owned(),
    })
}
