# CPython for WASI with wheels that have extension modules: the interpreter, linked such that its
# host loads them and compiled ahead of time, and the program that is this host.
#
# Beside it
#   .toolchain  clang and a sysroot, for modules that it can load, and .toolchain.compilers, which it runs
{
  lib,
  bash,
  runCommand,
  llvmPackages_22,
  pkgsCross,
  host,
  packages,
  wasiLibc,
}:
let
  cpython = packages.cpython-wasi;
  compilers = [
    llvmPackages_22.clang-unwrapped
    llvmPackages_22.bintools-unwrapped
  ];
  toolchain =
    runCommand "wasi-toolchain"
      {
        nativeBuildInputs = compilers;
        # NB: the toolchain finds these on PATH
        passthru = { inherit compilers; };
      }
      ''
        bash ${../cpython/toolchain.sh} $out ${lib.getLib wasiLibc} ${lib.getDev wasiLibc} ${pkgsCross.wasi32.llvmPackages.compiler-rt}
      '';
in
runCommand "wasi-python-${cpython.version}"
  {
    pname = "wasi-python";
    inherit (cpython) version;
    nativeBuildInputs = compilers ++ [ toolchain ];
    passthru = { inherit toolchain; };
    meta = {
      description = "Runs Python scripts in CPython for WASI; see --help";
      mainProgram = "wasi-python";
    };
  }
  ''
    home=$out/share/wasi-python
    mkdir -p $out/bin $home/bin
    ln -s ${cpython}/lib $home/lib
    bash ${../wasi-python}/link.sh ${cpython} ${toolchain}/sysroot \
      ${toolchain}/resource/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a $home/bin/python.wasm
    ${host.programs.matrix}/bin/wasi-python --home $home --precompile $home/bin/python.cwasm
    printf '#!%s\nexport WASI_PYTHON_HOME=''${WASI_PYTHON_HOME:-%s}\nexec %s "$@"\n' \
      ${bash}/bin/bash $home ${host.programs.matrix}/bin/wasi-python > $out/bin/wasi-python
    chmod +x $out/bin/wasi-python
  ''
