//! Whatever is sent, nothing panics, nothing grows without bound, and the same bytes give the same rows.

mod support;

use support::World;
use tracking::{Auth, Method};

/// The same numbers on every machine, so that a failure can be repeated.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.next() as u8).collect()
    }

    fn value(&mut self) -> String {
        const VALUES: &[&str] = &[
            "",
            "0",
            "1",
            "-1",
            "1.5",
            "9223372036854775807",
            "-9223372036854775808",
            "1e308",
            "NaN",
            "99999999999999999999",
            "%00",
            "%FF%FE",
            "%F0%9F%98%80",
            "http://",
            "https://h/?q=%E9&utm_campaign=x",
            "//",
            "javascript:x",
            "{}",
            "[]",
            "[[[[",
            "{\"1\":[\"a\",\"b\"]}",
            "[[\"sku\",\"n\",[\"c\"],\"1\",\"-5\"]]",
            "[[\"s\",\"n\",\"c\",1e308,9e99],[1,2],[null]]",
            "&amp;&#x0;&#99999999;",
            "0123456789abcdef",
            "ffffffffffffffff",
            "0000000000000000",
            "2010-01-01 00:00:00",
            "1e400",
            "::ffff:1.2.3.4",
            "a%0D%0Ab",
        ];
        if self.below(4) == 0 {
            let bytes = self.bytes(40);
            return tracking::url::url_encode(&bytes);
        }
        VALUES[self.below(VALUES.len())].to_owned()
    }

    fn query(&mut self) -> String {
        let mut query = "idsite=1&rec=1".to_owned();
        for _ in 0..self.below(20) {
            let params = catalog::params::PARAMS;
            let name = match self.below(8) {
                0 => format!("dimension{}", self.below(4)),
                1 => "cvar[1][]".to_owned(),
                _ => params[self.below(params.len())].name.to_owned(),
            };
            query.push_str(&format!("&{name}={}", self.value()));
        }
        query
    }
}

#[test]
fn any_parameters_are_survived() {
    let mut noise = Noise(7);
    let mut world = World::new();
    world.auth = Auth::Write;
    for round in 0..4_000 {
        let query = noise.query();
        world
            .at(round % 5_000)
            .send_bytes(Method::Get, query.as_bytes(), b"");
    }
    assert!(!world.all().is_empty());
}

#[test]
fn any_bytes_are_survived() {
    let mut noise = Noise(11);
    let mut world = World::new();
    for _ in 0..2_000 {
        let (query, body) = (noise.bytes(200), noise.bytes(400));
        world.send_bytes(Method::Post, &query, &body);
        let mut bulk = b" {\"requests\":[\"?".to_vec();
        bulk.extend(noise.query().into_bytes());
        bulk.extend(b"\",");
        bulk.extend(noise.bytes(30));
        bulk.extend(b"]}");
        world.send_bytes(Method::Post, b"", &bulk);
    }
}

#[test]
fn the_same_requests_give_the_same_rows() {
    let run = || {
        let mut noise = Noise(13);
        let mut world = World::new();
        world.auth = Auth::Write;
        for round in 0..500 {
            let query = noise.query();
            world
                .at(round)
                .send_bytes(Method::Get, query.as_bytes(), b"");
        }
        world.all().to_vec()
    };
    assert_eq!(run(), run());
}

#[test]
fn numbers_beyond_all_bounds_do_not_overflow() {
    let mut world = World::new();
    world.auth = Auth::Write;
    let most = i64::MAX;
    for query in [
        format!("cdo={most}&url=https://example.org/"),
        format!("cdo={}&url=https://example.org/", i64::MIN),
        format!("bw_bytes={most}&search_count={most}&search=x"),
        format!(
            "idgoal=0&revenue=1e308&ec_items=[[\"a\",\"b\",\"c\",1e308,{most}],[\"d\",\"\",\"\",1,{most}]]"
        ),
        format!("idgoal={most}"),
        format!("h={most}&m=-5&s=99&url=https://example.org/"),
        "cdt=-1&url=https://example.org/".to_owned(),
    ] {
        world.send_bytes(
            Method::Get,
            format!("idsite=1&rec=1&{query}").as_bytes(),
            b"",
        );
    }
    assert!(!world.all().is_empty());
}
