# The Python interpreter with llguidance's extension module linked in, for hosts without dlopen. Its
# standard library is `lib` of cpython-wasi, which a host shows as /lib.
{
  buildWasm,
  packages,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "python-llguidance";
  target = "wasm32-wasip1";
  profile = "wasm";
  output = "bin/python-llguidance.wasm";
  inherit (packages.cpython-wasi) rustflags;
  environment.PYO3_CONFIG_FILE = packages.cpython-wasi.pyo3Config;
  consistsOf.parts = [ packages.cpython-wasi.linkedSbom ];
}
