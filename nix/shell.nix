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
mkShell {
  # libiwasm.a, for crates/wamr
  WAMR_DIR = packages.wamr;
  packages = [
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
}
