# CPython for WASI: it passes its own tests, and has the same bytes when it is built elsewhere.
{
  runCommand,
  packages,
}:
let
  python = packages.cpython-wasi;
in
{
  cpython-wasi = packages.cpython-wasi-tests.quick;

  reproducible-cpython-wasi = runCommand "reproducible-cpython-wasi" { } ''
    diff -r ${python} ${python.elsewhere}
    # NB: Python's sources speak of a folder Tools/build
    if grep -raoE '${builtins.storeDir}/[a-z0-9]{32}|/build/(Python|another|toolchain|zlib)' ${python}; then
      echo "cpython-wasi carries the path of a build" >&2
      exit 1
    fi
    touch $out
  '';
}
