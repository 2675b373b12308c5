//! A child's memory is its own, however large its parent is. Alone in its program, because
//! beside so large a parent a small child's peak is known less exactly.

use std::process::Command;
use std::time::Duration;

use matrix::process::{Child, Limits, Output};

#[test]
fn peak_memory_is_not_that_of_the_parent() {
    // Written to, so that it is there.
    let ballast = vec![1_u8; 300 << 20];
    let mut sleep = Command::new("sleep");
    sleep.arg("0.2");
    let wide = Limits {
        time: Duration::from_mins(10),
        memory: 4 << 30,
        output: 1 << 20,
    };
    let ended = Child::start(sleep, Output::Captured, wide)
        .and_then(Child::finish)
        .expect("sleep is there");
    let mebibytes = ended.peak_memory >> 20;
    assert!(mebibytes < 50, "{mebibytes} MiB");
    assert!(ballast.iter().all(|byte| *byte == 1));
}
