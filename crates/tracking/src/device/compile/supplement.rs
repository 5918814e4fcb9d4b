//! Names that the rules use but the tables of the package (6.5.1) lack: Matomo's published lists
//! have them. What the tables do have stays as it is.

use super::rules::NameTables;

/// Code, name, family and whether it only exists on mobile devices.
const BROWSERS: [(&str, &str, &str, bool); 6] = [
    ("37", "360 Speed Browser", "Chrome", true),
    ("38", "Stadium", "", true),
    ("4M", "Mullvad Browser", "Firefox", false),
    ("T7", "Teak Browser", "", false),
    ("IA", "Iceape", "", false),
    ("V7", "Vivaldi Mobile iOS", "Chrome", true),
];

/// Code and family.
const SYSTEM_FAMILIES: [(&str, &str); 1] = [("STM", "Mobile Gaming Console")];

/// Adds what is missing.
pub fn supplement(tables: &mut NameTables) {
    for (code, name, family, is_mobile_only) in BROWSERS {
        if tables.browsers.iter().any(|(_, known)| known == name) {
            continue;
        }
        // A code that has another name was renamed.
        match tables.browsers.iter_mut().find(|(known, _)| known == code) {
            Some((_, former_name)) => *former_name = name.to_owned(),
            None => tables.browsers.push((code.to_owned(), name.to_owned())),
        }
        add_to_family(&mut tables.browser_families, family, code);
        let mobile_only = &mut tables.mobile_only_browsers;
        if is_mobile_only && !mobile_only.iter().any(|known| known == code) {
            mobile_only.push(code.to_owned());
        }
    }
    for (code, family) in SYSTEM_FAMILIES {
        add_to_family(&mut tables.system_families, family, code);
    }
    // The package's mark for "no system" is no system.
    tables.systems.retain(|(code, _)| code != "UNK");
}

fn add_to_family(families: &mut [(String, Vec<String>)], family: &str, code: &str) {
    let has_family = |codes: &Vec<String>| codes.iter().any(|known| known == code);
    if families.iter().any(|(_, codes)| has_family(codes)) {
        return;
    }
    if let Some((_, codes)) = families.iter_mut().find(|(name, _)| name == family) {
        codes.push(code.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_only_what_is_missing() {
        let mut tables = NameTables {
            browsers: vec![
                ("99".to_owned(), "Stadium".to_owned()),
                ("V7".to_owned(), "Vivaldi Mobile Browser".to_owned()),
            ],
            browser_families: vec![("Chrome".to_owned(), vec!["V7".to_owned()])],
            ..NameTables::default()
        };
        supplement(&mut tables);
        let stadium: Vec<_> = tables
            .browsers
            .iter()
            .filter(|(_, name)| name == "Stadium")
            .collect();
        assert_eq!(stadium, [&("99".to_owned(), "Stadium".to_owned())]);
        assert_eq!(tables.browser_families[0].1, ["V7", "37"]);
        assert_eq!(tables.browsers[1].1, "Vivaldi Mobile iOS");
    }
}
