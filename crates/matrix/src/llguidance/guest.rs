//! llguidance in a module, driven through its C ABI.
//!
//! Layouts are those of `llguidance.h` on wasm32: pointers and `size_t` have
//! four bytes, `uint64_t` is aligned to eight.

use thiserror::Error;

use super::cases::Language;
use super::{EOS, MASK_WORDS, Matcher, Validity, vocabulary};
use crate::outcome::{Failure, Outcome};
use crate::runtime::{Fault, Instance};

/// Why the module did not do its part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GuestError {
    /// It could not be run.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It ran, and gave something that no native build would give.
    #[error("{0}")]
    Wrong(String),
}

impl From<GuestError> for Failure {
    fn from(error: GuestError) -> Self {
        match error {
            GuestError::Fault(fault) => fault.into(),
            GuestError::Wrong(message) => Self::new(Outcome::Wrong, message),
        }
    }
}

type Result<T> = std::result::Result<T, GuestError>;

/// An instance of the module.
pub struct Guest {
    instance: Box<dyn Instance>,
}

/// Memory from `llg_wasm_alloc`.
#[derive(Debug)]
#[must_use = "memory that is not freed leaks"]
struct Block {
    address: u32,
    size: u32,
    align: u32,
}

/// A tokenizer handle of the module.
#[derive(Debug)]
#[must_use = "a handle that is not freed leaks"]
pub struct Tokenizer(u32);

/// A matcher handle of the module.
#[derive(Debug)]
#[must_use = "a handle that is not freed leaks"]
pub struct MatcherHandle(u32);

impl Guest {
    /// Drives this instance.
    #[must_use]
    pub fn new(instance: Box<dyn Instance>) -> Self {
        Self { instance }
    }

    /// Size of the instance's memory, in bytes.
    ///
    /// # Errors
    /// [`GuestError::Fault`].
    pub fn memory_size(&mut self) -> Result<u64> {
        Ok(self.instance.memory_size()?)
    }

    /// The versions of llguidance and derivre in the module.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn version(&mut self) -> Result<String> {
        let address = self.call("llg_get_version", &[])?;
        self.read_string(address)
    }

    /// Tries the allocator: alignment, contents, refusals, reuse of freed memory.
    ///
    /// # Errors
    /// [`GuestError::Wrong`] with the first broken promise.
    pub fn try_allocator(&mut self) -> Result<()> {
        for (size, align) in [(0, 8), (8, 0), (8, 3), (u32::MAX, 1), (0x7fff_ffff, 2)] {
            let address = self.call("llg_wasm_alloc", &[size, align])?;
            if address != 0 {
                return Err(GuestError::Wrong(format!(
                    "llg_wasm_alloc({size}, {align}) returned {address:#x}, not null"
                )));
            }
        }
        self.call_void("llg_wasm_free", &[0, 8, 8])?;

        let mut blocks = Vec::new();
        for shift in 0..=16 {
            let align = 1 << shift;
            let pattern = vec![shift + 1; 3000];
            blocks.push((self.allocate(&pattern, align)?, pattern));
        }
        for (block, pattern) in &blocks {
            if !block.address.is_multiple_of(block.align) {
                return Err(GuestError::Wrong(format!(
                    "llg_wasm_alloc(3000, {}) returned {:#x}, which is not aligned",
                    block.align, block.address
                )));
            }
            let mut bytes = vec![0; pattern.len()];
            self.instance.read(block.address, &mut bytes)?;
            if bytes != *pattern {
                return Err(GuestError::Wrong(format!(
                    "the block at {:#x} was overwritten by a later one",
                    block.address
                )));
            }
        }
        for (block, _) in blocks {
            self.free(block)?;
        }

        let mebibyte = vec![0xA5; 1 << 20];
        let block = self.allocate(&mebibyte, 16)?;
        self.free(block)?;
        let before = self.memory_size()?;
        for _ in 0..32 {
            let block = self.allocate(&mebibyte, 16)?;
            self.free(block)?;
        }
        let after = self.memory_size()?;
        if after != before {
            return Err(GuestError::Wrong(format!(
                "memory grew from {before} to {after} bytes while 1 MiB was allocated \
                 and freed 32 times"
            )));
        }
        Ok(())
    }

    /// Builds the byte tokenizer through `llg_new_tokenizer_v2`.
    ///
    /// # Errors
    /// [`GuestError`]; a refusal by llguidance is [`GuestError::Wrong`].
    pub fn tokenizer(&mut self) -> Result<Tokenizer> {
        const ERROR_LENGTH: u32 = 1024;
        let words = vocabulary();
        let mut lengths = Vec::new();
        for word in &words {
            lengths.extend_from_slice(&word_length(word).to_le_bytes());
        }
        let lengths = self.allocate(&lengths, 4)?;
        let bytes = self.allocate(&words.concat(), 1)?;
        // LlgTokenizerInitV2: 13 words, of which two hold a bool in their first byte.
        // What stays zero: tokenizer_json, tokenize_assumes_string, tokenize_fn,
        // tokenize_user_data, slices, tok_eos_extra and its count.
        let mut init = [0_u32; 13];
        init[0] = 52; // struct_size
        init[1] = EOS + 1; // vocab_size
        init[2] = EOS; // tok_eos
        init[3] = lengths.address; // token_lens
        init[4] = bytes.address; // token_bytes
        init[8] = 1; // use_approximate_greedy_tokenize_fn
        let init = self.allocate(&init.map(u32::to_le_bytes).concat(), 4)?;
        let error = self.allocate(&[0; ERROR_LENGTH as usize], 1)?;
        let handle = self.call(
            "llg_new_tokenizer_v2",
            &[init.address, error.address, ERROR_LENGTH],
        )?;
        let message = self.read_string(error.address)?;
        for block in [lengths, bytes, init, error] {
            self.free(block)?;
        }
        if handle == 0 {
            return Err(GuestError::Wrong(format!(
                "llg_new_tokenizer_v2 returned null: {message}"
            )));
        }
        Ok(Tokenizer(handle))
    }

    /// Builds a matcher through `llg_new_matcher`; an invalid grammar gives one in the
    /// error state.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn matcher(
        &mut self,
        tokenizer: &Tokenizer,
        language: Language,
        grammar: &str,
    ) -> Result<MatcherHandle> {
        let init = self.constraint_init(tokenizer)?;
        let tag = self.allocate_string(language.tag())?;
        let grammar = self.allocate_string(grammar)?;
        let handle = self.call(
            "llg_new_matcher",
            &[init.address, tag.address, grammar.address],
        )?;
        for block in [init, tag, grammar] {
            self.free(block)?;
        }
        if handle == 0 {
            return Err(GuestError::Wrong(
                "llg_new_matcher returned null, which it never does natively".to_owned(),
            ));
        }
        let bytes = self.call("llg_matcher_get_mask_byte_size", &[handle])?;
        if bytes as usize != MASK_WORDS * 4 {
            return Err(GuestError::Wrong(format!(
                "a mask has {bytes} bytes, not {} for {} tokens",
                MASK_WORDS * 4,
                EOS + 1
            )));
        }
        Ok(MatcherHandle(handle))
    }

    /// What `llg_validate_grammar` says.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn validate(
        &mut self,
        tokenizer: &Tokenizer,
        language: Language,
        grammar: &str,
    ) -> Result<Validity> {
        const MESSAGE_LENGTH: u32 = 16 << 10;
        let init = self.constraint_init(tokenizer)?;
        let tag = self.allocate_string(language.tag())?;
        let grammar = self.allocate_string(grammar)?;
        let message = self.allocate(&[0xFF; MESSAGE_LENGTH as usize], 1)?;
        let code = self.call(
            "llg_validate_grammar",
            &[
                init.address,
                tag.address,
                grammar.address,
                message.address,
                MESSAGE_LENGTH,
            ],
        )?;
        let text = self.read_string(message.address)?;
        for block in [init, tag, grammar, message] {
            self.free(block)?;
        }
        match code.cast_signed() {
            0 => Ok(Validity::Valid),
            1 => Ok(Validity::Warning(text)),
            -1 => Ok(Validity::Invalid(text)),
            code => Err(GuestError::Wrong(format!(
                "llg_validate_grammar returned {code}; it has 0, 1 and -1"
            ))),
        }
    }

    /// A copy of a matcher.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn clone_matcher(&mut self, matcher: &MatcherHandle) -> Result<MatcherHandle> {
        Ok(MatcherHandle(self.call("llg_clone_matcher", &[matcher.0])?))
    }

    /// Frees a matcher.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn free_matcher(&mut self, matcher: MatcherHandle) -> Result<()> {
        let MatcherHandle(handle) = matcher;
        self.call_void("llg_free_matcher", &[handle])
    }

    /// Frees a tokenizer. Its matchers keep what they need.
    ///
    /// # Errors
    /// [`GuestError`].
    pub fn free_tokenizer(&mut self, tokenizer: Tokenizer) -> Result<()> {
        let Tokenizer(handle) = tokenizer;
        self.call_void("llg_free_tokenizer", &[handle])
    }

    /// An `LlgConstraintInit` with llguidance's defaults, silent.
    fn constraint_init(&mut self, tokenizer: &Tokenizer) -> Result<Block> {
        const SIZE: usize = 56;
        const LOG_STDERR_LEVEL: u32 = 8;
        let init = self.allocate(&[0; SIZE], 8)?;
        self.call_void(
            "llg_constraint_init_set_defaults",
            &[init.address, tokenizer.0],
        )?;
        self.instance
            .write(init.address + LOG_STDERR_LEVEL, &0_u32.to_le_bytes())?;
        Ok(init)
    }

    fn allocate(&mut self, bytes: &[u8], align: u32) -> Result<Block> {
        let size = u32::try_from(bytes.len())
            .map_err(|_| GuestError::Wrong(format!("{} bytes exceed wasm32", bytes.len())))?;
        let address = self.call("llg_wasm_alloc", &[size, align])?;
        if address == 0 {
            return Err(GuestError::Wrong(format!(
                "llg_wasm_alloc({size}, {align}) returned null"
            )));
        }
        self.instance.write(address, bytes)?;
        Ok(Block {
            address,
            size,
            align,
        })
    }

    fn allocate_string(&mut self, text: &str) -> Result<Block> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.allocate(&bytes, 1)
    }

    fn free(&mut self, block: Block) -> Result<()> {
        let Block {
            address,
            size,
            align,
        } = block;
        self.call_void("llg_wasm_free", &[address, size, align])
    }

    fn read_string(&mut self, address: u32) -> Result<String> {
        const CHUNK: usize = 256;
        let size = self.memory_size()?;
        let mut text = Vec::new();
        let mut next = u64::from(address);
        loop {
            // A string may end just before memory does; one that does not end is told of.
            let left = size.saturating_sub(next).clamp(1, CHUNK as u64);
            let mut chunk = vec![0; usize::try_from(left).unwrap_or(CHUNK)];
            let start = u32::try_from(next).unwrap_or(u32::MAX);
            self.instance.read(start, &mut chunk)?;
            match chunk.iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend_from_slice(&chunk[..end]);
                    break;
                }
                None => text.append(&mut chunk),
            }
            next += left;
        }
        String::from_utf8(text)
            .map_err(|error| GuestError::Wrong(format!("a string is not UTF-8: {error}")))
    }

    fn call(&mut self, function: &str, arguments: &[u32]) -> Result<u32> {
        self.instance.call(function, arguments)?.ok_or_else(|| {
            GuestError::Wrong(format!(
                "{function} returns nothing, but the header says it does"
            ))
        })
    }

    fn call_void(&mut self, function: &str, arguments: &[u32]) -> Result<()> {
        match self.instance.call(function, arguments)? {
            None => Ok(()),
            Some(_) => Err(GuestError::Wrong(format!(
                "{function} returns a value, but the header says it does not"
            ))),
        }
    }
}

fn word_length(word: &[u8]) -> u32 {
    u32::try_from(word.len()).unwrap_or(u32::MAX)
}

/// A matcher of the module, borrowed together with its instance.
pub struct GuestMatcher<'a> {
    guest: &'a mut Guest,
    handle: &'a MatcherHandle,
}

impl<'a> GuestMatcher<'a> {
    /// Drives `handle` in `guest`.
    pub fn new(guest: &'a mut Guest, handle: &'a MatcherHandle) -> Self {
        Self { guest, handle }
    }

    fn call(&mut self, function: &str) -> Result<u32> {
        self.guest.call(function, &[self.handle.0])
    }
}

impl Matcher for GuestMatcher<'_> {
    type Error = GuestError;

    fn mask(&mut self) -> Result<Option<Vec<u32>>> {
        if self.call("llg_matcher_compute_mask")? != 0 {
            return Ok(None);
        }
        let address = self.call("llg_matcher_get_mask")?;
        if address == 0 {
            return Err(GuestError::Wrong(
                "llg_matcher_get_mask returned null after llg_matcher_compute_mask".to_owned(),
            ));
        }
        let mut bytes = [0; MASK_WORDS * 4];
        self.guest.instance.read(address, &mut bytes)?;
        let words = bytes.as_chunks::<4>().0;
        Ok(Some(
            words.iter().copied().map(u32::from_le_bytes).collect(),
        ))
    }

    fn consume(&mut self, token: u32) -> Result<bool> {
        let code = self
            .guest
            .call("llg_matcher_consume_token", &[self.handle.0, token])?;
        Ok(code == 0)
    }

    fn is_accepting(&mut self) -> Result<bool> {
        Ok(self.call("llg_matcher_is_accepting")? != 0)
    }

    fn is_stopped(&mut self) -> Result<bool> {
        Ok(self.call("llg_matcher_is_stopped")? != 0)
    }

    fn error(&mut self) -> Result<Option<String>> {
        let address = self.call("llg_matcher_get_error")?;
        if address == 0 {
            return Ok(None);
        }
        self.guest.read_string(address).map(Some)
    }
}
