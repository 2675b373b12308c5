{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "llguidance-wasm";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  output = "lib/llguidance.wasm";
  # NB: entropy.rs is what it calls
  rustflags = [ "--cfg=getrandom_backend=\\\"custom\\\"" ];
}
