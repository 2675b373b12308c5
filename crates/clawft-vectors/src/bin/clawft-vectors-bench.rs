//! Measures the index on vectors from standard input, on one core.
//!
//! ```text
//! clawft-vectors-bench METRIC LINKS CONSTRUCTION COUNT BREADTH...
//! ```
//! METRIC is l2, cosine or dot. The input is little-endian: the number of vectors, of queries, and of
//! dimensions (u32 each), then vectors and queries (f32), then the positions of each query's COUNT
//! nearest vectors (u32). The output is one JSON object.

#![allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]

use std::io::{Error, ErrorKind, Read as _};
use std::time::Instant;

use clawft_vectors::{Index, Metric, Neighbour, Options};

/// How often all queries are repeated.
const TURNS: usize = 7;

/// How many are timed together, of which the fastest turn counts: on a busy machine some turn is left
/// alone.
const BATCH: usize = 20;

fn main() -> Result<(), Error> {
    let wrong = |what: &str| Error::new(ErrorKind::InvalidInput, what.to_owned());
    let mut arguments = std::env::args().skip(1);
    let metric = match arguments.next().as_deref() {
        Some("l2") => Metric::L2,
        Some("cosine") => Metric::Cosine,
        Some("dot") => Metric::Dot,
        _ => return Err(wrong("METRIC must be l2, cosine or dot")),
    };
    let numbers: Result<Vec<usize>, _> = arguments.map(|text| text.parse()).collect();
    let numbers = numbers.map_err(|_| wrong("the other arguments must be numbers"))?;
    let [links, construction, count, breadths @ ..] = &numbers[..] else {
        return Err(wrong("arguments are missing"));
    };
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input)?;
    let (words, _) = input.as_chunks::<4>();
    let [vectors, queries, dimensions, ..] = words else {
        return Err(wrong("the input has no header"));
    };
    let size = |word: &[u8; 4]| u32::from_le_bytes(*word) as usize;
    let (vectors, queries, dimensions) = (size(vectors), size(queries), size(dimensions));
    let floats = 3 + (vectors + queries) * dimensions;
    if words.len() != floats + queries * count {
        return Err(wrong("the input has another length than its header says"));
    }
    let truth: Vec<u64> = words[floats..]
        .iter()
        .map(|word| size(word) as u64)
        .collect();
    let floats: Vec<f32> = words[3..floats]
        .iter()
        .map(|word| f32::from_le_bytes(*word))
        .collect();
    drop(input);
    let (stored, asked) = floats.split_at(vectors * dimensions);

    let options = Options {
        links: *links,
        construction: *construction,
        ..Options::default()
    };
    let mut index = Index::with_options(dimensions, metric, options).map_err(Error::other)?;
    let begin = Instant::now();
    for (id, vector) in stored.chunks_exact(dimensions).enumerate() {
        index.add(id as u64, vector).map_err(Error::other)?;
    }
    let build = begin.elapsed().as_secs_f64();

    let measure = |breadth: usize| {
        let mut hits = 0;
        let mut seconds = 0.0;
        let asked = asked.chunks(BATCH * dimensions);
        for (queries, truth) in asked.zip(truth.chunks(BATCH * count)) {
            let mut best = f64::INFINITY;
            for turn in 0..TURNS {
                let begin = Instant::now();
                let found: Result<Vec<_>, _> = queries
                    .chunks_exact(dimensions)
                    .map(|query| index.search_with(query, *count, breadth))
                    .collect();
                best = best.min(begin.elapsed().as_secs_f64());
                let found = found.map_err(Error::other)?;
                if turn == 0 {
                    let pairs = found.iter().zip(truth.chunks_exact(*count));
                    let hit = |(found, truth): (&Vec<Neighbour>, &[u64])| {
                        found
                            .iter()
                            .filter(|found| truth.contains(&found.id))
                            .count()
                    };
                    hits += pairs.map(hit).sum::<usize>();
                }
            }
            seconds += best;
        }
        let (recall, rate) = (hits as f64 / truth.len() as f64, queries as f64 / seconds);
        Ok::<_, Error>(format!(
            r#"{{"breadth":{breadth},"recall":{recall:.4},"queries_per_second":{rate:.0}}}"#
        ))
    };
    let searches: Result<Vec<String>, Error> =
        breadths.iter().map(|&breadth| measure(breadth)).collect();
    let file = index.save();
    let checksum = file.last_chunk().copied().map_or(0, u64::from_le_bytes);
    println!(
        r#"{{"build_seconds":{build:.2},"memory":{},"file_bytes":{},"checksum":"{checksum:016x}","searches":[{}]}}"#,
        index.memory(),
        file.len(),
        searches?.join(",")
    );
    Ok(())
}
