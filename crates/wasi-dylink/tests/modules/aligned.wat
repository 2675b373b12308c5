;; data aligned to 4096 bytes, functions to 8 slots
(module
  (@dylink.0 (mem-info (memory 8 12) (table 1 3)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $memory i32))
  (import "env" "__table_base" (global $table i32))
  (func $one (result i32) i32.const 1)
  (elem (global.get $table) func $one)
  (func (export "memory_base") (result i32) global.get $memory)
  (func (export "table_base") (result i32) global.get $table))
