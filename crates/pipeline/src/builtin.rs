//! The nodes that there always are. What they do, to the last digit, is the original's.

use serde_json::{Map, Number, Value, json};

use crate::manifest;
use crate::node::{Context, Node, NodeError, NodeFactory};

/// Makes the nodes of this module, unless the manifest asks for a Python node of the same name.
pub struct Builtin;

const TYPES: [&str; 6] = [
    "PassThrough",
    "PassThroughNode",
    "Echo",
    "CalculatorNode",
    "MultiplyNode",
    "AddNode",
];

impl NodeFactory for Builtin {
    fn create(
        &self,
        node: &manifest::Node,
        _context: &Context,
    ) -> Option<Result<Box<dyn Node>, NodeError>> {
        if node.runtime_hint.is_python() {
            return None;
        }
        let params = &node.params;
        let created: Result<Box<dyn Node>, NodeError> = match node.node_type.as_str() {
            "PassThrough" | "PassThroughNode" => Ok(Box::new(PassThrough)),
            "Echo" => Ok(Box::new(Echo { counter: 0 })),
            "CalculatorNode" => Calculator::new(params).map(|node| Box::new(node) as _),
            "MultiplyNode" => multiply(params).map(|node| Box::new(node) as _),
            "AddNode" => add(params).map(|node| Box::new(node) as _),
            _ => return None,
        };
        Some(created)
    }

    fn node_types(&self) -> Vec<String> {
        TYPES.map(str::to_owned).to_vec()
    }
}

/// `PassThrough` and `PassThroughNode`: gives what it takes.
struct PassThrough;

impl Node for PassThrough {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        Ok(vec![item])
    }
}

/// `Echo`: numbers its items from 1.
struct Echo {
    counter: u64,
}

impl Node for Echo {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        self.counter += 1;
        Ok(vec![json!({
            "input": item,
            "counter": self.counter,
            "node": "Echo",
        })])
    }
}

/// `CalculatorNode`: `operation`, which is `add`, and `operand`, which is 0, on numbers and on
/// strings. A string that is no number counts as 0; anything else passes through.
struct Calculator {
    operation: Operation,
    operand: f64,
}

#[derive(Clone, Copy)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Any other word.
    Identity,
}

impl Calculator {
    fn new(params: &Map<String, Value>) -> Result<Self, NodeError> {
        let operation = match params.get("operation") {
            None => Operation::Add,
            Some(Value::String(name)) => match name.as_str() {
                "add" => Operation::Add,
                "subtract" => Operation::Subtract,
                "multiply" => Operation::Multiply,
                "divide" => Operation::Divide,
                _ => Operation::Identity,
            },
            Some(other) => {
                return Err(NodeError::parameter(format!(
                    "params.operation must be \"add\", \"subtract\", \"multiply\" or \"divide\", \
                     not {other}"
                )));
            }
        };
        Ok(Self {
            operation,
            operand: number(params, "operand")?.unwrap_or(0.0),
        })
    }
}

impl Node for Calculator {
    fn process(&mut self, item: Value) -> Result<Vec<Value>, NodeError> {
        let value = match &item {
            Value::Number(value) => value.as_f64().unwrap_or(0.0),
            Value::String(text) => text.parse().unwrap_or(0.0),
            _ => return Ok(vec![item]),
        };
        let result = match self.operation {
            Operation::Add => value + self.operand,
            Operation::Subtract => value - self.operand,
            Operation::Multiply => value * self.operand,
            Operation::Divide if self.operand == 0.0 => {
                return Err(NodeError::execution("Division by zero"));
            }
            Operation::Divide => value / self.operand,
            Operation::Identity => value,
        };
        Ok(vec![json_number(result)])
    }
}

/// A function on numbers and on the numbers of arrays; anything else passes through.
struct Elementwise<F>(F);

impl<F: Fn(f64) -> f64 + Send> Node for Elementwise<F> {
    fn process(&mut self, mut item: Value) -> Result<Vec<Value>, NodeError> {
        match &mut item {
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.apply(element)),
            other => self.apply(other),
        }
        Ok(vec![item])
    }
}

impl<F: Fn(f64) -> f64> Elementwise<F> {
    fn apply(&self, value: &mut Value) {
        if let Value::Number(number) = value {
            *value = json_number((self.0)(number.as_f64().unwrap_or(0.0)));
        }
    }
}

/// `MultiplyNode`: times `factor`, which the original's documents call `multiplier`.
fn multiply(params: &Map<String, Value>) -> Result<impl Node + use<>, NodeError> {
    let factor = match (number(params, "factor")?, number(params, "multiplier")?) {
        (Some(factor), Some(multiplier)) if factor.to_bits() != multiplier.to_bits() => {
            return Err(NodeError::parameter(format!(
                "params.factor is {factor} and params.multiplier, which is the same, {multiplier}: \
                 take out one"
            )));
        }
        (factor, multiplier) => factor.or(multiplier).unwrap_or(2.0),
    };
    Ok(Elementwise(move |value| value * factor))
}

/// `AddNode`: plus `addend`.
fn add(params: &Map<String, Value>) -> Result<impl Node + use<>, NodeError> {
    let addend = number(params, "addend")?.unwrap_or(0.0);
    Ok(Elementwise(move |value| value + addend))
}

fn number(params: &Map<String, Value>, name: &str) -> Result<Option<f64>, NodeError> {
    match params.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(other) => Err(NodeError::parameter(format!(
            "params.{name} must be a number, not {other}"
        ))),
    }
}

/// A number as JSON: an integer if it is whole and smaller than 2^63, null if JSON has none for it.
#[must_use]
pub fn json_number(value: f64) -> Value {
    // 2^63: what i64 can hold, as the nearest f64.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() == 0.0 && value.abs() < LIMIT {
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within i64")]
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
