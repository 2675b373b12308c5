//! A system's vital signs in 4,096 bytes, as `WhiteMagic` 15's processes have them in a file that they map.
//!
//! ```
//! use whitemagic::state_board::StateBoard;
//!
//! let mut board = StateBoard::new();
//! assert_eq!(board.set_harmony([1.0, 0.5, 0.5, 0.0, 1.0, 0.0, 0.8], 1_000)?, 1);
//! let other = StateBoard::from_bytes(board.as_bytes())?;
//! assert_eq!(other.harmony()[1], 0.5);
//! # Ok::<(), whitemagic::state_board::BoardError>(())
//! ```
//!
//! # Layout
//! All numbers have 8 bytes, the least first; what is not listed is 0 and kept as it is.
//!
//! | from | what |
//! |---|---|
//! | 0 | the magic number 0x574D424F41524400 |
//! | 8 | the version, 1 |
//! | 16 | the tick: how often harmony or resonance was set |
//! | 64 | the seven of [`HARMONY`], as IEEE 754 has them |
//! | 128 | the six of [`RESONANCE`] |
//! | 176 | a bit for each engine that is active |
//! | 184 | the time of the last tick in nanoseconds |
//! | 256 | 64 circuit breakers of tools: the state, and the count of failures |
//! | 1280 | 64 counts of calls of tools |
//!
//! What is set is checked. What is read may have been written by another process, which may have checked less.
//! Nothing here is atomic: who writes to bytes that others map writes those that changed, or has them agree on
//! turns.

/// Bytes of a board.
pub const SIZE: usize = 4096;

/// Circuit breakers, and counters.
pub const SLOTS: usize = 64;

/// The names of the harmony's numbers, in the order of their places.
pub const HARMONY: [&str; 7] = [
    "balance",
    "throughput",
    "latency",
    "error_rate",
    "dharma",
    "karma_debt",
    "energy",
];

/// The names of the resonance's numbers, in the order of their places, and the greatest that each may be. They
/// are: sattvic, rajasic or tamasic; wood, fire, earth, metal or water; a gana from 1, or 0 for none, and those
/// before and after it; east, south, west or north.
pub const RESONANCE: [(&str, u32); 6] = [
    ("guna", 2),
    ("wu_xing_phase", 4),
    ("current_gana", 28),
    ("predecessor_gana", 28),
    ("successor_gana", 28),
    ("quadrant", 3),
];

/// All engines: there are 28.
pub const ENGINES: u32 = (1 << 28) - 1;

const MAGIC: u64 = 0x574D_424F_4152_4400;
const VERSION: u64 = 1;

const AT_VERSION: usize = 8;
const AT_TICK: usize = 16;
const AT_HARMONY: usize = 64;
const AT_RESONANCE: usize = 128;
const AT_ENGINES: usize = 176;
const AT_LAST_UPDATE: usize = 184;
const AT_BREAKERS: usize = 256;
const AT_COUNTERS: usize = 1280;

/// Why bytes are no board, or a number does not belong on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// There are more or fewer bytes.
    #[error("a state board has 4096 bytes, and not {0}")]
    Length(usize),
    /// The magic number is another.
    #[error("the bytes are no state board: the magic number is missing")]
    Magic,
    /// The version is another.
    #[error("the state board is not of version 1")]
    Version,
    /// A number of the harmony is not finite.
    #[error("{0} is not a finite number")]
    NotFinite(&'static str),
    /// A whole number is too great.
    #[error("{0} is not a whole number from 0 to {1}")]
    Range(&'static str, u32),
}

/// A tool's circuit breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// 0 when closed, 1 when open, 2 when half open.
    pub state: u64,
    /// How often the tool failed.
    pub failures: u64,
}

/// The bytes of a board, whose first lies at a multiple of 8.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct StateBoard([u8; SIZE]);

impl Default for StateBoard {
    fn default() -> Self {
        Self::new()
    }
}

impl StateBoard {
    /// A board on which nothing was set.
    #[must_use]
    pub fn new() -> Self {
        let mut board = Self([0; SIZE]);
        board.write(0, MAGIC);
        board.write(AT_VERSION, VERSION);
        board
    }

    /// The board that the bytes are.
    ///
    /// # Errors
    /// If there are not [`SIZE`] bytes, or they do not begin with the magic number and the version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BoardError> {
        let whole = bytes.try_into();
        let board = Self(whole.map_err(|_| BoardError::Length(bytes.len()))?);
        board.check()?;
        Ok(board)
    }

    /// The bytes, which `WhiteMagic`'s processes read as they are.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; SIZE] {
        &self.0
    }

    /// Checks the begin of the bytes, where others than this value's functions may write to them.
    ///
    /// # Errors
    /// If they do not begin with the magic number and the version.
    pub fn check(&self) -> Result<(), BoardError> {
        if self.word(0) != MAGIC {
            return Err(BoardError::Magic);
        }
        if self.word(AT_VERSION) != VERSION {
            return Err(BoardError::Version);
        }
        Ok(())
    }

    /// How often harmony or resonance was set.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.word(AT_TICK)
    }

    /// When harmony or resonance was last set, in nanoseconds.
    #[must_use]
    pub fn last_update_ns(&self) -> u64 {
        self.word(AT_LAST_UPDATE)
    }

    /// The numbers of [`HARMONY`].
    #[must_use]
    pub fn harmony(&self) -> [f64; HARMONY.len()] {
        core::array::from_fn(|at| f64::from_bits(self.word(AT_HARMONY + 8 * at)))
    }

    /// Sets the numbers of [`HARMONY`], and gives the new tick.
    ///
    /// # Errors
    /// If one is not finite.
    pub fn set_harmony(
        &mut self,
        harmony: [f64; HARMONY.len()],
        now_ns: u64,
    ) -> Result<u64, BoardError> {
        let mut named = HARMONY.iter().zip(harmony);
        if let Some((name, _)) = named.find(|(_, number)| !number.is_finite()) {
            return Err(BoardError::NotFinite(name));
        }
        for (at, number) in harmony.into_iter().enumerate() {
            self.write(AT_HARMONY + 8 * at, number.to_bits());
        }
        Ok(self.advance(now_ns))
    }

    /// The numbers of [`RESONANCE`].
    #[must_use]
    pub fn resonance(&self) -> [u64; RESONANCE.len()] {
        core::array::from_fn(|at| self.word(AT_RESONANCE + 8 * at))
    }

    /// Sets the numbers of [`RESONANCE`], and gives the new tick.
    ///
    /// # Errors
    /// If one is too great.
    pub fn set_resonance(
        &mut self,
        resonance: [u64; RESONANCE.len()],
        now_ns: u64,
    ) -> Result<u64, BoardError> {
        for ((name, most), number) in RESONANCE.into_iter().zip(resonance) {
            within(name, most, number)?;
        }
        for (at, number) in resonance.into_iter().enumerate() {
            self.write(AT_RESONANCE + 8 * at, number);
        }
        Ok(self.advance(now_ns))
    }

    /// A bit for each engine that is active.
    #[must_use]
    pub fn engines(&self) -> u64 {
        self.word(AT_ENGINES)
    }

    /// Sets which engines are active.
    ///
    /// # Errors
    /// If there is a bit beyond [`ENGINES`].
    pub fn set_engines(&mut self, mask: u64) -> Result<(), BoardError> {
        within("mask", ENGINES, mask)?;
        self.write(AT_ENGINES, mask);
        Ok(())
    }

    /// The circuit breaker of a slot.
    ///
    /// # Errors
    /// If there is no such slot.
    pub fn breaker(&self, slot: usize) -> Result<Breaker, BoardError> {
        let at = AT_BREAKERS + 16 * checked(slot)?;
        Ok(Breaker {
            state: self.word(at),
            failures: self.word(at + 8),
        })
    }

    /// Sets the circuit breaker of a slot.
    ///
    /// # Errors
    /// If there is no such slot or no such state.
    pub fn set_breaker(&mut self, slot: usize, breaker: Breaker) -> Result<(), BoardError> {
        let at = AT_BREAKERS + 16 * checked(slot)?;
        within("state", 2, breaker.state)?;
        self.write(at, breaker.state);
        self.write(at + 8, breaker.failures);
        Ok(())
    }

    /// The counter of a slot.
    ///
    /// # Errors
    /// If there is no such slot.
    pub fn counter(&self, slot: usize) -> Result<u64, BoardError> {
        Ok(self.word(AT_COUNTERS + 8 * checked(slot)?))
    }

    /// Adds one to the counter of a slot, and gives the new count; after 2⁶⁴ − 1 comes 0.
    ///
    /// # Errors
    /// If there is no such slot.
    pub fn increment_counter(&mut self, slot: usize) -> Result<u64, BoardError> {
        let count = self.counter(slot)?.wrapping_add(1);
        self.write(AT_COUNTERS + 8 * slot, count);
        Ok(count)
    }

    /// Makes the board as if new.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    fn advance(&mut self, now_ns: u64) -> u64 {
        let tick = self.tick().wrapping_add(1);
        self.write(AT_TICK, tick);
        self.write(AT_LAST_UPDATE, now_ns);
        tick
    }

    fn word(&self, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.0[at..at + 8]);
        u64::from_le_bytes(word)
    }

    fn write(&mut self, at: usize, word: u64) {
        self.0[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
}

fn within(name: &'static str, most: u32, number: u64) -> Result<(), BoardError> {
    if number > u64::from(most) {
        return Err(BoardError::Range(name, most));
    }
    Ok(())
}

fn checked(slot: usize) -> Result<usize, BoardError> {
    within("slot", 63, slot as u64).map(|()| slot)
}
