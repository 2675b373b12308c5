# What an artifact consists of, as a document of CycloneDX. The artifact itself is not built for it.
#
# Beside it are
#   .notices  the licences of what the document lists
#   .tree     of a crate, what `cargo tree` finds, a line for each crate: what the document is compared with
#   .places   where the texts of licences are looked for, as arguments of notices.py
{
  lib,
  runCommand,
  python3,
  reproducible,
}:
{
  # the artifact's file
  name,
  version,
  # what CycloneDX calls its kind
  type ? "library",
  # the crate that it is, if it is one, and how that is built:
  #   crate      its name
  #   workspace  what workspaceOf has for it
  #   craneLib
  #   target     null for the machine that builds
  #   profile, rustflags
  #   cargoExtraArgs  features, and other crates of the same build
  #   std        the libraries of Rust's own that are linked to it
  rust ? null,
  # what is in it besides: documents like this one
  parts ? [ ],
  # what of it is built from an archive of sources, by its `name` in nix/sbom/sources.toml, with the `archive`
  sources ? [ ],
  # what has neither, by its `name` there, perhaps with a `version`
  others ? [ ],
}:
let
  command = lib.escapeShellArgs (
    [
      "python3"
      "${./sbom.py}"
      "--name"
      name
      "--version"
      version
      "--type"
      type
      "--sources"
      "${./sources.toml}"
    ]
    ++ lib.concatMap (part: [
      "--part"
      "${part}"
    ]) parts
    ++ lib.concatMap (source: [
      "--source"
      source.name
      "${source.archive}"
    ]) sources
    ++ lib.concatMap (other: [
      "--other"
      other.name
      other.version or ""
    ]) others
  );

  std = lib.concatMapStrings (library: " --std ${library}") rust.std;
  targetFlag = lib.optionalString (rust.target != null) "--target ${rust.target}";
  selection = "${rust.workspace.cargoFlags} --package ${rust.crate} ${targetFlag} ${rust.cargoExtraArgs}";
  # A file that cargo's answers are written to
  ask =
    suffix: question:
    rust.craneLib.mkCargoDerivation {
      pname = "${rust.crate}-${suffix}";
      inherit version;
      inherit (rust.workspace) cargoVendorDir;
      src = rust.workspace.source;
      strictDeps = true;
      cargoArtifacts = null;
      doInstallCargoArtifacts = false;
      nativeBuildInputs = [ python3 ];
      # NB: for the plan, and for the flags of a build that has it too
      RUSTC_BOOTSTRAP = 1;
      preBuild = reproducible.rustflags rust.rustflags;
      buildPhaseCargoCommand = question;
      installPhaseCommand = "cp answer $out";
    };

  places =
    lib.optionals (rust != null) [
      "--vendor"
      "${rust.workspace.cargoVendorDir}"
    ]
    ++ lib.concatMap (source: [
      "--archive"
      source.name
      "${source.archive}"
    ]) sources
    ++ lib.concatMap (part: part.places) parts;
  withNotices =
    document:
    document
    // {
      inherit places;
      notices = runCommand "${name}.notices.txt" { nativeBuildInputs = [ python3 ]; } ''
        python3 ${./notices.py} --sources ${./sources.toml} --own ${../../LICENSE-APACHE} ${../../LICENSE-MIT} \
          ${lib.escapeShellArgs places} ${document} > $out
      '';
    };
in
if rust == null then
  withNotices (runCommand "${name}.cdx.json" { nativeBuildInputs = [ python3 ]; } "${command} > $out")
else
  withNotices (
    ask "sbom" ''
      cargo metadata --format-version 1 ${rust.workspace.cargoFlags} > metadata.json
      # NB: which features are on, for the target and not for build scripts, only cargo's plan of a build says
      cargo build --unit-graph -Zunstable-options --profile ${rust.profile} ${selection} > units.json
      ${command} --crate ${rust.crate} --metadata metadata.json --units units.json \
        --rust $(rustc --version | cut -d' ' -f2)${std} > answer
    ''
  )
  // {
    tree = ask "tree" ''
      # NB: of a selection with more crates there is a tree for each, and what was shown is left out later
      cargo tree --edges normal,no-proc-macro --prefix depth --no-dedupe --format '{p}' ${selection} |
        awk '/^0/ { wanted = $1 == "0${rust.crate}" } wanted && NF { sub(/^[0-9]+/, ""); print $1, $2 }' |
        sort -u > answer
    '';
  }
