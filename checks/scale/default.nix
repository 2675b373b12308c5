# Evaluation grows in line with the artifacts, and builds nothing on its way.
{
  runCommand,
  jq,
  nix,
  self,
  system,
}:
{
  scale =
    runCommand "scale"
      {
        nativeBuildInputs = [
          jq
          nix
        ];
        benchEval = self.apps.${system}.bench-eval.program;
      }
      ''
        export HOME=$PWD NIX_STATE_DIR=$PWD
        $benchEval --artifacts 5 10 15 --json > $out
        jq --raw-output --from-file ${./growth.jq} $out
      '';
}
