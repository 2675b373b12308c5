;; The four functions of a host that loads modules, for a program that calls none of them.
(module
  (func (export "dlopen") (param i32 i32) (result i32) unreachable)
  (func (export "dlsym") (param i32 i32) (result i32) unreachable)
  (func (export "dlclose") (param i32) (result i32) unreachable)
  (func (export "dlerror") (result i32) unreachable))
