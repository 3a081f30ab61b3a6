//! The random streams of a Sandbox.

use fastrand::Rng;

/// One stream for each purpose. With a seed, no stream depends on how often another was used: the
/// third Item has the same ids however many requests came before it.
///
/// Not cryptographic: the secrets made here guard made-up accounts on loopback.
pub(crate) struct Streams {
    pub(crate) credentials: Rng,
    pub(crate) keys: Rng,
    pub(crate) objects: Rng,
    pub(crate) requests: Rng,
    pub(crate) faults: Rng,
}

impl Streams {
    /// With a seed, every stream repeats.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut source = match seed {
            Some(seed) => Rng::with_seed(seed),
            None => Rng::new(),
        };
        Streams {
            credentials: source.fork(),
            keys: source.fork(),
            objects: source.fork(),
            requests: source.fork(),
            faults: source.fork(),
        }
    }
}
