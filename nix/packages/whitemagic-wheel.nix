# WhiteMagic's core for Python: the module, and its class, which run in PyPI's wasmtime.
{
  lib,
  runCommand,
  packages,
  python3,
  sbomOf,
  sourceOf,
}:
let
  module = packages.whitemagic-wasm;
  folder = "crates/whitemagic-wasm/py";
  inherit ((lib.importTOML (../../. + "/${folder}/pyproject.toml")).project) name version;
  distribution = lib.replaceStrings [ "-" ] [ "_" ] name;
  sources = sourceOf [
    "LICENSE-APACHE"
    "LICENSE-MIT"
    "${folder}/README.md"
    "${folder}/pyproject.toml"
    "${folder}/${distribution}"
  ];
  output = "${distribution}-${version}-py3-none-any.whl";
  packWith =
    built: passthru:
    runCommand "${name}-${version}"
      {
        pname = name;
        inherit version passthru;
        nativeBuildInputs = [ python3 ];
      }
      ''
        mkdir $out
        python3 ${../wheel}/pure.py --project ${sources}/${folder} \
          --licence ${sources}/LICENSE-APACHE --licence ${sources}/LICENSE-MIT --notices ${sbom.notices} \
          --add ${distribution}/${baseNameOf module.output}=${built}/${module.output} \
          --out $out
      '';
  sbom = sbomOf {
    name = output;
    inherit version;
    parts = [ module.sbom ];
  };
in
assert lib.assertMsg (
  version == module.version
) "${folder}/pyproject.toml has another version than the workspace";
packWith module {
  inherit output sbom;
  elsewhere = packWith module.elsewhere { };
}
