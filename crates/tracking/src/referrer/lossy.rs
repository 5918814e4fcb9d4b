//! Hosts with their country made a blank, so that one entry covers an engine in all countries.

use crate::geo::is_country_label;

const BLANK: &str = "{}";
/// Second-level labels under which countries register names: `google.co.uk`, `google.com.tr`.
const SECOND_LEVEL: &[&str] = &["com", "org", "net", "co", "it", "edu"];

/// `www.google.co.uk` → `google.{}`, `de.search.yahoo.com` → `{}.search.yahoo.com`, `m.example.org` → `example.org`.
/// The host is in lower case.
pub(super) fn lossy_host(host: &str) -> String {
    let mut labels: Vec<&str> = host.split('.').collect();
    if labels.len() > 1 && is_front_label(labels[0]) {
        labels.remove(0);
    }
    let last_index = labels.len() - 1;
    let mut index = 0;
    labels.retain(|label| {
        index += 1;
        *label != "m" || index > last_index
    });
    blank_top_level_country(&mut labels);
    let below_top = labels.len() - 1;
    for label in &mut labels[..below_top] {
        if is_country_label(label) {
            *label = BLANK;
        }
    }
    labels.join(".")
}

fn blank_top_level_country(labels: &mut Vec<&str>) {
    let Some(last) = labels
        .len()
        .checked_sub(1)
        .filter(|last| *last > 0 && is_country_label(labels[*last]))
    else {
        return;
    };
    labels[last] = BLANK;
    if last > 1 && SECOND_LEVEL.contains(&labels[last - 1]) {
        labels.remove(last - 1);
    }
}

/// `www`, `w3`, `www2`, `search`
fn is_front_label(label: &str) -> bool {
    let digits = label.trim_start_matches('w');
    label == "search"
        || (digits.len() < label.len() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_become_blanks() {
        for (host, expected) in [
            ("google.com", "google.com"),
            ("www.google.com", "google.com"),
            ("www.google.com.vn", "google.{}"),
            ("www.google.co.uk", "google.{}"),
            ("www2.google.fr", "google.{}"),
            ("google.co", "google.{}"),
            ("uk.search.yahoo.com", "{}.search.yahoo.com"),
            ("de.bing.com", "{}.bing.com"),
            ("m.search.de", "search.{}"),
            ("search.example.org", "example.org"),
            ("images.google.it", "images.google.{}"),
            ("xx", "xx"),
            ("m", "m"),
            ("", ""),
            (".", "."),
        ] {
            assert_eq!(lossy_host(host), expected, "{host}");
        }
    }
}
