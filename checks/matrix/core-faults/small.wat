;; Functions that go wrong in one way each, and one that does not.
(module
  (memory (export "memory") 1)

  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))

  (func (export "divide") (param i32 i32) (result i32)
    (i32.div_u (local.get 0) (local.get 1)))

  (func (export "load") (param i32) (result i32)
    (i32.load (local.get 0)))

  (func (export "fail") unreachable)

  ;; The result is used after the call: a compiler must not turn this into a loop.
  (func $deeper (export "deeper") (param $n i32) (result i32)
    (i32.store (i32.const 0) (local.get $n))
    (i32.add
      (call $deeper (i32.add (local.get $n) (i32.const 1)))
      (i32.load (i32.const 0))))

  (func (export "hang")
    (loop $again
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (br $again)))

  ;; Grows memory by so many pages and writes to each; returns 0, or 1 if it cannot grow.
  (func (export "fill") (param $pages i32) (result i32)
    (local $address i32)
    (local.set $address (i32.mul (memory.size) (i32.const 65536)))
    (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1))
      (then (return (i32.const 1))))
    (loop $next
      (memory.fill (local.get $address) (i32.const 1) (i32.const 65536))
      (local.set $address (i32.add (local.get $address) (i32.const 65536)))
      (local.set $pages (i32.sub (local.get $pages) (i32.const 1)))
      (br_if $next (local.get $pages)))
    (i32.const 0))

  (func (export "long") (param i64)))
