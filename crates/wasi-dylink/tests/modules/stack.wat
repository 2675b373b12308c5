;; Takes 16 bytes of the program's stack, and says where they are.
(module
  (@dylink.0 (mem-info))
  (import "env" "__stack_pointer" (global $stack (mut i32)))
  (func (export "frame") (result i32)
    (local $frame i32)
    (global.set $stack (i32.sub (global.get $stack) (i32.const 16)))
    (local.set $frame (global.get $stack))
    (global.set $stack (i32.add (global.get $stack) (i32.const 16)))
    (local.get $frame)))
