//! The names of functions as linkers write them: what to show, and whose they are.

use std::fmt::{self, Write as _};

/// The crate of functions whose name says none: exports with a plain name, and C.
pub const NO_CRATE: &str = "(no crate)";

/// Where a function comes from. Instances of one generic function have the same origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The crate that has its source, or [`NO_CRATE`].
    pub krate: String,
    /// Its path, without the hashes that change from build to build.
    pub name: String,
}

impl Origin {
    /// Reads a symbol, which need not be one of Rust.
    #[must_use]
    pub fn of(symbol: &str) -> Self {
        let rust = without_binaryen_prefix(symbol);
        let Ok(demangled) = rustc_demangle::try_demangle(rust) else {
            return Self {
                krate: NO_CRATE.to_owned(),
                name: shortened(format_args!("{symbol}")),
            };
        };
        let name = shortened(format_args!("{demangled:#}"));
        let krate = match Root::of(rust) {
            Root::Crate(krate) => Some(krate),
            Root::TraitDefault => trait_of(&name).and_then(first_crate),
            Root::Unknown => crate_in(&name),
        };
        Self {
            krate: krate.unwrap_or(NO_CRATE).to_owned(),
            name,
        }
    }
}

/// What is left of a name: types of types can make one longer than a page.
const LONGEST: usize = 500;

/// At most [`LONGEST`] bytes of a text, and `…` if there is more.
///
/// A few bytes of a mangled symbol can stand for megabytes, so the rest is never made.
pub(crate) fn shortened(text: fmt::Arguments<'_>) -> String {
    struct Short(String);
    impl fmt::Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = LONGEST - self.0.len();
            if text.len() <= room {
                self.0.push_str(text);
                return Ok(());
            }
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            Err(fmt::Error)
        }
    }
    let mut short = Short(String::new());
    if short.write_fmt(text).is_err() {
        short.0.push('…');
    }
    short.0
}

/// `byn$mgfn-shared$_ZN…`: what wasm-opt made of a function is still that function's.
fn without_binaryen_prefix(symbol: &str) -> &str {
    if !symbol.starts_with("byn") {
        return symbol;
    }
    ["$_ZN", "$_R"]
        .iter()
        .find_map(|start| symbol.find(start))
        .map_or(symbol, |at| &symbol[at + 1..])
}

/// What the path of a v0 symbol begins with.
enum Root<'a> {
    /// A crate; of an implementation the one that has the `impl`, which the readable form
    /// does not show.
    Crate(&'a str),
    /// A function that a trait has for all its types.
    TraitDefault,
    /// Not v0, or a name in Punycode, which the demangler reads.
    Unknown,
}

impl<'a> Root<'a> {
    fn of(symbol: &'a str) -> Self {
        symbol
            .strip_prefix("_R")
            .and_then(Self::of_path)
            .unwrap_or(Self::Unknown)
    }

    fn of_path(mut path: &'a str) -> Option<Self> {
        loop {
            let tag = path.bytes().next()?;
            path = path.get(1..)?;
            match tag {
                // A namespace's letter follows, then the path.
                b'N' => path = path.get(1..)?,
                b'I' => {}
                b'M' | b'X' => path = without_disambiguator(path)?,
                b'C' => return identifier(without_disambiguator(path)?).map(Self::Crate),
                b'Y' => return Some(Self::TraitDefault),
                _ => return None,
            }
        }
    }
}

/// What follows an optional `s…_`.
fn without_disambiguator(text: &str) -> Option<&str> {
    match text.strip_prefix('s') {
        Some(number) => number.split_once('_').map(|(_, rest)| rest),
        None => Some(text),
    }
}

/// The bytes after their length.
fn identifier(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length: usize = text[..digits].parse().ok()?;
    let rest = &text[digits..];
    let rest = rest.strip_prefix('_').unwrap_or(rest);
    rest.get(..length).filter(|name| !name.is_empty())
}

/// The crate that a readable path begins with: of `<Type as Trait>::name` it is the type's, or
/// the trait's if the type is a parameter or belongs to the language.
fn crate_in(path: &str) -> Option<&str> {
    match path.strip_prefix('<') {
        Some(inside) => first_crate(inside).or_else(|| trait_of(path).and_then(first_crate)),
        None => first_crate(path),
    }
}

/// The name before the first `::`, after what a type can begin with.
fn first_crate(path: &str) -> Option<&str> {
    let mut rest = path;
    while let Some(shorter) = ["&", "*", "(", "[", "mut ", "const ", "dyn "]
        .iter()
        .find_map(|start| rest.strip_prefix(start))
    {
        rest = shorter;
    }
    let end = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    (end > 0 && rest[end..].starts_with("::")).then(|| &rest[..end])
}

/// What stands behind `as` in `<Type as Trait>::name`.
fn trait_of(path: &str) -> Option<&str> {
    let mut depth = 0_u32;
    let mut before = ' ';
    for (at, letter) in path.char_indices() {
        match letter {
            '<' => depth += 1,
            // The arrow of a function's type closes nothing.
            '>' if before != '-' => depth = depth.checked_sub(1)?,
            ' ' if depth == 1 => {
                if let Some(name) = path[at..].strip_prefix(" as ") {
                    return Some(name);
                }
            }
            _ => {}
        }
        if depth == 0 {
            return None;
        }
        before = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbol, crate and name, from the chapter "v0 Symbol Format" of the rustc book, whose
    /// recommended form this is.
    const V0: &[(&str, &str, &str)] = &[
        (
            "_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate",
            "std",
            "<std::path::PathBuf>::new",
        ),
        (
            "_RNvCs15kBYyAo9fc_7mycrate7example",
            "mycrate",
            "mycrate::example",
        ),
        (
            "_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo",
            "mycrate",
            "<mycrate::Example>::foo",
        ),
        (
            "_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo",
            "mycrate",
            "<mycrate::Example as mycrate::Trait>::foo",
        ),
        (
            "_RNvYNtCs15kBYyAo9fc_7mycrate7ExampleNtB4_5Trait7exampleB4_",
            "mycrate",
            "<mycrate::Example as mycrate::Trait>::example",
        ),
        (
            "_RNCNvCsgStHSCytQ6I_7mycrate4mains_0B3_",
            "mycrate",
            "mycrate::main::{closure#1}",
        ),
        (
            "_RINvCsgStHSCytQ6I_7mycrate7examplelKj1_EB2_",
            "mycrate",
            "mycrate::example::<i32, 1>",
        ),
    ];

    #[test]
    fn v0_symbols_of_the_rustc_book() {
        for (symbol, krate, name) in V0 {
            let origin = Origin::of(symbol);
            assert_eq!(
                (origin.krate.as_str(), origin.name.as_str()),
                (*krate, *name),
                "{symbol}"
            );
        }
    }

    /// Mangled by hand after the grammar of that chapter.
    #[test]
    fn v0_names_the_crate_of_the_code_and_not_of_the_type() {
        for (symbol, krate, name) in [
            // `impl ours::Trait for std::Type`, in ours.
            (
                "_RNvXCs1_4oursNtCs2_3std4TypeNtB2_5Trait3foo",
                "ours",
                "<std::Type as ours::Trait>::foo",
            ),
            // A default method of theirs, for a type of ours.
            (
                "_RNvYNtCs1_4ours4TypeNtCs2_6theirs5Trait3foo",
                "theirs",
                "<ours::Type as theirs::Trait>::foo",
            ),
            // The same, and generic.
            (
                "_RINvYNtCs1_4ours4TypeNtCs2_6theirs5Trait3fooaE",
                "theirs",
                "<ours::Type as theirs::Trait>::foo::<i8>",
            ),
            // `impl str`, in alloc.
            ("_RNvMNtCs1_5alloc3stre3foo", "alloc", "<str>::foo"),
            // Its closure.
            (
                "_RNCNvMNtCs1_5alloc3stre3foo0",
                "alloc",
                "<str>::foo::{closure#0}",
            ),
        ] {
            let origin = Origin::of(symbol);
            assert_eq!(
                (origin.krate.as_str(), origin.name.as_str()),
                (krate, name),
                "{symbol}"
            );
        }
    }

    /// A symbol as rustc made them before v0: each part after its length, and a hash.
    fn legacy(parts: &[&str]) -> String {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| format!("{}{part}", part.len()))
            .collect();
        let parts = parts.concat();
        format!("_ZN{parts}17h0123456789abcdefE")
    }

    #[test]
    fn legacy_symbols_lose_their_hash() {
        // The first two are of the compiler's own tests, `tests/ui/symbol-names/impl1.rs`.
        for (symbol, krate, name) in [
            (
                "_ZN5impl13foo3Foo3bar17he53b9bee7600ed8dE".to_owned(),
                "impl1",
                "impl1::foo::Foo::bar",
            ),
            (
                "_ZN5impl13bar33_$LT$impl$u20$impl1..foo..Foo$GT$3baz17h86c41f0462d901d4E"
                    .to_owned(),
                "impl1",
                "impl1::bar::<impl impl1::foo::Foo>::baz",
            ),
            (
                legacy(&["_$LT$a..b..C$u20$as$u20$core..fmt..Debug$GT$", "fmt"]),
                "a",
                "<a::b::C as core::fmt::Debug>::fmt",
            ),
            // A parameter is no crate's.
            (
                legacy(&["_$LT$T$u20$as$u20$alloc..Thing$GT$", "go"]),
                "alloc",
                "<T as alloc::Thing>::go",
            ),
            (
                legacy(&["_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$", "fmt"]),
                "core",
                "<&T as core::fmt::Debug>::fmt",
            ),
            (
                legacy(&["_$LT$$RF$mut$u20$a..B$u20$as$u20$core..C$GT$", "d"]),
                "a",
                "<&mut a::B as core::C>::d",
            ),
            (
                legacy(&["core", "ptr", "drop_in_place$LT$llg..Thing$GT$"]),
                "core",
                "core::ptr::drop_in_place<llg::Thing>",
            ),
        ] {
            let origin = Origin::of(&symbol);
            assert_eq!(
                (origin.krate.as_str(), origin.name.as_str()),
                (krate, name),
                "{symbol}"
            );
        }
    }

    #[test]
    fn what_is_not_rust_has_no_crate() {
        for symbol in [
            "memcpy",
            "",
            "llg_get_error",
            "_ZN3stdE_",
            "_R",
            "_RNv",
            "$é",
        ] {
            let origin = Origin::of(symbol);
            assert_eq!(origin.krate, NO_CRATE, "{symbol}");
            assert_eq!(origin.name, symbol);
        }
    }

    #[test]
    fn what_binaryen_split_off_is_its_functions() {
        let origin = Origin::of("byn$mgfn-shared$_ZN5impl13foo3Foo3bar17he53b9bee7600ed8dE");
        assert_eq!(origin.krate, "impl1");
        assert_eq!(origin.name, "impl1::foo::Foo::bar");
    }

    #[test]
    fn a_name_is_cut_before_it_is_made() {
        let long = Origin::of(&"é".repeat(100_000));
        assert_eq!(long.name.len(), LONGEST + '…'.len_utf8());
        // A pair of pairs of pairs: each is written once, and again by a reference to its place,
        // counted from behind `_R`. 300 bytes stand for 2^40 names.
        let depth = 40;
        let first = "INvC1a1b".len();
        let references: Vec<_> = (0..depth)
            .rev()
            .map(|pair| format!("B{}E", base_62(first + pair + 1)))
            .collect();
        let references = references.concat();
        let symbol = format!("_RINvC1a1b{}a{references}E", "T".repeat(depth));
        let bomb = Origin::of(&symbol);
        assert_eq!(bomb.krate, "a", "{symbol}");
        assert!(bomb.name.starts_with("a::b::<(((("), "{}", bomb.name);
        assert!(bomb.name.ends_with('…'), "{}", bomb.name);
        assert!(bomb.name.len() <= LONGEST + '…'.len_utf8());
    }

    /// A number above 0 and below 63, as v0 writes it.
    fn base_62(number: usize) -> String {
        const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        format!("{}_", char::from(DIGITS[number - 1]))
    }
}
