{
  runCommand,
  python313,
  buildWasm,
  packages,
  workspace,
}:
let
  cpython = packages.cpython-wasi;
in
buildWasm {
  src = workspace;
  crate = "pipeline-executor";
  target = "wasm32-wasip1";
  profile = "wasm";
  output = "bin/pipeline_executor_wasm.wasm";
  snapshot = true;
  # NB: arrays pass as base64, for which there are instructions
  rustflags = cpython.rustflags ++ [ "-Ctarget-feature=+simd128" ];
  crateRustflags = [
    # see crates/pipeline-python/src/snapshot.rs
    "-Clink-arg=--wrap=__wasi_clock_time_get"
    "-Clink-arg=--wrap=getentropy"
  ];
  environment = {
    PYO3_CONFIG_FILE = cpython.pyo3Config;
    PIPELINE_PYTHON_FROZEN = runCommand "python-frozen" { nativeBuildInputs = [ python313 ]; } ''
      ${cpython.programName} ${../../crates/pipeline-python/freeze.py} ${cpython}/lib/${cpython.programName} $out
    '';
  };
  consistsOf.parts = [ cpython.linkedSbom ];
}
