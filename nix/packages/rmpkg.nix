# The packer, checker and runner of .rmpkg packages.
{ host }: host.programs.rmpkg
