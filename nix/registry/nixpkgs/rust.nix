# rustPlatform: vendoring from a Cargo.lock, and buildRustPackage on top of it.
{
  lib,
  stdenv,
  runCommand,
  lockedCrate,
  cargo,
  rustc,
}:
rec {
  # The folder that `cargo vendor` would write, from the hashes in Cargo.lock; in the form of
  # crane's: config.toml names the one registry, by the hash of its index's URL.
  importCargoLock =
    {
      lockFile ? null,
      lockFileContents ? lib.readFile lockFile,
    }:
    let
      packages = lib.filter (p: p ? checksum) (lib.fromTOML lockFileContents).package;
      sources = lib.unique (map (p: p.source) packages);
      source =
        if lib.length sources > 1 then
          throw "Cargo.lock names several registries, and one is supported: ${lib.concatStringsSep ", " sources}"
        else
          lib.concatStrings sources;
      registry = builtins.hashString "sha256" source;
    in
    runCommand "vendor-cargo-deps"
      {
        crates = map (p: "${p.name}-${p.version}:${p.checksum}:${lockedCrate p}") packages;
        passAsFile = [ "crates" ];
      }
      ''
        mkdir -p $out/${registry}
        cd $out/${registry}
        for crate in $(<"$cratesPath"); do
          IFS=: read -r name checksum file <<<"$crate"
          tar xzf "$file" --no-same-owner
          echo "{\"files\":{},\"package\":\"$checksum\"}" > "$name/.cargo-checksum.json"
        done
        cat > $out/config.toml <<EOF
        [source.crates-io]
        ${lib.optionalString (source != "") ''registry = "${lib.removePrefix "registry+" source}"''}
        replace-with = "nix-sources"
        [source.nix-sources]
        directory = "$out/${registry}"
        EOF
      '';

  buildRustPackage =
    {
      cargoLock,
      cargoBuildFlags ? [ ],
      ...
    }@args:
    stdenv.mkDerivation (
      {
        cargoVendorDir = importCargoLock { inherit (cargoLock) lockFile; };
        dontStrip = true;
        buildPhase = ''
          runHook preBuild
          export CARGO_HOME=$NIX_BUILD_TOP/.cargo-home
          mkdir -p $CARGO_HOME
          cp $cargoVendorDir/config.toml $CARGO_HOME/
          cargo build --release --offline -j $NIX_BUILD_CORES ${lib.escapeShellArgs cargoBuildFlags}
          runHook postBuild
        '';
        installPhase = ''
          runHook preInstall
          find target/release -maxdepth 1 -type f -executable -not -name '*.so' -exec install -Dt $out/bin {} +
          runHook postInstall
        '';
      }
      // removeAttrs args [
        "cargoLock"
        "cargoBuildFlags"
      ]
      // {
        nativeBuildInputs = args.nativeBuildInputs or [ ] ++ [
          cargo
          rustc
        ];
      }
    );
}
