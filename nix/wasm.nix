# A crate as an optimised, stripped and path-free .wasm.
#
# The result has the module at `output`, and beside it
#   .size          its bytes, raw and after gzip -9, as JSON
#   .profile       what the bytes are spent on, by twiggy
#   .named         the module before its names were stripped
#   .arguments     what buildWasm was called with
#   .dependencies  what was built before the crate, and is not built again after an edit
#   .elsewhere     the same module built under other circumstances: it must have the same bytes
{
  lib,
  runCommand,
  binaryen,
  gzip,
  jq,
  libfaketime,
  twiggy,
  wabt,
  wasmtime,
  craneLibFor,
  workspaceOf,
}:
{
  # the workspace, with Cargo.toml and Cargo.lock at its root, or what workspaceOf makes of it
  src,
  # the package's name in the workspace
  crate,
  # wasm32-unknown-unknown, wasm32-wasip1 or wasm32-wasip2
  target,
  # where the module lies in the result
  output ? "lib/${crate}.wasm",
  # the cargo profile
  profile ? "release",
  # what wasm-opt optimises for
  optimise ? "-Os",
  # more arguments of cargo, such as features
  cargoExtraArgs ? "",
  # more flags of rustc, such as what to link
  rustflags ? [ ],
  # variables that the builds of the dependencies and of the crate see
  environment ? { },
  # whether the module begins with the memory that its export wizer-initialize leaves, and is entered
  # at wizer-resume
  snapshot ? false,
}@arguments:
let
  craneLib = craneLibFor.${target};
  workspace = if src ? only then src else workspaceOf (craneLib.cleanCargoSource src);
  inherit (workspace) version;
  inherit (workspace.of.${crate})
    source
    dummySource
    cargoFlags
    cargoVendorDir
    ;
  common = {
    pname = "${crate}-${target}";
    inherit version cargoVendorDir;
    strictDeps = true;
    # NB: names feed the size profile, and binaryen strips them afterwards
    dontStrip = true;
    # NB: an artifact is run by checks, on the runtimes that its users have
    doCheck = false;
    CARGO_BUILD_TARGET = target;
    CARGO_PROFILE = profile;
    cargoExtraArgs = "${cargoFlags} --package ${crate} ${cargoExtraArgs}";
    # NB: panic messages carry the paths of sources, and with them those of the store
    preBuild = ''
      RUSTFLAGS="${lib.concatMapStrings (flag: "${flag} ") rustflags}--remap-path-prefix=$PWD=/source"
      for folder in $cargoVendorDir/*/; do
        RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=''${folder%/}=/vendor"
      done
      export RUSTFLAGS
    '';
  }
  // environment;
  dependencies = craneLib.buildDepsOnly (
    common
    // {
      dummySrc = dummySource;
      cargoCheckCommand = ":";
    }
  );

  crateWith = changes: craneLib.buildPackage (common // { src = source; } // changes);

  # NB: binaryen reads core modules only, so a component stays as rustc linked it
  isComponent = target == "wasm32-wasip2";
  # NB: without feature flags wasm-opt takes the features that the module itself names
  name = "${crate}-${version}";
  # A step from one file to another.
  step =
    command: from: to:
    if isComponent then "cp ${from} ${to}" else "${command} ${from} -o ${to}";
  optimised =
    linked:
    runCommand "${name}-named" { nativeBuildInputs = [ binaryen ]; } ''
      mkdir -p $out/$(dirname ${output})
      ${step "wasm-opt ${optimise} --debuginfo" "${linked}/*/*.wasm" "$out/${output}"}
    '';
  # NB: compiled for one call, which needs no good code
  resumed =
    initial:
    if snapshot then
      runCommand "${name}-snapshot" { nativeBuildInputs = [ wasmtime ]; } ''
        mkdir -p $out/$(dirname ${output})
        wasmtime wizer -C cache=n -O opt-level=0 -S cli --rename-func _start=wizer-resume \
          ${initial}/*/*.wasm -o $out/${output} < /dev/null
      ''
    else
      initial;
  stripped =
    named: passthru:
    runCommand name
      {
        pname = crate;
        inherit version passthru;
        nativeBuildInputs = [ wabt ];
      }
      # NB: wasm-opt would write the code anew, and larger
      ''
        mkdir -p $out/$(dirname ${output})
        ${step "wasm-strip" "${named}/${output}" "$out/${output}"}
      '';

  named = optimised (
    resumed (crateWith {
      cargoArtifacts = dependencies;
    })
  );
  module =
    stripped named {
      inherit
        arguments
        dependencies
        named
        output
        target
        ;
      size =
        runCommand "${name}-size"
          {
            nativeBuildInputs = [
              gzip
              jq
            ];
          }
          ''
            jq -n --arg file ${output} \
              --argjson raw $(wc -c < ${module}/${output}) \
              --argjson gzip $(gzip -9nc ${module}/${output} | wc -c) '{$file, $raw, $gzip}' > $out
          '';
      profile = runCommand "${name}-profile" { nativeBuildInputs = [ twiggy ]; } ''
        twiggy top -n 100 ${named}/${output} > $out
      '';
    }
    # NB: a snapshot holds the keys of Rust's hash maps, which std takes from the host at each build
    // lib.optionalAttrs (!snapshot) {
      elsewhere = stripped (optimised (crateWith {
        cargoArtifacts = null;
        CARGO_BUILD_JOBS = 1;
        # another folder, other sources' paths, another day
        preConfigure = ''
          cp -r $PWD $NIX_BUILD_TOP/another-folder
          cp -rL $cargoVendorDir $NIX_BUILD_TOP/another-vendor
          chmod -R u+w $NIX_BUILD_TOP/another-vendor
          sed -i "s|$cargoVendorDir|$NIX_BUILD_TOP/another-vendor|g" $NIX_BUILD_TOP/another-vendor/config.toml
          cargoVendorDir=$NIX_BUILD_TOP/another-vendor
          cd $NIX_BUILD_TOP/another-folder
          export CARGO_HOME=$NIX_BUILD_TOP/another-home
          mkdir $CARGO_HOME
          cp $cargoVendorDir/config.toml $CARGO_HOME/
          export LD_PRELOAD=$(find ${libfaketime}/lib -name libfaketime.so.1) FAKETIME=+1d NO_FAKE_STAT=1
        '';
      })) { };
    };
in
module
