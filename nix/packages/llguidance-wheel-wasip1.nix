# llguidance's Python wheel for CPython on WASI: the files of the native wheel, and a module that a
# host links to a running interpreter.
{
  runCommand,
  buildWasm,
  buildWheel,
  packages,
  sbomOf,
  sourceOf,
  workspaceFiles,
}:
let
  inherit (packages.llguidance-wheel) version packed;
  # NB: as uname of CPython for WASI has it; no standard defines it, and PyPI refuses it
  platform = "wasi_0_0_0_wasm32";
  # NB: rustc links the C library whatever it is told; the interpreter's is the one to use
  noLibc = runCommand "no-libc" { } ''
    mkdir $out
    printf '!<arch>\n' > $out/libc.a
  '';
  module = buildWasm {
    # NB: of this only Rust is taken, or an edit of the Python files would compile everything again
    src = sourceOf workspaceFiles;
    crate = "llguidance-py";
    crateType = "cdylib";
    target = "wasm32-wasip1";
    profile = "wasm";
    output = "lib/_lib.abi3.so";
    cargoExtraArgs = "--no-default-features --features references,wheel";
    rustflags = [ "-Crelocation-model=pic" ];
    # NB: llguidance is a cdylib itself, which cargo links without link-time optimisation, and so to
    # what of std is not position independent
    crateRustflags = [
      "-Ctarget-feature=-crt-static"
      "-Clink-self-contained=no"
      "-Lnative=${noLibc}"
      "-Clink-arg=-shared"
      "-Clink-arg=--experimental-pic"
      "-Clink-arg=--allow-undefined"
    ];
  };
  wheelOf =
    module: passthru:
    buildWheel {
      inherit
        packed
        passthru
        platform
        version
        ;
      inherit (sbom) notices;
      module = "${module}/${module.output or "lib/_lib.abi3.so"}";
    };
  output = "llguidance-${version}-cp310-abi3-${platform}.whl";
  sbom = sbomOf {
    name = output;
    inherit version;
    parts = [ module.sbom ];
  };
in
wheelOf module {
  inherit module output sbom;
  elsewhere = wheelOf module.elsewhere { };
}
