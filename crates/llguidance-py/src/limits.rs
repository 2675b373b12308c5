use llguidance::api::ParserLimits;
use pyo3::{pyclass, pymethods};

/// How much work and memory a grammar may take; what is not given has llguidance's default.
#[pyclass(module = "llguidance", frozen)]
#[derive(Clone, Default)]
pub struct LLParserLimits {
    pub(crate) limits: ParserLimits,
}

impl LLParserLimits {
    /// The limits that an optional argument stands for.
    pub(crate) fn of(limits: Option<&Self>) -> ParserLimits {
        limits.cloned().unwrap_or_default().limits
    }
}

#[pymethods]
impl LLParserLimits {
    #[new]
    #[pyo3(signature = (
        *,
        max_items_in_row = None,
        initial_lexer_fuel = None,
        step_lexer_fuel = None,
        step_max_items = None,
        max_lexer_states = None,
        max_grammar_size = None,
        precompute_large_lexemes = None,
        verbose_errors = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "one for each limit")]
    fn new(
        max_items_in_row: Option<usize>,
        initial_lexer_fuel: Option<u64>,
        step_lexer_fuel: Option<u64>,
        step_max_items: Option<usize>,
        max_lexer_states: Option<usize>,
        max_grammar_size: Option<usize>,
        precompute_large_lexemes: Option<bool>,
        verbose_errors: Option<bool>,
    ) -> Self {
        let default = ParserLimits::default();
        Self {
            limits: ParserLimits {
                max_items_in_row: max_items_in_row.unwrap_or(default.max_items_in_row),
                initial_lexer_fuel: initial_lexer_fuel.unwrap_or(default.initial_lexer_fuel),
                step_lexer_fuel: step_lexer_fuel.unwrap_or(default.step_lexer_fuel),
                step_max_items: step_max_items.unwrap_or(default.step_max_items),
                max_lexer_states: max_lexer_states.unwrap_or(default.max_lexer_states),
                max_grammar_size: max_grammar_size.unwrap_or(default.max_grammar_size),
                precompute_large_lexemes: precompute_large_lexemes
                    .unwrap_or(default.precompute_large_lexemes),
                verbose_errors: verbose_errors.unwrap_or(default.verbose_errors),
            },
        }
    }

    /// Branches of the grammar that are followed at once.
    #[getter]
    fn max_items_in_row(&self) -> usize {
        self.limits.max_items_in_row
    }

    /// Work to build the lexer.
    #[getter]
    fn initial_lexer_fuel(&self) -> u64 {
        self.limits.initial_lexer_fuel
    }

    /// Work of the lexer for one mask.
    #[getter]
    fn step_lexer_fuel(&self) -> u64 {
        self.limits.step_lexer_fuel
    }

    /// Earley items for one mask.
    #[getter]
    fn step_max_items(&self) -> usize {
        self.limits.step_max_items
    }

    /// States of the lexer, of one to two kilobytes each.
    #[getter]
    fn max_lexer_states(&self) -> usize {
        self.limits.max_lexer_states
    }

    /// Symbols in the grammar's productions.
    #[getter]
    fn max_grammar_size(&self) -> usize {
        self.limits.max_grammar_size
    }

    /// Whether large regular expressions are tried on the whole vocabulary beforehand.
    #[getter]
    fn precompute_large_lexemes(&self) -> bool {
        self.limits.precompute_large_lexemes
    }

    /// Whether errors have the state and the grammar in them.
    #[getter]
    fn verbose_errors(&self) -> bool {
        self.limits.verbose_errors
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.limits)
    }
}
