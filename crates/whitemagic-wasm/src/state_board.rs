use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use serde_json::Value;
use whitemagic::state_board::{Breaker, HARMONY, RESONANCE, SLOTS, StateBoard};

use crate::call::{State, answer, export, with_state};
use crate::json::{Answer, Error, Members};
use crate::memory::require;

/// An instance's board, which begins where a function first needs it, and stays where it is.
#[derive(Default)]
pub struct Board(Option<NonNull<StateBoard>>);

impl Board {
    fn address(&mut self) -> NonNull<StateBoard> {
        *self
            .0
            .get_or_insert_with(|| NonNull::from(Box::leak(Box::default())))
    }

    /// The board, whatever bytes the host has written to it.
    fn any(&mut self) -> &mut StateBoard {
        // SAFETY: it came from a box that is never freed, any bytes are a value of its type, and the host does
        // not write while a call lasts.
        unsafe { self.address().as_mut() }
    }

    /// The board, if what the host has written to it is one.
    fn valid(&mut self) -> Result<&mut StateBoard, Error> {
        let board = self.any();
        board.check().map_err(Error::refused)?;
        Ok(board)
    }
}

export! {
    /// Sets the harmony.
    board_write_harmony = write_harmony;
    /// Sets the resonance.
    board_write_resonance = write_resonance;
    /// Sets a circuit breaker.
    board_write_breaker = write_breaker;
    /// Adds one to a counter.
    board_increment_counter = |argument, state, answer| {
        let slot = Members::of(argument)?.limit("slot")?;
        let count = state.board.valid()?.increment_counter(slot);
        answer.safe(count.map_err(Error::refused)?);
        Ok(())
    };
    /// Sets which engines are active.
    board_set_engines = |argument, state, answer| {
        let mask = Members::of(argument)?.count("mask")?;
        let set = state.board.valid()?.set_engines(mask);
        set.map_err(Error::refused)?;
        answer.null();
        Ok(())
    };
}

/// Where the board's 4,096 bytes lie: always the same address, at a multiple of 8; or null, if memory has no room.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn board_address() -> *mut u8 {
    with_state(|state| match require(size_of::<StateBoard>()) {
        Ok(()) => state.board.address().as_ptr().cast(),
        Err(_) => ptr::null_mut(),
    })
}

/// What is on the board.
#[unsafe(no_mangle)]
pub extern "C" fn board_read() -> i32 {
    answer(|state, answer| {
        list(state.board.valid()?, answer);
        Ok(())
    })
}

/// Makes the board as if new.
#[unsafe(no_mangle)]
pub extern "C" fn board_reset() -> i32 {
    answer(|state, answer| {
        state.board.any().reset();
        answer.null();
        Ok(())
    })
}

fn list(board: &StateBoard, answer: &mut Answer) {
    answer.member("tick", true).safe(board.tick());
    answer
        .member("last_update_ns", false)
        .digits(board.last_update_ns());
    for (name, number) in HARMONY.into_iter().zip(board.harmony()) {
        answer.member(name, false).number(number);
    }
    for ((name, _), number) in RESONANCE.into_iter().zip(board.resonance()) {
        answer.member(name, false).safe(number);
    }
    answer.member("active_engines", false).safe(board.engines());
    let slots = (0..SLOTS).filter_map(|slot| {
        let breaker = board.breaker(slot).ok()?;
        let counter = board.counter(slot).ok()?;
        ((breaker, counter) != (Breaker::default(), 0)).then_some((slot, breaker, counter))
    });
    answer
        .member("slots", false)
        .array(slots, |answer, (slot, breaker, counter)| {
            answer.member("slot", true).count(slot as u64);
            answer.member("state", false).safe(breaker.state);
            answer.member("failures", false).safe(breaker.failures);
            answer.member("counter", false).safe(counter);
            answer.end();
        });
    answer.end();
}

fn write_harmony(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let mut harmony = [0.0; HARMONY.len()];
    for (number, name) in harmony.iter_mut().zip(HARMONY) {
        *number = members.number(name)?;
    }
    let now_ns = members.nanoseconds("now_ns")?;
    let tick = state.board.valid()?.set_harmony(harmony, now_ns);
    answer.safe(tick.map_err(Error::refused)?);
    Ok(())
}

fn write_resonance(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let mut resonance = [0; RESONANCE.len()];
    for (number, (name, _)) in resonance.iter_mut().zip(RESONANCE) {
        *number = members.count(name)?;
    }
    let now_ns = members.nanoseconds("now_ns")?;
    let tick = state.board.valid()?.set_resonance(resonance, now_ns);
    answer.safe(tick.map_err(Error::refused)?);
    Ok(())
}

fn write_breaker(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let breaker = Breaker {
        state: members.count("state")?,
        failures: members.safe("failures")?,
    };
    let slot = members.limit("slot")?;
    let set = state.board.valid()?.set_breaker(slot, breaker);
    set.map_err(Error::refused)?;
    answer.null();
    Ok(())
}
