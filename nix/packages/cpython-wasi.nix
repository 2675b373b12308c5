# CPython for WASI: the interpreter as a program, and what it takes to embed it in another.
#
# Beside it
#   .programName  python3.13
#   .pyo3Config   what PyO3 must know to link it into a program, as PYO3_CONFIG_FILE
#   .dylink       the same for a program that its host loads extension modules into, see nix/wasi-python
#   .rustflags    with which rustc links such a program
#   .sbom         what it consists of, see nix/sbom; .linkedSbom is that for what embeds it
#   .elsewhere    the same built under other circumstances: it must have the same bytes
{
  lib,
  stdenvNoCC,
  libfaketime,
  llvmPackages_22,
  pkgsCross,
  python313,
  sbomOf,
  wasiLibc,
  writeText,
  zlib,
}:
let
  inherit (pkgsCross.wasi32) llvmPackages;
  build =
    changes:
    stdenvNoCC.mkDerivation (
      {
        pname = "cpython-wasi";
        inherit (python313) src version;
        nativeBuildInputs = [
          llvmPackages_22.clang-unwrapped
          llvmPackages_22.bintools-unwrapped
          # NB: what compiles its modules must be of its own version
          python313
        ];
        postUnpack = ''
          mkdir zlib
          tar xf ${zlib.src} --strip-components=1 -C zlib
        '';
        dontConfigure = true;
        buildPhase = ''
          runHook preBuild
          bash ${../cpython/toolchain.sh} $NIX_BUILD_TOP/toolchain ${lib.getLib wasiLibc} ${lib.getDev wasiLibc} ${llvmPackages.compiler-rt}
          PATH=$NIX_BUILD_TOP/toolchain/bin:$PATH bash ${../cpython/build.sh} \
            $out $NIX_BUILD_TOP/zlib $NIX_BUILD_TOP/toolchain/sysroot ${stdenvNoCC.buildPlatform.config}
          runHook postBuild
        '';
        dontInstall = true;
        allowedReferences = [ ];
        # NB: nothing in it is for this machine
        dontStrip = true;
        dontPatchShebangs = true;
        meta = {
          description = "CPython as a WASI program, and as a library to embed";
          license = lib.licenses.psfl;
        };
      }
      # NB: since its version 26 the C library has functions for threads, though no threads, and Python
      # would wait in them for ever at its end. It has its own for where there are none.
      // lib.optionalAttrs (lib.versionAtLeast (wasiLibc.version or "0") "26") {
        postPatch = "sed -i s/posix_threads=yes/posix_threads=stub/ configure";
      }
      // changes
    );
  minorVersion = lib.head (lib.match "([0-9]+[.][0-9]+)[.].*" python313.version);
  libraries = [
    "mpdec"
    "Hacl_Hash_SHA2"
    "expat"
    "z"
    "wasi-emulated-signal"
    "wasi-emulated-getpid"
    "wasi-emulated-process-clocks"
  ];
  linkedTo = library: "extra_build_script_line=cargo:rustc-link-lib=static${library}\n";
  cpython = build {
    passthru = {
      inherit elsewhere;
      sbom = sbomOf {
        name = "cpython-wasi";
        inherit (python313) version;
        type = "application";
        parts = [ cpython.linkedSbom ];
        others = [ { name = "compiler-rt"; } ];
      };
      linkedSbom = sbomOf {
        name = "libpython${minorVersion}.a";
        inherit (python313) version;
        sources = [
          {
            name = "cpython";
            archive = python313.src;
          }
          {
            name = "zlib";
            archive = zlib.src;
          }
        ];
        others = [
          ({ name = "wasi-libc"; } // lib.optionalAttrs (wasiLibc ? version) { inherit (wasiLibc) version; })
        ];
      };
      programName = "python${minorVersion}";
      pyo3Config = writeText "pyo3.txt" ''
        implementation=CPython
        version=${minorVersion}
        shared=false
        lib_name=python${minorVersion}
        lib_dir=${cpython}/lib
        pointer_width=32
        ${lib.concatMapStrings (library: linkedTo "=${library}") (libraries ++ [ "dl" ])}'';
      # NB: modules use more of Python than the program does, so all of it is linked
      dylink.pyo3Config = writeText "pyo3.txt" ''
        implementation=CPython
        version=${minorVersion}
        shared=false
        pointer_width=32
        suppress_build_script_link_lines=true
        extra_build_script_line=cargo:rustc-link-search=native=${cpython}/lib
        ${linkedTo ":+whole-archive,-bundle=python${minorVersion}"}${
          lib.concatMapStrings (library: linkedTo "=${library}") libraries
        }'';
      # NB: recursion in Python takes C's stack, which lies first so that its end is a trap
      rustflags = [
        "-Clink-arg=-zstack-size=8388608"
        "-Clink-arg=--stack-first"
      ];
    };
  };
  elsewhere = build {
    pname = "cpython-wasi-elsewhere";
    # another folder, another day, one core
    preBuild = ''
      cp -a . $NIX_BUILD_TOP/another-folder
      cd $NIX_BUILD_TOP/another-folder
      export NIX_BUILD_CORES=1
      export LD_PRELOAD=$(find ${libfaketime}/lib -name libfaketime.so.1)
      export FAKETIME=+1d NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1
    '';
  };
in
cpython
