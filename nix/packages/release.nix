# What a release uploads: the file of every artifact, what it consists of, manifest.json, and SHA256SUMS of all.
{
  lib,
  runCommand,
  jq,
  packages,
}:
let
  inherit ((lib.importTOML ../../Cargo.toml).workspace.package) version;
  # NB: of packages, those are artifacts that say which file they are
  released = lib.filterAttrs (_: package: package ? output) (removeAttrs packages [ "release" ]);
  # NB: a release has one folder, so files of one name are called as their packages are
  named = builtins.groupBy (package: baseNameOf package.output) (lib.attrValues released);
  fileOf =
    name: package:
    let
      file = baseNameOf package.output;
    in
    if lib.length named.${file} == 1 then file else "${name}.${lib.last (lib.splitString "." file)}";
  unlisted = lib.attrNames (lib.filterAttrs (_: package: !package ? sbom) released);
in
assert lib.assertMsg (unlisted == [ ])
  "release: ${toString unlisted} without .sbom, the document of what it consists of; see nix/sbom/default.nix";
runCommand "wasmworks-${version}"
  {
    pname = "wasmworks";
    inherit version;
    nativeBuildInputs = [ jq ];
    list = lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: package:
        "${name} ${package.version} ${fileOf name package} ${package}/${package.output} ${package.sbom}"
      ) released
    );
  }
  ''
    mkdir $out
    cd $out
    while read -r name version file source document; do
      install -m644 $source $file
      bash ${../sbom/seal} $document $file > $file.cdx.json
      jq -n --arg name $name --arg version $version --arg file $file --arg sha256 $(sha256sum < $file | cut -d' ' -f1) \
        --argjson bytes $(wc -c < $file) --arg sbom $file.cdx.json '$ARGS.named'
    done <<< "$list" | jq -s > manifest.json
    sha256sum * > SHA256SUMS
  ''
