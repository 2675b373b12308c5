//! Tries beside lists of byte strings that are looked through one by one.

use std::cell::Cell;

use crate::recognizer::{FunctionalRecognizer, StackRecognizer};
use crate::{AnythingGoes, Recognizer, SimpleVob, TokRxInfo, TokTrie, TokenId};

/// Numbers by xorshift64* (Vigna 2016).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).expect("31 bits fit") % bound
    }

    fn bytes(&mut self, alphabet: &[u8], most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }

    /// Tokens of few different bytes, so that many begin alike or are the same; some have none, some
    /// differ after the eighth byte only.
    fn tokens(&mut self) -> Vec<Vec<u8>> {
        let alphabets: [&[u8]; 3] = [b"ab", &[0, b'x', 0xff], b"<>abcdefgh\0\x01\xfe\xff"];
        let alphabet = alphabets[self.below(3)];
        let start = self.bytes(alphabet, 12);
        let count = 1 + self.below(200);
        (0..count)
            .map(|_| match self.below(4) {
                0 => [start.clone(), self.bytes(alphabet, 5)].concat(),
                _ => self.bytes(alphabet, 5),
            })
            .collect()
    }

    fn set(&mut self, trie: &TokTrie) -> SimpleVob {
        let mut set = trie.alloc_token_set();
        let rarity = 1 + self.below(4);
        for token in 0..trie.vocab_size() {
            set.set(token, self.below(rarity) == 0);
        }
        set
    }
}

fn trie_of(tokens: &[Vec<u8>]) -> TokTrie {
    let size = u32::try_from(tokens.len()).expect("tests have few tokens");
    TokTrie::from(&TokRxInfo::new(size, 0), tokens)
}

fn words(tokens: &[&str]) -> Vec<Vec<u8>> {
    tokens
        .iter()
        .map(|token| token.as_bytes().to_vec())
        .collect()
}

/// Some tokens with their numbers.
type Listed<'a> = Vec<(TokenId, &'a [u8])>;

fn listed(tokens: &[Vec<u8>]) -> Listed<'_> {
    (0..).zip(tokens.iter().map(Vec::as_slice)).collect()
}

/// Byte, token, size of the subtree, parents.
type Plain = (u8, Option<TokenId>, usize, usize);

/// The nodes below the one that `prefix` leads to, whose parents are `above`.
fn plain_nodes(tokens: &Listed, prefix: &[u8], above: usize) -> Vec<Plain> {
    let mut siblings = Vec::new();
    for byte in 0..=u8::MAX {
        let path = [prefix, &[byte]].concat();
        let mut with: Listed = tokens.clone();
        with.retain(|(_, token)| token.starts_with(&path));
        let ends: Vec<TokenId> = with
            .iter()
            .filter(|(_, token)| **token == path)
            .map(|&(id, _)| id)
            .collect();
        if !with.is_empty() {
            siblings.push((byte, ends.first().copied(), with));
            siblings.extend(ends.iter().skip(1).map(|&id| (byte, Some(id), Vec::new())));
        }
    }
    let mut nodes = Vec::new();
    let count = siblings.len();
    for (at, (byte, token, with)) in siblings.into_iter().enumerate() {
        let parents = if at + 1 == count { above + 1 } else { 1 };
        let below = plain_nodes(&with, &[prefix, &[byte]].concat(), parents);
        nodes.push((byte, token, below.len() + 1, parents));
        nodes.extend(below);
    }
    nodes
}

/// Allows bytes by what came before, as if at random.
#[derive(Clone, Copy)]
struct Grammar {
    seed: u64,
    refused: u64,
}

impl FunctionalRecognizer<u64> for Grammar {
    fn initial(&self) -> u64 {
        self.seed
    }

    fn try_append(&self, state: u64, byte: u8) -> Option<u64> {
        let next = (state ^ u64::from(byte))
            .wrapping_mul(0x0000_0100_0000_01B3)
            .rotate_left(23);
        (next % 8 >= self.refused).then_some(next)
    }
}

impl Grammar {
    fn some(chance: &mut Chance) -> Self {
        Self {
            seed: chance.below(1 << 30) as u64,
            refused: chance.below(5) as u64,
        }
    }

    fn allows(self, bytes: &[u8]) -> bool {
        bytes
            .iter()
            .try_fold(self.initial(), |state, &byte| self.try_append(state, byte))
            .is_some()
    }
}

#[test]
fn nodes_are_those_of_the_tokens() {
    for seed in 0..400 {
        let chance = &mut Chance::new(seed);
        let tokens = chance.tokens();
        let trie = trie_of(&tokens);
        trie.check_against(&tokens);
        let first = chance.set(&trie);
        let second = chance.set(&trie);
        let once = trie.filter(&first);
        // NB: a trie that was not walked is filtered as one that was
        if seed % 2 == 0 {
            assert_eq!(once.root().byte(), 0xff);
        }
        let twice = once.filter(&second);
        let mut kept = listed(&tokens);
        for (trie, filter) in [
            (&trie, None),
            (&once, Some(&first)),
            (&twice, Some(&second)),
        ] {
            kept.retain(|(id, _)| filter.is_none_or(|filter| filter.is_allowed(*id)));
            let nodes: Vec<Plain> = trie.nodes()[1..]
                .iter()
                .map(|n| (n.byte(), n.token_id(), n.subtree_size(), n.num_parents()))
                .collect();
            assert_eq!(nodes, plain_nodes(&kept, &[], 0), "seed {seed}");
            let root = trie.root();
            assert_eq!(
                (
                    root.byte(),
                    root.token_id(),
                    root.subtree_size(),
                    root.num_parents()
                ),
                (0xff, None, nodes.len() + 1, 1)
            );
            for (id, token) in listed(&tokens) {
                let expected = if kept.contains(&(id, token)) {
                    token
                } else {
                    &[]
                };
                assert_eq!(trie.token(id), expected, "seed {seed}");
            }
            assert_eq!(trie.token(trie.info().vocab_size), b"");
            let longest = kept.iter().map(|(_, token)| token.len()).max();
            assert_eq!(trie.max_token_len(), longest.unwrap_or(0));
            let mut sorted: Vec<_> = kept.iter().filter(|(_, token)| !token.is_empty()).collect();
            sorted.sort_by_key(|(id, token)| (token, *id));
            let mut listed: Vec<_> = trie.sorted_tokens();
            listed.sort_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
            assert!(
                listed
                    .iter()
                    .map(|(id, token)| (*id, token.as_slice()))
                    .eq(sorted.into_iter().copied())
            );
        }
    }
}

#[test]
fn masks_and_extensions_are_those_of_each_token_alone() {
    for seed in 0..2000 {
        let chance = &mut Chance::new(seed);
        let tokens = chance.tokens();
        let whole = trie_of(&tokens);
        let trie = whole.filter(&chance.set(&whole));
        let grammar = Grammar::some(chance);
        let start = match chance.below(3) {
            0 => Vec::new(),
            1 => tokens[chance.below(tokens.len())].clone(),
            _ => chance.bytes(b"ab", 3),
        };
        let mut expected = trie.alloc_token_set();
        let mut extended = false;
        for id in 0..trie.info().vocab_size {
            let token = trie.token(id);
            let extends = token.len() > start.len()
                && token.starts_with(&start)
                && grammar.allows(&token[start.len()..]);
            extended |= extends;
            expected.set(
                id as usize,
                extends || !token.is_empty() && start.starts_with(token),
            );
        }
        let mut recognizer = StackRecognizer::from(grammar);
        let mut mask = trie.alloc_token_set();
        trie.add_bias(&mut recognizer, &mut mask, &start);
        assert_eq!(mask, expected, "seed {seed}");
        assert_eq!(
            trie.has_valid_extensions(&mut recognizer, &start),
            extended,
            "seed {seed}"
        );
    }
}

#[test]
fn tokens_are_found_as_in_a_list() {
    for seed in 0..500 {
        let chance = &mut Chance::new(seed);
        let tokens = chance.tokens();
        let trie = trie_of(&tokens);
        let text = chance.bytes(b"ab<x\xff\0", 20);
        let id_of = |bytes: &[u8]| {
            listed(&tokens)
                .iter()
                .find(|(_, t)| *t == bytes)
                .map(|&(id, _)| id)
        };
        let prefixes = |text: &[u8]| -> Vec<(TokenId, usize)> {
            (1..=text.len())
                .filter_map(|end| Some((id_of(&text[..end])?, end)))
                .collect()
        };
        let ids =
            |found: Vec<(TokenId, usize)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(trie.all_prefixes(&text), ids(prefixes(&text)));
        let inside = (0..text.len())
            .flat_map(|start| prefixes(&text[start..]))
            .collect();
        assert_eq!(trie.all_subtokens(&text), ids(inside));
        let mut greedy = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let longest = prefixes(&text[at..]).last().copied();
            greedy.extend(longest.map(|(id, _)| id));
            at += longest.map_or(1, |(_, length)| length);
        }
        assert_eq!(trie.greedy_tokenize(&text), greedy);
        for token in tokens.iter().filter(|token| !token.is_empty()) {
            assert_eq!(trie.token_id(token), id_of(token));
            assert_eq!(trie.token_id_at_bytes(token), id_of(token));
            let longer = tokens
                .iter()
                .any(|other| other.len() > token.len() && other.starts_with(token));
            assert_eq!(trie.has_extensions(token), longer);
        }
    }
}

/// Allows all bytes, or none, and asks for the end at one of them.
#[derive(Default)]
struct Cancelled {
    enabled: bool,
    accepts: bool,
    at: usize,
    pushed: usize,
    depth: usize,
    asked: Cell<usize>,
    finished: usize,
    seen: usize,
}

impl Recognizer for Cancelled {
    fn pop_bytes(&mut self, num: usize) {
        self.depth -= num;
    }

    fn collapse(&mut self) {}

    fn try_push_byte(&mut self, _byte: u8) -> bool {
        self.pushed += 1;
        self.depth += usize::from(self.accepts);
        self.accepts
    }

    fn trie_finished(&mut self) {
        self.finished += 1;
        self.depth = 0;
    }

    fn save_stats(&mut self, nodes_walked: usize) {
        self.seen += nodes_walked;
    }

    fn cancellation_enabled(&self) -> bool {
        self.enabled
    }

    fn cancellation_requested(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.pushed >= self.at
    }
}

/// Two bytes each, of 64.
fn square(before: &[u8]) -> Vec<Vec<u8>> {
    let second = |first| (0..64).map(move |second| [before, &[first, second]].concat());
    (0..64).flat_map(second).collect()
}

#[test]
fn a_walk_asks_after_each_chunk_whether_it_is_cancelled() {
    let trie = trie_of(&square(&[]));
    for (at, pushed) in [
        (0, 0),
        (1, 1024),
        (1024, 1024),
        (1025, 2048),
        (2049, 3072),
        (4160, 4160),
    ] {
        let mut recognizer = Cancelled {
            enabled: true,
            accepts: true,
            at,
            ..Cancelled::default()
        };
        let mut mask = trie.alloc_token_set();
        mask.allow_token(4095);
        trie.add_bias(&mut recognizer, &mut mask, &[]);
        assert_eq!(recognizer.pushed, pushed, "cancelled at {at}");
        assert_eq!(recognizer.seen, if at == 0 { 0 } else { pushed + 1 });
        assert_eq!((recognizer.finished, recognizer.depth), (1, 0));
        assert!(mask.is_allowed(4095) && !mask.is_allowed(4096));
        // NB: of 65 nodes 64 have a token
        assert_eq!(mask.num_set(), (pushed - pushed.div_ceil(65) + 1).min(4096));
    }
}

#[test]
fn a_walk_that_cannot_be_cancelled_does_not_ask() {
    let trie = trie_of(&square(&[]));
    let mut recognizer = Cancelled {
        accepts: true,
        ..Cancelled::default()
    };
    let mut mask = trie.alloc_token_set();
    trie.add_bias(&mut recognizer, &mut mask, &[]);
    assert!(trie.has_valid_extensions(&mut recognizer, &[]));
    assert_eq!(
        (mask.num_set(), recognizer.asked.get(), recognizer.finished),
        (4096, 0, 2)
    );
}

#[test]
fn a_subtree_that_is_refused_counts_for_a_chunk() {
    let mut tokens = square(&[0]);
    tokens.push(vec![1]);
    let trie = trie_of(&tokens);
    let mut recognizer = Cancelled {
        enabled: true,
        at: 1,
        ..Cancelled::default()
    };
    trie.add_bias(&mut recognizer, &mut trie.alloc_token_set(), &[]);
    assert_eq!((recognizer.pushed, recognizer.seen), (1, 2));
}

#[test]
fn what_is_below_a_prefix_is_cancelled_too() {
    let trie = trie_of(&square(&[0]));
    let mut recognizer = Cancelled {
        enabled: true,
        accepts: true,
        at: 5,
        ..Cancelled::default()
    };
    trie.add_bias(&mut recognizer, &mut trie.alloc_token_set(), &[0]);
    assert_eq!(
        (recognizer.pushed, recognizer.finished, recognizer.depth),
        (1024, 1, 0)
    );
}

#[test]
fn an_extension_that_is_found_after_the_request_does_not_count() {
    let trie = trie_of(&words(&["ab", "abcd"]));
    for (at, found) in [(1, false), (2, false), (3, true)] {
        let mut recognizer = Cancelled {
            enabled: true,
            accepts: true,
            at,
            ..Cancelled::default()
        };
        assert_eq!(
            trie.has_valid_extensions(&mut recognizer, &[]),
            found,
            "cancelled at {at}"
        );
        assert_eq!(recognizer.finished, 1);
    }
    let mut recognizer = Cancelled {
        enabled: true,
        accepts: true,
        at: 1,
        ..Cancelled::default()
    };
    assert_eq!(trie.chop_tokens(&mut recognizer, &[0]), (0, 0));
}

#[test]
fn tokens_that_others_reach_over_are_chopped() {
    let trie = trie_of(&words(&["a", "b", "ab", "bcd", "c", "\u{1}"]));
    for (tokens, expected) in [
        (&[][..], (0, 0)),
        (&[0], (1, 1)),
        (&[0, 1], (1, 1)),
        (&[1, 4], (2, 2)),
        (&[2], (1, 2)),
        (&[3], (0, 0)),
        (&[5, 4], (0, 0)),
    ] {
        assert_eq!(
            trie.chop_tokens(&mut AnythingGoes, tokens),
            expected,
            "{tokens:?}"
        );
    }
}

#[test]
fn end_tokens_are_a_tries_own() {
    let trie = trie_of(&words(&["a", "b", "c", "d"]));
    let several = trie.with_eos_tokens(&[3, 1]);
    assert_eq!(
        (several.eos_token(), several.eos_tokens()),
        (3, &[3, 1][..])
    );
    assert_eq!(several.eos_token_set().to_list(), [1, 3]);
    let filtered = several.filter(&several.singleton_token_set(0));
    assert_eq!(filtered.eos_tokens(), [3, 1]);
    assert_eq!(several.with_eos_token(2).eos_tokens(), [2]);
    let info = TokRxInfo {
        tok_end_of_turn: Some(1),
        ..TokRxInfo::new(4, 2)
    };
    assert_eq!(several.with_info(info).eos_tokens(), [2]);
    assert_eq!(
        several.with_info(info).build_chat_mode_trie().eos_tokens(),
        [1]
    );
    assert_eq!(trie.eos_tokens(), [0]);
    let none = trie.with_info(TokRxInfo::new(4, crate::INVALID_TOKEN));
    assert!(none.eos_token_set().is_zero());
    assert_eq!(TokRxInfo::from_bin(&info.to_bin()), TokRxInfo::new(4, 2));
}

#[test]
#[should_panic(expected = "eos_tokens must not be empty")]
fn some_token_is_the_end() {
    let _ = trie_of(&words(&["a"])).with_eos_tokens(&[]);
}

#[test]
fn special_tokens_have_the_marker() {
    let mut tokens = words(&["<", "a", "b", ">", ""]);
    tokens.extend([b"\xff<a>".to_vec(), b"\xff<b>".to_vec()]);
    let trie = trie_of(&tokens).with_eos_token(6);
    assert_eq!(
        (trie.get_special_token("<a>"), trie.get_special_token("<c>")),
        (Some(5), None)
    );
    assert_eq!(trie.get_special_tokens(), [5, 6]);
    assert!(trie.is_special_token(5) && !trie.is_special_token(0));
    assert!(trie_of(&words(&["a"])).get_special_tokens().is_empty());
    let all = [1, 4, 5];
    assert_eq!(trie.decode(&all), b"a<[4]><a>");
    assert_eq!(trie.decode_str(&all), "a<[4]><a>");
    assert_eq!(trie.decode_ext(&all, false), b"a");
    assert_eq!(trie.decode_raw(&all), b"a\xff[4]\xff[5]");
    assert_eq!(
        trie.decode_raw_to_decode(b"a\xff[4]\xff[5]\xff"),
        b"a<[4]><a>\xff"
    );
    for token in 0..7 {
        assert_eq!(trie.token_len(token), trie.decode_raw(&[token]).len());
    }
    let by_letter = |text: &str| trie.greedy_tokenize(text.as_bytes());
    for (text, expected) in [
        ("a<a>b", vec![1, 5, 2]),
        ("<b>", vec![6]),
        ("<<a>a<c>", vec![0, 5, 1, 0, 3]),
        ("<>a<", vec![0, 3, 1, 0]),
    ] {
        assert_eq!(
            trie.tokenize_with_special(text, by_letter),
            expected,
            "{text}"
        );
    }
    let only_a = |text: &str| vec![1; text.len()];
    assert_eq!(trie.tokenize_with_greedy_fallback(b"bb", only_a), [1, 1]);
    assert_eq!(
        trie.tokenize_with_greedy_fallback(b"b\xffb", only_a),
        [1, 1]
    );
    assert_eq!(
        trie.tokenize_with_greedy_fallback(b"\xff<a>", only_a),
        [1, 1, 1]
    );
}

#[test]
fn tokens_are_shown() {
    let mut tokens = words(&["a\n", "\"", ""]);
    tokens.extend([
        b"\xff<x>".to_vec(),
        b"\xfe\x01".to_vec(),
        b"\xff".to_vec(),
        b"e".to_vec(),
    ]);
    let trie = trie_of(&tokens).with_eos_token(6);
    let shown = [
        "⟨a\\n⟩",
        "⟨\"⟩",
        "≺EMPTY[2]≻",
        "<x>",
        "≺HEX[fe01]≻",
        "≺HEX[ff]≻",
        "≺EOS≻",
        "≺OOB[7]≻",
    ];
    for (id, expected) in (0..).zip(shown) {
        assert_eq!(trie.token_dbg(id), expected);
    }
    assert_eq!(trie.tokens_dbg(&[0, 3, 6]), "⟦a\\n‧<x>‧≺EOS≻⟧");
    let many = trie.test_trace_tokens(&[0; TokTrie::MAX_DBG_TOKENS + 1]);
    assert!(many.starts_with("…a\\n‧") && many.matches('a').count() == TokTrie::MAX_DBG_TOKENS);
    assert_eq!(trie.token_str(0), "a\n");
    let mut set = trie.singleton_token_set(1);
    assert_eq!(trie.token_set_dbg(&set), "TokenSet: 1/7; ⟨\"⟩");
    set.allow_token(6);
    assert_eq!(trie.token_set_dbg(&set), "TokenSet: 2/7; EOS ⟨\"⟩");
    set.set_all(true);
    assert_eq!(trie.token_set_dbg(&set), "TokenSet: 7/7; ALL EXCEPT ");
    assert_eq!(
        trie.trie_stats(),
        "11 nodes, 6 token nodes, 11 token bytes, 4 max len"
    );
}

/// As GLM-4's vocabulary has it: 1,024 spaces, and nothing else that begins so.
#[test]
fn a_token_of_1024_bytes_is_taken() {
    let tokens = [vec![b' '; 1024], b"!".to_vec()];
    let trie = trie_of(&tokens);
    trie.check_against(&tokens);
    let mut mask = trie.alloc_token_set();
    trie.add_bias(&mut AnythingGoes, &mut mask, &[]);
    assert_eq!(mask.num_set(), 2);
    assert_eq!(trie.nodes()[1024].num_parents(), 1024);
}

#[test]
#[should_panic(expected = "a token ends 1025 levels of the trie at once")]
fn a_token_of_1025_bytes_is_refused() {
    trie_of(&[vec![b' '; 1025]]);
}

#[test]
fn longer_tokens_are_taken_where_others_branch_off() {
    let tokens = [vec![b'a'; 1025], b"ab".to_vec()];
    let trie = trie_of(&tokens);
    trie.check_against(&tokens);
    let alone = trie.singleton_token_set(0);
    let refused = std::panic::catch_unwind(|| trie.filter(&alone));
    assert!(refused.is_err(), "without the branch it ends 1,025 levels");
}

#[test]
#[should_panic(expected = "a vocabulary of 2 tokens has 1 words")]
fn the_size_is_that_of_the_words() {
    let _ = TokTrie::from(&TokRxInfo::new(2, 0), &words(&["a"]));
}

#[test]
#[should_panic(expected = "16777216 tokens are too many: 16777215 are the most")]
fn numbers_of_tokens_have_24_bits() {
    let size = 1 << 24;
    let _ = TokTrie::from(&TokRxInfo::new(size, 0), &vec![Vec::new(); size as usize]);
}

#[test]
#[should_panic(expected = "range end index 1 out of range")]
fn a_filter_has_room_for_the_vocabulary() {
    let _ = trie_of(&words(&["a"])).filter(&SimpleVob::new());
}
