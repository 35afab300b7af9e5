//! Propagation trees: who brought whom.

use serde::Serialize;

/// What a forest of people who brought people looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// People.
    pub people: u32,
    /// People whom nobody brought.
    pub roots: u32,
    /// People in the largest tree.
    pub largest: u32,
    /// Steps from a root to the farthest person.
    pub depth: u32,
    /// People by generation; roots first.
    pub widths: Vec<u32>,
    /// The next generation's size divided by this one's.
    pub growth: Vec<f64>,
    /// Mean steps between two people of the largest tree: its structural virality (Goel et al. 2016).
    pub virality: f64,
    /// Mean steps from the root within the largest tree.
    pub mean_depth: f64,
    /// Mean number of people brought by those who brought anyone.
    pub branching: f64,
    /// How unequal the numbers of people brought are, 0 to 1 (Gini).
    pub gini: f64,
    /// Share of the roots that brought nobody.
    pub alone: f64,
    /// Share of the roots whose trees go beyond one step.
    pub beyond_one: f64,
}

/// A forest, its nodes in an order in which parents come before children.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    parents: Vec<Option<usize>>,
    order: Vec<usize>,
    /// People below each, themselves included.
    sizes: Vec<u64>,
    depths: Vec<u32>,
    children: Vec<u32>,
    roots: Vec<usize>,
}

impl Forest {
    /// The forest in which each person has the parent given. A parent that would close a circle, or does not exist,
    /// counts as none.
    ///
    /// ```
    /// use kfactor::insight::tree::Forest;
    /// let star = Forest::new(&[None, Some(0), Some(0), Some(0)]);
    /// assert_eq!(star.tree().virality, 1.5); // 2 (n − 1) / n
    /// ```
    #[must_use]
    pub fn new(parents: &[Option<u32>]) -> Forest {
        let count = parents.len();
        let known =
            |parent: &Option<u32>| parent.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < count);
        let mut parents: Vec<Option<usize>> = parents.iter().map(known).collect();
        break_circles(&mut parents);
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut roots = Vec::new();
        for (at, parent) in parents.iter().enumerate() {
            match parent.and_then(|parent| below.get_mut(parent)) {
                Some(children) => children.push(at),
                None => roots.push(at),
            }
        }
        let (mut order, mut depths) = (roots.clone(), vec![0u32; count]);
        let mut next = 0;
        while let Some(at) = order.get(next).copied() {
            next += 1;
            let depth = depths.get(at).copied().unwrap_or(0);
            for child in below.get(at).into_iter().flatten() {
                if let Some(place) = depths.get_mut(*child) {
                    *place = depth + 1;
                }
                order.push(*child);
            }
        }
        let mut sizes = vec![1u64; count];
        for at in order.iter().rev() {
            let size = sizes.get(*at).copied().unwrap_or(0);
            if let Some(place) = parents.get(*at).copied().flatten().and_then(|parent| sizes.get_mut(parent))
            {
                *place += size;
            }
        }
        let children = below.iter().map(|below| u32::try_from(below.len()).unwrap_or(u32::MAX)).collect();
        Forest { parents, order, sizes, depths, children, roots }
    }

    /// The parent of a person.
    #[must_use]
    pub fn parent(&self, at: usize) -> Option<usize> {
        self.parents.get(at).copied().flatten()
    }

    /// How many people someone brought themselves.
    #[must_use]
    pub fn brought(&self, at: usize) -> u32 {
        self.children.get(at).copied().unwrap_or(0)
    }

    /// How many people came by someone, at any distance.
    #[must_use]
    pub fn reach(&self, at: usize) -> u64 {
        self.sizes.get(at).map_or(0, |size| size - 1)
    }

    /// How many shares lie between a person and the root of their tree.
    #[must_use]
    pub fn depth(&self, at: usize) -> u32 {
        self.depths.get(at).copied().unwrap_or(0)
    }

    /// What people below someone are worth to them: the sum over descendants of `factor` to the power of their distance
    /// times their value. `values` are the people's own.
    #[must_use]
    pub fn network_values(&self, values: &[f64], factor: f64) -> Vec<f64> {
        let mut below = vec![0.0; self.parents.len()];
        for at in self.order.iter().rev().copied() {
            let worth =
                factor * (values.get(at).copied().unwrap_or(0.0) + below.get(at).copied().unwrap_or(0.0));
            if let Some(place) = self.parent(at).and_then(|parent| below.get_mut(parent)) {
                *place += worth;
            }
        }
        below
    }

    /// The people of the largest tree, parents before children, at most so many.
    #[must_use]
    pub fn largest(&self, most: usize) -> Vec<usize> {
        let Some(root) = self.largest_root() else { return Vec::new() };
        let mut inside = vec![false; self.parents.len()];
        let mut belongs = |at: &usize| {
            let parent = self.parent(*at).and_then(|parent| inside.get(parent).copied());
            let belongs = *at == root || parent == Some(true);
            if let Some(place) = inside.get_mut(*at) {
                *place = belongs;
            }
            belongs
        };
        self.order.iter().copied().filter(|at| belongs(at)).take(most).collect()
    }

    fn largest_root(&self) -> Option<usize> {
        self.roots.iter().copied().max_by_key(|root| (self.sizes.get(*root), core::cmp::Reverse(*root)))
    }

    /// The figures of the forest.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut widths: Vec<u32> = Vec::new();
        for depth in &self.depths {
            let depth = usize::try_from(*depth).unwrap_or(0);
            if widths.len() <= depth {
                widths.resize(depth + 1, 0);
            }
            if let Some(width) = widths.get_mut(depth) {
                *width += 1;
            }
        }
        let (virality, mean_depth, size) = self.largest_root().map_or((0.0, 0.0, 0), |root| self.shape(root));
        let who_brought = self.children.iter().filter(|brought| **brought > 0).count();
        let all: u64 = self.children.iter().map(|brought| u64::from(*brought)).sum();
        let roots = self.roots.len().max(1) as f64;
        let alone = self.roots.iter().filter(|root| self.brought(**root) == 0).count();
        let deep =
            self.roots.iter().filter(|root| self.reach(**root) > u64::from(self.brought(**root))).count();
        Tree {
            people: u32::try_from(self.parents.len()).unwrap_or(u32::MAX),
            roots: u32::try_from(self.roots.len()).unwrap_or(u32::MAX),
            largest: u32::try_from(size).unwrap_or(u32::MAX),
            depth: u32::try_from(widths.len().saturating_sub(1)).unwrap_or(u32::MAX),
            growth: widths.windows(2).map(growth).collect(),
            widths,
            virality,
            mean_depth,
            branching: if who_brought == 0 { 0.0 } else { all as f64 / who_brought as f64 },
            gini: gini(&self.children),
            alone: alone as f64 / roots,
            beyond_one: deep as f64 / roots,
        }
    }

    /// Structural virality and mean depth of the tree below a root, and its size.
    ///
    /// The distances of all pairs are the sum over edges of the people on one side times those on the other
    /// (the Wiener index), so one pass is enough.
    fn shape(&self, root: usize) -> (f64, f64, u64) {
        let size = self.sizes.get(root).copied().unwrap_or(0);
        let mut inside = vec![false; self.parents.len()];
        let (mut distances, mut depths) = (0u128, 0u128);
        for at in self.order.iter().copied() {
            let belongs =
                at == root || self.parent(at).is_some_and(|parent| inside.get(parent) == Some(&true));
            if !belongs {
                continue;
            }
            if let Some(place) = inside.get_mut(at) {
                *place = true;
            }
            depths += u128::from(self.depth(at));
            if at != root {
                let below = self.sizes.get(at).copied().unwrap_or(0);
                distances += u128::from(below) * u128::from(size - below);
            }
        }
        if size < 2 {
            return (0.0, 0.0, size);
        }
        let n = size as f64;
        (2.0 * distances as f64 / (n * (n - 1.0)), depths as f64 / n, size)
    }
}

fn growth(pair: &[u32]) -> f64 {
    match pair {
        [now, next] if *now > 0 => f64::from(*next) / f64::from(*now),
        _ => 0.0,
    }
}

/// Takes away parents that close a circle: the first one met on the way up.
fn break_circles(parents: &mut [Option<usize>]) {
    // 0: not looked at, 1: on the way, 2: leads to a root.
    let mut seen = vec![0u8; parents.len()];
    for start in 0..parents.len() {
        let mut way = Vec::new();
        let mut at = start;
        loop {
            match seen.get(at).copied() {
                Some(0) => {
                    if let Some(mark) = seen.get_mut(at) {
                        *mark = 1;
                    }
                    way.push(at);
                }
                Some(1) => {
                    // The last on the way has someone above them who is below them.
                    if let Some(parent) = way.last().and_then(|last| parents.get_mut(*last)) {
                        *parent = None;
                    }
                    break;
                }
                _ => break,
            }
            match parents.get(at).copied().flatten() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        for at in way {
            if let Some(mark) = seen.get_mut(at) {
                *mark = 2;
            }
        }
    }
}

fn gini(counts: &[u32]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let total: f64 = sorted.iter().map(|count| f64::from(*count)).sum();
    if total == 0.0 {
        return 0.0;
    }
    let n = sorted.len() as f64;
    let ranked: f64 = (1u32..).zip(&sorted).map(|(rank, count)| f64::from(rank) * f64::from(*count)).sum();
    2.0 * ranked / (n * total) - (n + 1.0) / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn virality(parents: &[Option<u32>]) -> f64 {
        Forest::new(parents).tree().virality
    }

    #[test]
    fn known_trees() {
        let path: Vec<Option<u32>> = (0..10u32).map(|at| at.checked_sub(1)).collect();
        assert!((virality(&path) - 11.0 / 3.0).abs() < 1e-12);
        let star: Vec<Option<u32>> = (0..10u32).map(|at| (at > 0).then_some(0)).collect();
        assert!((virality(&star) - 1.8).abs() < 1e-12);
        let binary: Vec<Option<u32>> = (0..15u32).map(|at| at.checked_sub(1).map(|at| at / 2)).collect();
        assert!((virality(&binary) - 3.504_761_904_761_905).abs() < 1e-12);
        let tree = Forest::new(&binary).tree();
        assert_eq!((tree.widths.as_slice(), tree.depth, tree.branching), (&[1, 2, 4, 8][..], 3, 2.0));
        assert_eq!(tree.growth, [2.0, 2.0, 2.0]);
    }

    #[test]
    fn circles_and_strangers_are_roots() {
        let forest = Forest::new(&[Some(1), Some(2), Some(0), Some(3), Some(9), Some(0)]);
        let tree = forest.tree();
        assert_eq!((tree.people, tree.roots, tree.largest), (6, 3, 4));
        assert_eq!(forest.order.len(), 6);
    }

    #[test]
    fn descendants_count_less_with_distance() {
        let forest = Forest::new(&[None, Some(0), Some(1), Some(0)]);
        let values = forest.network_values(&[100.0, 8.0, 4.0, 2.0], 0.5);
        assert_eq!(values, [4.0 + 1.0 + 1.0, 2.0, 0.0, 0.0]);
    }

    proptest! {
        /// Against counting every pair's distance one by one.
        #[test]
        fn virality_is_the_mean_distance(bytes in proptest::collection::vec(any::<u16>(), 1..40)) {
            let count = u32::try_from(bytes.len()).unwrap() + 1;
            let parents: Vec<Option<u32>> =
                (0..count).map(|at| (at > 0).then(|| u32::from(bytes[at as usize - 1]) % at)).collect();
            let up = |mut at: u32| {
                let mut way = vec![at];
                while let Some(parent) = parents[at as usize] {
                    way.push(parent);
                    at = parent;
                }
                way
            };
            let mut sum = 0usize;
            for one in 0..count {
                for other in 0..count {
                    let (a, b) = (up(one), up(other));
                    let meet = a.iter().position(|at| b.contains(at)).unwrap();
                    sum += meet + b.iter().position(|at| *at == a[meet]).unwrap();
                }
            }
            let mean = sum as f64 / f64::from(count * (count - 1));
            prop_assert!((virality(&parents) - mean).abs() < 1e-9);
        }

        #[test]
        fn any_parents_make_a_forest(parents in proptest::collection::vec(proptest::option::of(0u32..30), 0..30)) {
            let forest = Forest::new(&parents);
            prop_assert_eq!(forest.order.len(), parents.len());
            let roots: u64 = forest.roots.iter().map(|root| forest.reach(*root) + 1).sum();
            prop_assert_eq!(roots, parents.len() as u64);
        }
    }
}
