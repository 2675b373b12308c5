# The wheels: pip installs them, what they consist of is theirs, and the Python tests pass.
{
  lib,
  runCommand,
  runCommandCC,
  stdenv,
  python3,
  wabt,
  packages,
  sourceOf,
}:
let
  inherit (packages) llguidance-wheel llguidance-wheel-wasip1;
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
