use super::*;
use crate::url::noise::Noise;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0";

fn base() -> LogHit {
    LogHit {
        ip: std::net::IpAddr::from([1, 2, 3, 4]),
        time_utc_seconds: 971_186_136,
        method: "GET".to_owned(),
        path: "/a?b=c".to_owned(),
        status: 200,
        bytes: 2_326,
        referrer: String::new(),
        user_agent: String::new(),
        host: String::new(),
        user: String::new(),
        generation_time_ms: None,
    }
}

fn with_agent() -> LogHit {
    LogHit {
        referrer: "http://r.example/?x=y".to_owned(),
        user_agent: BROWSER.to_owned(),
        ..base()
    }
}

fn check(lines: &[&str], format: LogFormat, expected: LogHit) {
    let mut parser = LineParser::new();
    let (last, before) = lines.split_last().expect("a line");
    for line in before {
        assert_eq!(parser.parse(line), Err(SkipReason::Comment), "{line}");
    }
    assert_eq!(parser.parse(last), Ok(expected), "{last}");
    assert_eq!(parser.last_format(), Some(format));
    // The same with the format given.
    let mut parser = LineParser::with_format(format);
    before.iter().for_each(|line| drop(parser.parse(line)));
    assert!(parser.parse(last).is_ok(), "{last}");
}

#[test]
fn common_and_combined() {
    let line = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET /a?b=c HTTP/1.0" 200 2326"#;
    check(&[line], LogFormat::Ncsa, base());
    let line = format!(
        r#"1.2.3.4 - frank [10/Oct/2000:15:55:36 +0200] "get /a?b=c HTTP/1.0" 200 2326 "http://r.example/?x=y" "{BROWSER}" "extra" 0.1"#
    );
    check(
        &[&line],
        LogFormat::Ncsa,
        LogHit {
            user: "frank".to_owned(),
            ..with_agent()
        },
    );
    let line = format!(
        r#"Www.Example.org:443 1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET /a?b=c HTTP/2.0" 200 2326 "http://r.example/?x=y" "{BROWSER}""#
    );
    check(
        &[&line],
        LogFormat::Ncsa,
        LogHit {
            host: "www.example.org".to_owned(),
            ..with_agent()
        },
    );
    let line = r#"1.2.3.4 - J. R. Doe [10/Oct/2000:13:55:36 +0000] "GET http://Example.org/a?b=c HTTP/1.1" 200 - "-" "-""#;
    let expected = LogHit {
        user: "J. R. Doe".to_owned(),
        host: "example.org".to_owned(),
        bytes: 0,
        ..base()
    };
    check(&[line], LogFormat::Ncsa, expected);
    let line = r#"2001:db8::1 - - [10/Oct/2000:13:55:36 +0000] "GET /with space HTTP/1.1" 404 0 "-" "a \"quoted\" agent""#;
    let expected = LogHit {
        ip: "2001:db8::1".parse().expect("an address"),
        path: "/with space".to_owned(),
        status: 404,
        bytes: 0,
        user_agent: "a \"quoted\" agent".to_owned(),
        ..base()
    };
    check(&[line], LogFormat::Ncsa, expected);
}

#[test]
fn json_objects() {
    let line = format!(
        r#"{{"remote_addr":"1.2.3.4","remote_user":"-","time_iso8601":"2000-10-10T13:55:36+00:00","request":"GET /a?b=c HTTP/1.1","status":"200","body_bytes_sent":"2326","request_time":"0.123","http_referer":"http://r.example/?x=y","http_user_agent":"{BROWSER}","host":"example.org"}}"#
    );
    let expected = LogHit {
        host: "example.org".to_owned(),
        generation_time_ms: Some(123),
        ..with_agent()
    };
    check(&[&line], LogFormat::Json, expected);
    let line = r#"{"ip":"1.2.3.4, 10.0.0.1","date":"10/Oct/2000:13:55:36 +0000","path":"/a","args":"b=c","status":200,"length":2326,"generation_time_milli":5,"userid":"u","host":"h:8080"}"#;
    let expected = LogHit {
        host: "h".to_owned(),
        user: "u".to_owned(),
        generation_time_ms: Some(5),
        ..base()
    };
    check(&[line], LogFormat::Json, expected);
    let line = r#"{"remote_addr":"1.2.3.4","msec":971186136.5,"request_method":"GET","request_uri":"/a?b=c","args":"b=c","status":200,"bytes":2326}"#;
    check(&[line], LogFormat::Json, base());
}

#[test]
fn w3c_logs() {
    let lines = [
        "#Software: Microsoft Internet Information Services 8.5",
        "#Version: 1.0",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-bytes time-taken",
        "2000-10-10 13:55:36 10.0.0.1 GET /a b=c 443 - 1.2.3.4 Mozilla/5.0+(X11;+Linux+x86_64)+Firefox/130.0 http://r.example/?x=y example.org 200 2326 46",
    ];
    let expected = LogHit {
        host: "example.org".to_owned(),
        generation_time_ms: Some(46),
        ..with_agent()
    };
    check(&lines, LogFormat::W3cExtended, expected.clone());
    let lines = [
        "#Version: 1.0",
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken",
        "2000-10-10\t13:55:36\tLHR5\t2326\t1.2.3.4\tGET\td1.cloudfront.net\t/a\t200\thttp://r.example/?x=y\tMozilla/5.0%20(X11;%20Linux%20x86_64)%20Firefox/130.0\tb=c\t-\tHit\tid==\texample.org\thttps\t100\t0.046",
    ];
    check(&lines, LogFormat::W3cExtended, expected);
}

#[test]
fn load_balancers() {
    let classic = format!(
        r#"2000-10-10T13:55:36.945958Z my-lb 1.2.3.4:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 2326 "GET http://example.org:80/a?b=c HTTP/1.1" "{BROWSER}" - -"#
    );
    let expected = LogHit {
        user_agent: BROWSER.to_owned(),
        host: "example.org".to_owned(),
        generation_time_ms: Some(1),
        ..base()
    };
    check(&[&classic], LogFormat::LoadBalancer, expected.clone());
    check(
        &[&format!("https {classic} more fields")],
        LogFormat::LoadBalancer,
        expected.clone(),
    );
    let failed = classic.replace("0.001048", "-1");
    check(
        &[&failed],
        LogFormat::LoadBalancer,
        LogHit {
            generation_time_ms: None,
            ..expected
        },
    );
}

#[test]
fn lines_that_are_no_requests() {
    for line in [
        "nonsense",
        r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "\x16\x03\x01" 400 226"#,
        r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "-" 408 -"#,
        r#"1.2.3.4 - - [10/Foo/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#,
        r#"host.example - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#,
        r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" many 1"#,
        r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] GET / 200 1"#,
        "{}",
        "{not json",
        r#"{"remote_addr":"1.2.3.4","status":200,"request":"GET / HTTP/1.1"}"#,
        "2000-10-10 13:55:36 1.2.3.4 GET /",
        "[]",
    ] {
        assert_eq!(
            LineParser::new().parse(line),
            Err(SkipReason::Malformed),
            "{line}"
        );
    }
    for line in ["", "   ", "\r\n", "# comment", "#Fields: date"] {
        assert_eq!(
            LineParser::new().parse(line),
            Err(SkipReason::Comment),
            "{line}"
        );
    }
    let mut parser = LineParser::with_format(LogFormat::Json);
    let line = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 1"#;
    assert_eq!(parser.parse(line), Err(SkipReason::Malformed));
}

#[test]
fn hostile_lines_are_survived() {
    let pieces = [
        "1.2.3.4",
        " - - ",
        "[10/Oct/2000:13:55:36 +0000]",
        "\"GET / HTTP/1.1\"",
        "\"",
        "[",
        "]",
        "\\",
        " 200 ",
        "{",
        "}",
        "\"status\":",
        "#Fields:",
        " c-ip date time cs-uri-stem sc-status ",
        "\t",
        "2000-10-10T13:55:36Z",
        ",",
        ":",
        "-1",
        "1e308",
        "99999999999999999999",
        "é",
        "%zz",
    ];
    let mut noise = Noise::new(59);
    let mut parser = LineParser::new();
    for round in 0..20_000 {
        if round % 100 == 0 {
            parser = LineParser::new();
        }
        let _ = parser.parse(&noise.text(&pieces, 25));
    }
}
