//! Which requests of a log are worth counting.

use super::{LogHit, SkipReason};

/// Files that belong to a page and are not counted.
pub const STATIC_EXTENSIONS: &[&str] = &[
    "avif", "bmp", "class", "css", "eot", "gif", "ico", "jpeg", "jpg", "js", "map", "mjs", "otf",
    "png", "svg", "svgz", "swf", "ttf", "webp", "woff", "woff2", "xml",
];

/// Files that are counted as downloads.
pub const DOWNLOAD_EXTENSIONS: &[&str] = &[
    "7z", "aac", "apk", "arc", "arj", "asc", "asf", "asx", "avi", "azw3", "bin", "bz", "bz2",
    "csv", "deb", "dmg", "doc", "docx", "epub", "exe", "flac", "flv", "gz", "gzip", "hqx",
    "ibooks", "jar", "json", "mobi", "mov", "movie", "mp2", "mp3", "mp4", "mpeg", "mpg", "msi",
    "msp", "odb", "odf", "odg", "odp", "ods", "odt", "ogg", "ogv", "pdf", "phps", "pkg", "ppt",
    "pptx", "qt", "qtm", "ra", "ram", "rar", "rpm", "rtf", "sea", "sit", "tar", "tbz", "tbz2",
    "tgz", "torrent", "txt", "wav", "webm", "wma", "wmv", "wpd", "xls", "xlsx", "xsd", "xz", "z",
    "zip",
];

/// Files that only programs ask for.
const PROGRAM_FILES: &[&str] = &["/robots.txt"];

/// Parts of user agents that browsers do not have.
const ROBOT_MARKS: &[&str] = &[
    "adsbot",
    "archiver",
    "bot-",
    "bot/",
    "bot;",
    "crawl",
    "curl/",
    "echoping",
    "feedfetcher",
    "go-http-client",
    "googlebot",
    "headlesschrome",
    "java/",
    "libwww",
    "mediapartners-google",
    "monitoring",
    "netcraft",
    "pingdom",
    "python-requests",
    "python-urllib",
    "robot",
    "scrapy",
    "slurp",
    "spider",
    "uptime",
    "wget/",
    "zabbix",
];

/// What an import counts beside pages and downloads. Nothing of it by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogRules {
    /// Answers with 4xx and 5xx.
    pub keep_errors: bool,
    /// Answers with 3xx other than 304.
    pub keep_redirects: bool,
    /// Images, styles and scripts.
    pub keep_static_files: bool,
    /// Robots.
    pub keep_bots: bool,
}

/// What a request of a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HitKind {
    /// A page view.
    Page,
    /// A download.
    Download,
    /// A page that was not there or failed.
    Error,
    /// A redirection.
    Redirect,
}

/// Whether a request counts, and as what. `is_bot` judges the user agent; [`is_obvious_robot`] is good enough where no
/// device detection is at hand.
pub fn judge(
    hit: &LogHit,
    rules: &LogRules,
    is_bot: &dyn Fn(&str) -> bool,
) -> Result<HitKind, SkipReason> {
    if !matches!(hit.method.as_str(), "GET" | "POST") {
        return Err(SkipReason::Method);
    }
    let path = hit.path.split(['?', '#']).next().unwrap_or_default();
    let extension = file_extension(path);
    let is_static = PROGRAM_FILES.contains(&path) || has(STATIC_EXTENSIONS, &extension);
    if is_static && !rules.keep_static_files {
        return Err(SkipReason::StaticFile);
    }
    let kind = match hit.status {
        400.. if !rules.keep_errors => return Err(SkipReason::ErrorStatus),
        400.. => HitKind::Error,
        304 => page_or_download(&extension),
        300..400 if !rules.keep_redirects => return Err(SkipReason::RedirectStatus),
        300..400 => HitKind::Redirect,
        _ => page_or_download(&extension),
    };
    // Last, because it is the most expensive question.
    if !rules.keep_bots && is_bot(&hit.user_agent) {
        return Err(SkipReason::Bot);
    }
    Ok(kind)
}

fn page_or_download(extension: &str) -> HitKind {
    if has(DOWNLOAD_EXTENSIONS, extension) {
        HitKind::Download
    } else {
        HitKind::Page
    }
}

fn has(extensions: &[&str], extension: &str) -> bool {
    extensions.binary_search(&extension).is_ok()
}

/// The extension of a path's last part, in lower case; empty when there is none.
pub fn file_extension(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((_, extension)) if extension.len() <= 8 => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// Whether a user agent says that it is no browser. Without a user agent there is nothing to say.
pub fn is_obvious_robot(user_agent: &str) -> bool {
    let lower = user_agent.to_ascii_lowercase();
    ROBOT_MARKS.iter().any(|mark| lower.contains(mark)) || lower.ends_with("bot")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(method: &str, path: &str, status: u16, user_agent: &str) -> LogHit {
        LogHit {
            ip: std::net::IpAddr::from([1, 2, 3, 4]),
            time_utc_seconds: 0,
            method: method.to_owned(),
            path: path.to_owned(),
            status,
            bytes: 0,
            referrer: String::new(),
            user_agent: user_agent.to_owned(),
            host: String::new(),
            user: String::new(),
            generation_time_ms: None,
        }
    }

    #[test]
    fn extensions_are_sorted_for_the_search() {
        assert!(STATIC_EXTENSIONS.is_sorted() && DOWNLOAD_EXTENSIONS.is_sorted());
    }

    #[test]
    fn requests_are_judged() {
        let browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0";
        for (method, path, status, user_agent, expected) in [
            ("GET", "/", 200, browser, Ok(HitKind::Page)),
            ("POST", "/form", 200, browser, Ok(HitKind::Page)),
            ("HEAD", "/", 200, browser, Err(SkipReason::Method)),
            ("GET", "/a.ZIP?x=y.css", 200, browser, Ok(HitKind::Download)),
            ("GET", "/a.pdf", 206, browser, Ok(HitKind::Download)),
            (
                "GET",
                "/a.css?v=1",
                200,
                browser,
                Err(SkipReason::StaticFile),
            ),
            (
                "GET",
                "/robots.txt",
                200,
                browser,
                Err(SkipReason::StaticFile),
            ),
            ("GET", "/v1.2/page", 200, browser, Ok(HitKind::Page)),
            ("GET", "/a", 304, browser, Ok(HitKind::Page)),
            ("GET", "/a", 301, browser, Err(SkipReason::RedirectStatus)),
            ("GET", "/a", 404, browser, Err(SkipReason::ErrorStatus)),
            (
                "GET",
                "/a",
                200,
                "Mozilla/5.0 (compatible; Googlebot/2.1)",
                Err(SkipReason::Bot),
            ),
            ("GET", "/a", 200, "curl/8.0", Err(SkipReason::Bot)),
            ("GET", "/a", 200, "", Ok(HitKind::Page)),
        ] {
            let found = judge(
                &hit(method, path, status, user_agent),
                &LogRules::default(),
                &is_obvious_robot,
            );
            assert_eq!(found, expected, "{method} {path} {status} {user_agent}");
        }
    }

    #[test]
    fn rules_can_keep_more() {
        let everything = LogRules {
            keep_errors: true,
            keep_redirects: true,
            keep_static_files: true,
            keep_bots: true,
        };
        for (path, status, user_agent, expected) in [
            ("/a", 404, "", HitKind::Error),
            ("/a", 302, "", HitKind::Redirect),
            ("/a.png", 200, "", HitKind::Page),
            ("/a", 200, "Googlebot/2.1", HitKind::Page),
        ] {
            let found = judge(
                &hit("GET", path, status, user_agent),
                &everything,
                &is_obvious_robot,
            );
            assert_eq!(found, Ok(expected), "{path} {status}");
        }
    }
}
