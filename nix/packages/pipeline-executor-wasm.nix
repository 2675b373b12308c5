{
  lib,
  runCommand,
  writeText,
  python313,
  buildWasm,
  packages,
  workspace,
}:
let
  cpython = packages.cpython-wasi;
  version = lib.head (builtins.match "([0-9]+[.][0-9]+)[.].*" cpython.version);
  python = "python${version}";
  libraries = [
    "mpdec"
    "Hacl_Hash_SHA2"
    "expat"
    "z"
    "wasi-emulated-signal"
    "wasi-emulated-getpid"
    "wasi-emulated-process-clocks"
    "dl"
  ];
in
buildWasm {
  src = workspace;
  crate = "pipeline-executor";
  target = "wasm32-wasip1";
  profile = "wasm";
  output = "bin/pipeline_executor_wasm.wasm";
  snapshot = true;
  rustflags =
    map (argument: "-C link-arg=${argument}") [
      # recursion in Python takes C's stack, which lies first so that its end is a trap
      "-zstack-size=8388608"
      "--stack-first"
      # see crates/pipeline-python/src/snapshot.rs
      "--wrap=clock_gettime"
      "--wrap=getentropy"
    ];
  environment = {
    PYO3_CONFIG_FILE = writeText "pyo3.txt" ''
      implementation=CPython
      version=${version}
      shared=false
      lib_name=${python}
      lib_dir=${cpython}/lib
      pointer_width=32
      ${lib.concatMapStrings (
        library: "extra_build_script_line=cargo:rustc-link-lib=static=${library}\n"
      ) libraries}'';
    PIPELINE_PYTHON_FROZEN = runCommand "python-frozen" { nativeBuildInputs = [ python313 ]; } ''
      python3 ${../../crates/pipeline-python/freeze.py} ${cpython}/lib/${python} $out
    '';
  };
}
