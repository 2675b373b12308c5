import contextlib
import io
import json
import re
import sys
import tempfile
import typing
import unittest
from unittest import mock

from llguidance import (
    GrammarFormat,
    JsonCompiler,
    LarkCompiler,
    LLMatcher,
    RegexCompiler,
    StructTag,
    cli,
    gbnf_to_lark,
    grammar_from,
    regex_to_lark,
)
from support import accepts, matcher, texts

# GBNF, and a regular expression that says the same
GBNF = {
    'root ::= [ab]+ "b"': r"[ab]+b",
    'root ::= "a" | "b" "1"?': r"a|b1?",
    'root ::= item{2}\nitem ::= "a" | [1-9]': r"(a|[1-9]){2}",
    'root ::= item{1,2} # at most two\nitem ::= ("a" "b")': r"(ab){1,2}",
    'root ::= "a"{2,}': r"a{2,}",
    'root ::= (\n  "a" |\n  "b" # the other\n)* "1"': r"[ab]*1",
    'root ::= [^a1]* some-thing\nsome-thing ::= "\\x31"': r"[^a1]*1",
    "root ::= . .": r"(.|\n){2}",
    'root ::= ("a"?)* ""': r"a*",
    'start ::= "a"\nroot ::= start start': r"aa",
    'root ::= A a\nA ::= "a"\na ::= "b"': r"ab",
    "root ::= 1a\n1a ::= [a-b] [1\\-]": r"[ab][1-]",
}


class Gbnf(unittest.TestCase):
    def test_languages(self):
        for grammar, pattern in GBNF.items():
            lark = gbnf_to_lark.gbnf_to_lark(grammar)
            for text in texts("ab1", 4):
                with self.subTest(grammar=grammar, text=text):
                    self.assertEqual(accepts(lark, text), bool(re.fullmatch(pattern, text)))

    def test_characters(self):
        lark = gbnf_to_lark.gbnf_to_lark(r'root ::= "\"\\\n\t" [\x5D/-] "é\u20AC\U0001F600"')
        self.assertTrue(accepts(lark, '"\\\n\t]é€😀'))
        self.assertTrue(accepts(lark, '"\\\n\t/é€😀'))
        self.assertTrue(accepts(lark, '"\\\n\t-é€😀'))
        self.assertFalse(accepts(lark, '"\\\n\t.é€😀'))

    def test_recursion(self):
        lark = gbnf_to_lark.gbnf_to_lark('root ::= "a" root "b" | ""')
        for text in texts("ab", 6):
            half = len(text) // 2
            self.assertEqual(accepts(lark, text), text == "a" * half + "b" * half)

    def test_errors_say_where(self):
        for grammar, message in {
            'root ::= "a': r"Expected '\"' at line 1",
            "root ::= (b\nb ::= \"x\"": r"Expected '\)'",
            "root ::=\n  item": "Rule 'item' not found at line 2, column 3",
            'a ::= "x"': "No 'root' rule found",
            'root ::= "a"\nroot ::= "b"': "there twice at line 2",
            "root = 1": "Expected ::= at line 1, column 6",
            "root ::= [b-a]": "range",
            "root ::= []": "Expected a character",
            'root ::= "a"{3,2}': "maximum",
            'root ::= "\\xZZ"': "hexadecimal",
        }.items():
            with self.subTest(grammar=grammar):
                with self.assertRaisesRegex(gbnf_to_lark.GbnfToLarkError, message):
                    gbnf_to_lark.gbnf_to_lark(grammar)

    def test_which_is_which(self):
        self.assertTrue(gbnf_to_lark.is_lark_syntax('start: "::="'))
        self.assertFalse(gbnf_to_lark.is_lark_syntax('# :\nroot ::= "a"'))
        self.assertEqual(gbnf_to_lark.any_to_lark('start: "a"'), 'start: "a"')
        self.assertTrue(accepts(gbnf_to_lark.any_to_lark('root ::= "a"'), "a"))

    def test_as_a_program(self):
        with tempfile.NamedTemporaryFile("w", suffix=".gbnf") as file:
            file.write('root ::= "a"')
            file.flush()
            code, out, _ = run(gbnf_to_lark.main, file.name)
        self.assertEqual(code, 0)
        self.assertTrue(accepts(out, "a"))
        self.assertEqual(run(gbnf_to_lark.main)[0], 2)


class Formats(unittest.TestCase):
    def test_each_has_its_language(self):
        examples = {
            "lark": ('start: "a" | "b"', "a", "c"),
            "gbnf": ('root ::= "a"', "a", "b"),
            "ebnf": ('root ::= "a"', "a", "b"),
            "cfg": ('start: "a"', "a", "b"),
            "grammar": ('root ::= "a"', "a", "b"),
            "json_schema": ('{"const": 1}', "1", "2"),
            "json": ('{"const": 1}', "1", "2"),
            "regex": ("a+/", "aa/", "b"),
            "choice": ('["a", "b\\"c"]', 'b"c', "b"),
            "llguidance": ('{"grammars": [{"lark_grammar": "start: /a/"}]}', "a", "b"),
        }
        self.assertEqual(set(examples), set(typing.get_args(GrammarFormat)))
        for name, (text, right, wrong) in examples.items():
            with self.subTest(format=name):
                grammar = grammar_from(name, text)
                self.assertTrue(accepts(grammar, right))
                self.assertFalse(accepts(grammar, wrong))
        with self.assertRaisesRegex(ValueError, "Unknown grammar type: another"):
            grammar_from("another", "")

    def test_a_reference_by_id(self):
        integer = {"$id": "urn:example:integer", "type": "integer"}
        schema = {
            "type": "object",
            "properties": {"a": {"$ref": "urn:example:integer"}},
            "required": ["a"],
            "$defs": {"integer": integer},
        }
        grammar = LLMatcher.grammar_from_json_schema(schema)
        self.assertTrue(accepts(grammar, '{"a":7}'))
        self.assertFalse(accepts(grammar, '{"a":"7"}'))

    def test_options_of_a_schema(self):
        schema = {"type": "array", "items": {"const": 1}, "x-guidance": {"item_separator": ";"}}
        plain = LLMatcher.grammar_from_json_schema(schema)
        defaults = LLMatcher.grammar_from_json_schema(schema, defaults={"item_separator": "!"})
        overrides = LLMatcher.grammar_from_json_schema(
            json.dumps(schema), overrides={"item_separator": "!"}
        )
        for grammar, right, wrong in (
            (plain, "[1;1]", "[1,1]"),
            (defaults, "[1;1]", "[1!1]"),
            (overrides, "[1!1]", "[1;1]"),
        ):
            self.assertTrue(accepts(grammar, right))
            self.assertFalse(accepts(grammar, wrong))
        with self.assertRaisesRegex(ValueError, "not a JSON object"):
            LLMatcher.grammar_from_json_schema([], defaults={})
        with self.assertRaisesRegex(ValueError, "not JSON serializable"):
            LLMatcher.grammar_from_json_schema({"a": object()})

    def test_grammars_are_checked(self):
        self.assertEqual(LLMatcher.validate_grammar(LLMatcher.grammar_from_lark('start: "a"')), "")
        self.assertIn("unknown name", LLMatcher.validate_grammar("start: b"))
        self.assertEqual(LLMatcher.validate_grammar_with_warnings('start: "a"'), (False, []))
        failed, (message,) = LLMatcher.validate_grammar_with_warnings("start: b")
        self.assertTrue(failed)
        self.assertIn('"b"', message)

    def test_regular_expressions_between_slashes(self):
        lark = f"start: /{regex_to_lark('a/b')}/"
        self.assertTrue(accepts(lark, "a/b"))
        digits = f"start: /{regex_to_lark(chr(92) + 'd', use_ascii='d')}/"
        self.assertTrue(accepts(digits, "7"))
        self.assertFalse(accepts(digits, "٧"))


class Compilers(unittest.TestCase):
    def test_json(self):
        schema = json.dumps({"type": "array", "items": {"const": 1}})
        spaced = JsonCompiler().compile(schema)
        self.assertTrue(accepts(spaced, "[1, 1]"))
        self.assertFalse(accepts(spaced, "[1,1]"))
        dense = JsonCompiler(separators=(",", ":")).compile(schema)
        self.assertTrue(accepts(dense, "[1,1]"))
        free = JsonCompiler(whitespace_flexible=True, whitespace_pattern=" *").compile(schema)
        self.assertTrue(accepts(free, "[ 1 ,1]"))
        for wrong in ("{", "[]", "1", '{"type": "strig"}'):
            with self.assertRaises(ValueError):
                JsonCompiler().compile(wrong)

    def test_strings(self):
        schema = json.dumps({"type": "string"})
        few = JsonCompiler(json_allowed_escapes='"').compile(schema)
        self.assertTrue(accepts(few, r'"\""'))
        self.assertFalse(accepts(few, r'"\n"'))
        usual = JsonCompiler().compile(schema)
        general = JsonCompiler(json_allow_general_unicode_escapes=True).compile(schema)
        self.assertFalse(accepts(usual, r'"\u0041"'))
        self.assertTrue(accepts(general, r'"\u0041"'))

    def test_one_of(self):
        schema = json.dumps({"oneOf": [{"type": "integer"}, {"type": "number"}]})
        with self.assertRaises(ValueError):
            JsonCompiler().compile(schema)
        self.assertTrue(accepts(JsonCompiler(coerce_one_of=True).compile(schema), "1"))

    def test_lark_and_regular_expressions(self):
        self.assertTrue(accepts(LarkCompiler().compile('start: "a"'), "a"))
        self.assertTrue(accepts(RegexCompiler().compile("a/+"), "a//"))
        for compiler, wrong in ((LarkCompiler(), "start: b"), (RegexCompiler(), "(")):
            with self.assertRaises(ValueError):
                compiler.compile(wrong)
            self.assertIn("grammars", json.loads(compiler.compile(wrong, check=False)))


class Tags(unittest.TestCase):
    def test_text_with_calls_in_it(self):
        tag = StructTag(
            trigger="<f", begin="<f=add>", grammar={"type": "integer"}, end="</f>"
        )
        other = StructTag(trigger="<g", begin="<g>", grammar="start: /x+/", end="")
        for tags in ([tag], [tag, other]):
            grammar = StructTag.to_grammar(tags)
            for text in ("free text", "a<f=add>12</f>b", "<f=add>1</f><f=add>2</f>"):
                self.assertTrue(accepts(grammar, text), text)
            for text in ("a<f=sub>", "<f=add>x</f>", "<f=add>1"):
                self.assertFalse(accepts(grammar, text), text)
        self.assertTrue(accepts(StructTag.to_grammar([tag, other]), "a<g>xx"))

    def test_special_tokens(self):
        tag = StructTag(trigger="<|tool|>", begin="<|tool|>", grammar={"const": 1}, end="")
        # 256 is the token of bytes that is called <|tool|>
        walk = matcher(StructTag.to_grammar([tag]))
        self.assertEqual(walk.try_consume_tokens([97, 256, ord("1")]), 3)
        walk = matcher(StructTag.to_grammar([tag], assume_special=False, text_regex="[a-z]*"))
        self.assertEqual(walk.try_consume_tokens(list(b"a<|tool|>1")), 10)

    def test_what_is_no_tag(self):
        for fields in ({"trigger": ""}, {"begin": "y"}):
            tag = {"trigger": "x", "begin": "x", "grammar": {}, "end": "", **fields}
            with self.assertRaises(AssertionError):
                StructTag.to_grammar([StructTag(**tag)])
        with self.assertRaises(AssertionError):
            StructTag.to_grammar([])
        with self.assertRaises(ValueError):
            StructTag.to_grammar([StructTag(trigger="x", begin="x", grammar=1, end="")])


class Cli(unittest.TestCase):
    def test_follows_a_text(self):
        with tempfile.TemporaryDirectory() as folder:
            schema, text, wrong, bad = (f"{folder}/{name}" for name in ("s", "t", "w", "b"))
            for path, content in (
                (schema, '{"type": "array", "items": {"type": "integer"}}'),
                (text, "[1,2]"),
                (wrong, "[1,x]"),
                (bad, "start: b"),
            ):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(content)
            arguments = ["--json-schema", schema, "--text"]
            for options in ([], ["--ff-tokens"], ["--ff-tokens", "--backtrack"]):
                code, out, error = run(cli.main, *arguments, text, *options)
                self.assertEqual((code, error), (0, ""))
                self.assertIn("5 tokens", out)
            code, _, error = run(cli.main, *arguments, wrong)
            self.assertEqual(code, 1)
            self.assertIn("token 120 at 3 is not allowed", error)
            code, _, error = run(cli.main, "--lark", bad)
            self.assertEqual(code, 1)
            self.assertIn("unknown name", error)
            self.assertEqual(run(cli.main, "--json-schema", schema)[0], 0)
        self.assertEqual(run(cli.main)[0], 2)


def run(main, *arguments):
    """A program's exit code, output and errors."""
    out, error = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", ["program", *arguments]):
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            try:
                main()
            except SystemExit as end:
                return end.code or 0, out.getvalue(), error.getvalue()
    return 0, out.getvalue(), error.getvalue()
