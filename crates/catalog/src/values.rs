//! What the numbers of a column stand for, where reports, segments and tracking must agree on it.

/// Device types as `deviceType` names them; the place is the number that is stored with a visit.
pub const DEVICE_TYPES: [&str; 14] = [
    "desktop",
    "smartphone",
    "tablet",
    "feature phone",
    "console",
    "tv",
    "car browser",
    "smart display",
    "camera",
    "portable media player",
    "phablet",
    "smart speaker",
    "wearable",
    "peripheral",
];

/// The number of a device type's name.
pub fn device_type_number(name: &str) -> Option<u8> {
    DEVICE_TYPES
        .iter()
        .position(|known| *known == name)
        .map(|number| number as u8)
}

/// Referrer types: the stored number, what people read, and the value of `referrerType`.
pub const REFERRER_TYPES: [(i64, &str, &str); 6] = [
    (1, "Direct Entry", "direct"),
    (2, "Search Engines", "search"),
    (3, "Websites", "website"),
    (6, "Campaigns", "campaign"),
    (7, "Social Networks", "social"),
    (8, "AI Assistants", "ai"),
];
