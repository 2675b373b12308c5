# CPython for WASI: the interpreter as a program, and what it takes to embed it in another.
{
  lib,
  stdenvNoCC,
  llvmPackages_22,
  pkgsCross,
  python313,
  zlib,
}:
let
  inherit (pkgsCross.wasi32) wasilibc;
in
stdenvNoCC.mkDerivation {
  pname = "cpython-wasi";
  inherit (python313) src version;
  zlibSource = zlib.src;
  nativeBuildInputs = [
    llvmPackages_22.clang-unwrapped
    llvmPackages_22.bintools-unwrapped
    # NB: what compiles its modules must be of its own version
    python313
  ];
  postUnpack = ''
    mkdir zlib
    tar xf $zlibSource --strip-components=1 -C zlib
  '';
  # NB: what is built for WASI must not be touched as if it were for this machine
  dontStrip = true;
  dontPatchShebangs = true;
  buildPhase = ''
    runHook preBuild
    bash ${../cpython}/toolchain.sh $NIX_BUILD_TOP/toolchain ${lib.getLib wasilibc} ${lib.getDev wasilibc} ${pkgsCross.wasi32.llvmPackages.compiler-rt}
    PATH=$NIX_BUILD_TOP/toolchain/bin:$PATH \
      bash ${../cpython}/build.sh $out $NIX_BUILD_TOP/zlib $NIX_BUILD_TOP/toolchain/sysroot ${stdenvNoCC.buildPlatform.config}
    runHook postBuild
  '';
  dontConfigure = true;
  dontInstall = true;
  meta = {
    description = "CPython as a WASI program, and as a library to embed";
    license = lib.licenses.psfl;
  };
}
