//! What a node may use while its own code runs: memory and time.

use std::cell::{Cell, RefCell};
use std::ffi::c_char;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline::Deadline;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::{IntoPyObjectExt, ffi};

use crate::{interpreter, memory};

thread_local! {
    /// Whether a node's own code runs.
    static ENFORCED: Cell<bool> = const { Cell::new(false) };
    static DEADLINE: RefCell<Deadline> = RefCell::new(Deadline::default());
    /// Events until the clock is looked at again.
    static UNTIL_CLOCK: Cell<u32> = const { Cell::new(0) };
}

/// Looking at the clock costs as much as some events of the interpreter.
const EVENTS_PER_CLOCK: u32 = 32;

/// Runs a node's own code within the limits.
pub(crate) fn within<T>(
    py: Python<'_>,
    deadline: &Deadline,
    code: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    watch(py, deadline.remaining().is_some())?;
    DEADLINE.set(deadline.clone());
    UNTIL_CLOCK.set(0);
    ENFORCED.set(true);
    let result = memory::catchable(code);
    ENFORCED.set(false);
    result
}

static OUT_OF_TIME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn out_of_time(py: Python<'_>) -> PyResult<&Py<PyAny>> {
    OUT_OF_TIME.get_or_try_init(py, || {
        Ok(interpreter::running(py)?
            .getattr("DeadlineExceeded")?
            .unbind())
    })
}

/// Whether this is what ends a node that is out of time.
pub(crate) fn is_out_of_time(py: Python<'_>, error: &PyErr) -> bool {
    out_of_time(py).is_ok_and(|kind| error.is_instance(py, kind.bind(py)))
}

/// Has the interpreter call [`on_event`] at each backward jump and call, or no longer. Without
/// threads and signals nothing else can stop a loop; without a deadline it costs nothing.
fn watch(py: Python<'_>, wanted: bool) -> PyResult<()> {
    /// A number that `sys.monitoring` has given to no kind of tools.
    const TOOL: u32 = 4;
    static WATCHING: AtomicBool = AtomicBool::new(false);

    if WATCHING.swap(wanted, Ordering::Relaxed) == wanted {
        return Ok(());
    }
    let monitoring = py.import("sys")?.getattr("monitoring")?;
    if !wanted {
        monitoring.call_method1("free_tool_id", (TOOL,))?;
        return Ok(());
    }
    out_of_time(py)?;
    monitoring.call_method1("use_tool_id", (TOOL, "deadline"))?;
    let function = function(py, &ON_EVENT)?;
    let events = monitoring.getattr("events")?;
    let mut wanted_events = 0u32;
    for name in ["JUMP", "PY_START", "PY_RESUME"] {
        let event: u32 = events.getattr(name)?.extract()?;
        monitoring.call_method1("register_callback", (TOOL, event, &function))?;
        wanted_events |= event;
    }
    monitoring.call_method1("set_events", (TOOL, wanted_events.into_bound_py_any(py)?))?;
    Ok(())
}

/// A function of Python's that is here.
struct Definition(ffi::PyMethodDef);

// SAFETY: it is never changed, and its pointers are to what lives as long as the program.
unsafe impl Sync for Definition {}

static ON_EVENT: Definition = Definition(ffi::PyMethodDef {
    ml_name: c"on_event".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer {
        PyCFunctionFast: on_event,
    },
    ml_flags: ffi::METH_FASTCALL,
    ml_doc: ptr::null::<c_char>(),
});

static SLEEP: Definition = Definition(ffi::PyMethodDef {
    ml_name: c"sleep".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: sleep },
    ml_flags: ffi::METH_O,
    ml_doc: ptr::null::<c_char>(),
});

fn function<'py>(py: Python<'py>, definition: &'static Definition) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the definition is static, and the interpreter only reads it.
    unsafe {
        let function = ffi::PyCFunction_NewEx(
            (&raw const definition.0).cast_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, function)
    }
}

unsafe extern "C" fn on_event(
    _self: *mut ffi::PyObject,
    _arguments: *mut *mut ffi::PyObject,
    _count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    let left = UNTIL_CLOCK.get();
    if left == 0 {
        if ENFORCED.get() && DEADLINE.with_borrow(Deadline::passed) {
            // SAFETY: the interpreter calls this, so it is attached; the exception's type was looked
            // up before the first event.
            unsafe {
                let py = Python::assume_attached();
                if let Some(kind) = OUT_OF_TIME.get(py) {
                    ffi::PyErr_SetNone(kind.as_ptr());
                    return ptr::null_mut();
                }
            }
        }
        UNTIL_CLOCK.set(EVENTS_PER_CLOCK);
    } else {
        UNTIL_CLOCK.set(left - 1);
    }
    // SAFETY: None lives as long as the interpreter, which is calling.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

static TIME_SLEEP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Has `time.sleep` end where the node's time does: while it waits there are no events.
pub(crate) fn bound_sleep(py: Python<'_>) -> PyResult<()> {
    let time = py.import("time")?;
    TIME_SLEEP.get_or_try_init(py, || Ok::<_, PyErr>(time.getattr("sleep")?.unbind()))?;
    time.setattr("sleep", function(py, &SLEEP)?)
}

unsafe extern "C" fn sleep(
    _self: *mut ffi::PyObject,
    seconds: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this, so it is attached, and lends the argument.
    let (py, seconds) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, seconds))
    };
    match bounded_sleep(py, &seconds) {
        Ok(none) => none.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

fn bounded_sleep<'py>(py: Python<'py>, seconds: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let sleep = TIME_SLEEP
        .get(py)
        .ok_or_else(|| PyRuntimeError::new_err("time.sleep is not there"))?
        .bind(py);
    let left = ENFORCED
        .get()
        .then(|| DEADLINE.with_borrow(Deadline::remaining))
        .flatten()
        .map(|left| left.as_secs_f64());
    // What is no number `time.sleep` itself refuses.
    match (left, seconds.extract::<f64>()) {
        (Some(left), Ok(wanted)) if wanted > left => {
            sleep.call1((left,))?;
            let kind = out_of_time(py)?.bind(py);
            Err(PyErr::from_value(kind.call0()?))
        }
        _ => sleep.call1((seconds,)),
    }
}
