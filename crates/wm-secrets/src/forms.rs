//! The forms of keys and tokens, and where they occur in a text.
//!
//! A form begins with a word that its issuer chose so that it is found, and goes on with characters of a kind. It
//! begins where no letter or digit is before it. Placeholders, such as `ghp_xxxx…`, are told by how few different
//! characters they have.

/// Kinds of characters.
const UPPER: u8 = 1;
const LOWER: u8 = 2;
const DIGIT: u8 = 4;
const UNDERSCORE: u8 = 8;
const HYPHEN: u8 = 16;
/// `+` and `/`, which base64 has besides
const SLASH: u8 = 32;
/// A form may begin with it.
const FIRST: u8 = 64;

const ALPHANUMERIC: u8 = UPPER | LOWER | DIGIT;
/// Those of base64 in addresses
const WORD: u8 = ALPHANUMERIC | UNDERSCORE | HYPHEN;

/// Fewer different characters has a placeholder.
const DIFFERENT: u32 = 6;
/// So far a digit is looked for, and what is random has one.
const AHEAD: usize = 64;
/// So far the key is looked for behind its first line: a line or two may tell how it is encrypted.
const KEY_AHEAD: usize = 320;
/// Characters of base64 that a key has in a row, at least
const KEY_RUN: usize = 32;

/// A form of keys or tokens.
pub struct Form {
    /// What it is, with an article
    pub what: &'static str,
    /// How it begins
    pub prefix: &'static str,
    /// How it goes on
    body: Body,
}

/// How a form goes on.
enum Body {
    /// So many of these characters or more
    AtLeast(usize, u8),
    /// So many of these characters and no more
    Exactly(usize, u8),
    /// As the first, one of which is a digit: what a name with hyphens need not have
    WithDigit(usize, u8),
    /// A digit, and so many of these characters or more
    AfterDigit(usize, u8),
    /// The rest of a first line of PEM, and what may be a key behind it
    Pem,
    /// The rest of three parts of base64, two of which are JSON
    Jwt,
}
use Body::{AfterDigit, AtLeast, Exactly, Jwt, Pem, WithDigit};

impl Form {
    const fn first(&self) -> usize {
        self.prefix.as_bytes()[0] as usize
    }
}

const fn form(what: &'static str, prefix: &'static str, body: Body) -> Form {
    Form { what, prefix, body }
}

const GITHUB: &str = "a GitHub token";
const GITLAB: &str = "a GitLab token";
const SLACK: &str = "a Slack token";
const STRIPE: &str = "a Stripe key";
const AWS: &str = "an AWS access key id";
const MODEL: &str = "a key of a model's API";

/// All forms, those with one first character beside each other.
pub const FORMS: [Form; 40] = [
    // RFC 7468, sections 10 and 11; RFC 5915, section 4; RFC 9580, section 6.2; and as OpenSSL and OpenSSH write them
    form("a private key", "-----BEGIN ", Pem),
    // AWS, IAM User Guide, "IAM identifiers", table of the prefixes of unique ids: of access keys, and of temporary ones
    form(AWS, "AKIA", Exactly(16, UPPER | DIGIT)),
    form(AWS, "ASIA", Exactly(16, UPPER | DIGIT)),
    // Google Cloud docs, "Manage API keys": 39 characters in all
    form("a Google API key", "AIza", Exactly(35, WORD)),
    // RFC 7519 and RFC 7515, section 7.1: `{"` in base64 is `eyJ`
    form("a JSON web token", "eyJ", Jwt),
    // GitHub, "Behind GitHub's new authentication token formats", 2021, and docs, "About authentication to GitHub"
    form(
        GITHUB,
        "github_pat_",
        AtLeast(82, ALPHANUMERIC | UNDERSCORE),
    ),
    form(GITHUB, "ghp_", AtLeast(36, ALPHANUMERIC)),
    form(GITHUB, "gho_", AtLeast(36, ALPHANUMERIC)),
    form(GITHUB, "ghu_", AtLeast(36, ALPHANUMERIC)),
    form(GITHUB, "ghs_", AtLeast(36, ALPHANUMERIC)),
    form(GITHUB, "ghr_", AtLeast(36, ALPHANUMERIC)),
    // GitLab docs, "GitLab token overview", table of prefixes
    form(GITLAB, "glpat-", AtLeast(20, WORD)),
    form(GITLAB, "gloas-", AtLeast(20, WORD)),
    form(GITLAB, "gldt-", AtLeast(20, WORD)),
    form(GITLAB, "glrt-", AtLeast(20, WORD)),
    form(GITLAB, "glcbt-", AtLeast(20, WORD)),
    form(GITLAB, "glptt-", AtLeast(20, WORD)),
    form(GITLAB, "glft-", AtLeast(20, WORD)),
    form(GITLAB, "glimt-", AtLeast(20, WORD)),
    form(GITLAB, "glagent-", AtLeast(20, WORD)),
    form(GITLAB, "glsoat-", AtLeast(20, WORD)),
    // GitHub changelog, "npm has a new access token format", 2021
    form("an npm token", "npm_", AtLeast(36, ALPHANUMERIC)),
    // PyPI's help, "How can I use API tokens": a macaroon of version 2, whose first bytes are always the same
    form("a PyPI token", "pypi-AgE", AtLeast(50, WORD)),
    // Stripe docs, "API keys": secret and restricted ones, which pk_ is not
    form(STRIPE, "rk_live_", AtLeast(24, ALPHANUMERIC)),
    form(STRIPE, "rk_test_", AtLeast(24, ALPHANUMERIC)),
    form(STRIPE, "sk_live_", AtLeast(24, ALPHANUMERIC)),
    form(STRIPE, "sk_test_", AtLeast(24, ALPHANUMERIC)),
    // Anthropic's and OpenAI's docs show their beginnings; the last is OpenAI's older form, and others'
    form(MODEL, "sk-ant-", WithDigit(32, WORD)),
    form(MODEL, "sk-proj-", WithDigit(32, WORD)),
    form(MODEL, "sk-svcacct-", WithDigit(32, WORD)),
    form(MODEL, "sk-admin-", WithDigit(32, WORD)),
    form(MODEL, "sk-or-v1-", WithDigit(32, WORD)),
    form(MODEL, "sk-", WithDigit(32, ALPHANUMERIC)),
    // Slack docs, "Token types": a number comes first
    form(SLACK, "xoxb-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xoxp-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xoxa-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xoxr-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xoxs-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xoxe-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
    form(SLACK, "xapp-", AfterDigit(20, ALPHANUMERIC | HYPHEN)),
];

/// The kind of each byte. What is no ASCII has none.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'A'..=b'Z' => UPPER,
            b'a'..=b'z' => LOWER,
            b'0'..=b'9' => DIGIT,
            b'_' => UNDERSCORE,
            b'-' => HYPHEN,
            b'+' | b'/' => SLASH,
            _ => 0,
        };
        byte += 1;
    }
    let mut form = 0;
    while form < FORMS.len() {
        kinds[FORMS[form].first()] |= FIRST;
        form += 1;
    }
    kinds
}

/// From where to where in [`FORMS`] those lie that begin with a character.
static STARTS: [(u8, u8); 128] = starts();

const fn starts() -> [(u8, u8); 128] {
    let mut starts = [(0, 0); 128];
    let mut form = 0;
    while (form as usize) < FORMS.len() {
        let first = FORMS[form as usize].first();
        if starts[first].1 == 0 {
            starts[first].0 = form;
        } else {
            assert!(
                starts[first].1 == form,
                "those with one first character are beside each other"
            );
        }
        starts[first].1 = form + 1;
        form += 1;
    }
    starts
}

fn kind(byte: u8) -> u8 {
    #[cfg(test)]
    tests::LOOKS.set(tests::LOOKS.get() + 1);
    KINDS[usize::from(byte)]
}

/// The forms that occur in a text, as places in [`FORMS`].
///
/// Takes time in line with the text's length: but for web tokens no more than so many characters are looked at
/// from any place, and each part of a web token begins where another one cannot.
pub fn find(text: &[u8]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    core::iter::from_fn(move || {
        loop {
            let at = next(text, from)?;
            from = at + 1;
            if let Some(form) = begun(text, at) {
                return Some(form);
            }
        }
    })
}

/// The next place where a form may begin.
// NB: neither this nor what is done there is inlined: interpreters count fuel by blocks, so that each character
// would cost what a form does
#[inline(never)]
fn next(text: &[u8], from: usize) -> Option<usize> {
    let before = from.checked_sub(1).and_then(|at| text.get(at));
    let mut before = before.map_or(0, |byte| kind(*byte));
    let place = text.get(from..)?.iter().position(|byte| {
        let begins = before & ALPHANUMERIC == 0;
        before = kind(*byte);
        begins && before & FIRST != 0
    });
    place.map(|place| from + place)
}

/// The form that begins at a place.
#[inline(never)]
fn begun(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let (from, to) = STARTS[usize::from(rest.first()? & 127)];
    // NB: most words differ in the second character
    let second = rest.get(1);
    (usize::from(from)..usize::from(to))
        .find(|&place| FORMS[place].prefix.as_bytes().get(1) == second && is_at(text, at, place))
}

/// Whether a form lies there.
#[inline(never)]
fn is_at(text: &[u8], at: usize, place: usize) -> bool {
    let form = &FORMS[place];
    let prefix = form.prefix.as_bytes();
    // NB: as a loop, which ends with what differs; a comparison of slices goes through all of it
    let rest = text.get(at..).unwrap_or_default();
    let is_same = rest.len() >= prefix.len() && prefix.iter().zip(rest).all(|(a, b)| a == b);
    is_same && form.body.is_in(text, at, &rest[prefix.len()..])
}

impl Body {
    /// Whether it is what comes behind a prefix, which begins at a place in a text.
    #[inline(never)]
    fn is_in(&self, text: &[u8], at: usize, body: &[u8]) -> bool {
        match *self {
            AtLeast(least, of) => is_run(body, least, of),
            Exactly(length, of) => {
                let end = body.get(length);
                is_run(body, length, of) && end.is_none_or(|next| kind(*next) & of == 0)
            }
            WithDigit(least, of) => is_run(body, least, of) && has_digit(body, of),
            AfterDigit(least, of) => body
                .split_first()
                .is_some_and(|(first, rest)| first.is_ascii_digit() && is_run(rest, least, of)),
            Pem => is_private_key(body),
            Jwt => {
                let before = at.checked_sub(1).and_then(|at| text.get(at));
                before.is_none_or(|byte| kind(*byte) & WORD == 0) && is_web_token(body)
            }
        }
    }
}

/// How many of these characters a text begins with, of as many as are looked at.
fn run(text: &[u8], of: u8) -> usize {
    let end = text.iter().position(|byte| kind(*byte) & of == 0);
    end.unwrap_or(text.len())
}

/// Whether a text begins with so many of these characters, of which enough are different.
#[inline(never)]
fn is_run(text: &[u8], length: usize, of: u8) -> bool {
    text.get(..length)
        .is_some_and(|body| run(body, of) == length && is_varied(body))
}

/// Counts the characters by their last six bits, which but digits and `p` to `y` all have for themselves.
#[inline(never)]
fn is_varied(text: &[u8]) -> bool {
    let seen = text
        .iter()
        .fold(0_u64, |seen, byte| seen | 1 << (byte & 63));
    seen.count_ones() >= DIFFERENT
}

#[inline(never)]
fn has_digit(text: &[u8], of: u8) -> bool {
    let mut ahead = text
        .iter()
        .take(AHEAD)
        .take_while(|byte| kind(**byte) & of != 0);
    ahead.any(u8::is_ascii_digit)
}

/// Whether this is the rest of `-----BEGIN …PRIVATE KEY-----`, or of PGP's, with a key behind it.
#[inline(never)]
fn is_private_key(text: &[u8]) -> bool {
    let label = text.get(..40).unwrap_or(text);
    let length = label
        .iter()
        .position(|byte| !matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' '));
    let Some((label, rest)) = length.and_then(|length| text.split_at_checked(length)) else {
        return false;
    };
    let label = label.strip_suffix(b" BLOCK").unwrap_or(label);
    let Some(rest) = rest.strip_prefix(b"-----") else {
        return false;
    };
    let ahead = rest.get(..KEY_AHEAD).unwrap_or(rest);
    let mut parts = ahead.split(|byte| kind(*byte) & (ALPHANUMERIC | SLASH) == 0);
    label.ends_with(b"PRIVATE KEY") && parts.any(|part| part.len() >= KEY_RUN && is_varied(part))
}

/// Whether this is the rest of a header in base64, then a payload and a signature.
#[inline(never)]
fn is_web_token(text: &[u8]) -> bool {
    let header = run(text, WORD);
    let Some(payload) = text
        .get(header..)
        .and_then(|rest| rest.strip_prefix(b".eyJ"))
    else {
        return false;
    };
    let length = run(payload, WORD);
    let signature = payload
        .get(length..)
        .and_then(|rest| rest.strip_prefix(b"."));
    // NB: `{"alg":"HS256"}` has 20 characters, `{"a":1}` 10, and a signature by it 43; one of `none` has 0
    header >= 15 && length >= 4 && signature.is_some_and(|text| is_run(text, 40, WORD))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::find;

    std::thread_local! {
        /// How often a character was looked at
        pub(super) static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    /// Of texts that begin forms again and again, no character is looked at more often because there are more of
    /// them: not by the length, but by how far a form looks ahead.
    #[test]
    fn time_is_in_line_with_length() {
        for word in [
            "sk-ant-",
            "sk-",
            "sk-ant-aBcDeF",
            "eyJa.",
            "eyJ",
            "eyJa-eyJ.",
            "eyJabcdefghijklmno.",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----",
            "xoxb-1",
            "glpat-",
            "github_pat_",
            "-",
            "e ",
            "AKIA",
            "AIza-",
        ] {
            let length = 600_000;
            LOOKS.set(0);
            let _found = find(word.repeat(length / word.len()).as_bytes()).count();
            let each = LOOKS.get().div_ceil(length);
            assert!(each <= 30, "{word}: {each} looks at each character");
        }
    }
}
