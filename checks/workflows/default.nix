{
  runCommand,
  actionlint,
  sourceOf,
}:
{
  workflows =
    runCommand "workflows"
      {
        nativeBuildInputs = [ actionlint ];
        src = sourceOf [ ".github" ];
      }
      ''
        actionlint $src/.github/workflows/*.yml
        touch $out
      '';
}
