# Which sources are seen, and the dummy sources from which dependencies alone are built.
{
  lib,
  runCommand,
  writeText,
}:
rec {
  filterCargoSources =
    path: type:
    type == "directory"
    || lib.any (suffix: lib.hasSuffix suffix (baseNameOf path)) [
      ".rs"
      ".toml"
    ]
    || baseNameOf path == "Cargo.lock";

  cleanCargoSource =
    src:
    lib.cleanSourceWith {
      src = lib.cleanSource src;
      filter = filterCargoSources;
      name = "source";
    };

  crateNameFromCargoToml =
    args:
    let
      toml = lib.importTOML (args.cargoToml or ((args.src.origSrc or args.src) + "/Cargo.toml"));
    in
    {
      pname = args.pname or toml.package.name or "cargo-package";
      version =
        args.version or (
          # NB: a member's version may be `version.workspace = true`
          lib.findFirst lib.isString "0.0.1" [
            (toml.package.version or null)
            (toml.workspace.package.version or null)
          ]
        );
    };

  # The workspace with every Rust source replaced by an empty one. Manifests are read here, at
  # evaluation, so that an edit of a source changes nothing that dependencies are built from.
  mkDummySrc =
    {
      src,
      extraDummyScript ? "",
      ...
    }:
    let
      root = src.origSrc or src;
      prefix = builtins.unsafeDiscardStringContext (toString root + "/");
      keep = src.filter or (_: _: true);
      find =
        dir:
        lib.concatMap (
          entry:
          let
            path = "${lib.removeSuffix "/" dir}/${entry.name}";
          in
          if !keep path entry.value then
            [ ]
          else if entry.value == "directory" then
            let
              below = find path;
            in
            lib.optional (below != [ ]) path ++ below
          else
            lib.optional (entry.name == "Cargo.toml" || baseNameOf dir == ".cargo") path
        ) (lib.attrsToList (builtins.readDir dir));
      entries = map (path: builtins.unsafeDiscardStringContext (lib.removePrefix prefix path)) (
        find prefix
      );
      isManifest = file: baseNameOf file == "Cargo.toml";
      kept = lib.genAttrs (entries ++ [ "Cargo.lock" ]) (_: null);

      stub = writeText "stub.rs" "#![allow(warnings)]\nfn main() {}\n";
      targets = lib.concatMap (
        manifest:
        let
          toml = lib.importTOML (root + "/${manifest}");
          dir = dirOf manifest;
          exists = path: builtins.pathExists (root + "/${dir}/${path}");
          named = kind: folder: map (t: t.path or "${folder}/${t.name}.rs") (toml.${kind} or [ ]);
          bins = lib.optionals (exists "src/bin") (
            map (name: "src/bin/${name}") (
              lib.attrNames (
                lib.filterAttrs (_: type: type == "regular") (builtins.readDir (root + "/${dir}/src/bin"))
              )
            )
          );
          files =
            lib.optional (toml ? lib || exists "src/lib.rs") (toml.lib.path or "src/lib.rs")
            ++ lib.optional (exists "src/main.rs") "src/main.rs"
            ++ lib.optional (exists "build.rs" || toml ? package.build) (toml.package.build or "build.rs")
            ++ bins
            ++ map (t: t.path or "src/main.rs") (toml.bin or [ ])
            ++ named "test" "tests"
            ++ named "bench" "benches"
            ++ named "example" "examples";
        in
        map (file: {
          crate = toml.package.name;
          file = "${dir}/${file}";
        }) (lib.optionals (toml ? package) (lib.unique files))
      ) (lib.filter isManifest entries);
    in
    runCommand "source" { } ''
      mkdir -p $out
      cp -r --no-preserve=mode ${
        lib.cleanSourceWith {
          inherit src;
          name = "manifests";
          filter = path: _: kept ? ${lib.removePrefix prefix path};
        }
      }/. $out/
      ${lib.concatMapStrings (target: ''
        install -Dm644 ${stub} $out/${target.file}
      '') targets}
      ${extraDummyScript}
      # NB: sources in the store have one age, so cargo would take a stub's build for the crate's
      ${lib.concatMapStrings (target: ''
        if cmp -s ${stub} $out/${target.file}; then echo ${target.crate} >> $out/.stubs; fi
      '') targets}
    '';
}
