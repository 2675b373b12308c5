//! A balanced k-d tree in an array: a range's middle node splits it, and the halves are the subtrees.

use alloc::vec::Vec;

use super::Point;

/// Ranges of at most this many nodes are searched one by one.
const LEAF: usize = 8;

#[derive(Clone, Debug)]
pub struct Node {
    point: Point,
    pub slot: u32,
    /// By which coordinate the node splits its range.
    axis: u8,
}

impl Node {
    pub fn new(point: Point, slot: u32) -> Node {
        Node {
            point,
            slot,
            axis: 0,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Tree(Vec<Node>);

/// What is done with a point that is not beyond the bound, given the square of its distance and its slot;
/// returns the new bound, if there is one.
pub type Visitor<'a> = dyn FnMut(f64, u32) -> Option<f64> + 'a;

impl Tree {
    pub fn new(mut nodes: Vec<Node>) -> Tree {
        split(&mut nodes);
        Tree(nodes)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn into_nodes(self) -> Vec<Node> {
        self.0
    }

    pub fn visit(
        &self,
        query: &Point,
        weights: &Point,
        bound: &mut f64,
        visitor: &mut Visitor<'_>,
    ) {
        Search {
            query,
            weights,
            bound,
            visitor,
        }
        .descend(&self.0);
    }
}

/// Sorts nodes into a tree. Its depth is log₂ of their number, whatever the points are.
fn split(nodes: &mut [Node]) {
    if nodes.len() <= LEAF {
        return;
    }
    let axis = widest(nodes);
    let (below, middle, above) = nodes.select_nth_unstable_by(nodes.len() / 2, |a, b| {
        a.point[usize::from(axis)].total_cmp(&b.point[usize::from(axis)])
    });
    middle.axis = axis;
    split(below);
    split(above);
}

/// The axis along which the nodes lie farthest apart.
fn widest(nodes: &[Node]) -> u8 {
    let width = |axis: u8| {
        let along = nodes.iter().map(|node| node.point[usize::from(axis)]);
        along.clone().fold(f64::NEG_INFINITY, f64::max) - along.fold(f64::INFINITY, f64::min)
    };
    (1..5).fold(0, |best, axis| {
        if width(axis) > width(best) {
            axis
        } else {
            best
        }
    })
}

struct Search<'a, 'b> {
    query: &'a Point,
    weights: &'a Point,
    bound: &'a mut f64,
    visitor: &'a mut Visitor<'b>,
}

impl Search<'_, '_> {
    fn descend(&mut self, nodes: &[Node]) {
        if nodes.len() <= LEAF {
            for node in nodes {
                self.meet(node);
            }
            return;
        }
        let (below, rest) = nodes.split_at(nodes.len() / 2);
        let Some((middle, above)) = rest.split_first() else {
            return;
        };
        let axis = usize::from(middle.axis);
        let apart = self.query[axis] - middle.point[axis];
        let (near, far) = if apart < 0.0 {
            (below, above)
        } else {
            (above, below)
        };
        self.descend(near);
        self.meet(middle);
        // NB: rounding keeps order, so no point beyond the plane is computed to be nearer than the plane.
        // One at just the bound may have been added before those that were found.
        if self.weights[axis] * (apart * apart) <= *self.bound {
            self.descend(far);
        }
    }

    fn meet(&mut self, node: &Node) {
        let distance = distance_squared(self.query, &node.point, self.weights);
        if distance <= *self.bound
            && let Some(bound) = (self.visitor)(distance, node.slot)
        {
            *self.bound = bound;
        }
    }
}

pub fn distance_squared(a: &Point, b: &Point, weights: &Point) -> f64 {
    let mut sum = 0.0;
    for axis in 0..5 {
        let apart = a[axis] - b[axis];
        sum += weights[axis] * (apart * apart);
    }
    sum
}
