# llguidance's Python wheel for this machine, and in `packed` what maturin makes of the crate.
{
  lib,
  runCommand,
  stdenv,
  buildWheel,
  craneLib,
  maturin,
  patchelf,
  python3,
  reproducible,
  sbomOf,
  system,
  workspace,
}:
let
  crate = "llguidance-py";
  inherit (workspace.of.${crate})
    source
    dummySource
    cargoFlags
    cargoVendorDir
    ;
  version = (lib.importTOML ../../crates/llguidance-py/pyproject.toml).project.version;
  # NB: the oldest glibc that the module runs on is that of the machine that built it, which differs
  # between the two sources of inputs, so the tag promises none
  platform =
    if system == "aarch64-darwin" then
      "macosx_11_0_arm64"
    else
      "linux_${lib.removeSuffix "-linux" system}";

  common = {
    pname = crate;
    inherit (workspace) version;
    inherit cargoVendorDir;
    strictDeps = true;
    dontStrip = true;
    doCheck = false;
    CARGO_PROFILE = "wheel";
    preBuild = reproducible.rustflags [ ];
  };
  packWith =
    changes:
    craneLib.mkCargoDerivation (
      common
      // {
        src = source;
        cargoArtifacts = craneLib.buildDepsOnly (
          common
          // {
            dummySrc = dummySource;
            cargoExtraArgs = "${cargoFlags} --package ${crate} --features wheel";
            cargoCheckCommand = ":";
            # NB: as maturin calls it, or what is built here would be built again
            cargoBuildCommand = "cargoWithProfile rustc";
            cargoBuildExtraArgs = "--lib --crate-type cdylib";
          }
        );
        doInstallCargoArtifacts = false;
        nativeBuildInputs = [
          maturin
          python3
        ];
        buildPhaseCargoCommand = ''
          cd crates/llguidance-py
          cp ${../../LICENSE-APACHE} LICENSE-APACHE
          cp ${../../LICENSE-MIT} LICENSE-MIT
          # NB: they differ between platforms, and come into the wheel with its module
          touch THIRD-PARTY-NOTICES
          maturin build --offline --profile wheel --features wheel --compatibility linux --out packed
        '';
        installPhaseCommand = "cp -r packed $out";
      }
      // changes
    );
  # NB: the compiler leads what it links to the libraries of the store, which are nowhere else
  freed =
    packed:
    runCommand "llguidance-module"
      { nativeBuildInputs = [ python3 ] ++ lib.optional stdenv.hostPlatform.isLinux patchelf; }
      ''
        python3 -m zipfile -e ${packed}/*.whl .
        ${lib.optionalString stdenv.hostPlatform.isLinux ''
          patchelf --set-rpath / llguidance/_lib.abi3.so
          patchelf --remove-rpath llguidance/_lib.abi3.so
        ''}
        cp llguidance/_lib.abi3.so $out
      '';
  wheelOf =
    packed: passthru:
    buildWheel {
      inherit
        packed
        platform
        passthru
        version
        ;
      inherit (sbom) notices;
      module = freed packed;
    };
  packed = packWith { };
  output = "llguidance-${version}-cp310-abi3-${platform}.whl";
  sbom = sbomOf {
    name = output;
    inherit version;
    rust = {
      inherit craneLib crate;
      workspace = workspace.of.${crate};
      target = null;
      profile = common.CARGO_PROFILE;
      cargoExtraArgs = "--features wheel";
      rustflags = [ ];
      std = [ "std" ];
    };
  };
in
wheelOf packed {
  inherit output packed sbom;
  elsewhere = wheelOf (packWith reproducible.elsewhere) { };
}
