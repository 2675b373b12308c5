;; exits 126
;; says exports no function _start or main
(module (func (export "run")))
