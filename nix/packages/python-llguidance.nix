# The Python interpreter with llguidance's extension module linked in, for hosts without dlopen. Its
# standard library is `lib` of cpython-wasi, which a host shows as /lib.
{
  lib,
  writeText,
  buildWasm,
  packages,
  workspace,
}:
let
  cpython = packages.cpython-wasi;
  python = "python${lib.versions.majorMinor cpython.version}";
in
buildWasm {
  src = workspace;
  crate = "python-llguidance";
  target = "wasm32-wasip1";
  profile = "wasm";
  output = "bin/python-llguidance.wasm";
  # recursion in Python takes C's stack, which lies first so that its end is a trap
  rustflags = map (argument: "-Clink-arg=${argument}") [
    "-zstack-size=8388608"
    "--stack-first"
  ];
  environment.PYO3_CONFIG_FILE = writeText "pyo3.txt" ''
    implementation=CPython
    version=${lib.versions.majorMinor cpython.version}
    shared=false
    lib_name=${python}
    lib_dir=${cpython}/lib
    pointer_width=32
    ${lib.concatMapStrings (library: "extra_build_script_line=cargo:rustc-link-lib=static=${library}\n")
      [
        "mpdec"
        "Hacl_Hash_SHA2"
        "expat"
        "z"
        "wasi-emulated-signal"
        "wasi-emulated-getpid"
        "wasi-emulated-process-clocks"
        "dl"
      ]
    }'';
}
