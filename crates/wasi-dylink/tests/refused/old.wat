;; /lib/old.so is not a side module for this program: it has the section `dylink` of old tools: link it with LLVM 13 or newer
(module
  (@custom "dylink" (before first) "\00\00\00\00\00"))
