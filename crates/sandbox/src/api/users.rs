//! The route of users.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::call::{Call, RouteFn},
    plaid::{error::PlaidError, ids},
};

pub(super) const ROUTES: [(&str, RouteFn); 1] = [("/user/create", create)];

/// The same `client_user_id` gives the same user (documented for new clients). The reply has the
/// `user_token` of clients before December 2025 (observed) and the `user_id` of newer ones
/// (documented). With `with_upgraded_user` it has only the `user_id` (inferred).
fn create(call: &mut Call) -> Result<Value, PlaidError> {
    let id = call.fields.text("client_user_id")?;
    if id.chars().count() > 128 {
        let must_be = "a string of at most 128 characters";
        return Err(PlaidError::invalid_field("client_user_id", must_be));
    }
    let upgraded = call.fields.flag("with_upgraded_user")?;
    let digest = Sha256::digest(id.as_bytes());
    let seed = digest[..8]
        .iter()
        .fold(0, |seed, byte| seed << 8 | u64::from(*byte));
    let mut random = fastrand::Rng::with_seed(seed);
    let mut user = json!({ "user_id": format!("usr_{}", ids::object_id(&mut random)) });
    if !upgraded {
        user["user_token"] = format!("user-sandbox-{}", ids::uuid(&mut random)).into();
    }
    Ok(user)
}
