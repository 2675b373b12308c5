# CPython for WASI passes its own tests, those that take the least time.
{ packages }:
{
  cpython-wasi = packages.cpython-wasi-tests.quick;
}
