# The wheels: pip installs them, what they consist of is theirs, and the Python tests pass.
{
  lib,
  runCommand,
  runCommandCC,
  stdenv,
  jq,
  python3,
  wabt,
  wasmtime,
  packages,
  sourceOf,
}:
let
  inherit (packages) llguidance-wheel llguidance-wheel-wasip1;
  # NB: a wheel's name says what it is, so it is installed under that
  file = wheel: "${wheel}/${wheel.output}";
  python = python3.withPackages (packages: [ packages.pip ]);
  tests = sourceOf [ "crates/llguidance-py/tests" ];

  runtimes = {
    wasmtime = {
      package = wasmtime;
      command = "wasmtime run -W max-wasm-stack=16777216 --env PYTHONPATH=/site --dir lib::/lib --dir site::/site --dir tests::/tests --dir tmp::/tmp";
    };
    iwasm = {
      package = packages.wamr;
      command = "iwasm --stack-size=8388608 --heap-size=0 --env=PYTHONPATH=/site --map-dir=/lib::lib --map-dir=/site::site --map-dir=/tests::tests --map-dir=/tmp::tmp";
    };
  };
  linked = {
    python-llguidance = ''
      run ${file packages.python-llguidance} -m unittest discover --verbose -s /tests 2>&1 | tee $out
    '';
    pipeline-executor-llguidance = ''
      run ${file packages.pipeline-executor-llguidance-wasm} < ${./pipeline.json} | tee $out
      jq -e '.outputs == "0123456789"' $out
    '';
  };
in
{
  wheel-llguidance =
    runCommandCC "wheel-llguidance"
      {
        nativeBuildInputs = [ python ];
        # NB: a machine has libgcc_s in a folder where programs look for it, the sandbox has not
        library = lib.optionalString stdenv.hostPlatform.isLinux "libgcc_s.so.1";
      }
      ''
        bash ${./install-native} ${file llguidance-wheel} ${tests}/crates/llguidance-py/tests | tee $out
      '';

  wheel-llguidance-wasip1 =
    runCommand "wheel-llguidance-wasip1"
      {
        nativeBuildInputs = [
          python
          wabt
        ];
      }
      ''
        bash ${./install-wasip1} ${file llguidance-wheel-wasip1} | tee $out
      '';
}
# Where no host loads modules, the programs that have it linked in work with the Python files of the wheel.
// lib.concatMapAttrs (
  runtime:
  { package, command }:
  lib.mapAttrs' (
    program: script:
    lib.nameValuePair "${program}-${runtime}" (
      runCommand "${program}-${runtime}"
        {
          nativeBuildInputs = [
            jq
            package
            python
          ];
        }
        ''
          python3 -m zipfile -e ${file llguidance-wheel-wasip1} site
          rm site/llguidance/_lib.abi3.so
          ln -s ${packages.cpython-wasi}/lib ${tests}/crates/llguidance-py/tests .
          mkdir tmp
          run() { ${command} "$@"; }
          ${script}
        ''
    )
  ) linked
) runtimes
