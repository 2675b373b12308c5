# A crate as an optimised, stripped and path-free .wasm.
{
  lib,
  runCommand,
  binaryen,
  gzip,
  jq,
  twiggy,
  craneLib,
  src,
}:
{
  # the package's name in the workspace
  crate,
  # wasm32-unknown-unknown, wasm32-wasip1 or wasm32-wasip2
  target,
  # where the module lies in the output
  output,
  # the cargo profile
  profile ? "wasm",
  # what wasm-opt optimises for
  optimise ? "-O3",
  # more arguments of cargo, such as features
  cargoExtraArgs ? "",
  # more attributes of the build
  attrs ? { },
}:
let
  version = (craneLib.crateNameFromCargoToml { inherit src; }).version;
  common = {
    inherit src version;
    pname = "${crate}-${target}";
    strictDeps = true;
    # NB: an artifact is run by the checks, on the runtimes that its users have
    doCheck = false;
    CARGO_BUILD_TARGET = target;
    CARGO_PROFILE = profile;
    cargoExtraArgs = "--locked -p ${crate} ${cargoExtraArgs}";
    # NB: panic messages carry the paths of sources, and with them those of the store
    preConfigure = ''
      RUSTFLAGS="--remap-path-prefix=$PWD=/source"
      for sources in $(readlink -f $cargoVendorDir/*/); do
        RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$sources=/vendor"
      done
      export RUSTFLAGS
    '';
  }
  // attrs;
  dependencies = craneLib.buildDepsOnly (common // { cargoCheckCommand = ":"; });
  linked = craneLib.buildPackage (common // { cargoArtifacts = dependencies; });
  name = "${crate}-${version}";
  # NB: without feature flags wasm-opt takes the features of the module's own target_features
  named = runCommand "${name}-named" { nativeBuildInputs = [ binaryen ]; } ''
    mkdir -p $out/$(dirname ${output})
    wasm-opt ${optimise} -g ${linked}/*/*.wasm -o $out/${output}
  '';
  module =
    runCommand name
      {
        pname = crate;
        inherit version;
        nativeBuildInputs = [ binaryen ];
        passthru = {
          inherit
            dependencies
            linked
            named
            size
            profiled
            target
            output
            ;
        };
      }
      ''
        mkdir -p $out/$(dirname ${output})
        wasm-opt --strip-debug --strip-producers --strip-target-features ${named}/${output} -o $out/${output}
      '';
  size = runCommand "${name}-size" { nativeBuildInputs = [ gzip jq ]; } ''
    jq -n --arg file ${output} \
      --argjson raw $(wc -c < ${module}/${output}) \
      --argjson gzip $(gzip -9nc ${module}/${output} | wc -c) '{$file, $raw, $gzip}' > $out
  '';
  profiled = runCommand "${name}-twiggy" { nativeBuildInputs = [ twiggy ]; } ''
    twiggy top -n 100 ${named}/${output} > $out
  '';
in
module
