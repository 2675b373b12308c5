# CPython's own test suite in python.wasm, under Wasmtime: summary.json has the count, modules.tsv a line
# for each module.
#
# Beside it is .quick, the same for the modules that take the least time.
{
  runCommand,
  python3,
  python313,
  packages,
}:
let
  python = packages.cpython-wasi;
  # The guest's /, with the tests, and python.wasm compiled ahead of time
  guest =
    runCommand "cpython-wasi-guest"
      {
        inherit (python313) src;
        nativeBuildInputs = [
          packages.wasmtime
          python313
        ];
        PYTHONHASHSEED = 0;
      }
      ''
        # NB: Wasmtime wants a folder for its cache, whether it has one or not
        export HOME=$NIX_BUILD_TOP
        mkdir -p $out/root/lib $out/root/tmp
        cp -r --no-preserve=mode ${python}/lib/python3.13 $out/root/lib/
        tar xf $src --strip-components=2 -C $out/root/lib/python3.13 --wildcards '*/Lib/test'
        # NB: each module's process imports these anew
        python3.13 -m compileall -q --invalidation-mode unchecked-hash -s $out/root $out/root/lib/python3.13/test/{libregrtest,support}
        wasmtime compile ${python}/bin/python.wasm -o $out/python.cwasm
      '';
  suite =
    name: arguments:
    runCommand name
      {
        nativeBuildInputs = [
          packages.wasmtime
          python3
        ];
      }
      ''
        export HOME=$NIX_BUILD_TOP
        python3 ${../cpython/test.py} --suite ${../cpython/tests.toml} --python ${guest}/python.cwasm \
          --root ${guest}/root --jobs $NIX_BUILD_CORES ${arguments} --out $out
      '';
in
suite "cpython-wasi-tests" ""
// {
  # NB: documents that name it must not cost the check `docs` its many minutes
  onDemand = true;
  quick = suite "cpython-wasi-tests-quick" "--only quick";
}
