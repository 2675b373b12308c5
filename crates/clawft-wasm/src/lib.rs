//! thin
mod bindings; mod clock; mod environment; mod files; mod http; mod memory; mod random;
use bindings::exports::clawft::agent::{agent, vectors};
use clawft_core::platform::{HttpClient, FileSystem, Request};
struct Component;
pub struct T;
impl agent::GuestTurn for T { fn next(&self) -> Result<Option<agent::Event>, agent::Error> { Ok(None) } }
impl agent::Guest for Component {
  type Turn = T;
  fn init(p: Option<String>) -> Result<(), agent::Error> { 
    let d = files::Preopens.open("/etc2", true).map_err(|e| agent::Error::Files(e.to_string()))?;
    d.write("a", b"hello").map_err(|e| agent::Error::Files(e.to_string()))?;
    d.append("b/a", b"hello\n").map_err(|e| agent::Error::Files(e.to_string()))?;
    println!("{:?}", p); Ok(()) }
  fn run(m: String) -> Result<agent::Answer, agent::Error> {
    let e = |e: clawft_core::platform::HttpError| agent::Error::Network(e.to_string());
    let mut x = http::Outgoing.send(&Request{method:"POST".into(), url: m, headers: vec![("content-type".into(),"a/b".into())], body: b"{}".to_vec(), timeout: 3000}).map_err(e)?;
    let s = x.head().map_err(e)?.status;
    let mut b = [0;1000]; let mut t = s.to_string();
    loop { let n = x.read(&mut b).map_err(e)?; if n == 0 {break}; t += &String::from_utf8_lossy(&b[..n]); }
    let v: serde_json::Value = serde_json::from_str(&t[3..]).map_err(|e| agent::Error::Model(e.to_string()))?;
    Ok(agent::Answer{text: v.to_string(), stop: agent::StopReason::EndTurn, usage: agent::Usage{input:0,output:0}, iterations:0})
  }
  fn start(_s: String, _m: String) -> Result<agent::Turn, agent::Error> { Ok(agent::Turn::new(T)) }
  fn capabilities() -> Result<String, agent::Error> {
    let d = files::Preopens.open("/etc2", true).map_err(|e| agent::Error::Files(e.to_string()))?;
    Ok(format!("{:?}", d.list(".")).into()) }
}
impl vectors::Guest for Component {
  fn add(_: u64, _: Vec<f32>) -> Result<(), agent::Error> { Ok(()) }
  fn delete(_: u64) -> Result<bool, agent::Error> {Ok(true)}
  fn search(_: Vec<f32>, _: u32) -> Result<Vec<vectors::Neighbour>, agent::Error> {Ok(vec![])}
  fn count() -> Result<u64, agent::Error> {Ok(1)}
}
bindings::export!(Component with_types_in bindings);
