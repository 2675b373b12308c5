# The workspace's own crates, for the machine that builds: the programs that drive and measure
# artifacts, and the tests and lints of all. A group of crates is built together, and again only
# when one of them changes.
{
  lib,
  craneLib,
  fenix,
  jq,
  nodejs,
  python3,
  runCommand,
  sbomOf,
  writeShellScript,
  packages,
  sourceOf,
  workspace,
  workspaceFiles,
}:
let
  # NB: crates that share large dependencies belong in one group, because these are built once in it
  groups = {
    # NB: by itself, because an extension module is not linked to libpython, and other programs with
    # PyO3 are
    array = {
      crates = [ "pipeline-array" ];
      dependencyEnvironment = {
        PYO3_BUILD_EXTENSION_MODULE = "1";
        PYO3_PYTHON = lib.getExe python3;
      };
    };
    clawft = {
      crates = [
        "clawft"
        "clawft-core"
        "clawft-server"
      ];
      # for the tests: what lies beneath files of WASI is no part of the program
      features = [ "clawft-core/wasm" ];
      # a package of the flake, so as users get it
      profile = "release";
      # NB: two dozen test programs, of which each would be optimised for longer than it runs; as users get
      # it the agent goes through its scenarios
      testFlags = [ "-Copt-level=0" ];
      coverage.clawft-core = 90;
    };
    # NB: by themselves, because the core has other features in them
    clawft-wasm = {
      crates = [
        "clawft-wasip1"
        "clawft-wasm"
      ];
      # NB: GNU's linker does not take the names of its exports
      clippyBy = "check";
    };
    # NB: by itself, because the agent is in it, whose edits are to run no cell of the matrix again
    clawft-wamr = {
      crates = [ "clawft-wamr" ];
      environment.WAMR_DIR = packages.wamr;
    };
    ledger = {
      crates = [
        "ledger"
        "report"
      ];
      testData = [ "budgets.toml" ];
    };
    llguidance = {
      crates = [
        "llguidance-py"
        "llguidance-wasm"
      ];
      # NB: without an interpreter to link
      features = [ "llguidance-py/wheel" ];
    };
    matrix = {
      crates = [
        "clawft-host"
        "matrix"
        "wamr"
        "wasi-dylink"
        "wasi-probe"
        "wasi-python"
      ];
      testData = [
        "checks/matrix"
        "crates/whitemagic-wasm/dialogues"
      ];
      # libiwasm.a, and wamrc of the same version
      environment.WAMR_DIR = packages.wamr;
      testPrograms = [ nodejs ];
    };
    pipeline = {
      crates = [
        "pipeline"
        "pipeline-executor"
        "pipeline-python"
      ];
      dependencyEnvironment.PYO3_CONFIG_FILE = packages.pipeline-executor.pyo3Config;
    };
    rmpkg = {
      crates = [ "rmpkg" ];
      # a package of the flake, so as users get it
      profile = "release";
    };
    toktrie.crates = [ "toktrie" ];
    vectors = {
      crates = [ "clawft-vectors" ];
      # what is measured beside the module, and tests that make thousands of searches
      profile = "release";
      coverage.clawft-vectors = 90;
    };
    whitemagic.crates = [
      "whitemagic"
      "whitemagic-wasm"
    ];
    wm-seed.crates = [
      "wm-secrets"
      "wm-seed"
    ];
  };

  # Programs in a form of their own: small. Their tests and lints are those of the groups.
  small = {
    # NB: without a compiler, it runs what was compiled before in less memory
    clawft-host = {
      crates = [ "clawft-host" ];
      defaultFeatures = false;
      profile = "release";
      dependencyEnvironment = forSize;
    };
    # what is downloaded
    wm-seed = {
      crates = [ "wm-seed" ];
      profile = "release";
      dependencyEnvironment = forSize // {
        CARGO_PROFILE_RELEASE_STRIP = "symbols";
      };
    };
  };
  forSize = {
    CARGO_PROFILE_RELEASE_LTO = "fat";
    CARGO_PROFILE_RELEASE_OPT_LEVEL = "s";
  };

  build =
    name:
    {
      crates,
      environment ? { },
      # of crates, as `crate/feature`
      features ? [ ],
      defaultFeatures ? true,
      profile ? "dev",
      # what the dependencies are built in too
      dependencyEnvironment ? { },
      # what the tests read besides the crates, and run
      testData ? [ ],
      testPrograms ? [ ],
      # rustc's, for the crates and not their dependencies
      testFlags ? [ ],
      # cargo's command for the lints
      clippyBy ? "build",
      # of crates, the lines that the tests run, at least, in percent
      coverage ? { },
    }:
    let
      inherit (workspace.only crates)
        source
        dummySource
        cargoFlags
        cargoVendorDir
        ;
      common = {
        src = source;
        pname = name;
        inherit (workspace) version;
        inherit cargoVendorDir;
        strictDeps = true;
        dontStrip = true;
        cargoExtraArgs = lib.concatStringsSep " " (
          [ cargoFlags ]
          ++ lib.optional (!defaultFeatures) "--no-default-features"
          ++ map (crate: "--package ${crate}") crates
          ++ map (feature: "--features ${feature}") features
        );
        # NB: programs, tests and lints share one build of the dependencies
        CARGO_PROFILE = profile;
      }
      // dependencyEnvironment;
      withDependencies =
        common
        // environment
        // {
          cargoArtifacts = craneLib.buildDepsOnly (
            removeAttrs common [ "src" ]
            // {
              dummySrc = dummySource;
              cargoCheckCommand = ":";
            }
          );
          doInstallCargoArtifacts = false;
        };
      tests = craneLib.cargoTest (
        withDependencies
        // {
          prePatch = "cp -r --no-preserve=mode ${sourceOf testData}/. .";
          nativeBuildInputs = testPrograms;
        }
        // lib.optionalAttrs (coverage != { }) counting
        // lib.optionalAttrs (ownFlags != [ ]) {
          # NB: dependencies are built already, and are not counted
          RUSTC_WORKSPACE_WRAPPER = writeShellScript "rustc-for-tests" ''exec "$@" ${toString ownFlags}'';
        }
      );
      ownFlags = testFlags ++ lib.optional (coverage != { }) "-Cinstrument-coverage";
      # The tests, and by llvm-cov how often each line was run
      counting = {
        preCheck = "export LLVM_PROFILE_FILE=$NIX_BUILD_TOP/profiles/%m.profraw";
        installPhaseCommand = ''
          PATH=$(echo ${fenix.stable.llvm-tools}/lib/rustlib/*/bin):$PATH
          llvm-profdata merge -sparse $NIX_BUILD_TOP/profiles/*.profraw -o tests.profdata
          find target -path '*/deps/*' -type f -perm -100 ! -name '*.so' -printf '-object=%p\n' > objects
          llvm-cov export -summary-only -instr-profile tests.profdata $(cat objects) > $out
        '';
      };
    in
    {
      programs =
        craneLib.buildPackage (withDependencies // { doCheck = false; })
        # What the program of the group's name consists of
        // lib.optionalAttrs (lib.elem name crates) {
          sbom = sbomOf {
            inherit name;
            inherit (workspace) version;
            type = "application";
            rust = {
              inherit craneLib profile;
              crate = name;
              workspace = workspace.only crates;
              target = null;
              cargoExtraArgs = toString (
                map (crate: "--package ${crate}") crates
                ++ lib.optional (!defaultFeatures) "--no-default-features"
                ++ map (feature: "--features ${feature}") features
              );
              rustflags = [ ];
              std = [ "std" ];
            };
          };
        };
      # NB: as `cargo clippy` does it, but by `cargo build`: that has the dependencies already, which
      # `cargo check` would have to go through once more
      clippy = craneLib.mkCargoDerivation (
        withDependencies
        // {
          pnameSuffix = "-clippy";
          RUSTC_WORKSPACE_WRAPPER = "clippy-driver";
          CLIPPY_ARGS = lib.concatMapStrings (flag: "${flag}__CLIPPY_HACKERY__") (
            [
              "--deny"
              "warnings"
            ]
            # NB: a program that is only looked at need not be fast
            ++ lib.optional (profile != "dev") "-Copt-level=0"
          );
          buildPhaseCargoCommand = "cargoWithProfile ${clippyBy} ${common.cargoExtraArgs} --all-targets";
        }
      );
      inherit tests;
    }
    // lib.optionalAttrs (coverage != { }) {
      coverage = runCommand "coverage-${name}" { nativeBuildInputs = [ jq ]; } ''
        jq --raw-output --argjson least '${builtins.toJSON coverage}' \
          --from-file ${../checks/rust/coverage.jq} ${tests} | tee $out
      '';
    };
  built = lib.mapAttrs build groups;

  everything = {
    src = sourceOf workspaceFiles;
    pname = "wasmworks";
    inherit (workspace) version;
  };
in
{
  # by group
  programs = lib.mapAttrs (_: group: group.programs) (built // lib.mapAttrs build small);
  checks = {
    fmt = craneLib.cargoFmt (everything // { cargoExtraArgs = "--all"; });
    # NB: builds of a part of the workspace let cargo drop packages from Cargo.lock
    locked = craneLib.mkCargoDerivation (
      everything
      // {
        inherit (workspace.whole) cargoVendorDir;
        cargoArtifacts = null;
        doInstallCargoArtifacts = false;
        pnameSuffix = "-locked";
        buildPhaseCargoCommand = "cargo metadata --locked --format-version 1 > metadata.json";
      }
    );
  }
  // lib.concatMapAttrs (name: group: {
    "clippy-${name}" = group.clippy;
    "tests-${name}" = group.tests;
    ${if group ? coverage then "coverage-${name}" else null} = group.coverage;
  }) built;
}
