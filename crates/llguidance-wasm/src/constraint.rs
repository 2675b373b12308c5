//! The constraints of the C ABI, of which several are computed one after the other.
//!
//! llguidance's own `llg_par_compute_mask` refuses where there are no threads, and what its handles
//! have inside is its own: so all functions on constraints are here, each in the place of the one with
//! its name, by the linker's `--wrap`.

use std::ffi::{CStr, CString, c_char, c_void};

use anyhow::{Context as _, ensure};

use llguidance::api::TopLevelGrammar;
use llguidance::ffi::{LlgCallback, LlgCommitResult, LlgConstraintInit, LlgMaskResult, LlgToken};
use llguidance::toktrie::SimpleVob;
use llguidance::{CommitResult, Constraint};

/// A handle on a constraint, or on the reason that there is none.
#[derive(Clone)]
pub struct LlgConstraint {
    constraint: Result<Constraint, CString>,
    logs: CString,
    commit: CommitResult,
}

/// A constraint, and where its mask is wanted.
#[repr(C)]
pub struct LlgConstraintStep {
    constraint: *mut LlgConstraint,
    mask_dest: *mut u32,
    mask_byte_len: usize,
}

impl LlgConstraint {
    /// Calls what may fail, and then leaves the constraint in its error. A result is 0, an error -1.
    fn call(&mut self, f: impl FnOnce(&mut Constraint) -> anyhow::Result<()>) -> i32 {
        if let Ok(constraint) = &mut self.constraint
            && let Err(error) = f(constraint)
        {
            self.constraint = Err(message(&error.to_string()));
        }
        if self.constraint.is_ok() { 0 } else { -1 }
    }
}

/// The text at `at`, of which an error says `what` it is.
///
/// # Safety
/// `at` is null or a C string that outlives the result.
unsafe fn text<'a>(at: *const c_char, what: &str) -> anyhow::Result<&'a str> {
    ensure!(!at.is_null(), "{what} is null");
    // SAFETY: it is a C string, by this function's contract.
    let text = unsafe { CStr::from_ptr(at) };
    text.to_str()
        .with_context(|| format!("Invalid UTF-8 in {what}"))
}

/// A message as C has it, in which a NUL is `\0`.
fn message(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

/// Makes a constraint of a type.
///
/// # Safety
/// `data` is null or a C string.
unsafe fn of(init: &LlgConstraintInit, tag: &str, data: *const c_char) -> *mut LlgConstraint {
    let constraint = || -> anyhow::Result<Constraint> {
        // SAFETY: by this function's contract.
        let grammar = TopLevelGrammar::from_tagged_str(tag, unsafe { text(data, tag)? })?;
        init.build_constraint(grammar)
    };
    Box::into_raw(Box::new(LlgConstraint {
        constraint: constraint().map_err(|error| message(&error.to_string())),
        logs: CString::default(),
        commit: CommitResult::default(),
    }))
}

/// Makes a constraint by llguidance's own JSON.
///
/// # Safety
/// `data` is null or a C string.
#[unsafe(export_name = "__wrap_llg_new_constraint")]
pub unsafe extern "C" fn new(init: &LlgConstraintInit, data: *const c_char) -> *mut LlgConstraint {
    // SAFETY: by this function's contract.
    unsafe { of(init, "llguidance", data) }
}

/// Makes a constraint by an expression.
///
/// # Safety
/// `data` is null or a C string.
#[unsafe(export_name = "__wrap_llg_new_constraint_regex")]
pub unsafe extern "C" fn new_regex(
    init: &LlgConstraintInit,
    data: *const c_char,
) -> *mut LlgConstraint {
    // SAFETY: by this function's contract.
    unsafe { of(init, "regex", data) }
}

/// Makes a constraint by a JSON Schema.
///
/// # Safety
/// `data` is null or a C string.
#[unsafe(export_name = "__wrap_llg_new_constraint_json")]
pub unsafe extern "C" fn new_json(
    init: &LlgConstraintInit,
    data: *const c_char,
) -> *mut LlgConstraint {
    // SAFETY: by this function's contract.
    unsafe { of(init, "json_schema", data) }
}

/// Makes a constraint by a Lark grammar.
///
/// # Safety
/// `data` is null or a C string.
#[unsafe(export_name = "__wrap_llg_new_constraint_lark")]
pub unsafe extern "C" fn new_lark(
    init: &LlgConstraintInit,
    data: *const c_char,
) -> *mut LlgConstraint {
    // SAFETY: by this function's contract.
    unsafe { of(init, "lark", data) }
}

/// Makes a constraint of the type that is named.
///
/// # Safety
/// `tag` and `data` are null or C strings.
#[unsafe(export_name = "__wrap_llg_new_constraint_any")]
pub unsafe extern "C" fn new_any(
    init: &LlgConstraintInit,
    tag: *const c_char,
    data: *const c_char,
) -> *mut LlgConstraint {
    // SAFETY: by this function's contract.
    match unsafe { text(tag, "constraint_type") } {
        // SAFETY: the same.
        Ok(tag) => unsafe { of(init, tag, data) },
        Err(error) => Box::into_raw(Box::new(LlgConstraint {
            constraint: Err(message(&error.to_string())),
            logs: CString::default(),
            commit: CommitResult::default(),
        })),
    }
}

/// Makes another constraint in the same state.
#[unsafe(export_name = "__wrap_llg_clone_constraint")]
pub extern "C" fn clone(constraint: &LlgConstraint) -> *mut LlgConstraint {
    Box::into_raw(Box::new(constraint.clone()))
}

/// Frees a constraint.
///
/// # Safety
/// `constraint` is null or a handle that is not used again.
#[unsafe(export_name = "__wrap_llg_free_constraint")]
pub unsafe extern "C" fn free(constraint: *mut LlgConstraint) {
    if !constraint.is_null() {
        // SAFETY: handles come from `Box::into_raw`, and this one is not used again.
        drop(unsafe { Box::from_raw(constraint) });
    }
}

/// The error's message, which stays where it is.
#[unsafe(export_name = "__wrap_llg_get_error")]
pub extern "C" fn get_error(constraint: &LlgConstraint) -> *const c_char {
    match &constraint.constraint {
        Ok(_) => std::ptr::null(),
        Err(message) => message.as_ptr(),
    }
}

/// The temperature that the grammar asks for.
#[unsafe(export_name = "__wrap_llg_get_temperature")]
pub extern "C" fn temperature(constraint: &LlgConstraint) -> f32 {
    constraint
        .constraint
        .as_ref()
        .map_or(0.0, |constraint| constraint.temperature)
}

/// Whether nothing may follow.
#[unsafe(export_name = "__wrap_llg_is_stopped")]
pub extern "C" fn is_stopped(constraint: &LlgConstraint) -> bool {
    constraint
        .constraint
        .as_ref()
        .map_or(true, |constraint| constraint.step_result().is_stop())
}

/// Computes a mask.
#[unsafe(export_name = "__wrap_llg_compute_mask")]
pub extern "C" fn compute_mask(constraint: &mut LlgConstraint, result: &mut LlgMaskResult) -> i32 {
    constraint.call(|inner| {
        let step = inner.compute_mask()?;
        let mask = step.sample_mask.as_ref();
        let (sample_mask, is_stop) = (
            mask.map_or(std::ptr::null(), SimpleVob::as_ptr),
            step.is_stop(),
        );
        *result = LlgMaskResult {
            sample_mask,
            temperature: inner.temperature,
            is_stop,
        };
        Ok(())
    })
}

/// Advances by a token, and says which are forced after it.
#[unsafe(export_name = "__wrap_llg_commit_token")]
pub extern "C" fn commit_token(
    constraint: &mut LlgConstraint,
    token: LlgToken,
    result: &mut LlgCommitResult,
) -> i32 {
    let mut commit = None;
    let code = constraint.call(|inner| {
        let known = (token as usize) < inner.tok_trie().vocab_size();
        commit = Some(inner.commit_token(known.then_some(token))?);
        Ok(())
    });
    if let Some(commit) = commit {
        constraint.commit = commit;
        *result = LlgCommitResult::from_commit_result(&constraint.commit);
    }
    code
}

/// Computes masks one after the other, and then calls `done`.
///
/// What a buffer has beyond a mask is zero; of a constraint that has stopped only the end token is set.
///
/// # Safety
/// `steps` is null or has `count` of them, each with a handle, or null, and its bytes.
#[unsafe(export_name = "__wrap_llg_par_compute_mask")]
pub unsafe extern "C" fn par_compute_mask(
    steps: *const LlgConstraintStep,
    count: usize,
    user_data: *const c_void,
    done: LlgCallback,
) {
    let steps = if steps.is_null() {
        &[]
    } else {
        // SAFETY: by this function's contract.
        unsafe { std::slice::from_raw_parts(steps, count) }
    };
    for step in steps {
        // SAFETY: by this function's contract.
        let Some(constraint) = (unsafe { step.constraint.as_mut() }) else {
            continue;
        };
        constraint.call(|inner| {
            ensure!(
                step.mask_byte_len.is_multiple_of(size_of::<u32>()),
                "llg_par_compute_mask: mask_byte_len is not a multiple of 4"
            );
            ensure!(
                !step.mask_dest.is_null(),
                "llg_par_compute_mask: mask_dest is null"
            );
            let words = step.mask_byte_len / size_of::<u32>();
            // SAFETY: by this function's contract, and because zeroes are words.
            let to = unsafe {
                step.mask_dest.write_bytes(0, words);
                std::slice::from_raw_parts_mut(step.mask_dest, words)
            };
            let end = inner.tok_trie().eos_token() as usize;
            let result = inner.compute_mask()?;
            if let Some(mask) = &result.sample_mask {
                let mask = mask.as_slice();
                let common = mask.len().min(words);
                to[..common].copy_from_slice(&mask[..common]);
            }
            if result.is_stop()
                && let Some(word) = to.get_mut(end / 32)
            {
                *word |= 1 << (end % 32);
            }
            Ok(())
        });
    }
    if let Some(done) = done {
        done(user_data);
    }
}

/// What was logged since the last time.
#[unsafe(export_name = "__wrap_llg_flush_logs")]
pub extern "C" fn flush_logs(constraint: &mut LlgConstraint) -> *const c_char {
    if let Ok(inner) = &mut constraint.constraint {
        constraint.logs = message(&inner.flush_logs());
    }
    constraint.logs.as_ptr()
}
