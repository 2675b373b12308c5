# The agent as a command of WASI 0.1, for runtimes without components.
{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "clawft-wasip1";
  target = "wasm32-wasip1";
  profile = "wasm";
  environment.CARGO_PROFILE_WASM_OPT_LEVEL = "z";
  optimise = "-Oz";
  # NB: what searches vectors has the instructions for it
  rustflags = [ "-Ctarget-feature=+simd128" ];
  output = "bin/clawft.wasm";
}
