;; The program: an allocator that gives dirty memory, some symbols, and ways for the host to call
;; through it.
(module
  (import "env" "dlopen" (func $dlopen (param i32 i32) (result i32)))
  (import "env" "dlsym" (func $dlsym (param i32 i32) (result i32)))
  (import "env" "dlclose" (func $dlclose (param i32) (result i32)))
  (import "env" "dlerror" (func $dlerror (result i32)))

  (memory (export "memory") 2 16)
  (table $table (export "__indirect_function_table") 4 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global $heap (mut i32) (i32.const 70000)) ;; a multiple of 16, and not of 32
  (global $allocated (export "allocated") (mut i32) (i32.const 0))
  (global $log (export "log") (mut i32) (i32.const 0))

  ;; int number = 7, and a pointer to it as the program's own code has it
  (global (export "number") i32 (i32.const 1024))
  (data (i32.const 1024) "\07\00\00\00")
  ;; in the program and in shadow.wat
  (global (export "shadowed") i32 (i32.const 1028))
  (data (i32.const 1028) "\01\00\00\00")

  (func $add (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func (export "whose") (result i32) i32.const 1)
  ;; the program takes the address of `add` itself, so it has one before anything is loaded
  (elem (i32.const 3) $add)

  ;; constructors write down their digit
  (func (export "note") (param i32)
    (global.set $log (i32.add (i32.mul (global.get $log) (i32.const 10)) (local.get 0))))

  ;; as wasi-libc has them
  (func (export "__wasi_random_get") (param i32 i32) (result i32)
    (memory.fill (local.get 0) (i32.const 0x2a) (local.get 1))
    (i32.const 0))
  (func (export "__wasi_path_unlink_file") (param i32 i32) (result i32) (i32.const 0))

  (func (export "malloc") (param $size i32) (result i32)
    (local $block i32)
    (local.set $block (global.get $heap))
    (if (i32.gt_u (local.get $size) (i32.const 1000000)) (then (return (i32.const 0))))
    (global.set $heap (i32.add (global.get $heap)
      (i32.and (i32.add (local.get $size) (i32.const 15)) (i32.const -16))))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.const 8)))))
    (memory.fill (local.get $block) (i32.const 0xaa) (local.get $size))
    (global.set $allocated (i32.add (global.get $allocated) (i32.const 1)))
    (local.get $block))
  (func (export "free") (param i32)
    (global.set $allocated (i32.sub (global.get $allocated) (i32.const 1))))

  (func (export "open") (param i32 i32) (result i32) (call $dlopen (local.get 0) (local.get 1)))
  (func (export "sym") (param i32 i32) (result i32) (call $dlsym (local.get 0) (local.get 1)))
  (func (export "close") (param i32) (result i32) (call $dlclose (local.get 0)))
  (func (export "error") (result i32) (call $dlerror))
  (func (export "call0") (param i32) (result i32)
    (call_indirect (result i32) (local.get 0)))
  (func (export "call1") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 1) (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
