# The fuzz targets of the crates, by libFuzzer: as many inputs as below, the same each time, from the
# seeds beside the targets. cargo-fuzz on a nightly compiler searches on from there.
{
  lib,
  stdenv,
  craneLib,
  sourceOf,
}:
let
  # By crate: the crates that it is made of, inputs by target, and where seeds lie elsewhere
  crates = {
    clawft-core = {
      needs = [ "clawft-vectors" ];
      inputs = {
        config = 200000;
        json_repair = 200000;
        session = 50000;
        sse = 50000;
      };
    };
    clawft-vectors.inputs.index = 200000;
    rmpkg = {
      needs = [ "pipeline" ];
      inputs.package = 50000;
      seeds.package = "tests/foreign";
    };
  };
  host = stdenv.hostPlatform.rust.rustcTarget;
  check =
    crate:
    {
      needs ? [ ],
      inputs,
      seeds ? { },
    }:
    craneLib.mkCargoDerivation {
      pname = "fuzz-${crate}";
      inherit ((lib.importTOML ../../Cargo.toml).workspace.package) version;
      src = sourceOf ([ "Cargo.toml" ] ++ map (name: "crates/${name}") ([ crate ] ++ needs));
      cargoVendorDir = craneLib.vendorCargoDeps {
        cargoLock = ../../crates + "/${crate}/fuzz/Cargo.lock";
      };
      cargoArtifacts = null;
      doInstallCargoArtifacts = false;
      # NB: for a pass of LLVM's by name, which is all that libFuzzer needs of a nightly compiler
      RUSTC_BOOTSTRAP = "1";
      CARGO_BUILD_TARGET = host;
      # NB: it is built for longer than it runs
      CARGO_PROFILE_RELEASE_OPT_LEVEL = "1";
      RUSTFLAGS = toString [
        "-Cpasses=sancov-module"
        "-Cllvm-args=-sanitizer-coverage-level=4"
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
        "-Cllvm-args=-sanitizer-coverage-pc-table"
        "-Cllvm-args=-sanitizer-coverage-trace-compares"
        "-Ccodegen-units=1"
        "-Cdebug-assertions"
        "-Coverflow-checks"
        "--cfg=fuzzing"
      ];
      buildPhaseCargoCommand = ''
        cd crates/${crate}
        cargo build --release --manifest-path fuzz/Cargo.toml --target-dir target
      ''
      + lib.concatStrings (
        lib.mapAttrsToList (target: runs: ''
          mkdir -p corpus/${target}
          target/${host}/release/${target} corpus/${target} ${seeds.${target} or "fuzz/seeds/${target}"} \
            -runs=${toString runs} -seed=1 -max_len=4096 -print_final_stats=1 2> log || { cat log; false; }
          echo ${crate}, ${target}: $(grep -c NEW log) inputs that reach more, $(grep units: log)
        '') inputs
      );
      installPhaseCommand = "touch $out";
    };
in
lib.mapAttrs' (crate: how: lib.nameValuePair "fuzz-${crate}" (check crate how)) crates
