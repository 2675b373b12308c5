{
  runCommand,
  shellcheck,
  sourceOf,
}:
{
  # Every script: what starts with `#!` or ends in `.sh`
  shellcheck =
    runCommand "shellcheck"
      {
        nativeBuildInputs = [ shellcheck ];
        src = sourceOf [
          ".ci"
          "checks"
          "nix"
          "nixw"
        ];
      }
      ''
        cd $src
        find . -type f | while read -r file; do
          case $(head -n1 $file) in '#!'*sh*) echo $file ;; *) case $file in *.sh) echo $file ;; esac ;; esac
        done | xargs shellcheck --external-sources --shell bash
        touch $out
      '';
}
