//! Masks of tokens, and the memory of callers that they are written to.

use llguidance::toktrie::SimpleVob;
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// What an allowed token has in a bias that is added to logits.
const ALLOWED: u8 = 200;

/// Bytes of a mask: a bit for each token, in little-endian words of 32 bits.
pub(crate) fn size(vocab_size: usize) -> usize {
    vocab_size.div_ceil(32) * 4
}

/// The mask as bytes, of which there are [`size`].
pub(crate) fn to_bytes(mask: &SimpleVob, vocab_size: usize) -> Vec<u8> {
    // NB: a set has room for a token more than the vocabulary
    let mut bytes: Vec<u8> = mask
        .as_slice()
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    bytes.resize(size(vocab_size), 0);
    bytes
}

/// The mask as a byte for each token: 200 where it is allowed, and otherwise 0.
pub(crate) fn to_bias(mask: &SimpleVob, vocab_size: usize) -> Vec<u8> {
    let mut bias = vec![0; vocab_size];
    mask.iter_set_entries(|token| {
        if let Some(entry) = bias.get_mut(token) {
            *entry = ALLOWED;
        }
    });
    bias
}

/// Memory of the caller that masks are written to, given as an address.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    address: usize,
    mask_size: usize,
}

impl Target {
    /// The memory at `address`, of masks that have `mask_size` bytes each.
    ///
    /// # Errors
    /// A `ValueError` if the address is null or not that of a 32-bit word, or if a mask of the
    /// vocabulary has another size.
    pub(crate) fn new(address: usize, mask_size: usize, vocab_size: usize) -> PyResult<Self> {
        if address == 0 {
            Err(PyValueError::new_err("Null pointer"))
        } else if !address.is_multiple_of(align_of::<u32>()) {
            Err(PyValueError::new_err("Pointer not aligned"))
        } else if mask_size != size(vocab_size) {
            Err(PyValueError::new_err("Invalid buffer size"))
        } else {
            Ok(Self { address, mask_size })
        }
    }

    /// The memory from the mask of this index on.
    pub(crate) fn at(self, index: usize) -> Self {
        Self {
            address: self.address + index * self.mask_size,
            ..self
        }
    }

    /// Writes one mask.
    ///
    /// # Safety
    /// The caller of the Python method has room for it at the address, and nobody else uses that
    /// memory meanwhile.
    pub(crate) unsafe fn write(self, mask: &[u8]) {
        debug_assert_eq!(mask.len(), self.mask_size);
        // SAFETY: by this function's contract there are `mask_size` bytes at the address, and a
        // mask has that many.
        unsafe {
            std::ptr::with_exposed_provenance_mut::<u8>(self.address)
                .copy_from_nonoverlapping(mask.as_ptr(), mask.len());
        }
    }
}
