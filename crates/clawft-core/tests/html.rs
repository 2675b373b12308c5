//! HTML as text. Expected texts are what a reader of the page would see, written by hand.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use clawft_core::tool::html::{reduce, text_of};
use clawft_core::url_policy::Url;

fn text(html: &str) -> String {
    reduce(html, &Url::parse("https://example.com/a/b").unwrap()).text
}

#[test]
fn pages_read_as_they_look() {
    for (html, expected) in [
        ("plain", "plain"),
        ("", ""),
        ("  a \n\t b  ", "a b"),
        ("<p>One<p>Two</p><p>Three", "One\n\nTwo\n\nThree"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("a<b>b</b><i>c</i>", "abc"),
        ("a <b>b</b> c", "a b c"),
        ("<h1>T</h1>text<h2 class='x'>U</h2>", "# T\n\ntext\n\n# U"),
        ("<ul><li>a</li><li>b <b>c</b></ul>d", "- a\n- b c\nd"),
        (
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>",
            "a | b |\nc",
        ),
        ("<pre>a\n  b\n\nc</pre>d", "a\n  b\n\nc\n\nd"),
        ("a<script>var x = '<p>no</p>';</script>b", "ab"),
        ("a<SCRIPT type=x>1</script >b", "ab"),
        ("<style>p { color: red }</style>a", "a"),
        ("a<!-- <p>no</p> -->b", "ab"),
        ("<!DOCTYPE html><?xml version='1'?>a", "a"),
        ("<svg><text>no</text></svg><template>no</template>a", "a"),
        (
            "<head><title>T</title><meta charset=utf-8></head><body>a",
            "a",
        ),
        ("1 < 2 &amp;&amp; 3 > 2", "1 < 2 && 3 > 2"),
        (
            "&lt;b&gt; &quot;x&quot; &#233;&#xE9;&#x1F600; &hellip;",
            "<b> \"x\" éé😀 …",
        ),
        (
            "a&nbsp;b&unknown;c&d &; &#xZZ; &#0; &#xD800;",
            "a b&unknown;c&d &; &#xZZ; \u{fffd} \u{fffd}",
        ),
        ("AT&T &copy2024", "AT&T &copy2024"),
        ("<a href='/x'>y</a>", "[y](https://example.com/x)"),
        (
            "<a href=z.html class=c>y</a>!",
            "[y](https://example.com/a/z.html)!",
        ),
        (
            "<a class='>' href = \"//o.example/?a&amp;b\">y</a>",
            "[y](https://o.example/?a&b)",
        ),
        ("a <a href='x'>b</a> c", "a [b](https://example.com/a/x) c"),
        ("<a href='x'><img src=y></a>a", "a"),
        (
            "<a href='#top'>up</a> <a href='javascript:x()'>js</a> <a name=n>n</a>",
            "up js n",
        ),
        (
            "<a href='x'>a<a href='y'>b</a>",
            "[a](https://example.com/a/x)[b](https://example.com/a/y)",
        ),
        ("<a href='x'>open", "[open](https://example.com/a/x)"),
        ("a<p", "a"),
        ("a<a href='x", "a"),
        ("a<script>never ends", "a"),
        ("a<!-- never ends", "a"),
        ("<p title='a > b'>c", "c"),
        ("<p title=a'b>c</p>d'e", "c\n\nd'e"),
        ("</p>a</div></b>", "a"),
        ("<>a</>", "<>a</>"),
        ("<custom-element>a</custom-element>", "a"),
        ("ÀÉ<p>日本", "ÀÉ\n\n日本"),
    ] {
        assert_eq!(text(html).trim_end(), expected, "{html:?}");
    }
}

#[test]
fn the_title_is_apart() {
    let base = Url::parse("https://example.com/").unwrap();
    let page = reduce("<title>\n A &amp;  <b>B </title><title>no</title>c", &base);
    assert_eq!(page.title, "A & <b>B");
    assert_eq!(page.text, "c");
}

#[test]
fn a_fragment_is_one_line() {
    assert_eq!(
        text_of("a <strong>b</strong><br>c &amp; <a href='x'>d</a>"),
        "a b c & d"
    );
}

/// Each of these has cost other readers time in the square of its length, or their stack.
#[test]
fn hostile_pages_end() {
    for part in [
        "<",
        "<a ",
        "<a href='",
        "<!--",
        "<script",
        "</",
        "&",
        "<div>",
        "<pre>",
        "<a href=x>",
        "<a =",
        "<li>",
    ] {
        let page = part.repeat(300_000 / part.len());
        let text = text(&page);
        assert!(text.len() < 40 * page.len());
    }
}
