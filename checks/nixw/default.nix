# nixw and what fetches for it, against an archive that misbehaves.
# NB: there is no apt in the sandbox; the cases that need its signed index name themselves
# here and run outside: `checks/nixw/run`.
{
  runCommand,
  sourceOf,
  curl,
  python3,
}:
{
  nixw =
    runCommand "nixw"
      {
        nativeBuildInputs = [
          curl
          python3
        ];
        src = sourceOf [
          "checks/nixw"
          "nix/registry"
          "nixw"
        ];
      }
      ''
        $src/checks/nixw/run | tee $out
      '';
}
