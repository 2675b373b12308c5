# A program that runs a file of an npm package's tests in a browser of the machine.
{
  nodejs,
  writeShellApplication,
}:
{
  name,
  # by npmPackage
  package,
  test,
  # a page that is opened too
  playground ? "",
  description,
}:
writeShellApplication {
  inherit name;
  runtimeInputs = [ nodejs ];
  text = ''
    export PROGRAM=${name} PACKAGE=${package}/package TEST=${test} PLAYGROUND=${playground}
    exec node ${./browser.mjs} "$@"
  '';
  meta = { inherit description; };
}
