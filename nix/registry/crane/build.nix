# The derivations: dependencies first, then what is built on top of them.
{
  lib,
  stdenv,
  rustPlatform,
  writeShellScript,
  craneLib,
  tools,
  jq,
  zstd,
}:
let
  # What configures the build, and is no variable of it.
  own = [
    "buildPhaseCargoCommand"
    "cargoBuildCommand"
    "cargoBuildExtraArgs"
    "cargoCheckCommand"
    "cargoCheckExtraArgs"
    "cargoExtraArgs"
    "cargoTestCommand"
    "cargoTestExtraArgs"
    "checkPhaseCargoCommand"
    "dummySrc"
    "extraDummyScript"
    "installPhaseCommand"
    "pnameSuffix"
    "rustFmtExtraArgs"
  ];
  locked = args: args.cargoExtraArgs or "--locked";
in
rec {
  vendorCargoDeps =
    args:
    rustPlatform.importCargoLock {
      lockFileContents =
        args.cargoLockContents or (lib.readFile (args.cargoLock or (args.src + "/Cargo.lock")));
    };

  mkCargoDerivation =
    args:
    let
      crate = craneLib.crateNameFromCargoToml args;
    in
    stdenv.mkDerivation (
      removeAttrs args own
      // {
        pname = crate.pname + args.pnameSuffix or "";
        inherit (crate) version;
        cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps args);
        doInstallCargoArtifacts = args.doInstallCargoArtifacts or true;
        nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [
          tools.cargo
          tools.rustc
          zstd
          cargoHook
        ];
        configurePhase = "runHook preConfigure; runHook postConfigure";
        buildPhase = ''
          runHook preBuild
          cargo --version
          ${args.buildPhaseCargoCommand}
          runHook postBuild
        '';
        checkPhase = ''
          runHook preCheck
          ${args.checkPhaseCargoCommand or ""}
          runHook postCheck
        '';
        installPhase =
          args.installPhase or ''
            runHook preInstall
            ${args.installPhaseCommand or "mkdir -p $out"}
            runHook postInstall
          '';
      }
    );
  cargoHook = ./hook.sh;

  buildDepsOnly =
    args:
    mkCargoDerivation (
      {
        doCheck = true;
      }
      // args
      // {
        inherit (craneLib.crateNameFromCargoToml args) pname version;
        src = args.dummySrc or (craneLib.mkDummySrc args);
        pnameSuffix = "-deps";
        cargoArtifacts = null;
        cargoVendorDir = args.cargoVendorDir or (vendorCargoDeps args);
        env = args.env or { } // {
          CRANE_BUILD_DEPS_ONLY = 1;
        };
        buildPhaseCargoCommand = ''
          ${args.cargoCheckCommand or "cargoWithProfile check"} ${locked args} ${
            args.cargoCheckExtraArgs or (lib.optionalString (args.doCheck or true) "--all-targets")
          }
          ${
            args.cargoBuildCommand or "cargoWithProfile build"
          } ${locked args} ${args.cargoBuildExtraArgs or ""}
        '';
        checkPhaseCargoCommand = "${args.cargoTestCommand or "cargoWithProfile test"} ${locked args} ${
          args.cargoTestExtraArgs or "--no-run"
        }";
        doInstallCargoArtifacts = true;
      }
    );

  buildPackage =
    args:
    mkCargoDerivation (
      {
        doCheck = true;
        doInstallCargoArtifacts = false;
        cargoArtifacts = buildDepsOnly (args // { installPhase = "prepareAndInstallCargoArtifactsDir"; });
      }
      // args
      // {
        buildPhaseCargoCommand =
          args.buildPhaseCargoCommand or ''
            cargoBuildLog=$(mktemp cargoBuildLogXXXX.json)
            ${
              args.cargoBuildCommand or "cargoWithProfile build"
            } --message-format json-render-diagnostics ${locked args} ${args.cargoBuildExtraArgs or ""} > "$cargoBuildLog"
          '';
        checkPhaseCargoCommand = "${
          args.cargoTestCommand or "cargoWithProfile test"
        } ${locked args} ${args.cargoTestExtraArgs or ""}";
        installPhaseCommand = args.installPhaseCommand or "installFromCargoBuildLog $out $cargoBuildLog";
        nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ jq ];
      }
    );

  cargoTest =
    args:
    mkCargoDerivation (
      {
        doCheck = true;
        # NB: rustdoc looks for rustc beside Debian's library, whatever sysroot it is given, and
        # gives it that sysroot, as the wrapper around rustc would once more
        RUSTDOC = writeShellScript "rustdoc" ''
          rustc=$(sed -n 's/^exec \([^ ]*\) .*/\1/p' "$(command -v rustc)")
          RUSTC_BOOTSTRAP=1 exec rustdoc -Zunstable-options --test-builder "$rustc" "$@"
        '';
      }
      // args
      // {
        pnameSuffix = "-test";
        buildPhaseCargoCommand = "";
        checkPhaseCargoCommand = "cargoWithProfile test ${locked args} ${args.cargoTestExtraArgs or ""}";
      }
    );

  cargoFmt =
    args:
    mkCargoDerivation (
      args
      // {
        pnameSuffix = "-fmt";
        cargoArtifacts = null;
        cargoVendorDir = null;
        doInstallCargoArtifacts = false;
        buildPhaseCargoCommand = "cargo fmt ${args.cargoExtraArgs or ""} -- --check ${args.rustFmtExtraArgs or ""}";
        nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [ tools.rustfmt ];
      }
    );
}
