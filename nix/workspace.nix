# A workspace as the source of its artifacts. Each is built from a workspace reduced to the crates
# it consists of, and what Cargo.lock has for those: nothing else changes its derivation.
#
# The result has
#   version  that of the workspace
#   of       for each crate, the workspace reduced to it and what it depends on
#   only     the same for a list of crates
#   whole    the workspace as it is
# each of these with
#   source          the sources
#   dummySource     the manifests with empty sources, from which dependencies alone are built
#   cargoVendorDir  the dependencies' sources
#   cargoFlags      how cargo keeps to them
#
# NB: a thousand artifacts read, hash and vendor a crate once, because they share these values
{
  lib,
  runCommand,
  craneLib,
}:
src:
let
  filtered = lib.cleanSourceWith {
    inherit src;
    name = "source";
    filter = craneLib.filterCargoSources;
  };
  # NB: manifests are read where they lie, because an evaluation that writes nothing has no
  # filtered copy
  root = filtered.origSrc;
  manifest = lib.importTOML (root + "/Cargo.toml");
  lock = lib.importTOML (root + "/Cargo.lock");

  # The folder of each crate of the workspace, by the crate's name
  folders =
    let
      expand =
        member:
        if lib.hasSuffix "/*" member then
          let
            folder = lib.removeSuffix "/*" member;
          in
          map (entry: "${folder}/${entry}") (lib.attrNames (builtins.readDir (root + "/${folder}")))
        else
          [ member ];
      isCrate = folder: builtins.pathExists (root + "/${folder}/Cargo.toml");
    in
    lib.listToAttrs (
      map (
        folder: lib.nameValuePair (lib.importTOML (root + "/${folder}/Cargo.toml")).package.name folder
      ) (lib.filter isCrate (lib.concatMap expand (manifest.workspace.members or [ ])))
    );
  isLocal = package: !package ? source;
  # NB: where a crate lies elsewhere than in a member's folder, everything stays together
  reducible =
    !manifest ? package
    && lib.all (package: folders ? ${package.name}) (lib.filter isLocal lock.package);

  # Cargo.lock names a dependency "name", "name version" or "name version (source)"
  locked = builtins.groupBy (package: package.name) lock.package;
  resolve =
    dependency:
    let
      words = lib.splitString " " dependency;
      found = locked.${lib.head words};
    in
    if lib.length words == 1 then
      found
    else
      lib.filter (package: package.version == lib.elemAt words 1) found;
  closureOf =
    packages:
    let
      item = package: {
        key = "${package.name} ${package.version}";
        inherit package;
      };
    in
    lib.catAttrs "package" (
      builtins.genericClosure {
        startSet = map item packages;
        operator = { package, ... }: map item (lib.concatMap resolve (package.dependencies or [ ]));
      }
    );

  # The dependencies that a manifest has from the workspace's, or might have
  dependenciesIn =
    toml:
    lib.concatMap (kind: lib.attrNames (toml.${kind} or { })) [
      "dependencies"
      "dev-dependencies"
      "build-dependencies"
    ]
    ++ lib.concatMap dependenciesIn (lib.attrValues (toml.target or { }));

  # NB: as inline tables, which need no more than JSON's rules for strings and numbers
  toTOML =
    value:
    if lib.isAttrs value then
      "{ ${
        lib.concatStringsSep ", " (
          lib.mapAttrsToList (name: value: "${builtins.toJSON name} = ${toTOML value}") value
        )
      } }"
    else if lib.isList value then
      "[ ${lib.concatMapStringsSep ", " toTOML value} ]"
    else
      builtins.toJSON value;
  document =
    table: lib.concatStrings (lib.mapAttrsToList (name: value: "${name} = ${toTOML value}\n") table);

  # What a folder has, without the crates below it
  isFolderOfCrate = lib.listToAttrs (
    map (folder: lib.nameValuePair "${toString root}/${folder}" true) (lib.attrValues folders)
  );
  sourceIn =
    folder: keep:
    lib.cleanSourceWith {
      src = folder;
      name = "source";
      filter = path: type: filtered.filter path type && !isFolderOfCrate ? ${path} && keep path;
    };
  crateSources = lib.mapAttrs (_: folder: sourceIn (root + "/${folder}") (_: true)) folders;
  crateDummies = lib.mapAttrs (_: source: craneLib.mkDummySrc { src = source; }) crateSources;
  otherSources = sourceIn root (
    path: path != "${toString root}/Cargo.toml" && path != "${toString root}/Cargo.lock"
  );
  otherDummies = craneLib.mkDummySrc { src = otherSources; };
  patches = manifest.patch.crates-io or { };
  replaces = name: lib.any (patch: patch.path or null == folders.${name}) (lib.attrValues patches);

  reduced =
    crates:
    let
      packages = closureOf (lib.concatMap (crate: locked.${crate}) crates);
      names = lib.catAttrs "name" (lib.filter isLocal packages);
      members = lib.genAttrs names (name: folders.${name});
      used = lib.genAttrs (lib.concatMap (
        folder: dependenciesIn (lib.importTOML (root + "/${folder}/Cargo.toml"))
      ) (lib.attrValues members)) (_: null);
      cargoToml = document (
        manifest
        // {
          workspace =
            removeAttrs manifest.workspace [
              "default-members"
              "exclude"
            ]
            // {
              members = lib.attrValues members;
              dependencies = builtins.intersectAttrs used (manifest.workspace.dependencies or { });
            };
        }
        // lib.optionalAttrs (manifest ? profile) {
          profile = lib.mapAttrs (
            _: profile:
            profile
            // lib.optionalAttrs (profile ? package) {
              package = lib.filterAttrs (
                name: _: name == "*" || lib.any (package: package.name == name) packages
              ) profile.package;
            }
          ) manifest.profile;
        }
        // lib.optionalAttrs (patches != { }) {
          patch = manifest.patch // {
            crates-io = lib.filterAttrs (
              _: patch: !patch ? path || lib.elem patch.path (lib.attrValues members)
            ) patches;
          };
        }
      );
      cargoLock = document {
        inherit (lock) version;
        package = packages;
      };
      assemble =
        others: sourceOf:
        runCommand "source" { } ''
          put() {
            mkdir -p $2
            cp -r --no-preserve=mode $1/. $2/
          }
          put ${others} $out
          ${lib.concatMapStrings (name: "put ${sourceOf name} $out/${members.${name}}\n") names}
          cp ${builtins.toFile "Cargo.toml" cargoToml} $out/Cargo.toml
          cp ${builtins.toFile "Cargo.lock" cargoLock} $out/Cargo.lock
        '';
    in
    {
      source = assemble otherSources (name: crateSources.${name});
      # NB: dependencies are built on the crates that replace one of the registry, so these are kept
      dummySource = assemble otherDummies (
        name: if replaces name then crateSources.${name} else crateDummies.${name}
      );
      # NB: a feature that only another crate asks for may leave a package here without use. Cargo
      # drops those, and cannot take another version than these.
      cargoFlags = "--offline";
      cargoVendorDir = craneLib.vendorCargoDeps { cargoLockContents = cargoLock; };
    };

  whole = {
    source = filtered;
    dummySource = craneLib.mkDummySrc { src = filtered; };
    cargoFlags = "--locked";
    cargoVendorDir = craneLib.vendorCargoDeps { cargoLock = root + "/Cargo.lock"; };
  };
in
{
  inherit (craneLib.crateNameFromCargoToml { src = filtered; }) version;
  inherit whole;
  only = if reducible then reduced else _: whole;
  of = lib.mapAttrs (crate: _: if reducible then reduced [ crate ] else whole) locked;
}
