"""cases.py: regular expressions and texts as lines of JSON, with the verdict of Python's `re`.

The expressions stay within what Python and Rust's `regex` mean alike: a combining mark is `\\w` for
Rust alone. Each is tried on its own texts and on those of all others, most of which it must refuse.
"""

import json
import re

CASES = {
    r"abc": ["abc", "ab", "abcd", ""],
    r"a*": ["", "a", "aaaaaaaa", "b", "aab"],
    r"a+b?c{2,3}": ["acc", "abccc", "aaabcc", "abc", "bcc", "acccc"],
    r"(ab|cd)*": ["", "ab", "cdab", "abc", "abcdab"],
    r"(a|ab)(c|bcd)": ["ac", "abcd", "abc", "abbcd", "ab"],
    r"[0-9]{3}-[0-9]{4}": ["555-1234", "5551234", "555-12345"],
    r"[^a-z]+": ["ABC 1", "ABc", "é", "\n"],
    r".": ["a", "é", "😀", "\n", "ab", ""],
    r".*": ["", "any thing", "two\nlines"],
    r"(?s:.*)": ["", "two\nlines"],
    r"(?i:straße|Ab)": ["AB", "aB", "STRAßE", "Strasse"],
    r"\d+(\.\d+)?": ["1", "3.14", ".5", "1.", "٣"],
    r"\w+@\w+\.(com|org)": ["a@b.com", "x_1@y2.org", "a@b.net", "@b.com", "é@b.org"],
    r"\s*x\s*": ["x", "  x", "x\t\n", "\u00a0x", "xx"],
    r"\S+": ["abc", "a b", "é", ""],
    r"\D[! ]": ["a!", "1!", "é ", "aa"],
    r"[\[\]\\^-]+": ["[]", "\\^-", "a", "]["],
    r"[a\-z]+": ["a-z", "b", "-"],
    r"(a{2}){3}": ["aaaaaa", "aaaaa", "aaaaaaa"],
    r"a{1}b{1,1}": ["ab", "aab", "b"],
    r"(?:\d{1}|(?:x){1})+": ["1", "1x2", "", "y"],
    r"(?:)+a(){1,2}": ["a", "", "aa"],
    r"(a?){5}a{5}": ["aaaaa", "aaaaaaaaaa", "aaaa", "aaaaaaaaaaa"],
    r"(x+x+)+y": ["xxy", "xxxxxxxxxxxxxxxxxxxxy", "xy", "xxxxxxxxxxxxxxxxxxxxxxxxz"],
    r"[αβγ]+": ["αβγ", "δ", "α", ""],
    r"[一-龥]{2}": ["漢字", "漢", "かな"],
    r"[😀-😎]": ["😀", "😎", "😏", "a"],
    r"é": ["é", "e\u0301", "e"],
    r"\x41\u0042": ["AB", "A", "ab"],
    r"\.\*\+\?\(\)\{\}\|": [".*+?(){}|", ".*", ""],
    r"(?:(?:a|b)c){1,2}d?": ["ac", "bcacd", "acd", "d", "acacac"],
    r"true|false|null": ["true", "false", "null", "True", "nulll"],
    r"-?(0|[1-9][0-9]*)": ["0", "-0", "10", "01", "-", "9999999999999999999999"],
    r"[A-Fa-f0-9]{2}(:[A-Fa-f0-9]{2}){5}": ["00:1b:44:11:3A:B7", "00:1b:44:11:3A", "00:1b:44:11:3A:G7"],
    r"([01][0-9]|2[0-3]):[0-5][0-9]": ["23:59", "24:00", "9:30", "00:00"],
    r'"([^"\\]|\\.)*"': ['""', '"a\\"b"', '"a"b"', '"\\"', '"\n"'],
    r"(a|b|ab)*abb": ["abb", "aababb", "abab", "babb"],
    r"[ -~]*": ["plain ASCII ~", "tab\t", "é"],
    r"\t\n\r": ["\t\n\r", "\t\n", "tnr"],
    r"(|a)b": ["b", "ab", "aab", ""],
    r"a{0}b": ["b", "ab", ""],
    r"a{0,2}": ["", "a", "aa", "aaa"],
    r"(foo(bar(baz)?)?)?": ["", "foo", "foobar", "foobarbaz", "foobaz", "bar"],
}


def main():
    texts = sorted({text for own in CASES.values() for text in own})
    for pattern in CASES:
        expression = re.compile(pattern)
        for text in texts:
            print(json.dumps({"grammar": {"regex": pattern}, "text": text, "matches": expression.fullmatch(text) is not None}))


if __name__ == "__main__":
    main()
