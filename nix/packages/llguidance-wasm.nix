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
}
