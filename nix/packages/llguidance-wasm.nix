{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "llguidance-wasm";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  optimise = "-Oz";
  output = "lib/llguidance.wasm";
  # NB: constraints are the crate's own
  replacing = true;
  # NB: entropy.rs has the function of that backend, and llguidance, which cargo links as a module of its
  # own too, has not. That the artifact imports nothing is checked.
  rustflags = [
    "-Ctarget-feature=+simd128"
    "--cfg=getrandom_backend=\\\"custom\\\""
    "-Clink-arg=--import-undefined"
  ];
}
