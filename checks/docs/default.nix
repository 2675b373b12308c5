# Every command that the documents show runs, every link leads somewhere, and the README names
# every package. Nix cannot run inside a build, so `nix` and `./nixw` are nix.py there: it hands
# out what the shown outputs are, and these are built before.
{
  lib,
  runCommandCC,
  nix,
  nodejs,
  python3,
  buildWasm,
  packages,
  self,
  system,
  workspace,
}:
let
  markdown =
    folder:
    map (file: folder + "/${file}") (
      lib.filter (lib.hasSuffix ".md") (lib.attrNames (builtins.readDir folder))
    );
  text = lib.concatMapStrings builtins.readFile (
    lib.concatMap markdown [
      ../..
      ../../docs
      ../../docs/decisions
    ]
  );
  shown = lib.unique (
    lib.concatLists (lib.filter lib.isList (builtins.split "\\.#([A-Za-z0-9_.-]+)" text))
  );

  # What `.#name` leads to, here as in Nix: a package, an app, or an output by its whole name
  find =
    name: set:
    lib.foldl' (found: part: found.${part} or null) set (
      lib.splitString "." (lib.replaceStrings [ "x86_64-linux" ] [ system ] name)
    );
  describe =
    name:
    let
      package = find name packages;
      value = if package != null then package else find name self;
      app = find name self.apps.${system};
    in
    if package == null && app != null then
      # NB: what measures is shown and not run, and some of it is built for that alone
      if lib.hasPrefix "bench-" name then { exists = true; } else { inherit (app) program; }
    else if lib.isString value then
      { inherit value; }
    else if
      !lib.isDerivation value
      || value.onDemand or false
      || (lib.hasPrefix "checks." name && !lib.hasSuffix ".measure" name)
    then
      # NB: a check proves itself; that it fails is not the documents' fault
      { exists = value != null; }
    else
      {
        path = "${value}";
      }
      // lib.optionalAttrs (value ? meta.mainProgram) { program = lib.getExe value; };

  template =
    ((import ../../nix/template/flake.nix).outputs {
      self = null;
      wasmworks.lib.buildWasm.${system} = buildWasm;
    }).packages.${system}.default;
  shell = self.devShells.${system}.default;
in
{
  docs =
    runCommandCC "docs"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
        SHELL_PATH = lib.makeBinPath shell.tools;
        NIX = "${nix}/bin";
        CARGO_CONFIG = "${workspace.whole.cargoVendorDir}/config.toml";
        knowledge = builtins.toJSON {
          outputs = lib.genAttrs shown describe;
          packages = lib.attrNames packages;
          checks = lib.attrNames self.checks.${system};
          formatter = "${self.formatter.${system}}";
          template = "${template}";
        };
        passAsFile = [ "knowledge" ];
      }
      ''
        export KNOWLEDGE=$knowledgePath
        python3 ${./.}/check.py ${self}
        touch $out
      '';
}
