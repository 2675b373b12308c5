# Rust for a target, with core and alloc alone, which are built for size and with flags of their own.
{ fenix, runCommandCC }:
{
  target,
  # flags of rustc
  rustflags ? [ ],
}:
let
  inherit (fenix.stable)
    cargo
    rustc
    rust-std
    rust-src
    ;
  host = [
    cargo
    rustc
    rust-std
  ];
  core =
    runCommandCC "rust-core-${target}"
      {
        nativeBuildInputs = [ (fenix.combine host) ];
        # NB: the libraries are written in what is unstable outside of them
        RUSTC_BOOTSTRAP = 1;
        CARGO_HOME = ".cargo-home";
        # NB: without the bitcode nothing that is linked to it can have link-time optimisation
        flags = [ "-Cembed-bitcode=yes" ] ++ rustflags;
      }
      ''
        cp -r --no-preserve=mode \
          ${rust-src}/lib/rustlib/src/rust/library/{alloc,compiler-builtins,core,portable-simd,stdarch} .
        # NB: a compiler of C, for what nobody asks for, would have to come from the registry
        sed -i '/^cc = /d; s/^c = .*/c = []/' compiler-builtins/compiler-builtins/Cargo.toml
        cp ${./core.toml} Cargo.toml
        export RUSTFLAGS="$flags --remap-path-prefix=$PWD=/rustc"
        cargo build --release --offline -j $NIX_BUILD_CORES --package alloc \
          --features optimize_for_size --target ${target}
        mkdir -p $out/lib/rustlib/${target}/lib
        cp target/${target}/release/deps/*.rlib $out/lib/rustlib/${target}/lib/
      '';
in
fenix.combine (host ++ [ core ])
