# What artifacts consist of, as their documents have it: by CycloneDX's schema and SPDX's list of licences,
# with the hashes of Cargo.lock, and with the crates that `cargo tree` finds.
{
  lib,
  fetchPypi,
  runCommand,
  jq,
  packages,
  python3,
  sourceOf,
}:
let
  wheel =
    pname: version: sha256:
    fetchPypi {
      inherit pname version sha256;
      format = "wheel";
      python = "py3";
      dist = "py3";
    };
  # NB: this library of Python carries the schemas, and itself is not used
  schemas =
    wheel "cyclonedx_python_lib" "11.12.0"
      "0e807521a921a5c3cb8ce1153f8a61d29eedfe76a46aac2796b7c6b573391a54";
  validator =
    wheel "fastjsonschema" "2.22.3"
      "f670b443830b75aca3f00b75949efa20f4b2a80302ec7a21505c28dd54cffd43";
  check =
    name: package:
    let
      document = package.sbom;
    in
    runCommand "sbom-${name}"
      {
        nativeBuildInputs = [
          jq
          python3
        ];
      }
      ''
        python3 -m zipfile -e ${schemas} .
        # NB: any file does for the artifact
        bash ${../../nix/sbom/seal} ${document} ${document} > sealed.cdx.json
        PYTHONPATH=${validator} python3 ${./check.py} --schemas cyclonedx/schema/_res \
          --lock ${sourceOf [ "Cargo.lock" ]}/Cargo.lock --artifact ${document} \
          ${lib.optionalString (document ? tree) "--tree ${document.tree}"} \
          --notices ${document.notices} sealed.cdx.json | tee $out
      '';
in
lib.mapAttrs' (name: package: lib.nameValuePair "sbom-${name}" (check name package)) (
  lib.filterAttrs (_: package: package ? sbom) packages
)
