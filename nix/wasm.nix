# A crate as an optimised, stripped and path-free .wasm.
#
# The result has the module at `output`, and beside it
#   .size          its bytes, raw and after gzip -9, as JSON
#   .profile       what the bytes are spent on, by twiggy
#   .named         the module before its names were stripped
#   .arguments     what buildWasm was called with
#   .dependencies  what was built before the crate, and is not built again after an edit; of a crate with
#                  a core of its own nothing is
#   .sbom          what it consists of, see nix/sbom
#   .elsewhere     the same module built under other circumstances: it must have the same bytes
{
  lib,
  runCommand,
  binaryen,
  gzip,
  jq,
  python3,
  twiggy,
  wabt,
  wasm-tools,
  wasmtime,
  craneLibFor,
  craneLibWith,
  coreWith,
  reproducible,
  sbomOf,
  workspaceOf,
}:
let
  # NB: below 1,024 ends the stack, so no address there is reached by way of an offset
  smallestOptimise = "-Oz --low-memory-unused --converge --reorder-functions --always-inline-max-function-size=4";
in
{
  # the workspace, with Cargo.toml and Cargo.lock at its root, or what workspaceOf makes of it
  src,
  # the package's name in the workspace
  crate,
  # wasm32-unknown-unknown, wasm32-wasip1 or wasm32-wasip2
  target,
  # where the module lies in the result
  output ? "lib/${crate}.wasm",
  # the cargo profile
  profile ? "release",
  # whether bytes are all that counts, in every step: for a crate that waits for others more than it computes,
  # and needs no std
  smallest ? false,
  # what wasm-opt optimises for, and more of its flags
  optimise ? if smallest then smallestOptimise else "-Os",
  # more arguments of cargo, such as features
  cargoExtraArgs ? "",
  # the one of the crate's types that is built, of a crate that has several
  crateType ? null,
  # more flags of rustc, for the dependencies too
  rustflags ? [ ],
  # and for the crate alone, since a dependency may be a module as well; without crateType it is its program
  crateRustflags ? [ ],
  # whether core and alloc are built with it, for size, and panics trap where they begin: for a crate
  # without std, its own or its dependencies'
  ownCore ? smallest,
  # variables that the builds of the dependencies and of the crate see
  environment ? { },
  # whether functions that take a dependency's place, by the linker's --wrap, take its export's name too
  replacing ? false,
  # whether the module, which has its world in a section of its own, becomes a component of it
  component ? false,
  # whether the module begins with the memory that its export wizer-initialize leaves, and is entered
  # at wizer-resume
  snapshot ? false,
  # what is linked meanwhile for imports of the module that are not WASI's: a module by each name
  snapshotImports ? { },
  # what is in it besides crates, as nix/sbom takes it: for .sbom alone
  consistsOf ? { },
}@arguments:
let
  has =
    argument: value: known:
    lib.assertMsg (lib.elem value known) "buildWasm: ${argument} is ${builtins.toJSON value}, and not one of ${builtins.toJSON known}";
in
assert has "target" target (lib.attrNames craneLibFor);
let
  craneLib =
    if ownCore then
      craneLibWith (coreWith {
        inherit target;
        rustflags = flags;
      })
    else
      craneLibFor.${target};
  flags =
    rustflags
    ++ lib.optionals smallest [
      # NB: what is longer than one load and one store is copied by memory.copy, which is less code
      "-Cllvm-args=-max-store-memcpy=1"
      # NB: a step saved at run time by code for it elsewhere is none here
      "-Cllvm-args=-disable-lsr"
      "-Cllvm-args=-enable-pre=false"
      # NB: and a call is dearer here than LLVM counts
      "-Cllvm-args=-inline-call-penalty=40"
    ]
    ++ lib.optionals ownCore [
      "-Zunstable-options"
      "-Cpanic=immediate-abort"
    ];
  workspace = if src ? only then src else workspaceOf (craneLib.cleanCargoSource src);
  inherit (workspace) version;
  reduced =
    assert has "crate" crate (lib.attrNames workspace.of);
    workspace.of.${crate};
  inherit (reduced)
    source
    dummySource
    cargoFlags
    cargoVendorDir
    ;
  common = {
    pname = "${crate}-${target}";
    inherit version cargoVendorDir;
    strictDeps = true;
    # NB: names feed the size profile, and binaryen strips them afterwards
    dontStrip = true;
    # NB: an artifact is run by checks, on the runtimes that its users have
    doCheck = false;
    CARGO_BUILD_TARGET = target;
    CARGO_PROFILE = profile;
    cargoExtraArgs = "${cargoFlags} --package ${crate} ${cargoExtraArgs}";
    preBuild = reproducible.rustflags flags;
  }
  # NB: a library of Rust beside the module would keep cargo from link-time optimisation
  // lib.optionalAttrs (crateType != null || crateRustflags != [ ]) {
    cargoBuildCommand = "cargoWithProfile rustc";
    cargoBuildExtraArgs =
      if crateType != null then "--lib --crate-type ${crateType}" else "--bin ${crate}";
  }
  # NB: for flags of rustc with -Z
  // lib.optionalAttrs ownCore { RUSTC_BOOTSTRAP = "1"; }
  // lib.optionalAttrs smallest { "CARGO_PROFILE_${lib.toUpper profile}_OPT_LEVEL" = "z"; }
  // environment;
  # NB: the sources that stand in for those of a crate without std would want it
  dependencies =
    if ownCore then
      null
    else
      craneLib.buildDepsOnly (
        common
        // {
          dummySrc = dummySource;
          cargoCheckCommand = ":";
        }
      );

  # NB: the sources that stand in for the crate's, with its dependencies, have nothing to link to
  crateWith =
    changes:
    craneLib.buildPackage (
      common
      // lib.optionalAttrs (crateRustflags != [ ]) {
        cargoBuildExtraArgs = "${common.cargoBuildExtraArgs} -- ${toString crateRustflags}";
      }
      // {
        src = source;
      }
      // changes
    );

  # NB: binaryen reads core modules only, so a component stays as rustc linked it; one that is made of a
  # core module is made last
  isComponent = target == "wasm32-wasip2";
  # NB: without feature flags wasm-opt takes the features that the module itself names
  name = "${crate}-${version}";
  # A step from one file to another.
  step =
    command: from: to:
    if isComponent then "cp ${from} ${to}" else "${command} ${from} -o ${to}";
  # NB: beside a program, in lib/, lies a dependency that is a module as well
  moduleIn = linked: "$(test -d ${linked}/bin && echo ${linked}/bin || echo ${linked}/lib)/*.wasm";
  optimised =
    linked:
    runCommand "${name}-named"
      {
        nativeBuildInputs = [
          binaryen
          wabt
        ];
      }
      (
        ''
          mkdir -p $out/$(dirname ${output})
          ${step "wasm-opt ${optimise} --debuginfo" (moduleIn linked) "$out/${output}"}
        ''
        # NB: the linker exports what it wrapped by the wrapper's name
        + lib.optionalString replacing ''
          wasm2wat $out/${output} | sed 's/^  (export "__wrap_/  (export "/' > renamed.wat
          wat2wasm --debug-names renamed.wat -o $out/${output}
        ''
      );
  # What is shipped, with its names: a component where that is to be one
  componentOf =
    core:
    if component then
      runCommand "${name}-component"
        {
          nativeBuildInputs = [
            python3
            wasm-tools
          ];
        }
        ''
          mkdir -p $out/$(dirname ${output})
          wasm-tools component new ${core}/${output} -o long-names.wasm
          python3 ${./short-names.py} long-names.wasm $out/${output}
        ''
    else
      core;
  preloads = lib.concatStringsSep " " (
    lib.mapAttrsToList (name: module: "--preload ${name}=${module}") (
      { wasi_snapshot_preview1 = "none.wat"; } // snapshotImports
    )
  );
  # NB: compiled for one call, which needs no good code. Rust's std asks the host itself for the keys of
  # its hash maps, so meanwhile its import has another name of that length, which leaves them 0.
  resumed =
    initial:
    if snapshot then
      runCommand "${name}-snapshot" { nativeBuildInputs = [ wasmtime ]; } ''
        renamed() { LC_ALL=C sed -z "s/\(wasi_snapshot_preview1\n\)$1/\1$2/" "$3"; }
        echo '(module (func (export "no_entropy") (param i32 i32) (result i32) i32.const 0))' > none.wat
        renamed random_get no_entropy ${moduleIn initial} > initial.wasm
        wasmtime wizer -C cache=n -O opt-level=0 -S cli ${preloads} \
          --rename-func _start=wizer-resume initial.wasm -o snapshot.wasm < /dev/null
        mkdir -p $out/$(dirname ${output})
        renamed no_entropy random_get snapshot.wasm > $out/${output}
      ''
    else
      initial;
  stripped =
    named: passthru:
    runCommand name
      {
        pname = crate;
        inherit version passthru;
        nativeBuildInputs = [ (if component then wasm-tools else wabt) ];
      }
      (
        if component then
          ''
            mkdir -p $out/$(dirname ${output})
            wasm-tools strip --all ${named}/${output} -o $out/${output}
          ''
        else
          # NB: wasm-opt would write the code anew, and larger. A side module is one by its dylink.0.
          ''
            mkdir -p $out/$(dirname ${output})
            ${step "wasm-strip --keep-section=dylink.0" "${named}/${output}" "$out/${output}"}
          ''
      );

  core = optimised (
    resumed (crateWith {
      cargoArtifacts = dependencies;
    })
  );
  named = componentOf core;
  module = stripped named {
    inherit
      arguments
      dependencies
      named
      output
      target
      ;
    size =
      runCommand "${name}-size"
        {
          nativeBuildInputs = [
            gzip
            jq
          ];
        }
        ''
          jq -n --arg file ${output} \
            --argjson raw $(wc -c < ${module}/${output}) \
            --argjson gzip $(gzip -9nc ${module}/${output} | wc -c) '{$file, $raw, $gzip}' > $out
        '';
    sbom = sbomOf (
      {
        name = baseNameOf output;
        inherit version;
        type = if lib.hasPrefix "bin/" output then "application" else "library";
        rust = {
          inherit
            cargoExtraArgs
            crate
            profile
            target
            ;
          workspace = reduced;
          craneLib = craneLibFor.${target};
          rustflags = flags;
          std =
            if ownCore then
              [
                "core"
                "alloc"
              ]
            else
              [ "std" ];
        };
      }
      // consistsOf
      // {
        # NB: a side module is linked to the C library of its host
        others =
          consistsOf.others or [ ]
          ++ lib.optional (
            lib.hasPrefix "wasm32-wasi" target && !lib.elem "-Clink-self-contained=no" crateRustflags
          ) { name = "wasi-libc"; };
      }
    );
    profile = runCommand "${name}-profile" { nativeBuildInputs = [ twiggy ]; } ''
      # NB: twiggy reads core modules only
      twiggy top -n 100 ${core}/${output} > $out
    '';
    elsewhere = stripped (componentOf (optimised (resumed (crateWith reproducible.elsewhere)))) { };
  };
in
module
