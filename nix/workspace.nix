# A workspace as the source of its artifacts. Each is built from a workspace reduced to the crates
# it consists of, and what Cargo.lock has for those: nothing else changes its derivation.
#
# The result has
#   version  that of the workspace
#   whole    the workspace as it is
#   only     reduced to the crates of a list, and what these depend on
#   of       for each crate, the workspace reduced to it
# and each of the last three
#   source          the sources
#   dummySource     the manifests with empty sources, from which dependencies alone are built
#   cargoVendorDir  the dependencies' sources
#   cargoFlags      how cargo keeps to them
#
# NB: a thousand artifacts read and hash a crate, and vendor a package, once, because they share
# these values
{
  lib,
  runCommand,
  craneLib,
}:
src:
let
  # NB: a crate's JavaScript and Python are packed beside the crate's module, and no part of it
  filtered = lib.cleanSourceWith {
    inherit src;
    name = "source";
    filter =
      path: type:
      !(
        type == "directory"
        && lib.elem (baseNameOf path) [
          "js"
          "py"
        ]
      );
  };
  # NB: manifests are read where they lie, because an evaluation that writes nothing has no
  # filtered copy
  root = filtered.origSrc;
  read =
    file:
    assert lib.assertMsg (builtins.pathExists (root + "/${file}"))
      "buildWasm: src has no ${file} at its root, ${toString root}; of a git repository it has the tracked files only";
    lib.importTOML (root + "/${file}");
  manifest = read "Cargo.toml";
  lock = read "Cargo.lock";

  # The crates by name, each with its folder and manifest
  members =
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
      member =
        folder:
        let
          manifest = lib.importTOML (root + "/${folder}/Cargo.toml");
        in
        lib.nameValuePair manifest.package.name { inherit folder manifest; };
    in
    lib.listToAttrs (
      map member (lib.filter isCrate (lib.concatMap expand (manifest.workspace.members or [ ])))
    );
  isLocal = package: !package ? source;
  local = lib.filter isLocal lock.package;
  # NB: where a crate lies elsewhere than in a member's folder, everything stays together
  reducible = !manifest ? package && lib.all (package: members ? ${package.name}) local;

  # The packages of Cargo.lock by key, which is name and version
  keyOf = package: "${package.name} ${package.version}";
  keyOfCrate = lib.listToAttrs (map (package: lib.nameValuePair package.name (keyOf package)) local);
  locked =
    let
      versions = builtins.groupBy (package: package.name) lock.package;
      # NB: a dependency is "name", "name version" or "name version (source)"
      resolve =
        dependency:
        let
          words = lib.splitString " " dependency;
        in
        {
          text = dependency;
          name = lib.head words;
          key =
            if lib.length words == 1 then
              keyOf (lib.head versions.${dependency})
            else
              "${lib.head words} ${lib.elemAt words 1}";
        };
    in
    lib.listToAttrs (
      map (
        package:
        let
          dependencies = map resolve (package.dependencies or [ ]);
          # What has more than one version in the whole is named with it, and without where it has one
          isShort = dependency: lib.length versions.${dependency.name} == 1;
          whole = toTOML package;
        in
        lib.nameValuePair (keyOf package) {
          inherit (package) name;
          inherit dependencies;
          isLocal = isLocal package;
          tomlIn =
            isOnly:
            if lib.all isShort dependencies then
              whole
            else
              toTOML (
                package
                // {
                  dependencies = map ({ name, text, ... }: if isOnly name then name else text) dependencies;
                }
              );
        }
      ) lock.package
    );
  closureOf =
    crates:
    map ({ key, ... }: key) (
      builtins.genericClosure {
        startSet = map (crate: { key = keyOfCrate.${crate}; }) crates;
        operator = { key, ... }: locked.${key}.dependencies;
      }
    );
  lockWith =
    keys:
    let
      versions = builtins.groupBy (key: locked.${key}.name) keys;
      isOnly = name: lib.length (versions.${name} or [ ]) == 1;
    in
    ''
      package = [ ${lib.concatMapStringsSep ", " (key: locked.${key}.tomlIn isOnly) keys} ]
      version = ${toString lock.version}
    '';

  # NB: crates with the same dependencies share one value
  fromRegistry = lib.filter (key: !locked.${key}.isLocal);
  vendor = keys: craneLib.vendorCargoDeps { cargoLockContents = lockWith keys; };
  vendored = lib.listToAttrs (
    map (
      crate:
      let
        keys = fromRegistry (closureOf [ crate ]);
      in
      lib.nameValuePair (toString keys) (vendor keys)
    ) (lib.attrNames keyOfCrate)
  );

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
  # The dependencies that a manifest may take from the workspace's
  dependenciesIn =
    toml:
    lib.concatMap (kind: lib.attrNames (toml.${kind} or { })) [
      "dependencies"
      "dev-dependencies"
      "build-dependencies"
    ]
    ++ lib.concatMap dependenciesIn (lib.attrValues (toml.target or { }));
  patches = manifest.patch.crates-io or { };
  isReplacement =
    crate: lib.any (patch: patch.path or null == members.${crate}.folder) (lib.attrValues patches);
  manifestWith =
    crates: keys:
    let
      used = lib.genAttrs (lib.concatMap (crate: dependenciesIn members.${crate}.manifest) crates) (
        _: null
      );
      names = lib.genAttrs (map (key: locked.${key}.name) keys) (_: null);
      folders = map (crate: members.${crate}.folder) (lib.sort lib.lessThan crates);
      workspace =
        removeAttrs manifest.workspace [
          "default-members"
          "exclude"
        ]
        // {
          members = folders;
          dependencies = builtins.intersectAttrs used (manifest.workspace.dependencies or { });
        };
      # NB: what a profile has for another crate's packages leaves no trace
      profile = lib.filterAttrs (_: profile: profile != { }) (
        lib.mapAttrs (
          _: profile:
          lib.filterAttrs (_: value: value != { }) (
            profile
            // lib.optionalAttrs (profile ? package) {
              package = builtins.intersectAttrs (names // { "*" = null; }) profile.package;
            }
          )
        ) (manifest.profile or { })
      );
      patch.crates-io = lib.filterAttrs (_: patch: !patch ? path || lib.elem patch.path folders) patches;
    in
    lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name} = ${toTOML value}\n") (
        manifest // { inherit workspace profile patch; }
      )
    );

  # What a folder has, without the crates below it
  isFolderOfCrate = lib.listToAttrs (
    map ({ folder, ... }: lib.nameValuePair "${toString root}/${folder}" null) (lib.attrValues members)
  );
  sourceIn =
    folder: keep:
    lib.cleanSourceWith {
      src = folder;
      name = "source";
      filter = path: type: filtered.filter path type && !isFolderOfCrate ? ${path} && keep path;
    };
  withDummy = source: {
    inherit source;
    dummy = craneLib.mkDummySrc { src = source; };
  };
  sources = lib.mapAttrs (
    _: { folder, ... }: withDummy (sourceIn (root + "/${folder}") (_: true))
  ) members;
  rest = withDummy (
    sourceIn root (path: path != "${toString root}/Cargo.toml" && path != "${toString root}/Cargo.lock")
  );

  reduced =
    names:
    let
      keys = closureOf names;
      crates = map (key: locked.${key}.name) (lib.filter (key: locked.${key}.isLocal) keys);
      cargoToml = builtins.toFile "Cargo.toml" (manifestWith crates keys);
      cargoLock = builtins.toFile "Cargo.lock" (lockWith keys);
      assemble =
        rest: sourceOf:
        runCommand "source" { } ''
          put() {
            mkdir -p $2
            cp -r --no-preserve=mode $1/. $2/
          }
          put ${rest} $out
          ${lib.concatMapStrings (crate: "put ${sourceOf crate} $out/${members.${crate}.folder}\n") crates}
          cp ${cargoToml} $out/Cargo.toml
          cp ${cargoLock} $out/Cargo.lock
        '';
    in
    {
      source = assemble rest.source (crate: sources.${crate}.source);
      # NB: dependencies are built on the crates that replace one of the registry, so these are kept
      dummySource = assemble rest.dummy (
        crate: if isReplacement crate then sources.${crate}.source else sources.${crate}.dummy
      );
      cargoVendorDir = vendored.${toString (fromRegistry keys)} or (vendor (fromRegistry keys));
      # NB: a feature that only another crate asks for may leave a package here without use. Cargo
      # drops those, and cannot take another version than these.
      cargoFlags = "--offline";
    };

  whole = {
    source = filtered;
    dummySource = craneLib.mkDummySrc { src = filtered; };
    cargoVendorDir = craneLib.vendorCargoDeps { cargoLock = root + "/Cargo.lock"; };
    cargoFlags = "--locked";
  };
  only = if reducible then reduced else _: whole;
in
{
  inherit (builtins.seq manifest (craneLib.crateNameFromCargoToml { src = filtered; })) version;
  inherit whole only;
  of = lib.mapAttrs (crate: _: only [ crate ]) keyOfCrate;
}
