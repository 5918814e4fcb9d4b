//! Tests of the segment grammar.

use super::*;

struct Nowhere;

impl World for Nowhere {
    fn zone(&self) -> Zone {
        Zone::utc()
    }
    fn is_signed_in(&self) -> bool {
        false
    }
    fn goals_named(&self, _: &dyn Fn(&str) -> bool) -> Vec<i64> {
        vec![]
    }
    fn dimension(&self, id: i64) -> Option<(usize, bool)> {
        (id == 3).then_some((1, true))
    }
    fn countries_named(&self, _: &str) -> Vec<String> {
        vec!["ke".into()]
    }
    fn countries_of(&self, _: &str) -> Vec<String> {
        vec![]
    }
    fn browser_codes(&self, _: &dyn Fn(&str) -> bool) -> Vec<String> {
        vec!["FF".into()]
    }
    fn system_codes(&self, _: &dyn Fn(&str) -> bool) -> Vec<String> {
        vec![]
    }
}

fn shape(text: &str) -> Vec<usize> {
    let filter = parse(text, &Nowhere)
        .expect("a segment")
        .unwrap_or_default();
    filter.all_of.iter().map(Vec::len).collect()
}

#[test]
fn groups_are_and_of_or() {
    assert_eq!(shape(""), Vec::<usize>::new());
    assert_eq!(shape("actions>1"), [1]);
    assert_eq!(shape("actions>1,searches>0;countryCode==ke"), [2, 1]);
    assert_eq!(shape("actions%3E1%3BcountryCode%3D%3Dke"), [1, 1]);
    assert_eq!(shape(r"pageTitle==a\;b;pageTitle==c\,d"), [1, 1]);
    assert_eq!(shape("dimension3==x"), [1]);
}

#[test]
fn values_are_decoded_once() {
    let filter = parse("pageUrl==http%253A%252F%252Fwww.x.org%252Fa", &Nowhere);
    let filter = filter.expect("a segment").expect("conditions");
    match &filter.all_of[0][0].wanted {
        Wanted::Text(TextMatch::Equal, value) => {
            assert!(
                ["http%3A%2F%2Fwww.x.org%2Fa", "x.org/a"].contains(&value.as_str()),
                "{value}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_segment_is_refused() {
    for text in [
        "browzer==x",
        "actions",
        "==x",
        "pageUrl=@",
        "deviceType==toaster",
        "dimension9==x",
        "visitIp==1.2.3.4",
        "visitorId==x",
        "userId==x",
    ] {
        assert!(parse(text, &Nowhere).is_err(), "{text}");
    }
    assert_eq!(
        parse(&"a".repeat(9000), &Nowhere).err(),
        Some(SegmentError::TooLong)
    );
    let many = vec!["actions>1"; 101].join(";");
    assert_eq!(parse(&many, &Nowhere).err(), Some(SegmentError::TooMany));
}

#[test]
fn hostile_text_is_read_or_refused_but_never_panics() {
    let mut seed = 0x9e37_79b9_u64;
    let alphabet: Vec<char> = "pageUrl=@!^$<>;,\\%+2Fé\u{0}\u{1F600}".chars().collect();
    for _ in 0..5000 {
        let text: String = (0..20)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                alphabet[(seed >> 33) as usize % alphabet.len()]
            })
            .collect();
        let _ = parse(&text, &Nowhere);
    }
}
