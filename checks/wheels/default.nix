# The wheels: pip installs them, what they consist of is theirs, and the Python tests pass.
{
  lib,
  runCommand,
  runCommandCC,
  stdenv,
  python3,
  wabt,
  wasmtime,
  packages,
  sourceOf,
}:
let
  inherit (packages) llguidance-wheel llguidance-wheel-wasip1;
  linked = packages.python-llguidance;
  # NB: a wheel's name says what it is, so it is installed under that
  file = wheel: "${wheel}/${wheel.output}";
  python = python3.withPackages (packages: [ packages.pip ]);
  tests = sourceOf [ "crates/llguidance-py/tests" ];
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
# Where no host loads modules, the interpreter that has it linked in passes the tests with the Python
# files of the wheel.
//
  lib.mapAttrs'
    (
      runtime:
      { program, command }:
      lib.nameValuePair "python-llguidance-${runtime}" (
        runCommand "python-llguidance-${runtime}"
          {
            nativeBuildInputs = [
              program
              python
            ];
          }
          ''
                  ln -s ${packages.cpython-wasi}/lib lib
                  python3 -m zipfile -e ${file llguidance-wheel-wasip1} site
                  rm site/llguidance/_lib.abi3.so
            mkdir tmp
                  cp -r ${tests}/crates/llguidance-py/tests tests
                  ${command} ${linked}/${linked.output} -m unittest discover --verbose -s /tests 2>&1 | tee $out
          ''
      )
    )
    {
      wasmtime = {
        program = wasmtime;
        command = "wasmtime run -W max-wasm-stack=16777216 --dir lib::/lib --dir site::/site --dir tests::/tests --dir tmp::/tmp --env PYTHONPATH=/site";
      };
      iwasm = {
        program = packages.wamr;
        command = "iwasm --stack-size=8388608 --heap-size=0 --map-dir=/lib::lib --map-dir=/site::site --map-dir=/tests::tests --map-dir=/tmp::tmp --env=PYTHONPATH=/site";
      };
    }
