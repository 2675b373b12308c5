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
  # NB: waits for the network and the disk; what searches vectors has a level of its own in Cargo.toml
  environment.CARGO_PROFILE_WASM_OPT_LEVEL = "z";
  # NB: below 1,024 ends the stack, so no address there is reached by way of an offset
  optimise = "-Oz --low-memory-unused --converge --reorder-functions --always-inline-max-function-size=4";
  rustflags = [
    # NB: what searches vectors has the instructions for it
    "-Ctarget-feature=+simd128"
    # NB: what is longer than one load and one store is copied by memory.copy, which is less code
    "-Cllvm-args=-max-store-memcpy=1"
    # NB: a step saved at run time by code for it elsewhere is none here
    "-Cllvm-args=-disable-lsr"
    "-Cllvm-args=-enable-pre=false"
    # NB: and a call is dearer here than LLVM counts
    "-Cllvm-args=-inline-call-penalty=40"
  ];
  ownCore = true;
  component = true;
  output = "lib/clawft.wasm";
}
