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
      # NB: sources may speak of a folder `tools/build/`, and Debian's C library of where Debian built it
      if grep -raoE '${builtins.storeDir}/[a-z0-9]{32}|(^|[^a-z])/build/([^r]|r[^e])' ${package}/${path}; then
        echo "${artifact} carries the path of a build" >&2
        exit 1
      fi
      touch $out
    ''
  )
) (lib.filterAttrs (_: package: package ? elsewhere) packages)
