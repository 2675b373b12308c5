//! The program `wm-seed`: a memory server for MCP clients.

mod signals;

use std::io::{self, IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{ArgAction, Args, Parser, Subcommand};
use serde_json::{Value, json};
use wm_seed::galaxy::Galaxies;
use wm_seed::http::gate::{self, Gate, Host, Token};
use wm_seed::http::{Bounds, Http};
use wm_seed::limits::{self, Limits};
use wm_seed::modules::Modules;
use wm_seed::root::{FOLDER, Origin, Surroundings, VARIABLE};
use wm_seed::rules::DEFAULT_PROFILE;
use wm_seed::store::{self, Store};
use wm_seed::{Server, StateRoot, quickstart, session, tools};

const HELP: &str = "\
Memories are in the state root, the first of these that there is:
  --root DIR; $WM_STATE_ROOT; .whitemagic in the current folder or one above it; ~/.whitemagic

Exit codes:
  0  done; a server's client has ended the session
  1  it cannot be done; the reason is on standard error
  2  usage";

const SERVE: &str = "\
Examples:
  wm-seed serve
  wm-seed serve --root ~/notes/.whitemagic --profile secure
  wm-seed serve --http
  wm-seed serve --http 192.168.1.5:8377 --token-file token
  echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}' | wm-seed serve

Without --token-file the token is $WM_TOKEN, if that is set.";

/// Where it listens if the command line does not say so.
const ADDRESS: &str = "127.0.0.1:8377";
/// The variable that has the token.
const TOKEN: &str = "WM_TOKEN";

const INIT: &str = "\
Examples:
  wm-seed init my-project    makes my-project/.whitemagic
  wm-seed init               makes .whitemagic here, or what WM_STATE_ROOT names";

const STATUS: &str = "\
Examples:
  wm-seed status
  wm-seed status --json";

const VERSION: &str = "\
Examples:
  wm-seed version
  wm-seed version --json";

/// Keep and find memories for MCP clients.
#[derive(Parser)]
#[command(
    version,
    disable_version_flag = true,
    arg_required_else_help = true,
    after_help = HELP,
    max_term_width = 100
)]
struct Cli {
    /// Print the version.
    #[arg(short = 'v', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Speak MCP on standard input and output, or over HTTP.
    #[command(visible_aliases = ["mcp", "stdio"], after_help = SERVE)]
    Serve(Serve),
    /// Make a state root, with memories that explain it.
    #[command(after_help = INIT)]
    Init(Init),
    /// Say where memories are and how many; changes nothing.
    #[command(visible_alias = "info", after_help = STATUS)]
    Status(Status),
    /// Say which version this is.
    #[command(after_help = VERSION)]
    Version(Version),
}

#[derive(Args)]
struct Serve {
    /// The state root.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The profile of rules that apply beside the default ones, such as secure.
    #[arg(long, default_value = DEFAULT_PROFILE)]
    profile: String,
    /// Calls that one tool may have in a minute.
    #[arg(long, value_name = "CALLS", default_value_t = limits::TOOL, value_parser = clap::value_parser!(u32).range(1..))]
    rate_tool: u32,
    /// Calls that all tools together may have in a minute.
    #[arg(long, value_name = "CALLS", default_value_t = limits::GLOBAL, value_parser = clap::value_parser!(u32).range(1..))]
    rate_global: u32,
    /// Listen there for HTTP, rather than speak on standard input and output; port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = ADDRESS, value_parser = address)]
    http: Option<SocketAddr>,
    /// A file with the token that clients over HTTP must send.
    #[arg(long, value_name = "FILE", requires = "http")]
    token_file: Option<PathBuf>,
    /// A name by which clients reach this machine. Can be given several times.
    #[arg(long, value_name = "HOST", requires = "http", value_parser = Host::new)]
    allow_host: Vec<Host>,
    /// The origin of a web page that may ask. Can be given several times.
    #[arg(long, value_name = "URL", requires = "http", value_parser = gate::Origin::new)]
    allow_origin: Vec<gate::Origin>,
}

#[derive(Args)]
struct Init {
    /// The folder in which .whitemagic is to be.
    dir: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Status {
    /// The state root.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Version {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Init(init) => init.run(),
        Command::Status(status) => status.run(),
        Command::Version(version) => version.run(),
    };
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Whoever has read enough needs no reason.
    let gone = error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if gone {
        return ExitCode::SUCCESS;
    }
    eprintln!("wm-seed: {error:#}");
    ExitCode::FAILURE
}

impl Serve {
    fn run(self) -> Result<()> {
        let root = StateRoot::find(&Surroundings::of_process(self.root))?;
        let limits = Limits::new(self.rate_global, self.rate_tool);
        let mut server = Server::new(root, &self.profile, limits);
        if let Some(address) = self.http {
            let gate = Gate {
                token: token(self.token_file.as_deref())?,
                hosts: self.allow_host,
                origins: self.allow_origin,
            };
            return over_http(&mut server, address, gate);
        }
        if io::stdin().is_terminal() {
            eprintln!("wm-seed: waiting for MCP messages, one on a line; Ctrl-D ends");
        }
        session::serve(&mut server, io::stdin().lock(), io::stdout().lock())?;
        Ok(())
    }
}

fn over_http(server: &mut Server, address: SocketAddr, gate: Gate) -> Result<()> {
    if gate.token.is_none() && !address.ip().to_canonical().is_loopback() {
        bail!(
            "{address} can be reached from other machines, so a token is needed: --token-file FILE, or {TOKEN}"
        );
    }
    if gate.token.is_none() && !gate.hosts.is_empty() {
        bail!(
            "what is asked by another name can be reached through it, so a token is needed: --token-file FILE, or {TOKEN}"
        );
    }
    let header = if gate.token.is_some() {
        ", with the header `Authorization: Bearer` and the token"
    } else {
        ""
    };
    let listener = TcpListener::bind(address).with_context(|| address.to_string())?;
    let http = Http::new(listener, gate, Bounds::default());
    signals::stop(http.stop())?;
    let mut address = http.address()?;
    let mut others = "";
    if address.ip().is_unspecified() {
        // NB: it is an address to listen at, and none to ask
        others = ", and at this machine's other addresses";
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let url = format!("http://{address}{}", gate::PATH);
    let client = json!({"mcpServers": {"memory": {"type": "http", "url": url}}});
    eprintln!("wm-seed: {url}{others}; for an MCP client's configuration: {client}{header}");
    http.serve(server);
    Ok(())
}

fn address(text: &str) -> Result<SocketAddr> {
    let local = Ipv4Addr::LOCALHOST;
    match text.rsplit_once(':') {
        Some(("" | "localhost", port)) => Ok(SocketAddr::new(IpAddr::V4(local), port.parse()?)),
        _ => text
            .parse()
            .map_err(|_| anyhow!("an address is such as {ADDRESS}, [::1]:8377 or :8377")),
    }
}

/// The file's token, or that of the environment.
fn token(file: Option<&Path>) -> Result<Option<Token>> {
    let (text, place) = match file {
        Some(file) => {
            let place = file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| place.clone())?;
            (text, place)
        }
        None => match std::env::var(TOKEN) {
            Ok(text) => (text, TOKEN.to_owned()),
            Err(std::env::VarError::NotPresent) => return Ok(None),
            Err(error) => return Err(error).context(TOKEN),
        },
    };
    let token = Token::new(text.trim_end()).map_err(|error| anyhow!("{place}: {error}"))?;
    Ok(Some(token))
}

impl Init {
    fn run(self) -> Result<()> {
        let mut around = Surroundings::of_process(None);
        let asked = match &self.dir {
            Some(dir) => Some(dir.join(FOLDER)),
            None if around
                .variable
                .as_ref()
                .is_some_and(|value| !value.is_empty()) =>
            {
                None
            }
            None => Some(PathBuf::from(FOLDER)),
        };
        let elsewhere = asked.is_some();
        let root = StateRoot::find(&Surroundings {
            option: asked,
            ..around.clone()
        })?;
        root.scaffold()?;
        let mut store = Store::open(&root.database())?;
        let created = quickstart::plant(&mut store)?;
        // A server that is started there must find the same folder.
        around.current = root.path().parent().map(Into::into);
        let found = StateRoot::find(&around)?;
        if elsewhere && found.path() != root.path() {
            eprintln!(
                "wm-seed: {VARIABLE} is set, so a server uses {}; unset it, or give serve --root {}",
                found.path().display(),
                root.path().display()
            );
        }
        let count = store.count()?;
        let report = json!({"root": root.path(), "created": created, "memory_count": count});
        print(self.json, &report, || {
            let program = std::env::current_exe().unwrap_or_else(|_| "wm-seed".into());
            let client = json!({"mcpServers": {"memory": {
                "command": program,
                "args": ["serve", "--root", root.path()],
            }}});
            format!(
                "{}: {count} memories, {created} of them new\n\nFor an MCP client's configuration:\n{client:#}",
                root.path().display()
            )
        })
    }
}

impl Status {
    fn run(self) -> Result<()> {
        let root = StateRoot::find(&Surroundings::of_process(self.root))?;
        let galaxies = Galaxies::read(&root)?;
        let galaxy = galaxies.get(galaxies.active())?;
        let count = store::peek(&galaxy.db_path)?;
        let modules = Modules::count(&root)?;
        let report = json!({
            "root": root.path(),
            "origin": root.origin(),
            "galaxy": galaxy.name,
            "database": galaxy.db_path,
            "memory_count": count,
            "tool_count": tools::all().count(),
            "module_count": modules,
            "version": env!("CARGO_PKG_VERSION"),
        });
        print(self.json, &report, || {
            let why = match root.origin() {
                Origin::Option => "as --root says",
                Origin::Environment => "as WM_STATE_ROOT says",
                Origin::Folder => "found from the current folder",
                Origin::Home => "in the home folder",
            };
            let memories = count.map_or_else(
                || "none yet; the first call of a tool makes the database".to_owned(),
                |count| count.to_string(),
            );
            [
                format!("state root: {} ({why})", root.path().display()),
                format!("galaxy:     {}", galaxy.name),
                format!("database:   {}", galaxy.db_path.display()),
                format!("memories:   {memories}"),
                format!("tools:      {}", tools::all().count()),
                format!("modules:    {modules}"),
            ]
            .join("\n")
        })
    }
}

impl Version {
    fn run(self) -> Result<()> {
        let report = json!({
            "name": session::NAME,
            "version": env!("CARGO_PKG_VERSION"),
            "protocol_versions": session::VERSIONS,
        });
        print(self.json, &report, || {
            format!("{} {}", session::NAME, env!("CARGO_PKG_VERSION"))
        })
    }
}

fn print(as_json: bool, report: &Value, text: impl FnOnce() -> String) -> Result<()> {
    let text = if as_json { report.to_string() } else { text() };
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(error.into()),
        result => result.context("standard output"),
    }
}
