# nixpkgs' trivial builders.
{
  lib,
  stdenv,
  stdenvNoCC,
  debs,
}:
let
  bash = "${debs.bash}/bin/bash";
  runCommandWith =
    env: name: attrs: buildCommand:
    env.mkDerivation (
      {
        inherit name buildCommand;
        phases = [ "command" ];
        passAsFile = [ "buildCommand" ] ++ attrs.passAsFile or [ ];
        command = ''source "$buildCommandPath"'';
        enableParallelBuilding = true;
      }
      // removeAttrs attrs [ "passAsFile" ]
    );
in
rec {
  runCommand = runCommandWith stdenvNoCC;
  runCommandCC = runCommandWith stdenv;
  runCommandLocal =
    name: attrs:
    runCommand name (
      attrs
      // {
        preferLocalBuild = true;
        allowSubstitutes = false;
      }
    );
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      meta ? { },
    }:
    runCommandLocal name
      {
        inherit text meta;
        passAsFile = [ "text" ];
        pname = name;
        version = "";
      }
      ''
        mkdir -p "$(dirname "$out${destination}")"
        cp "$textPath" "$out${destination}"
        ${lib.optionalString executable ''chmod +x "$out${destination}"''}
      '';
  writeText =
    name: text:
    # NB: crane's stubs are read by cargo as files, so the text is exactly this
    writeTextFile { inherit name text; };
  writeShellScript =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      text = "#!${bash}\n${text}";
    };
  writeShellScriptBin =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = "#!${bash}\n${text}";
      meta.mainProgram = name;
    };
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      meta ? { },
    }:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = ''
        #!${bash}
        set -euo pipefail
        export PATH="${lib.makeBinPath runtimeInputs}:$PATH"
        ${text}
      '';
      meta = {
        mainProgram = name;
      }
      // meta;
    };
  symlinkJoin =
    {
      name,
      paths,
      postBuild ? "",
      ...
    }@args:
    runCommand name
      (removeAttrs args [
        "name"
        "postBuild"
      ])
      ''
        mkdir -p $out
        for path in $paths; do cp -rs --update=none --no-preserve=mode $path/. $out/; done
        ${postBuild}
      '';
  linkFarm =
    name: entries:
    runCommandLocal name { } ''
      mkdir -p $out
      ${lib.concatMapStrings
        (entry: ''
          mkdir -p "$out/$(dirname ${lib.escapeShellArg entry.name})"
          ln -s ${entry.path} $out/${lib.escapeShellArg entry.name}
        '')
        (
          if lib.isAttrs entries then
            lib.mapAttrsToList (name: path: { inherit name path; }) entries
          else
            entries
        )
      }
    '';
  makeSetupHook =
    {
      name,
      propagatedBuildInputs ? [ ],
      substitutions ? { },
      ...
    }:
    script:
    runCommandLocal name { inherit propagatedBuildInputs; } ''
      mkdir -p $out/nix-support
      cp ${script} $out/nix-support/setup-hook
      chmod u+w $out/nix-support/setup-hook
      echo "$propagatedBuildInputs" > $out/nix-support/propagated-build-inputs
      ${lib.concatStrings (
        lib.mapAttrsToList (name: value: ''
          substituteInPlace $out/nix-support/setup-hook --replace-fail ${lib.escapeShellArg "@${name}@"} ${lib.escapeShellArg value}
        '') substitutions
      )}
    '';
  mkShell =
    {
      packages ? [ ],
      inputsFrom ? [ ],
      ...
    }@args:
    stdenv.mkDerivation (
      {
        name = "nix-shell";
        phases = [ "command" ];
        command = "export >$out";
      }
      // removeAttrs args [
        "packages"
        "inputsFrom"
      ]
      // {
        nativeBuildInputs =
          packages
          ++ args.nativeBuildInputs or [ ]
          ++ lib.concatMap (input: input.drvAttrs.nativeBuildInputs or [ ]) inputsFrom;
      }
    );
}
