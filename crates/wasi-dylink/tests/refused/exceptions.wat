;; /lib/exceptions.so is not a side module for this program: it uses WebAssembly's exceptions: build it without `-fwasm-exceptions`, and Rust with `panic=abort`
(module
  (@dylink.0 (mem-info))
  (import "env" "__cpp_exception" (tag (param i32))))
