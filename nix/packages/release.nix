# What a release uploads: the file of every artifact, what it consists of and under which licences, manifest.json,
# and SHA256SUMS of all.
{
  lib,
  runCommand,
  jq,
  packages,
  portable,
  stdenv,
}:
let
  inherit ((lib.importTOML ../../Cargo.toml).workspace.package) version;
  # NB: of packages, those are artifacts that say which file they are
  released =
    lib.filterAttrs (_: package: package ? output) (removeAttrs packages [ "release" ]) // programs;
  # Those for the machine itself that need nothing of the store
  programs = lib.optionalAttrs stdenv.hostPlatform.isLinux (
    lib.mapAttrs portable { inherit (packages) clawft rmpkg wm-seed; }
  );
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
    passthru = { inherit programs; };
    nativeBuildInputs = [ jq ];
    list = lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: package:
        "${name} ${package.version} ${fileOf name package} ${package}/${package.output} ${package.sbom} ${package.sbom.notices}"
      ) released
    );
  }
  ''
    mkdir $out
    cd $out
    while read -r name version file source document notices; do
      cp $source $file
      cp $notices $file.notices.txt
      bash ${../sbom/seal} $document $file > $file.cdx.json
      jq -n --arg name $name --arg version $version --arg file $file --arg sha256 $(sha256sum < $file | cut -d' ' -f1) \
        --argjson bytes $(wc -c < $file) --arg sbom $file.cdx.json \
        --arg notices $file.notices.txt --arg glibc "$(cat $(dirname $source)/glibc 2> /dev/null)" \
        '$ARGS.named | if .glibc == "" then del(.glibc) else . end'
    done <<< "$list" | jq -s > manifest.json
    sha256sum * > SHA256SUMS
  ''
