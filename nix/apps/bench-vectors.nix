{
  python3,
  writeShellApplication,
  buildWasm,
  host,
  packages,
  workspace,
}:
let
  program = "clawft-vectors-bench";
  module =
    rustflags:
    let
      built = buildWasm {
        src = workspace;
        crate = "clawft-vectors";
        target = "wasm32-wasip1";
        profile = "wasm";
        output = "bin/${program}.wasm";
        inherit rustflags;
      };
    in
    "${built}/${built.output}";
in
writeShellApplication {
  name = "bench-vectors";
  runtimeInputs = [
    (python3.withPackages (packages: [ packages.usearch ]))
    packages.wasmtime
  ];
  text = ''
    export NATIVE=${host.programs.vectors}/bin/${program}
    export SIMD=${module [ "-Ctarget-feature=+simd128" ]} SCALAR=${module [ ]}
    exec python3 ${./bench-vectors.py} "$@"
  '';
  meta.description = "The index of clawft-vectors, for WASM and natively, beside other libraries; see --help";
}
