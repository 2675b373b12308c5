use std::num::NonZero;
use std::thread::available_parallelism;

use llguidance::toktrie::TokenId;
use pyo3::exceptions::PyValueError;
use pyo3::types::{PyAnyMethods, PyList, PyListMethods, PyTuple, PyTupleMethods};
use pyo3::{Bound, PyRefMut, PyResult, Python, pyclass, pymethods};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::mask::Target;
use crate::matcher::LLMatcher;

/// Works on a batch of matchers at once, on several threads where there are any.
#[pyclass(module = "llguidance", frozen)]
pub struct LLExecutor {
    /// Without one, everything happens on the caller's thread.
    pool: Option<ThreadPool>,
}

impl LLExecutor {
    /// The results of an action on each matcher of the batch, in its order.
    fn each<'a, J: Send, T: Send>(
        &self,
        py: Python<'_>,
        jobs: Vec<(&'a mut LLMatcher, J)>,
        action: impl Fn(&'a mut LLMatcher, J) -> T + Sync + Send,
    ) -> Vec<T> {
        py.detach(|| match &self.pool {
            Some(pool) if jobs.len() > 1 => pool.install(|| {
                jobs.into_par_iter()
                    .map(|(matcher, job)| action(matcher, job))
                    .collect()
            }),
            _ => jobs
                .into_iter()
                .map(|(matcher, job)| action(matcher, job))
                .collect(),
        })
    }
}

#[pymethods]
impl LLExecutor {
    /// `num_threads` are those of the machine if it is not given. Where threads cannot be made,
    /// as in WASI, there is one.
    #[new]
    #[pyo3(signature = (num_threads = None))]
    fn new(num_threads: Option<usize>) -> Self {
        let threads = num_threads
            .filter(|threads| *threads > 0)
            .unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get));
        Self {
            pool: (threads > 1)
                .then(|| ThreadPoolBuilder::new().num_threads(threads).build().ok())
                .flatten(),
        }
    }

    /// Writes the mask of each `(matcher, index)` into the row of that index, of
    /// `trg_batch_size` rows of `one_mask_bytes` from the address on.
    fn unsafe_compute_mask_ptr(
        &self,
        py: Python<'_>,
        interpreters: &Bound<'_, PyList>,
        trg_ptr: usize,
        one_mask_bytes: usize,
        trg_batch_size: usize,
    ) -> PyResult<()> {
        let mut batch = Batch::of(interpreters, 2)?;
        let target = batch.target(trg_ptr, one_mask_bytes)?;
        let mut rows = Vec::new();
        for tuple in interpreters.iter() {
            let row: usize = tuple.get_item(1)?.extract()?;
            check_rows(row, 1, trg_batch_size)?;
            rows.push(target.at(row));
        }
        // SAFETY: the rows lie in the caller's memory, and each matcher writes its own.
        self.each(py, batch.with(rows), |matcher, row| unsafe {
            matcher.write_mask(row);
        });
        Ok(())
    }

    /// As `unsafe_compute_mask_ptr`, for `(matcher, index, draft tokens)`: the rows after that of
    /// the index get the masks after each of the tokens.
    fn unsafe_compute_mask_ptr_with_draft_token(
        &self,
        py: Python<'_>,
        interpreters: &Bound<'_, PyList>,
        trg_ptr: usize,
        one_mask_bytes: usize,
        trg_batch_size: usize,
    ) -> PyResult<()> {
        let mut batch = Batch::of(interpreters, 3)?;
        let target = batch.target(trg_ptr, one_mask_bytes)?;
        let mut drafts: Vec<(Target, Vec<TokenId>)> = Vec::new();
        for tuple in interpreters.iter() {
            let row: usize = tuple.get_item(1)?.extract()?;
            let draft: Vec<TokenId> = tuple.get_item(2)?.extract()?;
            if draft.is_empty() {
                return Err(PyValueError::new_err("Draft tokens must not be empty"));
            }
            check_rows(row, draft.len() + 1, trg_batch_size)?;
            drafts.push((target.at(row), draft));
        }
        // SAFETY: the rows lie in the caller's memory, and each matcher writes its own.
        self.each(py, batch.with(drafts), |matcher, (rows, draft)| unsafe {
            matcher.write_masks(rows, &draft);
        });
        Ok(())
    }

    /// Takes the token of each `(matcher, token)`, and says of each whether the grammar did.
    fn consume_token_par(
        &self,
        py: Python<'_>,
        matchers_and_tokens: &Bound<'_, PyList>,
    ) -> PyResult<Vec<bool>> {
        if matchers_and_tokens.is_empty() {
            return Err(PyValueError::new_err("No matchers"));
        }
        let mut batch = Batch::of(matchers_and_tokens, 2)?;
        let tokens: Vec<TokenId> = matchers_and_tokens
            .iter()
            .map(|tuple| tuple.get_item(1)?.extract())
            .collect::<PyResult<_>>()?;
        Ok(self.each(py, batch.with(tokens), LLMatcher::consume))
    }
}

/// The matchers of a batch, each of which is borrowed, so that none is in it twice.
struct Batch<'py> {
    matchers: Vec<PyRefMut<'py, LLMatcher>>,
}

impl<'py> Batch<'py> {
    /// The first items of tuples that have `length` items.
    fn of(tuples: &Bound<'py, PyList>, length: usize) -> PyResult<Self> {
        if tuples.is_empty() {
            return Err(PyValueError::new_err("No interpreters"));
        }
        let matchers = tuples
            .iter()
            .map(|tuple| {
                let tuple = tuple.cast::<PyTuple>()?;
                if tuple.len() != length {
                    let third = if length == 3 { ", List[int]" } else { "" };
                    return Err(PyValueError::new_err(format!(
                        "Expecting (LLMatcher, int{third}) tuple"
                    )));
                }
                let matcher = tuple.get_item(0)?;
                let matcher = matcher.cast::<LLMatcher>()?;
                Ok(matcher.try_borrow_mut()?)
            })
            .collect::<PyResult<_>>()?;
        Ok(Self { matchers })
    }

    /// The caller's memory, whose rows must suit the vocabularies of all.
    fn target(&self, address: usize, mask_size: usize) -> PyResult<Target> {
        let mut target = None;
        for matcher in &self.matchers {
            target = Some(Target::new(address, mask_size, matcher.vocab_size())?);
        }
        target.ok_or_else(|| PyValueError::new_err("No interpreters"))
    }

    fn with<J>(&mut self, jobs: Vec<J>) -> Vec<(&mut LLMatcher, J)> {
        self.matchers
            .iter_mut()
            .map(|matcher| &mut **matcher)
            .zip(jobs)
            .collect()
    }
}

/// Refuses rows that are not in the caller's memory.
fn check_rows(first: usize, count: usize, batch_size: usize) -> PyResult<()> {
    match first.checked_add(count) {
        Some(end) if end <= batch_size => Ok(()),
        _ => Err(PyValueError::new_err("Target index out of bounds")),
    }
}
