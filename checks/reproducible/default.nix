# A module, or the whole of a package that is no artifact, has the same bytes when it is built in another
# folder, on another day, by one core.
{
  lib,
  runCommand,
  packages,
}:
lib.mapAttrs' (
  artifact: package:
  let
    path = package.output or "";
  in
  lib.nameValuePair "reproducible-${artifact}" (
    runCommand "reproducible-${artifact}" { } ''
      diff -r ${package}/${path} ${package.elsewhere}/${path}
      # NB: Debian built its C library in a folder that is the same for all
      if grep -raoE '${builtins.storeDir}/[a-z0-9]{32}|(^|[^a-z])/build/[^ ]{0,40}' ${package}/${path} |
        grep -avF /build/reproducible-path/; then
        echo "${artifact} carries the path of a build" >&2
        exit 1
      fi
      touch $out
    ''
  )
) (lib.filterAttrs (_: package: package ? elsewhere) packages)
