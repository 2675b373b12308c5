# nix develop: what a contributor needs.
{
  mkShell,
  toolchain,
  binaryen,
  gitMinimal,
  maturin,
  nixfmt,
  nodejs,
  python3,
  shellcheck,
  twiggy,
  wabt,
  packages,
}:
let
  tools = [
    toolchain
    binaryen
    gitMinimal
    maturin
    nixfmt
    nodejs
    python3
    shellcheck
    twiggy
    wabt
    packages.wamr
    packages.wasmtime
  ];
in
mkShell {
  # libiwasm.a, for crates/wamr
  WAMR_DIR = packages.wamr;
  packages = tools;
  # NB: a derivation names outputs for building, which need not be those with the programs
  passthru = { inherit tools; };
}
