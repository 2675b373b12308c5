use llguidance::JsonCompileOptions;
use llguidance::api::TopLevelGrammar;
use pyo3::exceptions::PyValueError;
use pyo3::{PyResult, pyclass, pymethods};
use serde_json::Value;

use crate::grammar::serialized;

/// Compiles JSON schemas to grammars. Deprecated: `LLMatcher.grammar_from_json_schema`.
#[pyclass(module = "llguidance", frozen)]
#[derive(Clone)]
pub struct JsonCompiler {
    options: JsonCompileOptions,
}

#[pymethods]
impl JsonCompiler {
    #[new]
    #[pyo3(signature = (
        separators = None,
        whitespace_flexible = false,
        coerce_one_of = false,
        whitespace_pattern = None,
        json_allowed_escapes = None,
        json_allow_general_unicode_escapes = false,
    ))]
    fn new(
        separators: Option<(String, String)>,
        whitespace_flexible: bool,
        coerce_one_of: bool,
        whitespace_pattern: Option<String>,
        json_allowed_escapes: Option<String>,
        json_allow_general_unicode_escapes: bool,
    ) -> Self {
        // Without flexible whitespace, as json.dumps writes it
        let (item_separator, key_separator) = separators.unwrap_or_else(|| {
            if whitespace_flexible {
                (",".into(), ":".into())
            } else {
                (", ".into(), ": ".into())
            }
        });
        Self {
            options: JsonCompileOptions {
                item_separator,
                key_separator,
                whitespace_flexible,
                whitespace_pattern,
                coerce_one_of,
                lenient: false,
                json_allowed_escapes,
                json_allow_general_unicode_escapes,
                retriever: None,
            },
        }
    }

    /// The grammar of a schema, given as JSON; `ValueError` if it does not compile.
    #[pyo3(signature = (schema, check = true))]
    fn compile(&self, schema: &str, check: bool) -> PyResult<String> {
        let mut schema: Value = serde_json::from_str(schema).map_err(crate::value_error)?;
        if !schema.is_object() {
            return Err(PyValueError::new_err(
                "the schema is not a JSON object, so no options can be added to it",
            ));
        }
        self.options.apply_to(&mut schema);
        serialized(TopLevelGrammar::from_json_schema(schema), check)
    }
}

/// Compiles Lark grammars. Deprecated: `LLMatcher.grammar_from_lark`.
#[pyclass(module = "llguidance", frozen)]
#[derive(Clone, Copy)]
pub struct LarkCompiler;

#[pymethods]
impl LarkCompiler {
    #[new]
    fn new() -> Self {
        Self
    }

    /// The grammar as JSON; `ValueError` if it does not compile.
    #[pyo3(signature = (lark, check = true))]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::unused_self,
        reason = "a method, as in the published interface"
    )]
    fn compile(&self, lark: String, check: bool) -> PyResult<String> {
        serialized(TopLevelGrammar::from_lark(lark), check)
    }
}

/// Compiles regular expressions. Deprecated: `LLMatcher.grammar_from_regex`.
#[pyclass(module = "llguidance", frozen)]
#[derive(Clone, Copy)]
pub struct RegexCompiler;

#[pymethods]
impl RegexCompiler {
    #[new]
    fn new() -> Self {
        Self
    }

    /// The grammar as JSON; `ValueError` if it does not compile.
    #[pyo3(signature = (regex, check = true))]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::unused_self,
        reason = "a method, as in the published interface"
    )]
    fn compile(&self, regex: &str, check: bool) -> PyResult<String> {
        serialized(TopLevelGrammar::from_regex(regex), check)
    }
}
