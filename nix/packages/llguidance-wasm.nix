{ wasm }:
wasm {
  crate = "llguidance-wasm";
  target = "wasm32-unknown-unknown";
  output = "lib/llguidance.wasm";
}
