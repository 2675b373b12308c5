# The agent as a command of this machine.
{ runCommand, host }:
runCommand "clawft" {
  meta = {
    description = "An AI agent for the terminal and for scripts";
    mainProgram = "clawft";
  };
} "install -D ${host.programs.clawft}/bin/clawft $out/bin/clawft"
// {
  inherit (host.programs.clawft) sbom;
}
