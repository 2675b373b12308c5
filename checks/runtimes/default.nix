# The runtimes as programs: their options and exit codes, on small modules with known ends.
{
  runCommand,
  wabt,
  buildWasm,
  packages,
}:
let
  hello =
    target:
    "${
      buildWasm {
        src = ../../nix/template;
        crate = "hello";
        inherit target;
      }
    }/lib/hello.wasm";
in
{
  wamr =
    runCommand "wamr-programs"
      {
        nativeBuildInputs = [
          wabt
          packages.wamr
        ];
      }
      ''
        bash ${./run-wamr} ${./wamr}
        touch $out
      '';

  # A program and a component, compiled when run and ahead of time
  wasmtime =
    runCommand "wasmtime-programs"
      {
        nativeBuildInputs = [ packages.wasmtime ];
      }
      ''
        export HOME=$NIX_BUILD_TOP
        for command in "" run compile serve; do wasmtime $command --help > help; grep Usage help; done
        for file in ${hello "wasm32-wasip1"} ${hello "wasm32-wasip2"}; do
          wasmtime compile -o ahead $file
          for run in "wasmtime run $file" "wasmtime run --allow-precompiled ahead"; do
            [ "$($run)" = 'Hello from WebAssembly' ]
          done
        done
        touch $out
      '';
}
