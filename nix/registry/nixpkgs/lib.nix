# The functions of nixpkgs' lib that this flake, crane and fenix call, under their own names.
let
  lib = builtins // {
    # crane refuses a nixpkgs older than this release
    version = "26.05.registry";

    # functions and values
    id = x: x;
    flip =
      f: a: b:
      f b a;
    warn = message: builtins.trace "warning: ${message}";
    warnIf = condition: message: if condition then lib.warn message else lib.id;
    assertMsg = condition: message: condition || throw message;
    functionArgs = f: f.__functionArgs or (builtins.functionArgs f);
    isFunction = f: builtins.isFunction f || f ? __functor;
    isDerivation = value: value.type or null == "derivation";
    importJSON = path: lib.fromJSON (lib.readFile path);
    importTOML = path: lib.fromTOML (lib.readFile path);
    mapNullable = f: value: if value == null then null else f value;

    # lists
    foldl = lib.foldl';
    last = list: lib.elemAt list (lib.length list - 1);
    optional = condition: value: lib.optionals condition [ value ];
    optionals = condition: list: if condition then list else [ ];
    flatten = value: if lib.isList value then lib.concatMap lib.flatten value else [ value ];
    unique = lib.foldl' (acc: x: if lib.elem x acc then acc else acc ++ [ x ]) [ ];
    take = lib.sublist 0;
    sublist =
      start: count: list:
      let
        available = lib.length list - start;
        size =
          if available < 0 then
            0
          else if count < available then
            count
          else
            available;
      in
      lib.genList (i: lib.elemAt list (start + i)) size;
    reverseList = list: lib.genList (i: lib.elemAt list (lib.length list - 1 - i)) (lib.length list);
    sortOn = f: lib.sort (a: b: f a < f b);
    findFirst =
      pred: default: list:
      let
        found = lib.filter pred list;
      in
      if found == [ ] then default else lib.head found;
    listHasPrefix = prefix: list: lib.take (lib.length prefix) list == prefix;

    # attribute sets
    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: f: lib.listToAttrs (map (name: lib.nameValuePair name (f name)) names);
    mapAttrs' = f: set: lib.listToAttrs (lib.mapAttrsToList f set);
    mapAttrsToList = f: set: map (name: f name set.${name}) (lib.attrNames set);
    attrsToList = lib.mapAttrsToList lib.nameValuePair;
    attrVals = names: set: map (name: set.${name}) names;
    concatMapAttrs = f: set: lib.mergeAttrsList (lib.mapAttrsToList f set);
    mergeAttrsList = lib.foldl' (a: b: a // b) { };
    filterAttrs =
      pred: set: removeAttrs set (lib.filter (name: !pred name set.${name}) (lib.attrNames set));
    optionalAttrs = condition: set: if condition then set else { };
    recursiveUpdate =
      a: b:
      a
      // lib.mapAttrs (
        name: value:
        if lib.isAttrs value && lib.isAttrs (a.${name} or null) then
          lib.recursiveUpdate a.${name} value
        else
          value
      ) b;
    getBin = drv: drv.bin or drv;
    getDev = drv: drv.dev or drv;
    getLib = drv: drv.lib or drv;
    getExe = drv: "${lib.getBin drv}/bin/${drv.meta.mainProgram or drv.pname}";

    # strings
    concatStrings = lib.concatStringsSep "";
    concatMapStrings = f: list: lib.concatStrings (map f list);
    concatMapStringsSep =
      separator: f: list:
      lib.concatStringsSep separator (map f list);
    optionalString = condition: string: if condition then string else "";
    makeSearchPath = folder: packages: lib.concatMapStringsSep ":" (p: "${p}/${folder}") packages;
    makeBinPath = lib.makeSearchPath "bin";
    hasPrefix = prefix: string: lib.substring 0 (lib.stringLength prefix) string == prefix;
    hasSuffix =
      suffix: string:
      let
        start = lib.stringLength string - lib.stringLength suffix;
      in
      start >= 0 && lib.substring start (-1) string == suffix;
    removePrefix =
      prefix: string:
      if lib.hasPrefix prefix string then lib.substring (lib.stringLength prefix) (-1) string else string;
    removeSuffix =
      suffix: string:
      if lib.hasSuffix suffix string then
        lib.substring 0 (lib.stringLength string - lib.stringLength suffix) string
      else
        string;
    splitString =
      separator: string:
      lib.filter lib.isString (builtins.split (lib.escapeRegex separator) (toString string));
    escapeRegex =
      let
        special = lib.stringToCharacters "\\[{()^$?*+|.";
      in
      lib.replaceStrings special (map (c: "\\${c}") special);
    stringToCharacters = string: lib.genList (i: lib.substring i 1 string) (lib.stringLength string);
    escapeShellArg =
      value:
      let
        string = toString value;
      in
      if lib.match "[[:alnum:],._+:@%/-]+" string != null then
        string
      else
        "'${lib.replaceStrings [ "'" ] [ "'\\''" ] string}'";
    escapeShellArgs = lib.concatMapStringsSep " " lib.escapeShellArg;
    toLower = lib.replaceStrings (lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (
      lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz"
    );
    toUpper = lib.replaceStrings (lib.stringToCharacters "abcdefghijklmnopqrstuvwxyz") (
      lib.stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    );
    trim = string: lib.head (lib.match "[[:space:]]*(.*[^[:space:]]|)[[:space:]]*" string);
    versionOlder = a: b: builtins.compareVersions a b < 0;
    versionAtLeast = a: b: !lib.versionOlder a b;

    # files
    pathIsRegularFile = path: builtins.pathExists path && builtins.readFileType path == "regular";
    listFilesRecursive =
      dir:
      lib.flatten (
        lib.mapAttrsToList (
          name: type:
          if type == "directory" then lib.listFilesRecursive (dir + "/${name}") else dir + "/${name}"
        ) (builtins.readDir dir)
      );
    # NB: crane looks at `_isLibCleanSourceWith`, `origSrc` and `filter`, and walks origSrc itself
    cleanSourceWith =
      {
        src,
        filter ? _: _: true,
        name ? null,
      }:
      let
        filtered = src._isLibCleanSourceWith or false;
        origSrc = if filtered then src.origSrc else src;
        both = path: type: filter path type && (!filtered || src.filter path type);
        name' = if name != null then name else src.name or "source";
      in
      {
        _isLibCleanSourceWith = true;
        inherit origSrc;
        name = name';
        filter = both;
        outPath = builtins.path {
          path = origSrc;
          name = name';
          filter = both;
        };
      };
    cleanSource =
      src:
      lib.cleanSourceWith {
        inherit src;
        filter =
          path: _:
          let
            base = baseNameOf path;
          in
          base != ".git"
          && !lib.hasSuffix "~" base
          && lib.match "result(-.*)?|.*[.](o|so|sw[a-z])" base == null;
      };
    sourceFilesBySuffices =
      src: suffixes:
      lib.cleanSourceWith {
        inherit src;
        filter = path: type: type == "directory" || lib.any (s: lib.hasSuffix s (baseNameOf path)) suffixes;
      };

    # fixed points
    extends =
      overlay: f: final:
      let
        prev = f final;
      in
      prev // overlay final prev;
    makeOverridable =
      f: args:
      let
        result = f args;
      in
      if !lib.isAttrs result then
        result
      else
        result
        // {
          override = new: lib.makeOverridable f (args // (if lib.isFunction new then new args else new));
        };
    callPackageWith =
      autoArgs: fn: args:
      let
        f = if lib.isFunction fn then fn else import fn;
      in
      lib.makeOverridable f (builtins.intersectAttrs (lib.functionArgs f) autoArgs // args);
    makeScope =
      newScope: f:
      let
        self = f self // {
          newScope = scope: newScope (self // scope);
          callPackage = self.newScope { };
          overrideScope = overlay: lib.makeScope newScope (lib.extends overlay f);
          packages = f;
        };
      in
      self;

    licenses = lib.genAttrs [ "mit" "asl20" "llvm-exception" "psfl" ] (spdx: {
      inherit spdx;
    });
    platforms = {
      all = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      linux = lib.platforms.all;
      unix = lib.platforms.all;
    };
    maintainers = lib.genAttrs [ "figsoda" ] (_: { });
    systems.elaborate = import ./platform.nix lib;

    # nixpkgs groups the same functions by subject too
    lists = lib // {
      hasPrefix = lib.listHasPrefix;
    };
    attrsets = lib;
    strings = lib;
    trivial = lib;
    asserts = lib;
    sources = lib;
  };
in
lib
