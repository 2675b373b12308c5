# Rust from Debian, as the components that fenix offers: each a tree that `combine` merges.
{
  lib,
  system,
  debs,
  runCommand,
  runCommandCC,
  symlinkJoin,
  lockedCrate,
  crateBinary,
}:
let
  inherit (lib.systems.elaborate system) debian rust;
  host = rust.rustcTarget;
  version = lib.head (lib.splitString "+" debs.rustc-web.version);

  # rustc takes the folder of its own binary for the sysroot; a merged tree must be named.
  combine =
    name: paths:
    symlinkJoin {
      inherit name paths;
      postBuild = ''
        for tool in rustc rustdoc clippy-driver; do
          if [ -e $out/bin/$tool ]; then
            real=$(readlink -f $out/bin/$tool)
            rm $out/bin/$tool
            {
              echo '#!${debs.bash}/bin/bash'
              echo "export SYSROOT=$out"
              if [ $tool = clippy-driver ]; then echo "exec $real \"\$@\""; else echo "exec $real --sysroot $out \"\$@\""; fi
            } > $out/bin/$tool
            chmod +x $out/bin/$tool
          fi
        done
      '';
    };

  component =
    name: script:
    runCommand "${name}-${version}" {
      pname = name;
      inherit version;
    } "mkdir -p $out\n${script}";
  ofDebian =
    name: packages:
    component name (
      lib.concatMapStrings (package: ''
        for part in bin lib libexec; do
          if [ -d ${debs.${package}}/$part ]; then mkdir -p $out/$part; cp -rs --no-preserve=mode ${debs.${package}}/$part/. $out/$part/; fi
        done
      '') packages
    );

  stdFor =
    target: extra:
    runCommandCC "rust-std-${target}-${version}"
      {
        nativeBuildInputs = [
          (combine "rust-host" [
            rustc
            cargo
            rust-std
          ])
        ];
        RUSTC_BOOTSTRAP = 1;
        passthru = { inherit target; };
      }
      ''
        # NB: cargo hashes the path of the library into symbol names, so it is built at the same one
        cp -r --no-preserve=mode ${debs.rust-web-src}/src/rustc-${version} rust
        mkdir -p sysroot/lib/rustlib empty/src
        ln -s $(rustc --print sysroot)/lib/rustlib/* sysroot/lib/rustlib/
        rm -f sysroot/lib/rustlib/src
        mkdir sysroot/lib/rustlib/src
        ln -s $PWD/rust sysroot/lib/rustlib/src/rust
        printf '#!/bin/sh\nexec %s --sysroot %s "$@"\n' "$(command -v rustc)" $PWD/sysroot > rustc
        sed -i "s|$(command -v rustc)|$(sed -n 's/^exec \([^ ]*\) .*/\1/p' $(command -v rustc))|" rustc
        chmod +x rustc
        ${extra}
        printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[lib]\n' > empty/Cargo.toml
        echo '#![no_std]' > empty/src/lib.rs
        cd empty
        export RUSTC=$NIX_BUILD_TOP/rustc CARGO_HOME=$NIX_BUILD_TOP/cargo CARGO_INCREMENTAL=0
        # NB: without the bitcode nothing that is linked to it can have LTO
        export RUSTFLAGS="--remap-path-prefix=$NIX_BUILD_TOP/rust=/rustc/${version} --remap-path-prefix=$NIX_BUILD_TOP/sysroot/lib/rustlib/src/rust=/rustc/${version} -C embed-bitcode=yes"
        mkdir $CARGO_HOME
        printf '[source.crates-io]\nreplace-with = "library"\n[source.library]\ndirectory = "%s"\n' $NIX_BUILD_TOP/rust/library/vendor > $CARGO_HOME/config.toml
        cargo build --release --offline -j $NIX_BUILD_CORES -Zbuild-std=std,panic_abort --target ${target}
        lib=$out/lib/rustlib/${target}/lib
        mkdir -p $lib
        cp target/${target}/release/deps/*.rlib $lib/
        rm $lib/libempty-*
      '';

  # std links the C library itself, so that only rustc is needed to link a program for WASI
  selfContained = target: ''
    mkdir -p $out/lib/rustlib/${target}/lib/self-contained
    cp ${debs.wasi-libc}/lib/${target}/{crt1-command.o,crt1-reactor.o,libc.a} $out/lib/rustlib/${target}/lib/self-contained/
    mkdir -p sysroot/lib/rustlib/${target}/lib
    ln -s $out/lib/rustlib/${target}/lib/self-contained sysroot/lib/rustlib/${target}/lib/
  '';

  # Debian's copy of this crate lacks the object files that it links
  witBindgen = lib.findFirst (
    p: p.name == "wit-bindgen" && p.version == "0.45.1"
  ) null (lib.importTOML ../tools/wasm-component-ld/Cargo.lock).package;

  rustc = component "rustc" ''
    mkdir -p $out/bin $out/lib/rustlib/${host}/bin
    ln -s ${debs.rustc-web}/bin/{rustc,rustdoc} $out/bin/
    ln -s ${debs.lld-22}/bin/lld-22 $out/lib/rustlib/${host}/bin/rust-lld
    ln -s ${debs.lld-22}/bin/wasm-ld-22 $out/lib/rustlib/${host}/bin/wasm-ld
  '';
  cargo = ofDebian "cargo" [ "cargo-web" ];
  rust-std = ofDebian "rust-std" [ "libstd-rust-web-dev" ];
  components = {
    inherit rustc cargo rust-std;
    clippy = component "clippy" ''
      mkdir -p $out/bin
      # NB: it runs the driver beside its own real path
      cp ${debs.rust-web-clippy}/bin/cargo-clippy $out/bin/
      # NB: dash would drop variables whose names a shell cannot have, as cargo's have hyphens
      cat > $out/bin/clippy-driver <<'EOF'
      #!${debs.bash}/bin/bash
      : "''${SYSROOT:=$("''${1:-rustc}" --print sysroot 2>/dev/null)}"
      exec ${debs.rust-web-clippy}/bin/clippy-driver "$@" ''${SYSROOT:+--sysroot "$SYSROOT"}
      EOF
      chmod +x $out/bin/clippy-driver
    '';
    # NB: of LLVM's, those that are used here; its package is without the library by which they fetch
    llvm-tools = component "llvm-tools" ''
      mkdir -p $out/lib/rustlib/${host}/bin
      for tool in llvm-cov llvm-profdata; do
        cp ${debs.llvm-22}/lib/llvm-22/bin/$tool $out/lib/rustlib/${host}/bin/
        chmod u+w $out/lib/rustlib/${host}/bin/$tool
        ${debs.patchelf}/bin/patchelf --add-rpath ${debs.libcurl4t64}/lib/${debian.triplet} $out/lib/rustlib/${host}/bin/$tool
      done
    '';
    rustfmt = ofDebian "rustfmt" [ "rustfmt-web" ];
    rust-src = component "rust-src" ''
      mkdir -p $out/lib/rustlib/src
      ln -s ${debs.rust-web-src}/src/rustc-${version} $out/lib/rustlib/src/rust
    '';
  };
in
{
  # What the fenix stand-in is made of
  rustComponents = components // {
    inherit combine version;
    targets = {
      ${host} = rust-std;
      wasm32-unknown-unknown = stdFor "wasm32-unknown-unknown" "";
      wasm32-wasip1 = stdFor "wasm32-wasip1" (selfContained "wasm32-wasip1");
      wasm32-wasip2 = symlinkJoin {
        name = "rust-std-wasm32-wasip2-${version}";
        paths = [
          (stdFor "wasm32-wasip2" ''
            ${selfContained "wasm32-wasip2"}
            rm -r rust/library/vendor/wit-bindgen-${witBindgen.version}
            tar xzf ${lockedCrate witBindgen} -C rust/library/vendor
            echo '{"files":{},"package":"${witBindgen.checksum}"}' > rust/library/vendor/wit-bindgen-${witBindgen.version}/.cargo-checksum.json
          '')
        ];
        postBuild = ''
          mkdir -p $out/lib/rustlib/${host}/bin
          ln -s ${crateBinary "wasm-component-ld"}/bin/wasm-component-ld $out/lib/rustlib/${host}/bin/
        '';
      };
    };
  };
  inherit (components) cargo rustfmt clippy;
  rustc = combine "rustc-${version}" [
    rustc
    rust-std
  ];
}
