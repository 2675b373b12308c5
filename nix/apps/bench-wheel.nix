{
  runCommand,
  python3,
  writeShellApplication,
  packages,
}:
let
  # As pip does it
  installed =
    wheel:
    runCommand "site" { nativeBuildInputs = [ python3 ]; } ''
      python3 -m zipfile -e ${wheel}/${wheel.output} $out
      python3 -m compileall -q --invalidation-mode unchecked-hash $out
    '';
in
writeShellApplication {
  name = "bench-wheel";
  runtimeInputs = [
    python3
    packages.wasi-python
  ];
  text = ''
    export GUEST=${installed packages.llguidance-wheel-wasip1} NATIVE=${installed packages.llguidance-wheel}
    exec python3 ${./bench-wheel.py} "$@"
  '';
  meta.description = "What llguidance's wheels cost a program that starts; see --help";
}
