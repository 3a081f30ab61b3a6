//! The controls of stubs: replies that a test sets for routes of Plaid's.

use crate::{
    control::{controls::Controls, error::SandboxError},
    model::stubs::Stub,
};

impl Controls {
    /// Sets the reply of a route of Plaid's, emulated or not. Credentials, fields and the Item are
    /// checked first: a broken Item still answers ITEM_LOGIN_REQUIRED. The stub stays until
    /// [`Controls::clear_stubs`] or a reset, and replaces an earlier one for its path.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Option`] for a path that Plaid's API does not have, a stub without bodies or
    /// with an invalid status, or more than 16 MiB of stubs.
    pub fn stub(&self, stub: Stub) -> Result<(), SandboxError> {
        let set = self.shared.state().stubs().set(stub);
        set.map_err(|invalid| SandboxError::option(invalid.field, &invalid.problem))
    }

    /// The stubs, in the order of their paths.
    pub fn stubs(&self) -> Vec<Stub> {
        let mut stubs: Vec<Stub> = self.shared.state().stubs().all().cloned().collect();
        stubs.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        stubs
    }

    /// Removes every stub.
    pub fn clear_stubs(&self) {
        self.shared.state().stubs().clear();
    }
}
