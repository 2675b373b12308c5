use whitemagic::state_board::{BoardError, Breaker, ENGINES, HARMONY, SIZE, SLOTS, StateBoard};

const HEAD: [u8; 16] = *b"\0DRAOBMW\x01\0\0\0\0\0\0\0";

/// What the numbers of the layout put where it says, with nothing else.
#[test]
fn the_bytes_are_those_of_the_layout() {
    let mut board = StateBoard::new();
    let mut expected = [0_u8; SIZE];
    expected[..16].copy_from_slice(&HEAD);
    assert_eq!(*board.as_bytes(), expected);
    assert_eq!(board.as_bytes().as_ptr().addr() % 8, 0);

    // 1 is 3FF0…, −2 is C000…, 0.5 is 3FE0…, 1.5 is 3FF8…
    let harmony = [1.0, -2.0, 0.5, 0.0, 1.5, 0.0, 1.0];
    assert_eq!(board.set_harmony(harmony, 0x0102_0304_0506_0708), Ok(1));
    for (at, high) in [(64, 0x3FF0), (72, 0xC000), (80, 0x3FE0), (96, 0x3FF8)] {
        expected[at + 6..at + 8].copy_from_slice(&u16::to_le_bytes(high));
    }
    expected[118..120].copy_from_slice(&[0xF0, 0x3F]);
    expected[16] = 1;
    expected[184..192].copy_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(*board.as_bytes(), expected);

    assert_eq!(board.set_resonance([2, 4, 28, 27, 1, 3], 9), Ok(2));
    for (at, number) in [
        (128, 2),
        (136, 4),
        (144, 28),
        (152, 27),
        (160, 1),
        (168, 3),
        (16, 2),
    ] {
        expected[at] = number;
    }
    expected[184..192].copy_from_slice(&[9, 0, 0, 0, 0, 0, 0, 0]);
    board.set_engines(0x0800_0001).expect("28 bits");
    expected[176..180].copy_from_slice(&[1, 0, 0, 8]);
    let breaker = Breaker {
        state: 1,
        failures: 0x0305,
    };
    board.set_breaker(63, breaker).expect("the last slot");
    expected[256 + 63 * 16] = 1;
    expected[256 + 63 * 16 + 8..][..2].copy_from_slice(&[5, 3]);
    for count in 1..=3 {
        assert_eq!(board.increment_counter(63), Ok(count));
    }
    expected[1280 + 63 * 8] = 3;
    assert_eq!(*board.as_bytes(), expected);

    // bytes that nobody knows are kept
    expected[SIZE - 1] = 7;
    let mut board = StateBoard::from_bytes(&expected).expect("a board");
    assert_eq!(board.harmony().map(f64::to_bits), harmony.map(f64::to_bits));
    assert_eq!(board.resonance(), [2, 4, 28, 27, 1, 3]);
    assert_eq!(
        (board.tick(), board.last_update_ns(), board.engines()),
        (2, 9, 0x0800_0001)
    );
    assert_eq!(board.breaker(63), Ok(breaker));
    assert_eq!((board.counter(63), board.counter(0)), (Ok(3), Ok(0)));
    assert_eq!(board.as_bytes()[SIZE - 1], 7);
    board.reset();
    assert_eq!(board, StateBoard::new());
}

#[test]
fn bytes_that_are_no_board() {
    let bytes = *StateBoard::new().as_bytes();
    let says = |bytes: &[u8]| StateBoard::from_bytes(bytes).map_err(|error| error.to_string());
    let refused = |message: &str| Err(message.to_owned());
    assert_eq!(says(&bytes), Ok(StateBoard::new()));
    assert_eq!(
        says(&bytes[1..]),
        refused("a state board has 4096 bytes, and not 4095")
    );
    assert_eq!(
        says(&[0; SIZE]),
        refused("the bytes are no state board: the magic number is missing")
    );
    let mut newer = bytes;
    newer[8] = 2;
    assert_eq!(says(&newer), refused("the state board is not of version 1"));
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut board = StateBoard::new();
    for (at, name) in HARMONY.into_iter().enumerate() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut harmony = [0.5; 7];
            harmony[at] = number;
            assert_eq!(
                board.set_harmony(harmony, 1),
                Err(BoardError::NotFinite(name))
            );
        }
    }
    for (at, name, most) in [
        (0, "guna", 2),
        (1, "wu_xing_phase", 4),
        (2, "current_gana", 28),
        (3, "predecessor_gana", 28),
        (4, "successor_gana", 28),
        (5, "quadrant", 3),
    ] {
        for number in [u64::from(most) + 1, u64::MAX] {
            let mut resonance = [1; 6];
            resonance[at] = number;
            assert_eq!(
                board.set_resonance(resonance, 1),
                Err(BoardError::Range(name, most))
            );
        }
    }
    let beyond = BoardError::Range("slot", 63);
    for slot in [SLOTS, usize::MAX] {
        assert_eq!(board.breaker(slot), Err(beyond));
        assert_eq!(board.set_breaker(slot, Breaker::default()), Err(beyond));
        assert_eq!(board.counter(slot), Err(beyond));
        assert_eq!(board.increment_counter(slot), Err(beyond));
    }
    assert_eq!(
        beyond.to_string(),
        "slot is not a whole number from 0 to 63"
    );
    let unknown = Breaker {
        state: 3,
        failures: 0,
    };
    assert_eq!(
        board.set_breaker(0, unknown),
        Err(BoardError::Range("state", 2))
    );
    assert_eq!(
        board.set_engines(1 << 28),
        Err(BoardError::Range("mask", ENGINES))
    );
    assert_eq!(board, StateBoard::new());
}

/// Another process may have written anything.
#[test]
fn what_others_wrote_is_read_as_it_is() {
    let mut bytes = [0xFF; SIZE];
    bytes[..16].copy_from_slice(&HEAD);
    let mut board = StateBoard::from_bytes(&bytes).expect("a board");
    assert!(board.harmony().iter().all(|number| number.is_nan()));
    assert_eq!(board.resonance(), [u64::MAX; 6]);
    assert_eq!(board.breaker(0).map(|breaker| breaker.state), Ok(u64::MAX));
    // as upstream's atomic counters
    assert_eq!(board.increment_counter(0), Ok(0));
    assert_eq!(board.set_harmony([0.0; 7], 1), Ok(0));
}
