;; Defines symbols that the program has too: an address is the program's, as in ELF.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "shadowed" (global $shadowed (mut i32)))
  (import "GOT.func" "whose" (global $whose (mut i32)))
  (data (global.get $base) "\02\00\00\00")
  (global (export "shadowed") i32 (i32.const 0))
  (func (export "whose") (result i32) i32.const 2)
  (func (export "shadowed_pointer") (result i32) global.get $shadowed)
  (func (export "whose_pointer") (result i32) global.get $whose))
