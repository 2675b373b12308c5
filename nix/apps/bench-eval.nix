{
  lib,
  python3,
  writeShellApplication,
  writeText,
  self,
  system,
}:
let
  # NB: inputs are evaluated from where they lie, so that nothing is fetched; by their hashes, so that each is
  # copied into a store once
  source =
    input:
    let
      folder = lib.removePrefix "${input.sourceInfo}" "${input}";
    in
    "path:${input.sourceInfo}?narHash=${
      lib.replaceStrings [ "+" "/" "=" ] [ "%2B" "%2F" "%3D" ] input.narHash
    }"
    + lib.optionalString (folder != "") "&dir=${lib.removePrefix "/" folder}";
  flake = writeText "flake.json" (
    builtins.toJSON {
      source = "${self}";
      inputs = lib.mapAttrs (_: source) self.inputs;
      inherit system;
    }
  );
in
writeShellApplication {
  name = "bench-eval";
  runtimeInputs = [ python3 ];
  text = ''FLAKE=${flake} exec python3 ${./bench-eval.py} "$@"'';
  meta.description = "How evaluation grows with the number of artifacts; see --help";
}
