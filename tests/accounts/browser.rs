//! A program under test, and a small browser: cookies, forms, headers, no redirects followed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running program with its own data folder.
pub struct Server {
    child: Mutex<Option<Child>>,
    port: u16,
    printed: Arc<Mutex<String>>,
    data: Arc<Folder>,
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> Folder {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("takwimu-accounts-{}-{number}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }
}

impl Server {
    pub fn start(flags: &[&str]) -> Server {
        Server::on(Arc::new(Folder::new()), flags)
    }

    /// The same data once more.
    pub fn restart(&self) -> Server {
        self.stop();
        Server::on(self.data.clone(), &[])
    }

    fn on(data: Arc<Folder>, flags: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_takwimu"))
            .args(["serve", "--port", "0", "--data"])
            .arg(&data.0)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let printed = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("its output")),
            Box::new(child.stderr.take().expect("its errors")),
        ];
        for stream in streams {
            let printed = printed.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let mut printed = printed.lock().expect("the lines");
                    printed.push_str(&line);
                    printed.push('\n');
                }
            });
        }
        let mut server = Server {
            child: Mutex::new(Some(child)),
            port: 0,
            printed,
            data,
        };
        server.port = server.wait_for("listening on http://", |rest| {
            let address = rest.split_whitespace().next()?;
            address.rsplit(':').next()?.parse().ok()
        });
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", server.port)).is_err() {
            assert!(started.elapsed() < START_LIMIT, "the port does not open");
            std::thread::sleep(Duration::from_millis(20));
        }
        // Lines printed before it serves are there by the time that it answers.
        assert_eq!(server.browser().get("/health").status, 200);
        server
    }

    fn wait_for<T>(&self, mark: &str, read: impl Fn(&str) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            let printed = self.printed();
            if let Some((_, rest)) = printed.split_once(mark)
                && rest.contains('\n')
                && let Some(value) = read(rest)
            {
                return value;
            }
            assert!(
                started.elapsed() < START_LIMIT,
                "not printed: {mark}\n{printed}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything printed so far.
    pub fn printed(&self) -> String {
        self.printed.lock().expect("the lines").clone()
    }

    /// The path of the link that the first start prints.
    pub fn setup_path(&self) -> String {
        self.wait_for("    http", |rest| {
            let (_, rest) = rest.split_once("://")?;
            let line = rest.lines().next()?;
            Some(line[line.find('/')?..].trim().to_owned())
        })
    }

    /// Stops the program and returns everything that it printed.
    pub fn stop(&self) -> String {
        if let Some(mut child) = self.child.lock().expect("the program").take() {
            let _ = child.kill();
            let _ = child.wait();
            std::thread::sleep(Duration::from_millis(100));
        }
        self.printed()
    }

    /// Runs another command of the program on the same data.
    pub fn command(&self, words: &[&str], input: &str) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_takwimu"))
            .args(words)
            .arg("--data")
            .arg(&self.data.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the command starts");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        assert!(child.wait().expect("it ends").success(), "{words:?}");
    }

    /// Reads or changes settings beside the running program.
    pub fn with_settings<T, F>(&self, work: impl FnOnce(settings::Settings) -> F) -> T
    where
        F: Future<Output = settings::Result<T>>,
    {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (database, key) = (self.data.0.join("settings.sqlite"), self.data.0.join("key"));
        runtime.block_on(async {
            let settings = settings::Settings::open(database, key).await;
            let settings = settings.expect("the settings open");
            let result = work(settings.clone()).await.expect("it works");
            settings.close().await;
            result
        })
    }

    pub fn browser(&self) -> Browser {
        Browser {
            port: self.port,
            host: format!("127.0.0.1:{}", self.port),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// All files of the data folder one after the other.
    pub fn bytes_on_disk(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        collect(&self.data.0, &mut bytes);
        bytes
    }
}

fn collect(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        match entry.file_type().expect("a type").is_dir() {
            true => collect(&entry.path(), bytes),
            false => bytes.extend(std::fs::read(entry.path()).expect("a file")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub struct Browser {
    port: u16,
    pub host: String,
    cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub headers: Vec<(String, String)>,
}

/// Cookies that somebody copied.
pub struct Cookies(BTreeMap<String, String>);

impl Cookies {
    pub fn with(self, server: &Server) -> Browser {
        Browser {
            cookies: self.0,
            ..server.browser()
        }
    }
}

pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The `Set-Cookie` header that begins so.
    pub fn cookie(&self, start: &str) -> &str {
        let mut cookies = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        let found = cookies.find(|(_, value)| value.starts_with(start));
        found.map_or("", |(_, value)| value)
    }
}

impl Browser {
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[])
    }

    pub fn post(&mut self, path: &str, form: &[(&str, String)]) -> Answer {
        self.send("POST", path, form)
    }

    pub fn clone_of_cookies(&self) -> Cookies {
        Cookies(self.cookies.clone())
    }

    pub fn send(&mut self, method: &str, path: &str, form: &[(&str, String)]) -> Answer {
        let pairs: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let body = if method == "GET" {
            String::new()
        } else {
            pairs.join("&")
        };
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.host
        );
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            text.push_str(&format!("Cookie: {}\r\n", cookies.join("; ")));
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            text.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.write_all(text.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = read(&String::from_utf8_lossy(&answer));
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            match line.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

fn read(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole answer");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    });
    Answer {
        status: status
            .and_then(|status| status.parse().ok())
            .expect("a status"),
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// The value of the first field with a name in a page.
pub fn value_of(html: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = html.split(&mark).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}
