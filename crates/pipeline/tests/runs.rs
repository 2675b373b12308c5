//! How a run treats its nodes: in which order, how often, until when, and to what end.

mod random;
mod stage;

use std::time::Duration;

use pipeline::{Clock as _, Error, ErrorKind, Manifest, Outcome, Place, Retry, Settings, Value};
use serde_json::json;

use random::Random;
use stage::{Factory, manifest, together};

/// Both ways of running a pipeline, each with nodes and a clock of its own.
fn both(settings: &Settings, manifest: &Manifest, input: &[Value]) -> [(Ended, Factory); 2] {
    let blocking = Factory::default();
    let ended = blocking
        .executor(settings.clone())
        .execute_sync(manifest, input.to_vec());
    let cooperative = Factory::default();
    let executor = cooperative.executor(settings.clone());
    let future = executor.execute(manifest, input.to_vec());
    let mut results = together(&cooperative.clock, [future]);
    let other = results.remove(0);
    [(ended, blocking), (other, cooperative)]
}

type Ended = Result<Outcome, Error>;

fn outputs(ended: &Ended) -> &Value {
    &ended.as_ref().expect("the run succeeds").outputs
}

fn error(ended: &Ended) -> &Error {
    ended.as_ref().expect_err("the run fails")
}

fn numbers(count: u64) -> Vec<Value> {
    (0..count).map(Value::from).collect()
}

#[test]
fn on_a_line_an_item_goes_all_the_way_before_the_next() {
    let line = manifest(
        &[("a:Repeat", json!({"times": 2})), ("b:Repeat", json!({}))],
        &["a>b"],
    );
    for (ended, factory) in both(&Settings::default(), &line, &numbers(2)) {
        assert_eq!(*outputs(&ended), json!([0, 0, 1, 1]));
        let log = factory.log();
        let order = ["a 0", "b 0", "b 0", "a 1", "b 1", "b 1"];
        assert_eq!(log[..6], order);
        assert_eq!(log[6..], ["a cleaned up", "b cleaned up"]);
    }
}

#[test]
fn beside_a_line_a_node_is_given_everything_before_the_next() {
    let fork = manifest(
        &[
            ("a:Repeat", json!({})),
            ("b:Repeat", json!({})),
            ("c:Repeat", json!({})),
        ],
        &["a>b", "a>c"],
    );
    for (ended, factory) in both(&Settings::default(), &fork, &numbers(2)) {
        assert_eq!(*outputs(&ended), json!([0, 1, 0, 1]));
        let order = ["a 0", "a 1", "b 0", "b 1", "c 0", "c 1"];
        assert_eq!(factory.log()[..6], order);
    }
}

#[test]
fn a_node_that_streams_gives_everything_at_the_end() {
    let nodes = [
        ("a:Repeat", json!({})),
        ("b:Batch", json!({})),
        ("c:Echo", json!({})),
    ];
    let line = manifest(&nodes, &["a>b", "b>c"]);
    let network = manifest(&nodes, &["a>b", "b>c", "a>c"]);
    let echo = |item: u64, counter: u64| json!({"input": item, "counter": counter, "node": "Echo"});
    for (ended, _) in both(&Settings::default(), &line, &numbers(3)) {
        assert_eq!(
            *outputs(&ended),
            json!([echo(2, 1), echo(1, 2), echo(0, 3)])
        );
    }
    for (ended, _) in both(&Settings::default(), &network, &numbers(2)) {
        let expected = json!([echo(1, 1), echo(0, 2), echo(0, 3), echo(1, 4)]);
        assert_eq!(*outputs(&ended), expected);
    }
}

#[test]
fn a_node_may_give_nothing() {
    let line = manifest(
        &[("a:Repeat", json!({"times": 0})), ("b:Echo", json!({}))],
        &["a>b"],
    );
    for (ended, _) in both(&Settings::default(), &line, &numbers(3)) {
        assert_eq!(*outputs(&ended), json!([]));
    }
}

#[test]
fn nothing_of_a_run_is_seen_in_the_next() {
    let echo = manifest(&[("e:Echo", json!({}))], &[]);
    let executor = Factory::default().executor(Settings::default());
    let first = executor.execute_sync(&echo, numbers(2));
    let second = executor.execute_sync(&echo, numbers(2));
    assert_eq!(outputs(&first), outputs(&second));
    assert_eq!(outputs(&second)[0]["counter"], 1);
}

#[test]
fn nodes_are_cleaned_up_after_an_error_too() {
    let nodes = [
        ("a:Repeat", json!({})),
        ("b:Fail", json!({})),
        ("c:Repeat", json!({})),
    ];
    let line = manifest(&nodes, &["a>b", "b>c"]);
    for (ended, factory) in both(&Settings::default(), &line, &numbers(1)) {
        assert_eq!(error(&ended).place, Some(Place::item("b", 0)));
        let log = factory.log();
        let cleaned = ["a cleaned up", "b cleaned up", "c cleaned up"];
        assert_eq!(log, [&["a 0", "b 0"], &cleaned[..]].concat());
    }
    // Also those that were made before one that cannot be.
    let line = manifest(&[nodes[0].clone(), ("x:Nothing", json!({}))], &["a>x"]);
    for (ended, factory) in both(&Settings::default(), &line, &[]) {
        assert_eq!(error(&ended).kind, ErrorKind::Manifest);
        assert_eq!(factory.log(), ["a cleaned up"]);
    }
}

#[test]
fn an_end_that_fails_has_a_node_and_no_item() {
    let line = manifest(&[("a:FailToFinish", json!({}))], &[]);
    for (ended, _) in both(&Settings::default(), &line, &numbers(1)) {
        assert_eq!(
            error(&ended).to_string(),
            "Execution error: no end (node a)"
        );
    }
}

fn three_times() -> Settings {
    Settings {
        retry: Retry::exponential(),
        ..Settings::default()
    }
}

#[test]
fn an_item_is_tried_again_after_growing_pauses() {
    let line = manifest(
        &[
            ("a:Repeat", json!({})),
            ("b:Fail", json!({"at": 1, "times": 3})),
        ],
        &["a>b"],
    );
    for (ended, factory) in both(&three_times(), &line, &numbers(3)) {
        assert_eq!(*outputs(&ended), json!([0, 1, 2]));
        // 100, 200 and 400 ms.
        let now = factory.clock.now();
        assert_eq!(now, Duration::from_millis(700));
        let metrics = &ended.as_ref().expect("the run succeeds").nodes[1];
        assert_eq!((metrics.executions, metrics.errors), (6, 3));
        assert_eq!(metrics.outputs, 3);
    }
}

#[test]
fn tries_end() {
    let line = manifest(&[("a:Fail", json!({"times": 9}))], &[]);
    for (ended, factory) in both(&three_times(), &line, &numbers(1)) {
        // The first one, and the three that follow.
        let told = "Execution error: Retry exhausted after 4 attempts: I/O error: not now (node a, \
                    item 0)";
        assert_eq!(error(&ended).to_string(), told);
        assert_eq!(factory.log().len(), 5);
    }
}

#[test]
fn an_error_that_is_not_retryable_ends_the_run_at_once() {
    let line = manifest(&[("a:Fail", json!({"retryable": 0}))], &[]);
    for (ended, factory) in both(&three_times(), &line, &numbers(1)) {
        let told = "I/O error: not now (node a, item 0)";
        assert_eq!(error(&ended).to_string(), told);
        assert_eq!(factory.log(), ["a 0", "a cleaned up"]);
    }
}

fn within(milliseconds: u64, retry: Retry) -> Settings {
    Settings {
        timeout: Some(Duration::from_millis(milliseconds)),
        retry,
        ..Settings::default()
    }
}

#[test]
fn a_run_ends_at_its_deadline() {
    let line = manifest(&[("a:Slow", json!({"ms": 40}))], &[]);
    let told = "Execution error: Timeout: the run has not ended within 0.1 s (node a, item 2)";
    for (ended, _) in both(&within(100, Retry::None), &line, &numbers(9)) {
        assert_eq!(error(&ended).to_string(), told);
    }
    for (ended, _) in both(&within(100, Retry::None), &line, &numbers(2)) {
        assert_eq!(*outputs(&ended), json!([0, 1]));
    }
}

#[test]
fn an_asynchronous_run_does_not_wait_for_a_node_beyond_the_deadline() {
    let line = manifest(&[("a:Slow", json!({"ms": 60_000}))], &[]);
    let [_, (ended, factory)] = both(&within(100, Retry::None), &line, &numbers(1));
    assert_eq!(error(&ended).kind, ErrorKind::Timeout);
    let now = factory.clock.now();
    assert_eq!(now, Duration::from_millis(100));
}

#[test]
fn a_pause_does_not_outlast_the_deadline() {
    let line = manifest(&[("a:Fail", json!({"times": 9}))], &[]);
    let patient = Retry::Fixed {
        retries: 9,
        delay: Duration::from_mins(1),
    };
    for (ended, factory) in both(&within(100, patient), &line, &numbers(1)) {
        assert_eq!(error(&ended).kind, ErrorKind::Timeout);
        let now = factory.clock.now();
        assert_eq!(now, Duration::from_millis(100));
    }
}

#[test]
fn asynchronous_runs_wait_side_by_side() {
    let line = manifest(&[("a:Slow", json!({"ms": 100}))], &[]);
    let factory = Factory::default();
    let executor = factory.executor(Settings::default());
    let runs = (0..50).map(|_| executor.execute(&line, numbers(2)));
    for ended in together(&factory.clock, runs) {
        assert_eq!(*outputs(&ended), json!([0, 1]));
    }
    // Fifty runs of two items take as long as one.
    let now = factory.clock.now();
    assert_eq!(now, Duration::from_millis(200));
}

#[test]
fn metrics_go_by_the_clock() {
    let line = manifest(
        &[("a:Slow", json!({"ms": 20})), ("b:Repeat", json!({}))],
        &["a>b"],
    );
    let settings = Settings {
        metrics: true,
        ..Settings::default()
    };
    for (ended, _) in both(&settings, &line, &numbers(3)) {
        let metrics = ended.as_ref().expect("the run succeeds").metrics_to_json();
        let node = |id: &str, microseconds: u64| {
            json!({
                "node_id": id,
                "execution_count": 3,
                "success_count": 3,
                "error_count": 0,
                "output_count": 3,
                "total_duration_us": 3 * microseconds,
                "avg_duration_us": microseconds,
                "min_duration_us": microseconds,
                "max_duration_us": microseconds,
            })
        };
        let expected = json!({
            "pipeline_id": "test",
            "total_duration_us": 60_000,
            "node_metrics": [node("a", 20_000), node("b", 0)],
        });
        assert_eq!(metrics, expected);
    }
}

/// A pipeline of nodes that do all kinds of things, connected so that there is no cycle.
fn any_manifest(random: &mut Random) -> Manifest {
    let count = 1 + random.below(7);
    let nodes: Vec<_> = (0..count)
        .map(|index| {
            let (node_type, params) = match random.below(12) {
                0 => (
                    "Fail",
                    json!({"at": random.below(3), "times": random.below(4)}),
                ),
                1 => ("Fail", json!({"at": random.below(9), "retryable": 0})),
                2 | 3 => ("Slow", json!({"ms": random.below(60)})),
                4 | 5 => ("Batch", json!({})),
                6 => ("Repeat", json!({"times": random.below(3)})),
                7 => (
                    "CalculatorNode",
                    json!({"operation": "divide", "operand": random.below(6)}),
                ),
                8 => ("MultiplyNode", json!({"factor": random.below(5)})),
                9 => ("AddNode", json!({"addend": 0.5})),
                _ => ("Echo", json!({})),
            };
            (format!("n{index}:{node_type}"), params)
        })
        .collect();
    let mut connections = Vec::new();
    // Half of them lines.
    let line = random.below(2) == 0;
    for to in 1..count {
        for from in 0..to {
            let connected = if line {
                from + 1 == to
            } else {
                random.below(3) == 0
            };
            if connected {
                connections.push(format!("n{from}>n{to}"));
            }
        }
    }
    let nodes: Vec<_> = nodes
        .iter()
        .map(|(name, params)| (name.as_str(), params.clone()))
        .collect();
    let connections: Vec<_> = connections.iter().map(String::as_str).collect();
    manifest(&nodes, &connections)
}

#[test]
fn both_ways_give_the_same() {
    let mut random = Random(1);
    let mut ends = [0; 3];
    for _ in 0..2000 {
        let manifest = any_manifest(&mut random);
        let input = numbers(random.below(4) as u64);
        let settings = Settings {
            retry: match random.below(3) {
                0 => Retry::None,
                1 => Retry::exponential(),
                _ => Retry::Fixed {
                    retries: 2,
                    delay: Duration::from_millis(5),
                },
            },
            timeout: (random.below(2) == 0).then(|| Duration::from_millis(150)),
            ..Settings::default()
        };
        let [(one, nodes), (other, other_nodes)] = both(&settings, &manifest, &input);
        match &one {
            Ok(_) => ends[0] += 1,
            Err(error) if error.kind == ErrorKind::Timeout => ends[1] += 1,
            Err(_) => ends[2] += 1,
        }
        let given = |ended: Ended| ended.map(|outcome| (outcome.outputs, outcome.graph));
        assert_eq!(given(one), given(other), "{manifest:?}");
        assert_eq!(nodes.log(), other_nodes.log(), "{manifest:?}");
    }
    // Each end was reached.
    assert!(ends.iter().all(|&count| count > 100), "{ends:?}");
}

/// What a node gives, by the rules alone: what it is given is the input, or what its predecessors
/// give in the order of the connections.
fn given_by(manifest: &Manifest, id: &str, input: &[Value]) -> Vec<Value> {
    let feeding = manifest.connections.iter().filter(|it| it.to == id);
    let mut items: Vec<_> = feeding
        .flat_map(|connection| given_by(manifest, &connection.from, input))
        .collect();
    if manifest.connections.iter().all(|it| it.to != id) {
        items = input.to_vec();
    }
    let node = manifest.nodes.iter().find(|node| node.id == id);
    let node = node.expect("a node of this id");
    let number = |name: &str| node.params[name].as_u64().expect("a number");
    match node.node_type.as_str() {
        "MultiplyNode" => items
            .iter()
            .map(|item| Value::from(item.as_u64().expect("a number") * number("factor")))
            .collect(),
        "Repeat" => items
            .iter()
            .flat_map(|item| (0..number("times")).map(|_| item.clone()))
            .collect(),
        "Batch" => items.into_iter().rev().collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_network_gives_what_the_rules_say() {
    let mut random = Random(2);
    let mut given = 0;
    for _ in 0..500 {
        let count = 1 + random.below(7);
        let mut nodes = Vec::new();
        let mut connections = Vec::new();
        // The manifest lists the nodes in another order than the one in which they run.
        let mut names: Vec<usize> = (0..count).collect();
        for index in (1..count).rev() {
            names.swap(index, random.below(index + 1));
        }
        for (place, &name) in names.iter().enumerate() {
            let (node_type, params) = match random.below(3) {
                0 => ("MultiplyNode", json!({"factor": 1 + random.below(9)})),
                1 => ("Repeat", json!({"times": random.below(3)})),
                _ => ("Batch", json!({})),
            };
            nodes.push((format!("n{name}:{node_type}"), params));
            for &other in &names[place + 1..] {
                if random.below(3) == 0 {
                    let ends = (name.min(other), name.max(other));
                    connections.push(format!("n{}>n{}", ends.0, ends.1));
                }
            }
        }
        let nodes: Vec<_> = nodes
            .iter()
            .map(|(name, params)| (name.as_str(), params.clone()))
            .collect();
        let connections: Vec<_> = connections.iter().map(String::as_str).collect();
        let manifest = manifest(&nodes, &connections);
        let input = numbers(1 + random.below(4) as u64);

        let sinks = manifest
            .nodes
            .iter()
            .filter(|node| manifest.connections.iter().all(|it| it.from != node.id));
        let mut expected: Vec<_> = sinks
            .flat_map(|node| given_by(&manifest, &node.id, &input))
            .collect();
        given += expected.len();
        let expected = if expected.len() == 1 {
            expected.remove(0)
        } else {
            Value::from(expected)
        };
        let executor = Factory::default().executor(Settings::default());
        let ended = executor.execute_sync(&manifest, input);
        assert_eq!(*outputs(&ended), expected, "{manifest:?}");
    }
    assert!(given > 1000, "{given} items");
}
