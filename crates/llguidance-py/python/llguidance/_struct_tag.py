import json
import re
from typing import Any, Dict, List, Union

_SPECIAL_TOKEN = re.compile(r"<[^<>\s]+>")


class StructTag:
    """Text that is free until `trigger` comes, and then follows a grammar until `end`.

    `begin` starts with the trigger. `grammar` is a JSON schema as a dictionary, or Lark.
    """

    def __init__(
        self, *, trigger: str, begin: str, grammar: Union[str, Dict[str, Any]], end: str
    ) -> None:
        self.trigger = trigger
        self.begin = begin
        self.grammar = grammar
        self.end = end

    def _validate(self) -> None:
        assert self.trigger, "trigger must not be empty"
        assert self.begin.startswith(self.trigger), "begin must start with trigger"
        if not isinstance(self.grammar, (str, dict)):
            raise ValueError("grammar must be a string or a dictionary")

    @staticmethod
    def to_grammar(
        tags: List["StructTag"],
        *,
        assume_special: bool = True,
        text_regex: str = r"(.|\n)*",
    ) -> str:
        """The grammar of text with any number of the tags in it.

        With `assume_special`, a trigger that looks like a special token, `<|tool|>`, is one.
        Text between the tags matches `text_regex`.
        """
        assert tags, "tags must not be empty"
        for tag in tags:
            tag._validate()
        names = [f"tag_{index}" for index in range(len(tags))]
        rules = [
            "%llguidance {}",
            f"start: ({' | '.join(names)})* tag_end",
            "tag_end: TAG_TEXT",
            f"TAG_TEXT: /{text_regex}/",
        ]
        others = []
        for name, tag in zip(names, tags):
            rest = tag.begin[len(tag.trigger) :]
            if assume_special and _SPECIAL_TOKEN.fullmatch(tag.trigger):
                opening = f"TAG_TEXT {tag.trigger}"
            else:
                # Lazy, because the text before would match the trigger too
                rules.append(f"{name}_trig[lazy]: TAG_TEXT {json.dumps(tag.trigger)}")
                opening = f"{name}_trig"
            if isinstance(tag.grammar, dict):
                body = f"%json {json.dumps(tag.grammar)}"
            else:
                body = f"@{name}_grm"
                others.append({"name": f"{name}_grm", "lark_grammar": tag.grammar})
            parts = [opening, _literal(rest), body, _literal(tag.end)]
            rules.append(f"{name}: {' '.join(part for part in parts if part)}")
        lark = "\n".join(rules) + "\n"
        if not others:
            return lark
        return json.dumps({"grammars": [{"name": "struct_tag", "lark_grammar": lark}, *others]})


def _literal(text: str) -> str:
    return json.dumps(text) if text else ""
