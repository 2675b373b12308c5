//! The frame of every page: one file, which asks for nothing and needs no script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a page is about, and where it comes from.
pub struct Frame<'a> {
    /// The heading.
    pub title: &'a str,
    /// What there is to know at a glance.
    pub lead: Markup,
    /// The flake's output that the page is part of.
    pub output: &'a str,
}

impl Frame<'_> {
    /// The page with its contents.
    #[must_use]
    pub fn around(self, contents: &Markup) -> String {
        let Self {
            title,
            lead,
            output,
        } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // No part of a page may ever ask a server for anything.
                    meta http-equiv="Content-Security-Policy"
                        content="default-src 'none'; img-src data:; style-src 'unsafe-inline'";
                    link rel="icon" href="data:,";
                    title { (title) " · wasmworks" }
                    style { (PreEscaped(include_str!("page.css"))) }
                }
                body {
                    header {
                        p.house { "wasmworks" }
                        h1 { (title) }
                        p.lead { (lead) }
                    }
                    main { (contents) }
                    footer {
                        p {
                            "Made by " code { "nix build .#" (output) } "; the same as data: "
                            a href="report.json" { "report.json" } "."
                        }
                    }
                }
            }
        }
        .into_string()
    }
}

/// A table that is scrolled by itself where the screen is narrower, also by keyboard.
#[must_use]
pub fn scrolled(label: &str, table: &Markup) -> Markup {
    html! {
        div.scrolled role="group" aria-label=(label) tabindex="0" { (table) }
    }
}
