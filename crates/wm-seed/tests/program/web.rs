//! The program over HTTP, and clients of it, byte for byte.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::{UNLIMITED, told, wm_seed};

/// A server on a port of its own.
pub struct Web {
    pub child: Child,
    pub address: SocketAddr,
    /// What it says first
    pub line: String,
}

impl Web {
    pub fn start(root: &Path, arguments: &[&str]) -> Self {
        let mut command = wm_seed();
        command
            .env_remove("WM_TOKEN")
            .arg("serve")
            .arg("--root")
            .arg(root);
        command.args(UNLIMITED).args(arguments);
        if !arguments.contains(&"--http") {
            command.args(["--http", "127.0.0.1:0"]);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut error = BufReader::new(child.stderr.take().unwrap());
        error.read_line(&mut line).unwrap();
        let (_, rest) = line
            .split_once("http://")
            .unwrap_or_else(|| panic!("{line}"));
        let (address, _) = rest.split_once("/mcp").unwrap();
        Self {
            address: address.parse().unwrap(),
            child,
            line,
        }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// What becomes of one request on a connection of its own.
    pub fn ask(&self, text: &str) -> Reply {
        let mut client = self.client();
        client.write(text.as_bytes());
        client.read()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn field(&self, name: &str) -> Option<&str> {
        let named = self.fields.iter().find(|(of, _)| of == name);
        named.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        assert_eq!(
            self.field("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A connection, and the session that was begun on it.
pub struct Client {
    stream: BufReader<TcpStream>,
    pub session: Option<String>,
    id: u64,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
            session: None,
            id: 0,
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.try_write(bytes).unwrap();
    }

    pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// The next response; nothing once the server has ended the connection.
    pub fn try_read(&mut self) -> Option<Reply> {
        let mut line = String::new();
        // NB: a connection that the server's system reset has ended too
        if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let status = line.strip_prefix("HTTP/1.1 ").unwrap()[..3]
            .parse()
            .unwrap();
        let mut fields = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let text = line.strip_suffix("\r\n").unwrap();
            if text.is_empty() {
                break;
            }
            let (name, value) = text.split_once(": ").unwrap();
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut reply = Reply {
            status,
            fields,
            body: Vec::new(),
        };
        let length = match (status, reply.field("content-length")) {
            (100 | 204, None) => 0,
            (_, length) => length.unwrap().parse().unwrap(),
        };
        reply.body = vec![0; length];
        self.stream.read_exact(&mut reply.body).unwrap();
        Some(reply)
    }

    /// Whether something has come that was not read.
    pub fn has_come(&mut self) -> bool {
        let stream = self.stream.get_ref();
        stream.set_nonblocking(true).unwrap();
        let come = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).unwrap();
        come
    }

    /// Says that no more comes.
    pub fn shut(&mut self) {
        // NB: the server may have ended it before
        let _ = self.stream.get_ref().shutdown(Shutdown::Write);
    }

    /// All that comes until the server ends the connection.
    pub fn rest(&mut self) -> String {
        let mut text = String::new();
        self.stream.read_to_string(&mut text).unwrap();
        text
    }

    pub fn read(&mut self) -> Reply {
        self.try_read().unwrap()
    }

    /// Posts a text, in the session if there is one.
    pub fn post(&mut self, body: &str, fields: &str) -> Reply {
        let session = self.session.as_ref();
        let session = session.map_or(String::new(), |name| format!("Mcp-Session-Id: {name}\r\n"));
        self.write(post(body, &(session + fields)).as_bytes());
        self.read()
    }

    /// Begins a session.
    pub fn initialize(&mut self, version: &str, fields: &str) -> Value {
        let request = initialize(version);
        let reply = self.post(&request.to_string(), fields);
        assert_eq!(reply.status, 200, "{reply:?}");
        self.session = Some(reply.field("mcp-session-id").unwrap().to_owned());
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let noted = self.post(&initialized.to_string(), fields);
        assert_eq!((noted.status, noted.body.len()), (202, 0));
        reply.json()["result"].clone()
    }

    pub fn request_call(&mut self, tool: &str, arguments: &Value) -> String {
        self.id += 1;
        let params = json!({"name": tool, "arguments": arguments});
        json!({"jsonrpc": "2.0", "id": self.id, "method": "tools/call", "params": params})
            .to_string()
    }

    /// What a tool says, which is no error.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let request = self.request_call(tool, &arguments);
        let reply = self.post(&request, "");
        assert_eq!(reply.status, 200, "{reply:?}");
        let reply = reply.json();
        assert_eq!(reply["id"], self.id);
        let (value, is_error) = told(&reply);
        assert!(!is_error, "{tool}: {value}");
        value
    }
}

pub fn initialize(version: &str) -> Value {
    let params = json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    json!({"jsonrpc": "2.0", "id": "begin", "method": "initialize", "params": params})
}

/// A request that posts a text.
pub fn post(body: &str, fields: &str) -> String {
    let length = body.len();
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: {length}\r\n{fields}\r\n{body}"
    )
}
