"""The nodes that come with the executor, as far as they are written in Python."""

from remotemedia.core import Node

__all__ = ["CalculatorNode", "DataTransformNode", "TextProcessorNode"]


class TextProcessorNode(Node):
    """Takes {"text": …, "operations": […]} and gives the result of each operation.

    Without `operations` in the item those of the parameters are done, and without these "uppercase".
    """

    OPERATIONS = {
        "uppercase": str.upper,
        "lowercase": str.lower,
        "title_case": str.title,
        "reverse": lambda text: text[::-1],
        "word_count": lambda text: len(text.split()),
        "char_count": len,
        "remove_spaces": lambda text: text.replace(" ", ""),
        "first_word": lambda text: (text.split() or [""])[0],
        "last_word": lambda text: (text.split() or [""])[-1],
    }

    def __init__(self, name=None, operations=None, **config):
        super().__init__(name, **config)
        self.operations = operations or ["uppercase"]

    def process(self, data):
        by = f"TextProcessorNode[{self.name}]"
        if not isinstance(data, dict):
            return {"error": "Input must be a dictionary", "input": data, "processed_by": by}
        if "text" not in data:
            return {"error": "Input must contain 'text' key", "input": data, "processed_by": by}
        text = str(data["text"])
        operations = data.get("operations", self.operations)
        results = {}
        for operation in operations:
            if function := self.OPERATIONS.get(operation):
                results[operation] = function(text)
            else:
                results[f"unknown_operation_{operation}"] = f"Unknown operation: {operation}"
        return {
            "original_text": text,
            "operations": operations,
            "results": results,
            "processed_by": by,
            "node_config": self.config,
        }


class DataTransformNode(Node):
    """Passes an item through, or doubles or increments a number."""

    OPERATIONS = {
        "passthrough": lambda value: value,
        "double": lambda value: value * 2,
        "increment": lambda value: value + 1,
    }

    def __init__(self, name=None, operation="passthrough", **config):
        super().__init__(name, **config)
        if operation not in self.OPERATIONS:
            raise ValueError(f"operation is one of {', '.join(self.OPERATIONS)}, not {operation!r}")
        self.operation = operation

    def process(self, data):
        return self.OPERATIONS[self.operation](data)


class CalculatorNode(Node):
    """Takes {"operation": …, "args": […]}; the executor's own node of this name comes first."""

    OPERATIONS = {
        "add": lambda left, right: left + right,
        "subtract": lambda left, right: left - right,
        "multiply": lambda left, right: left * right,
        "divide": lambda left, right: left / right,
        "power": lambda left, right: left**right,
        "modulo": lambda left, right: left % right,
    }

    def process(self, data):
        operation, (first, *others) = data["operation"], data["args"]
        if operation not in self.OPERATIONS:
            raise ValueError(f"operation is one of {', '.join(self.OPERATIONS)}, not {operation!r}")
        for other in others:
            first = self.OPERATIONS[operation](first, other)
        return {"operation": operation, "args": data["args"], "result": first}
