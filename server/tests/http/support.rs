//! A server process with a data directory of its own, and a client for it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub const PUBLISHABLE: &str = "pk_test_0123456789abcdef";
pub const SECRET: &str = "sk_test_0123456789abcdef";
pub const PARTICIPANT_SECRET: &str = "the site's own participant secret";
pub const TOKEN_KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// A running server. It is killed when it goes out of scope, and its data removed.
pub struct Server {
    process: Child,
    arguments: Vec<String>,
    token_key: bool,
    pub folder: Folder,
    pub client: Client,
}

/// A folder that is removed in the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kfactor-server-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// Starts a server with these campaigns and nothing else.
    pub fn with(campaigns: &[Value]) -> Server {
        Server::configured(campaigns, &json!({}), &[])
    }

    /// Starts a server with campaigns, a configuration and further arguments.
    pub fn configured(campaigns: &[Value], config: &Value, arguments: &[&str]) -> Server {
        Server::start(campaigns, config, arguments, true)
    }

    /// Starts a server whose token keys are those of its configuration.
    pub fn without_token_key(campaigns: &[Value], config: &Value) -> Server {
        Server::start(campaigns, config, &[], false)
    }

    fn start(campaigns: &[Value], config: &Value, arguments: &[&str], token_key: bool) -> Server {
        let folder = Folder::new();
        let documents = folder.0.join("campaigns");
        std::fs::create_dir(&documents).unwrap();
        for campaign in campaigns {
            let file = documents.join(format!("{}.json", campaign["id"].as_str().unwrap()));
            std::fs::write(file, campaign.to_string()).unwrap();
        }
        let config = folder.write("config.json", &config.to_string());
        let mut all = vec![
            "--data".to_owned(),
            folder.0.join("data").to_str().unwrap().to_owned(),
            "--campaigns".to_owned(),
            documents.to_str().unwrap().to_owned(),
            "--config".to_owned(),
            config,
        ];
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        if !all.iter().any(|argument| argument == "--listen") {
            all.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        let (process, url) = spawn(&all, token_key);
        Server { process, arguments: all, token_key, folder, client: Client::new(&url) }
    }

    /// Ends the process at once, as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts again on the same data.
    pub fn restart(&mut self) {
        let (process, url) = spawn(&self.arguments, self.token_key);
        self.process = process;
        self.client = Client::new(&url);
    }

    pub fn data(&self) -> PathBuf {
        self.folder.0.join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The command line of the server, with the secrets of the tests.
pub fn command(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kfactor-server"));
    command
        .args(arguments)
        .env("KFACTOR_PUBLISHABLE_KEY", PUBLISHABLE)
        .env("KFACTOR_SECRET_KEY", SECRET)
        .env("KFACTOR_PARTICIPANT_SECRET", PARTICIPANT_SECRET)
        .env("KFACTOR_TOKEN_KEY", TOKEN_KEY);
    command
}

fn spawn(arguments: &[String], token_key: bool) -> (Child, String) {
    let mut command = command(arguments);
    if !token_key {
        command.env_remove("KFACTOR_TOKEN_KEY");
    }
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("kfactor-server listening on ").map(str::to_owned);
    (process, url.unwrap_or_else(|| panic!("the server did not start; it said {line:?}")))
}

/// Speaks to a server; a clone shares its connections.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    agent: ureq::Agent,
}

/// A response: its status and its body.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub text: String,
    pub headers: ureq::http::HeaderMap,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Client {
    pub fn new(url: &str) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Client { url: url.to_owned(), agent: config.into() }
    }

    /// A request that may find nobody there.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Response, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.header("content-type", "application/json").body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let text = response.body_mut().with_config().limit(1 << 30).read_to_string()?;
        Ok(Response { status: response.status().as_u16(), text, headers: response.headers().clone() })
    }

    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Response {
        self.try_request(method, path, headers, body).unwrap()
    }

    /// A `GET` with the secret key.
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[("authorization", &format!("Bearer {SECRET}"))], None)
    }

    /// A `POST` with the secret key.
    pub fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path, &[("authorization", &format!("Bearer {SECRET}"))], Some(&body.to_string()))
    }

    /// A command with the secret key; its answer.
    pub fn command(&self, campaign: &str, command: &Value) -> Value {
        let response = self.post(&format!("/v1/campaigns/{campaign}/commands"), command);
        assert_eq!(response.status, 200, "{command}: {}", response.text);
        response.json()
    }

    /// A request as a page of this participant.
    pub fn page(&self, participant: &str, method: &str, path: &str, body: Option<&Value>) -> Response {
        let proof = proof(participant);
        let headers = [
            ("authorization", format!("Bearer {PUBLISHABLE}")),
            ("x-kfactor-participant", participant.to_owned()),
            ("x-kfactor-proof", proof),
        ];
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.request(method, path, &headers, body.map(Value::to_string).as_deref())
    }

    /// The facts of a campaign, all of them.
    pub fn facts(&self, campaign: &str) -> Vec<Value> {
        self.all(campaign, "facts", "facts")
    }

    /// The commands of a campaign, all of them.
    pub fn log(&self, campaign: &str) -> Vec<Value> {
        self.all(campaign, "log", "commands")
    }

    /// Fails unless the whole log decides the same again.
    pub fn assert_audit(&self, campaign: &str) {
        let audit = self.get(&format!("/v1/campaigns/{campaign}/audit")).json();
        assert_eq!(audit["ok"], true, "{audit}");
    }

    fn all(&self, campaign: &str, path: &str, name: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let url = format!("/v1/campaigns/{campaign}/{path}?limit=5000&after={after}");
            let page = self.get(&url).json();
            all.extend(page[name].as_array().unwrap().iter().cloned());
            let next = page["next"].as_u64().unwrap();
            if next == after {
                return all;
            }
            after = next;
        }
    }
}

/// The proof that the site's backend would give this participant.
pub fn proof(participant: &str) -> String {
    kfactor_server::auth::proof(PARTICIPANT_SECRET.as_bytes(), participant)
}

/// Does `what` for every number below `count`, all at the same moment.
pub fn together<T: Send>(count: usize, what: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    std::thread::scope(|scope| {
        let run = |number| {
            let (barrier, what) = (&barrier, &what);
            scope.spawn(move || {
                barrier.wait();
                what(number)
            })
        };
        let threads: Vec<_> = (0..count).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// A campaign with one group buy of this size.
pub fn group_buy(id: &str, size: u32) -> Value {
    campaign(
        id,
        &json!({ "deal": {
            "mechanic": "group-buy", "title": "A deal", "size": size, "price": "49.90", "alone": "69.90",
            "within": "24h", "payWithin": "30m"
        } }),
    )
}

/// A campaign with one assist of this many helpers; the initiator gets a coupon, each helper a sticker.
pub fn assist(id: &str, helpers: u32, stickers: u32) -> Value {
    let mut campaign = campaign(
        id,
        &json!({ "friends": {
            "mechanic": "assist", "title": "Friends help", "helpers": helpers, "within": "24h",
            "give": ["coupon"], "giveHelper": ["sticker"]
        } }),
    );
    campaign["rewards"] = json!({
        "coupon": { "kind": "coupon", "title": "A coupon", "worth": "8.00", "stock": 1_000_000 },
        "sticker": { "kind": "goods", "title": "A sticker", "worth": "1.00", "stock": stickers },
    });
    campaign
}

fn campaign(id: &str, plays: &Value) -> Value {
    json!({
        "id": id, "title": "A campaign", "currency": "CNY", "timezone": "+08:00",
        "runs": { "from": "2025-06-01T00:00", "until": "2036-01-01T00:00" },
        "plays": plays,
        "touchpoints": { "counter": { "kind": "store" } }
    })
}

/// Whether a file is readable by nobody but its owner.
pub fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o077 == 0
}

/// How many facts are of this kind.
pub fn count(facts: &[Value], kind: &str) -> usize {
    facts.iter().filter(|fact| fact["kind"] == kind).count()
}

impl Server {
    /// Asks the server to stop; true if it did so with success.
    pub fn terminate(&mut self) -> bool {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        asked.success() && self.process.wait().unwrap().success()
    }
}
