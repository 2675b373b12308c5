//! Measures the index on one core. Vectors are made natively, and measured wherever this is run.
//!
//! ```text
//! clawft-vectors-bench data KIND VECTORS QUERIES DIMENSIONS COUNT > FILE
//! clawft-vectors-bench measure METRIC LINKS CONSTRUCTION BREADTH... < FILE
//! ```
//! KIND is `clustered`, 100 normal distributions around random centres as embeddings are, or `uniform`.
//! METRIC is `l2`, `cosine` or `dot`: all vectors have a length of one, so the nearest are the same.
//!
//! A file is little-endian: VECTORS, QUERIES, DIMENSIONS and COUNT (u32), vectors and queries (f32), and
//! of each query the positions of the COUNT nearest vectors (u32). What is measured is one JSON object.

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts are small, and floats are meant to be rounded"
)]

use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::time::Instant;

use clawft_vectors::{Index, Metric, Neighbour, Options};

/// How often all queries are repeated.
const TURNS: usize = 7;

/// How many are timed together, of which the fastest turn counts: on a busy machine some turn is left
/// alone.
const BATCH: usize = 20;

/// Queries of the search that compares all floats
const SCANS: usize = 40;

/// How far vectors of a cluster are from their centre, which is at 1 from all others' mean
const SPREAD: f64 = 0.7;

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, what.to_owned())
}

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (words, numbers) = arguments.split_at(arguments.len().min(2));
    let numbers: Result<Vec<usize>, _> = numbers.iter().map(|text| text.parse()).collect();
    let numbers = numbers.map_err(|_| wrong("the other arguments must be numbers"))?;
    match words {
        [mode, kind] if mode == "data" => data(kind, &numbers),
        [mode, metric] if mode == "measure" => measure(metric, &numbers),
        _ => Err(wrong("the first argument must be data or measure")),
    }
}

/// Sixteen sums side by side, which the processor can have in one register.
fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    let chunks = one.chunks(16).zip(other.chunks(16));
    for (one, other) in chunks {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().sum()
}

/// The positions of the nearest of vectors of length one.
fn nearest(query: &[f32], vectors: &[f32], count: usize) -> Vec<u32> {
    let vectors = vectors.chunks_exact(query.len());
    let mut all: Vec<(f32, u32)> = vectors
        .map(|vector| -product(query, vector))
        .zip(0..)
        .collect();
    let order = |one: &(f32, u32), other: &(f32, u32)| one.0.total_cmp(&other.0);
    if count < all.len() {
        all.select_nth_unstable_by(count, order);
        all.truncate(count);
    }
    all.into_iter().map(|(_, position)| position).collect()
}

fn data(kind: &str, numbers: &[usize]) -> Result<(), Error> {
    let &[vectors, queries, dimensions, count] = numbers else {
        return Err(wrong("data takes four numbers"));
    };
    if [vectors, queries, dimensions, count].contains(&0) || count > vectors {
        return Err(wrong(
            "there must be vectors, queries and dimensions, and no more neighbours than vectors",
        ));
    }
    let mut state = 1u64;
    let mut uniform = move || {
        // xorshift64* (Vigna 2016)
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    };
    // the sum of twelve uniform numbers is nearly normal
    let mut normal = move || {
        (0..12)
            .map(|_| uniform() as f64 / (1u64 << 53) as f64)
            .sum::<f64>()
            - 6.0
    };
    let unit = |vector: Vec<f64>| {
        let length = vector
            .iter()
            .map(|number| number * number)
            .sum::<f64>()
            .sqrt();
        vector.into_iter().map(move |number| number / length)
    };
    let centres: Vec<Vec<f64>> = match kind {
        "uniform" => vec![vec![0.0; dimensions]],
        "clustered" => (0..100)
            .map(|_| unit((0..dimensions).map(|_| normal()).collect()).collect())
            .collect(),
        _ => return Err(wrong("KIND must be clustered or uniform")),
    };
    let spread = SPREAD / (dimensions as f64).sqrt();
    let mut floats: Vec<f32> = Vec::new();
    for centre in centres.iter().cycle().take(vectors + queries) {
        let vector = centre
            .iter()
            .map(|number| number + spread * normal())
            .collect();
        floats.extend(unit(vector).map(|number| number as f32));
    }
    let mut file: Vec<u8> = Vec::new();
    for number in numbers {
        let number = u32::try_from(*number).map_err(Error::other)?;
        file.extend_from_slice(&number.to_le_bytes());
    }
    file.extend(floats.iter().flat_map(|number| number.to_le_bytes()));
    let (vectors, queries) = floats.split_at(vectors * dimensions);
    for query in queries.chunks_exact(dimensions) {
        let nearest = nearest(query, vectors, count);
        file.extend(nearest.into_iter().flat_map(u32::to_le_bytes));
    }
    std::io::stdout().lock().write_all(&file)
}

/// The sum of the fastest turns of each batch of queries, in seconds, and what they found.
fn timed<T>(
    queries: &[f32],
    dimensions: usize,
    search: impl Fn(&[f32]) -> Result<T, Error>,
) -> Result<(f64, Vec<T>), Error> {
    let (mut seconds, mut all) = (0.0, Vec::new());
    for batch in queries.chunks(BATCH * dimensions) {
        let mut best = f64::INFINITY;
        let mut found = Vec::new();
        for _ in 0..TURNS {
            let begin = Instant::now();
            let results: Result<Vec<T>, Error> =
                batch.chunks_exact(dimensions).map(&search).collect();
            best = best.min(begin.elapsed().as_secs_f64());
            found = results?;
        }
        seconds += best;
        all.append(&mut found);
    }
    Ok((seconds, all))
}

fn measure(metric: &str, numbers: &[usize]) -> Result<(), Error> {
    let metric = match metric {
        "l2" => Metric::L2,
        "cosine" => Metric::Cosine,
        "dot" => Metric::Dot,
        _ => return Err(wrong("METRIC must be l2, cosine or dot")),
    };
    let &[links, construction, ref breadths @ ..] = numbers else {
        return Err(wrong("measure takes LINKS, CONSTRUCTION and each BREADTH"));
    };
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input)?;
    let (words, _) = input.as_chunks::<4>();
    let size = |word: &[u8; 4]| u32::from_le_bytes(*word) as usize;
    let Some((header, words)) = words.split_first_chunk::<4>() else {
        return Err(wrong("the input has no header"));
    };
    let [vectors, queries, dimensions, count] = header.map(|word| size(&word));
    let floats = (vectors + queries) * dimensions;
    if words.len() != floats + queries * count {
        return Err(wrong("the input has another length than its header says"));
    }
    let (floats, truth) = words.split_at(floats);
    let truth: Vec<u64> = truth.iter().map(|word| size(word) as u64).collect();
    let floats: Vec<f32> = floats
        .iter()
        .map(|word| f32::from_le_bytes(*word))
        .collect();
    drop(input);
    let (stored, asked) = floats.split_at(vectors * dimensions);

    let options = Options {
        links,
        construction,
        ..Options::default()
    };
    let mut index = Index::with_options(dimensions, metric, options).map_err(Error::other)?;
    let begin = Instant::now();
    for (id, vector) in stored.chunks_exact(dimensions).enumerate() {
        index.add(id as u64, vector).map_err(Error::other)?;
    }
    let build = begin.elapsed().as_secs_f64();

    let mut searches = Vec::new();
    for &breadth in breadths {
        let search = |query: &[f32]| {
            index
                .search_with(query, count, breadth)
                .map_err(Error::other)
        };
        let (seconds, found) = timed(asked, dimensions, search)?;
        let hits = |(found, truth): (&Vec<Neighbour>, &[u64])| {
            found
                .iter()
                .filter(|found| truth.contains(&found.id))
                .count()
        };
        let hits: usize = found.iter().zip(truth.chunks_exact(count)).map(hits).sum();
        searches.push(format!(
            r#"{{"breadth":{breadth},"recall":{:.4},"queries_per_second":{:.0}}}"#,
            hits as f64 / truth.len() as f64,
            queries as f64 / seconds
        ));
    }
    let some = &asked[..asked.len().min(SCANS * dimensions)];
    let (seconds, scans) = timed(some, dimensions, |query| Ok(nearest(query, stored, count)))?;
    let file = index.save();
    let checksum = file.last_chunk().copied().map_or(0, u64::from_le_bytes);
    println!(
        r#"{{"build_seconds":{build:.2},"memory":{},"file_bytes":{},"checksum":"{checksum:016x}","scans_per_second":{:.0},"searches":[{}]}}"#,
        index.memory(),
        file.len(),
        scans.len() as f64 / seconds,
        searches.join(",")
    );
    Ok(())
}
