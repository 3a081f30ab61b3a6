//! The one source of everything random in a Sandbox: its ids, tokens, credentials and key.

/// Not for secrets that guard anything: these guard made-up accounts on loopback.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    pub(crate) fn new() -> Self {
        Random(fastrand::Rng::new())
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

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes);
        bytes
    }

    fn hex_digit(&mut self) -> char {
        self.0.digit(16)
    }
}
