# The npm package: the module, and its typed JavaScript.
{
  lib,
  runCommand,
  craneLib,
  python3,
  packages,
  sourceOf,
  workspace,
}:
let
  crate = "llguidance-wasm";
  folder = "crates/${crate}/js";
  inherit ((lib.importJSON ../../crates/llguidance-wasm/js/package.json)) version;
  sources = sourceOf [
    "LICENSE-APACHE"
    "LICENSE-MIT"
    "${folder}/README.md"
    "${folder}/package.json"
    "${folder}/src"
  ];
  inherit (workspace.of.${crate}) source cargoVendorDir cargoFlags;
  notices = craneLib.mkCargoDerivation {
    pname = "${crate}-notices";
    inherit (workspace) version;
    inherit cargoVendorDir;
    src = source;
    cargoArtifacts = null;
    doInstallCargoArtifacts = false;
    nativeBuildInputs = [ python3 ];
    buildPhaseCargoCommand = ''
      python3 ${../notices.py} crates/${crate}/Cargo.toml ${cargoFlags} \
        --filter-platform wasm32-unknown-unknown | sed '1s/extension module/module/' > notices
    '';
    installPhaseCommand = "cp notices $out";
  };
  packWith =
    module: passthru:
    runCommand "llguidance-npm-${version}"
      {
        pname = "llguidance-npm";
        inherit version passthru;
      }
      ''
        mkdir $out
        bash ${../npm/pack} ${sources}/${folder} ${sources} ${module}/${
          module.output or packages.llguidance-wasm.output
        } \
          ${notices} ${version} $out/llguidance-wasm-${version}.tgz
      '';
in
assert lib.assertMsg (
  version == workspace.version
) "crates/llguidance-wasm/js/package.json has another version than the workspace";
packWith packages.llguidance-wasm {
  output = "llguidance-wasm-${version}.tgz";
  elsewhere = packWith packages.llguidance-wasm.elsewhere { };
}
