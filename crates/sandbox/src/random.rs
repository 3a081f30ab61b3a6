//! Where everything random in a Sandbox comes from: its ids, tokens, credentials, keys and faults.

/// One stream of random values. Not for secrets that guard anything: these guard made-up accounts
/// on loopback.
pub(crate) struct Random(fastrand::Rng);

/// A stream for each purpose, so that under a seed none depends on how often another was used: the
/// third Item has the same ids however many requests came before it.
pub(crate) struct Streams {
    pub(crate) credentials: Random,
    pub(crate) keys: Random,
    pub(crate) objects: Random,
    pub(crate) requests: Random,
    pub(crate) faults: Random,
}

impl Streams {
    /// With a seed, all streams repeat.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut source = match seed {
            Some(seed) => fastrand::Rng::with_seed(seed),
            None => fastrand::Rng::new(),
        };
        let mut stream = || Random(source.fork());
        Streams {
            credentials: stream(),
            keys: stream(),
            objects: stream(),
            requests: stream(),
            faults: stream(),
        }
    }
}

impl Random {
    /// The stream that `seed` alone determines.
    pub(crate) fn seeded(seed: u64) -> Self {
        Random(fastrand::Rng::with_seed(seed))
    }

    /// What [`Random::seeded`] takes.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// 15 lowercase hex characters (observed).
    pub(crate) fn request_id(&mut self) -> String {
        self.hex(15)
    }

    /// An Item's or an account's id: 37 characters of base 62 (observed).
    pub(crate) fn object_id(&mut self) -> String {
        (0..37).map(|_| self.0.alphanumeric()).collect()
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        (0..length).map(|_| self.hex_digit()).collect()
    }

    /// A version 4 uuid.
    pub(crate) fn uuid(&mut self) -> String {
        "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx"
            .chars()
            .map(|place| match place {
                'x' => self.hex_digit(),
                'v' => self.0.choice(['8', '9', 'a', 'b']).unwrap_or('8'),
                fixed => fixed,
            })
            .collect()
    }

    /// As Plaid's Hosted Links have them (observed): `ls` and 32 hex characters whose letters are
    /// moved on by thirteen.
    pub(crate) fn hosted_link_id(&mut self) -> String {
        let moved = |character| match character {
            'a'..='f' => char::from(character as u8 + 13),
            _ => character,
        };
        let id: String = self.hex(32).chars().map(moved).collect();
        format!("ls{id}")
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes);
        bytes
    }

    /// True as often as `probability`, from 0 to 1, says.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.0.f64() < probability
    }

    fn hex_digit(&mut self) -> char {
        self.0.digit(16)
    }
}
