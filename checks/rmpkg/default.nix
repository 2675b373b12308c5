# The program rmpkg against others: Python's zipfile reads what it writes, sha256sum its listing,
# and Wasmtime runs what is packed.
{
  runCommand,
  python3,
  wabt,
  packages,
}:
{
  rmpkg =
    runCommand "rmpkg-package"
      {
        nativeBuildInputs = [
          packages.rmpkg
          packages.wasmtime
          python3
          wabt
        ];
      }
      ''
        export HOME=$NIX_BUILD_TOP
        python3 ${./check.py} ${./.}
        touch $out
      '';
}
