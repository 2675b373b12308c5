# The agent as a component of WASI 0.2. Its world is crates/clawft-wasm/wit/clawft.wit.
{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "clawft-wasm";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  # NB: it waits for the network and the disk; what searches vectors has a level of its own in Cargo.toml,
  # and the instructions for it
  smallest = true;
  rustflags = [ "-Ctarget-feature=+simd128" ];
  component = true;
  output = "lib/clawft.wasm";
}
