# What a release uploads: the file of every artifact, manifest.json, and SHA256SUMS of all.
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
  files = lib.mapAttrsToList (_: package: baseNameOf package.output) released;
in
assert lib.assertMsg (
  lib.unique files == files
) "two packages have a file of one name, and a release has one folder: ${toString files}";
runCommand "wasmworks-${version}"
  {
    pname = "wasmworks";
    inherit version;
    nativeBuildInputs = [ jq ];
    list = lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: package: "${name} ${package.version} ${package}/${package.output}"
      ) released
    );
  }
  ''
    mkdir $out
    cd $out
    while read -r name version source; do
      file=$(basename $source)
      install -m644 $source $file
      jq -n --arg name $name --arg version $version --arg file $file --arg sha256 $(sha256sum < $file | cut -d' ' -f1) \
        --argjson bytes $(wc -c < $file) '$ARGS.named'
    done <<< "$list" | jq -s > manifest.json
    sha256sum * > SHA256SUMS
  ''
