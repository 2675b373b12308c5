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
  wasmtime,
}:
mkShell {
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
    wasmtime
  ];
}
