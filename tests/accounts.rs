//! The pages for people, over HTTP against the real program: the first run, signing in, tokens, the opt-out.

#[path = "accounts/browser.rs"]
mod browser;

use browser::{Browser, Server, value_of};

const LOGIN: &str = "boss";
const PASSWORD: &str = "correct horse battery";
const CALL: &str = "module=API&method=SitesManager.getSitesIdWithAtLeastViewAccess&format=json";

/// A server whose superuser and first site were made by its set-up link, and that superuser's browser.
fn set_up() -> (Server, Browser) {
    let server = Server::start(&[]);
    let mut boss = server.browser();
    let link = server.setup_path();
    let made = boss.post(&link, &setup_form());
    assert_eq!(made.status, 303, "{}", made.body);
    (server, boss)
}

fn setup_form() -> Vec<(&'static str, String)> {
    vec![
        ("form_login", LOGIN.into()),
        ("form_email", "boss@example.org".into()),
        ("form_new_password", PASSWORD.into()),
        ("form_new_password_again", PASSWORD.into()),
        ("site_url", "https://example.org".into()),
        ("site_timezone", "Africa/Nairobi".into()),
    ]
}

fn sign_in(browser: &mut Browser, password: &str, target: &str) -> browser::Answer {
    let page = browser.get(&format!("/login?form_redirect={target}"));
    let form = vec![
        ("form_nonce", value_of(&page.body, "form_nonce")),
        ("form_redirect", value_of(&page.body, "form_redirect")),
        ("form_login", LOGIN.to_owned()),
        ("form_password", password.to_owned()),
    ];
    browser.post("/login", &form)
}

/// The token that the form makes; `more` are further fields.
fn make_token(boss: &mut Browser, more: &[(&'static str, &str)]) -> String {
    let page = boss.get("/new-token");
    let mut form = vec![
        ("form_nonce", value_of(&page.body, "form_nonce")),
        ("form_password", PASSWORD.to_owned()),
        ("description", "an app".to_owned()),
    ];
    form.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let made = boss.post("/new-token", &form);
    assert_eq!(made.status, 200, "{}", made.body);
    let at = made.body.find("id=\"token\"").expect("the token");
    let rest = &made.body[at..];
    let token = rest
        .split("value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let token = token.expect("the token's value").to_owned();
    assert_eq!(token.len(), 32);
    token
}

#[test]
fn the_first_run_happens_once() {
    let server = Server::start(&[]);
    let link = server.setup_path();
    let mut stranger = server.browser();
    for path in [
        "/",
        "/index.php",
        "/login",
        "/security",
        "/index.php?module=Login",
    ] {
        assert_eq!(stranger.get(path).location(), "setup", "{path}");
    }
    assert_eq!(stranger.get("/index.php?module=Installation").status, 200);
    let wrong = format!("/setup/{}", "0".repeat(64));
    assert_eq!(stranger.get(&wrong).status, 404);
    assert_eq!(stranger.post(&wrong, &setup_form()).status, 404);

    let mut form = setup_form();
    form[3].1 = "something else entirely".into();
    let refused = stranger.post(&link, &form);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("not the same"));
    assert!(
        !refused.body.contains(PASSWORD),
        "a password is never sent back"
    );

    let mut boss = server.browser();
    let made = boss.post(&link, &setup_form());
    assert_eq!((made.status, made.location()), (303, "../?set-up&added=1"));
    let home = boss.get("/?set-up&added=1");
    assert!(home.body.contains("example.org") && home.body.contains("setSiteId"));
    for method in ["GET", "POST"] {
        let again = stranger.send(method, &link, &setup_form());
        assert_eq!(again.status, 404, "{method}");
    }
    assert_eq!(stranger.get("/setup").location(), "login");
    assert_eq!(stranger.get("/").location(), "login");

    let printed = server.stop();
    assert_eq!(printed.matches("/setup/").count(), 1, "{printed}");
    let again = server.restart();
    assert!(
        !again.printed().contains("/setup/"),
        "nobody needs a link any more"
    );
}

#[test]
fn every_page_carries_the_headers_that_protect_it() {
    let (server, mut boss) = set_up();
    let mut stranger = server.browser();
    let pages = [
        "/",
        "/security",
        "/new-token",
        "/login",
        "/index.php?module=Nothing",
    ];
    let mut answers: Vec<_> = pages.iter().map(|path| (*path, boss.get(path))).collect();
    answers.extend(pages[..4].iter().map(|path| (*path, stranger.get(path))));
    for (path, answer) in &answers {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        for inline in [" style=\"", " onclick=", "<script>", "javascript:"] {
            assert!(
                !answer.body.replace("&lt;", "").contains(inline),
                "{path} holds {inline}"
            );
        }
    }
    assert_eq!(boss.get("/index.php?module=Nothing").status, 404);
    assert_eq!(boss.get("/assets/pages.css").status, 200);
}

#[test]
fn signing_in() {
    let (server, mut boss) = set_up();
    let mut other = server.browser();
    let wanted = other.get("/index.php?module=UsersManager&action=userSecurity");
    assert_eq!(wanted.location(), "login?form_redirect=security");

    let wrong = sign_in(&mut other, "not the password", "security");
    let mut stranger = server.browser();
    let page = stranger.get("/login");
    let unknown = stranger.post(
        "/login",
        &[
            ("form_nonce", value_of(&page.body, "form_nonce")),
            ("form_login", "nobody".to_owned()),
            ("form_password", "not the password".to_owned()),
        ],
    );
    assert_eq!((wrong.status, unknown.status), (401, 401));
    for answer in [&wrong, &unknown] {
        assert!(answer.body.contains("Login or password is not right."));
    }

    let form = [
        ("form_login", LOGIN.to_owned()),
        ("form_password", PASSWORD.to_owned()),
    ];
    assert_eq!(
        other.post("/login", &form).status,
        403,
        "a form without its secret"
    );
    other.headers = vec![("Origin".into(), "https://evil.example".into())];
    assert_eq!(
        sign_in(&mut other, PASSWORD, "").status,
        403,
        "a form of another site"
    );
    other.headers.clear();

    let right = sign_in(&mut other, PASSWORD, "security");
    assert_eq!((right.status, right.location()), (303, "security"));
    let cookie = right.cookie("__Host-takwimu=");
    for part in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    for target in [
        "https://evil.example",
        "//evil.example",
        "%2F%5Cevil.example",
        "javascript:alert(1)",
    ] {
        let mut browser = server.browser();
        assert_eq!(
            sign_in(&mut browser, PASSWORD, target).location(),
            "./",
            "{target}"
        );
    }

    let stolen = other.clone_of_cookies();
    assert_eq!(
        other.get("/logout").status,
        200,
        "an address alone ends nothing"
    );
    let page = other.get("/security");
    assert_eq!(page.status, 200);
    let nonce = [("form_nonce", value_of(&page.body, "form_nonce"))];
    assert_eq!(
        other
            .post("/logout", &[("form_nonce", "0".repeat(64))])
            .status,
        200
    );
    assert_eq!(
        other.get("/security").status,
        200,
        "a form without its secret ends nothing"
    );
    assert_eq!(other.post("/logout", &nonce).location(), "login");
    assert_eq!(
        stolen.with(&server).get("/security").status,
        303,
        "the old session is dead"
    );
    assert_eq!(boss.get("/security").status, 200, "other sessions live");
}

#[test]
fn a_connection_that_is_not_encrypted_works_with_a_warning() {
    let (server, _) = set_up();
    let mut browser = server.browser();
    browser.host = "stats.example.org".to_owned();
    let page = browser.get("/login");
    assert!(page.body.contains("not encrypted"));
    let right = sign_in(&mut browser, PASSWORD, "");
    assert!(!right.cookie("takwimu=").contains("Secure"));
    assert_eq!(browser.get("/security").status, 200);
    browser.headers = vec![("X-Forwarded-Proto".into(), "https".into())];
    assert!(
        browser.get("/security").body.contains("not encrypted"),
        "nobody trusts this header"
    );
}

#[test]
fn guessing_is_stopped_and_the_text_says_what_to_do() {
    let (server, mut boss) = set_up();
    let mut guesser = server.browser();
    for _ in 0..21 {
        assert_eq!(sign_in(&mut guesser, "a guess", "").status, 401);
    }
    let locked = sign_in(&mut guesser, PASSWORD, "");
    assert_eq!(locked.status, 403);
    assert!(locked.body.contains("Wait an hour") && locked.body.contains("takwimu unblock"));
    assert_eq!(
        boss.get("/security").status,
        200,
        "who is signed in stays so"
    );
    server.command(&["unblock"], "");
    assert_eq!(sign_in(&mut guesser, PASSWORD, "").status, 303);

    server.command(&["user", "password", LOGIN], "a whole new passphrase\n");
    assert_eq!(
        boss.get("/security").status,
        303,
        "sessions end with the old password"
    );
    assert_eq!(
        sign_in(&mut guesser, "a whole new passphrase", "").status,
        303
    );
}

#[test]
fn tokens_are_made_used_and_deleted() {
    let (server, mut boss) = set_up();
    let page = boss.get("/index.php?module=UsersManager&action=addNewToken");
    assert!(
        page.body
            .contains("name=\"secure_only\" value=\"1\" checked")
    );
    let form = [
        ("form_nonce", value_of(&page.body, "form_nonce")),
        ("form_password", "wrong".to_owned()),
        ("description", "an app".to_owned()),
    ];
    assert_eq!(boss.post("/new-token", &form).status, 422);

    let mut app = server.browser();
    let open = make_token(&mut boss, &[]);
    let careful = make_token(&mut boss, &[("secure_only", "1")]);
    let bearer = |token: &str| vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    let by_address = |token: &str| format!("/index.php?{CALL}&token_auth={token}");
    assert_eq!(app.get(&by_address(&open)).body, "[1]");
    let refused = app.get(&by_address(&careful));
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .body
            .contains("requires being sent as a POST parameter"),
        "{}",
        refused.body
    );
    let in_body = [("token_auth", careful.clone())];
    assert_eq!(
        app.post(&format!("/index.php?{CALL}"), &in_body).body,
        "[1]"
    );
    assert_eq!(
        app.post(&by_address(&careful), &in_body).status,
        401,
        "in both places"
    );
    app.headers = bearer(&careful);
    assert_eq!(app.get(&format!("/index.php?{CALL}")).body, "[1]");

    let narrow = make_token(
        &mut boss,
        &[
            ("methods", "VisitsSummary.*"),
            ("max_role", "view"),
            ("sites[]", "1"),
        ],
    );
    app.headers = bearer(&narrow);
    assert_eq!(app.get(&format!("/index.php?{CALL}")).status, 401);
    let visits = "/index.php?module=API&method=VisitsSummary.getVisits&idSite=1&period=day&date=today&format=json";
    assert_eq!(app.get(visits).body, "{\"value\":0}");
    let elsewhere = make_token(&mut boss, &[("networks", "203.0.113.0/24")]);
    app.headers = bearer(&elsewhere);
    assert_eq!(app.get(visits).status, 401);

    let list = boss.get("/security").body;
    assert!(
        list.contains("view at most; sites 1; VisitsSummary.*")
            && list.contains("from 203.0.113.0/24")
    );
    for token in [&open, &careful, &narrow] {
        assert!(!list.contains(token.as_str()), "a token is shown once");
    }

    let nonce = value_of(&list, "form_nonce");
    let replaced = boss.post(
        "/new-token",
        &[
            ("form_nonce", nonce.clone()),
            ("form_password", PASSWORD.to_owned()),
            ("replace", "1".to_owned()),
        ],
    );
    assert_eq!(replaced.status, 200);
    app.headers.clear();
    assert_eq!(
        app.get(&by_address(&open)).status,
        401,
        "the old value is over"
    );
    let task = |name: &str, id: &str| {
        vec![
            ("form_nonce", nonce.clone()),
            ("task", name.to_owned()),
            ("id", id.to_owned()),
        ]
    };
    assert_eq!(
        boss.post("/security", &task("delete-token", "2")).status,
        200
    );
    app.headers = bearer(&careful);
    assert_eq!(app.get(&format!("/index.php?{CALL}")).status, 401);
    let forged = [("task", "delete-all-tokens".to_owned())];
    assert_eq!(boss.post("/security", &forged).status, 403);
    assert_eq!(
        boss.post("/security", &task("delete-all-tokens", ""))
            .status,
        200
    );
    assert!(boss.get("/security").body.contains("You have no tokens."));

    let printed = server.stop();
    let kept = server.bytes_on_disk();
    for secret in [open.as_str(), &careful, &narrow, PASSWORD] {
        assert!(!printed.contains(secret), "a secret was printed");
        let found = kept
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "a secret is on the disk");
    }
}

#[test]
fn tracking_takes_tokens_from_header_and_body() {
    let (server, mut boss) = set_up();
    let careful = make_token(&mut boss, &[("secure_only", "1")]);
    let mut app = server.browser();
    // A time of the past needs a token.
    let hit = "/matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fexample.org%2F&cdt=2026-01-02+03:04:05";
    assert_eq!(app.get(hit).status, 400);
    assert_eq!(
        app.get(&format!("{hit}&token_auth={careful}")).status,
        400,
        "in the address"
    );
    assert!(boss.get("/security").body.contains("never"), "not used yet");
    let body = [("token_auth", careful.clone())];
    assert_eq!(app.post(hit, &body).status, 200);
    app.headers = vec![("Authorization".to_owned(), format!("bearer {careful}"))];
    assert_eq!(app.get(hit).status, 200);
    let list = boss.get("/security").body;
    let used = list
        .split("data-label=\"Last used\"")
        .nth(1)
        .unwrap_or_default();
    assert!(used.starts_with("><time"), "{}", &used[..40]);
}

#[test]
fn the_second_factor_is_asked_for() {
    let (server, mut boss) = set_up();
    let codes = server.with_settings(|settings| async move {
        let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".into();
        settings.import_two_factor(LOGIN, &secret).await?;
        settings.renew_recovery_codes(LOGIN).await
    });
    assert_eq!(
        boss.get("/security").status,
        200,
        "a session from before stays"
    );
    let mut browser = server.browser();
    let half = sign_in(&mut browser, PASSWORD, "security");
    assert_eq!(half.location(), "login?form_redirect=security");
    assert_eq!(
        browser.get("/security").location(),
        "login?form_redirect=security"
    );
    let page = browser.get("/login?form_redirect=security");
    let nonce = value_of(&page.body, "form_nonce");
    let session = [
        ("force_api_session", "1".to_owned()),
        ("token_auth", nonce.clone()),
    ];
    let called = browser.post(&format!("/index.php?{CALL}"), &session);
    assert_eq!(called.status, 401, "half a session is none");
    let give = |code: &str| {
        [
            ("form_nonce", nonce.clone()),
            ("form_redirect", "security".to_owned()),
            ("form_authcode", code.to_owned()),
        ]
    };
    assert_eq!(browser.post("/login", &give("000000")).status, 401);
    let old = browser.clone_of_cookies();
    let right = browser.post("/login", &give(codes[0].expose()));
    assert_eq!((right.status, right.location()), (303, "security"));
    assert_eq!(browser.get("/security").status, 200);
    assert_eq!(
        old.with(&server).get("/security").status,
        303,
        "the id has changed"
    );
    let mut other = server.browser();
    sign_in(&mut other, PASSWORD, "");
    let page = other.get("/login");
    let again = [
        ("form_nonce", value_of(&page.body, "form_nonce")),
        ("form_authcode", codes[0].expose().to_owned()),
    ];
    assert_eq!(
        other.post("/login", &again).status,
        401,
        "a code works once"
    );
}

#[test]
fn pages_call_the_api_with_their_session() {
    let (server, mut boss) = set_up();
    let home = boss.get("/");
    let secret = value_of(&home.body, "form_nonce");
    let session = |token: &str| {
        vec![
            ("force_api_session", "1".to_owned()),
            ("token_auth", token.to_owned()),
        ]
    };
    let call = format!("/index.php?{CALL}");
    assert_eq!(boss.post(&call, &session(&secret)).body, "[1]");
    assert_eq!(boss.post(&call, &session(&"0".repeat(64))).status, 401);
    assert_eq!(
        boss.post(&call, &[]).body,
        "[]",
        "the cookie alone is nobody"
    );
    assert_eq!(
        server.browser().post(&call, &session(&secret)).status,
        401,
        "the secret alone is nobody"
    );
    let change = "/index.php?module=API&method=SitesManager.addSite&siteName=x&urls=https://x.example&format=json";
    let by_get = format!("{change}&force_api_session=1&token_auth={secret}");
    assert_eq!(boss.get(&by_get).status, 401, "an address changes nothing");
    boss.headers = vec![("Origin".into(), "https://evil.example".into())];
    assert_eq!(boss.post(change, &session(&secret)).status, 401);
    boss.headers.clear();
    assert_eq!(boss.post(change, &session(&secret)).body, "{\"value\":2}");
}

#[test]
fn who_opted_out_is_not_counted() {
    let (server, mut boss) = set_up();
    let mut visitor = server.browser();
    let hit = "/matomo.php?idsite=1&rec=1&url=https%3A%2F%2Fexample.org%2F&_id=0123456789abcdef";
    visitor.headers = vec![(
        "User-Agent".into(),
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
    )];
    let hostile = "/index.php?module=CoreAdminHome&action=optOut&language=sw&fontColor=%3C/style%3E%3Cscript%3E&fontSize=12px\
        &fontFamily=%22onload&backgroundColor=ff0000";
    let page = visitor.get(hostile);
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("Usihesabu ziara zangu")
            && page.body.contains("background-color:#ff0000;")
    );
    assert!(!page.body.contains("<script") && !page.body.contains("onload"));
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors *") && !policy.contains("unsafe"),
        "{policy}"
    );

    let chosen = visitor.post(hostile, &[("choice", "out".to_owned())]);
    assert_eq!(chosen.status, 303);
    assert!(
        chosen
            .cookie("matomo_ignore=")
            .starts_with("matomo_ignore=ignore%3D%2A; Path=/")
    );
    assert!(
        visitor
            .get("/opt-out")
            .body
            .contains("Count my visits again")
    );
    let visits = |boss: &mut Browser| {
        let home = boss.get("/").body;
        let at = home.find("data-visits=\"1\"").expect("the figure");
        let figure = home[at..].split('>').nth(1).unwrap_or_default();
        figure.split('<').next().unwrap_or_default().to_owned()
    };
    assert_eq!(visitor.get(hit).status, 200);
    assert_eq!(visits(&mut boss), "0");
    assert_eq!(
        visitor
            .post("/opt-out", &[("choice", "in".to_owned())])
            .status,
        303
    );
    assert_eq!(visitor.get(hit).status, 200);
    assert_eq!(visits(&mut boss), "1");

    let script = visitor
        .get("/index.php?module=CoreAdminHome&action=optOutJS&divId=%3C/script%3E&language=de");
    assert!(
        script
            .header("content-type")
            .starts_with("application/javascript")
    );
    assert!(!script.body.contains("</script"));
    assert!(script.body.contains("Meine Besuche nicht zählen"));
}

#[test]
fn a_proxy_may_put_the_program_below_a_path() {
    let server = Server::start(&[
        "--base-url",
        "https://example.org/stats",
        "--trusted-proxy",
        "127.0.0.1",
    ]);
    let link = server.setup_path();
    assert!(link.starts_with("/stats/setup/"), "{link}");
    let mut browser = server.browser();
    browser.host = "example.org".to_owned();
    assert_eq!(browser.get("/stats").location(), "/stats/");
    assert_eq!(browser.get("/stats/").location(), "setup");
    let made = browser.post(&link, &setup_form());
    assert_eq!(made.location(), "../?set-up&added=1");
    assert!(made.cookie("__Host-takwimu=").contains("Secure"));
    // With the path, and with the path cut off by the proxy.
    for path in ["/stats/", "/", "/stats/index.php"] {
        let home = browser.get(path);
        assert_eq!(home.status, 200, "{path}");
        assert!(home.body.contains("//example.org/stats/"), "{path}");
        assert!(!home.body.contains("not encrypted"), "{path}");
    }
    assert_eq!(browser.get("/stats/assets/pages.css").status, 200);
    assert_eq!(browser.get("/stats/security").status, 200);
    assert_eq!(browser.get("/stats/matomo.php?idsite=1&rec=1").status, 200);

    let mut guesser = server.browser();
    guesser.host = "example.org".to_owned();
    for attempt in 0..22 {
        guesser.headers = vec![("X-Forwarded-For".into(), format!("203.0.113.{attempt}"))];
        assert_eq!(
            sign_in(&mut guesser, "a guess", "").status,
            401,
            "each address is counted by itself"
        );
    }
}
