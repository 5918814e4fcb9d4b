//! Tests of the whole detection with the rules in the binary.

use super::*;

fn detect(user_agent: &str) -> Device {
    let detector = DeviceDetector::embedded();
    (*detector.detect(user_agent, &ClientHints::default())).clone()
}

#[test]
fn stores_codes_and_two_parts_of_versions() {
    struct Case {
        user_agent: &'static str,
        client: (&'static str, &'static str),
        engine: &'static str,
        system: (&'static str, &'static str),
        device: (Option<u8>, &'static str, &'static str),
    }
    for case in [
        Case {
            user_agent: "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-GB; rv:1.9.2.6) Gecko/20100625 Firefox/3.6.6",
            client: ("FF", "3.6"),
            engine: "Gecko",
            system: ("WIN", "XP"),
            device: (Some(0), "", ""),
        },
        Case {
            user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
            client: ("MF", "12.1"),
            engine: "WebKit",
            system: ("IOS", "12.2"),
            device: (Some(1), "Apple", "iPhone"),
        },
        Case {
            user_agent: "Mozilla/5.0 (Linux; Android 4.4.2; Nexus 4 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/33.0.1750.136 Mobile Safari/537.36",
            client: ("CM", "33.0"),
            engine: "Blink",
            system: ("AND", "4.4"),
            device: (Some(1), "Google", "Nexus 4"),
        },
        Case {
            user_agent: "curl/7.81.0",
            client: ("curl", "7.81"),
            engine: "",
            system: ("", ""),
            device: (None, "", ""),
        },
        Case {
            user_agent: "12345",
            client: ("", ""),
            engine: "",
            system: ("", ""),
            device: (None, "", ""),
        },
    ] {
        let found = detect(case.user_agent);
        let client = (found.client_code.as_str(), found.client_version.as_str());
        assert_eq!(client, case.client, "{}", case.user_agent);
        assert_eq!(found.engine, case.engine, "{}", case.user_agent);
        let system = (found.os_code.as_str(), found.os_version.as_str());
        assert_eq!(system, case.system, "{}", case.user_agent);
        let device = (
            found.device_type,
            found.brand.as_str(),
            found.model.as_str(),
        );
        assert_eq!(device, case.device, "{}", case.user_agent);
    }
}

#[test]
fn names_robots() {
    for (user_agent, name, is_ai) in [
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot",
            false,
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "GPTBot",
            true,
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "ClaudeBot",
            true,
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
            "PerplexityBot",
            true,
        ),
    ] {
        let device = detect(user_agent);
        let bot = device.bot.clone().unwrap_or_default();
        assert_eq!(bot.name, name);
        assert_eq!(bot.is_ai(), is_ai, "{name}: {}", bot.category);
        let only_bot = Device {
            bot: Some(bot),
            ..Device::default()
        };
        assert_eq!(device, only_bot);
    }
}

#[test]
fn hints_complete_a_frozen_user_agent() {
    let hints = ClientHints::from_uadata_json(
        r#"{"fullVersionList":[{"brand":"Chromium","version":"124.0.6367.82"},{"brand":"Google Chrome","version":"124.0.6367.82"}],
            "mobile":true,"model":"Pixel 6","platform":"Android","platformVersion":"14.0.0"}"#,
    );
    let detector = DeviceDetector::embedded().with_version_depth(VersionDepth::Full);
    let device = detector.detect(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
        &hints.unwrap_or_default(),
    );
    assert_eq!(device.client_name, "Chrome Mobile");
    assert_eq!(device.client_version, "124.0.6367.82");
    assert_eq!(device.os_version, "14.0.0");
    assert_eq!(
        (device.brand.as_str(), device.model.as_str()),
        ("Google", "Pixel 6")
    );
}

#[test]
fn knows_codes_and_names() {
    assert_eq!(os_name("WIN"), Some("Windows"));
    assert_eq!(os_code("windows"), Some("WIN"));
    assert_eq!(os_family("UBT"), Some("GNU/Linux"));
    assert_eq!(os_family("Ubuntu"), Some("GNU/Linux"));
    assert_eq!(os_name("UNK"), None);
    assert_eq!(browser_name("FF"), Some("Firefox"));
    assert_eq!(browser_code("Microsoft Edge"), Some("PS"));
    assert_eq!(browser_family("CM"), Some("Chrome"));
    assert_eq!(browser_name("??"), None);
    assert_eq!(device_type_name(13), Some("peripheral"));
    assert_eq!(device_type_name(14), None);
    assert_eq!(device_type_code("tv"), Some(5));
    let names = names();
    assert!(names.brands.entries().any(|brand| brand.name == "Samsung"));
    assert!(names.engines().iter().any(|engine| engine == "Blink"));
    let families = names.systems.families();
    assert!(families.iter().any(|family| family == "Mac"));
    let detector = DeviceDetector::embedded();
    assert!(detector.bot_names().any(|name| name == "GPTBot"));
}

#[test]
fn other_rules_can_be_used() {
    let data = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/packages/device_detector"
    );
    let user_agent = "Mozilla/5.0 (Linux; Android 9; SM-G960F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.210 Mobile Safari/537.36";
    let none = ClientHints::default();
    let embedded = DeviceDetector::embedded().detect(user_agent, &none);
    assert_eq!(embedded.model, "Galaxy S9");
    // A package as unpacked, and the rule files alone.
    for directory in [data.to_owned(), format!("{data}/regexes/upstream")] {
        match DeviceDetector::from_dir(Path::new(&directory)) {
            Ok(detector) => assert_eq!(detector.detect(user_agent, &none), embedded),
            Err(error) => panic!("{error}"),
        }
    }
    let error = DeviceDetector::from_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).err();
    let message = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("bots.yml"), "{message}");
}

/// A fixed sequence of numbers that look random.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |limit| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    }
}

#[test]
fn withstands_hostile_user_agents() {
    const PARTS: [&str; 24] = [
        "Mozilla/5.0 (",
        "Linux; Android 10; K)",
        "AppleWebKit/",
        "Chrome/",
        "1.2.3.4",
        " ",
        ";",
        "/",
        ")",
        "SM-",
        "Build/",
        "\u{0}",
        "ä",
        "\n",
        "_",
        "ﬀ\u{130}ſ",
        "bot",
        "$1\\g<1>",
        "Windows NT 10.0; Win64; x64",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "1111111111111",
        "rv:",
        "Gecko/20100101",
        "Opera Mini",
    ];
    let detector = DeviceDetector::embedded();
    let mut next = numbers(42);
    let start = std::time::Instant::now();
    const ROUNDS: u32 = 2_000;
    for _ in 0..ROUNDS {
        let mut text = |most: usize| -> String {
            let count = next(most);
            (0..count).map(|_| PARTS[next(PARTS.len())]).collect()
        };
        let user_agent = text(80);
        let hints = ClientHints {
            brands: vec![(text(3), text(3))],
            model: text(4),
            platform: text(3),
            platform_version: text(3),
            app: text(2),
            ..ClientHints::default()
        };
        detector.detect(&user_agent, &hints);
        detector.detect(&user_agent, &ClientHints::default());
    }
    // One takes well under a millisecond, even on a busy machine.
    assert!(start.elapsed().as_millis() < u128::from(ROUNDS) * 20);
    for part in PARTS {
        detector.detect(&part.repeat(100_000), &ClientHints::default());
    }
}
