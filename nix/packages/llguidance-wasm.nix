{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "llguidance-wasm";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  # NB: a function with one caller is inlined into it, rare parts of a loop into the loop, and runtimes then
  # keep what the loop needs in memory
  optimise = "-Oz --one-caller-inline-max-function-size=0";
  output = "lib/llguidance.wasm";
  # NB: constraints are the crate's own
  replacing = true;
  rustflags = [ "-Ctarget-feature=+simd128" ];
}
