# An npm package: a module, and its typed JavaScript, which lies in the crate's folder js.
{
  lib,
  runCommand,
  sbomOf,
  sourceOf,
  workspace,
}:
{
  # what is packed, by buildWasm
  module,
  # the tarball's name without its version
  tarball,
  # whether the JavaScript has the module in it as well, for bundlers that copy no files
  inlined ? false,
}:
let
  inherit (module.arguments) crate;
  folder = "crates/${crate}/js";
  inherit ((lib.importJSON (../../. + "/${folder}/package.json"))) version;
  sources = sourceOf [
    "LICENSE-APACHE"
    "LICENSE-MIT"
    "${folder}/README.md"
    "${folder}/package.json"
    "${folder}/src"
  ];
  packWith =
    built: passthru:
    runCommand "${tarball}-${version}"
      {
        pname = tarball;
        inherit version passthru;
      }
      ''
        mkdir $out
        bash ${./pack} ${lib.optionalString inlined "--inlined"} ${sources}/${folder} ${sources} \
          ${built}/${module.output} ${module.sbom.notices} ${version} $out/${tarball}-${version}.tgz
      '';
in
assert lib.assertMsg (
  version == workspace.version
) "${folder}/package.json has another version than the workspace";
packWith module {
  output = "${tarball}-${version}.tgz";
  sbom = sbomOf {
    name = "${tarball}-${version}.tgz";
    inherit version;
    parts = [ module.sbom ];
  };
  elsewhere = packWith module.elsewhere { };
}
