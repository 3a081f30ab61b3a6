//! The test users of Plaid's Sandbox, and the data of each at an institution.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    day::Day,
    own_transactions::{DYNAMIC_MASKS, OwnTransactions},
    owners::owners,
    transactions::plain_row,
};
use crate::plaid::json;

/// The 14 accounts of `user_good` at First Platypus Bank, without ids (observed). Inferred for the
/// other institutions.
static ACCOUNTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/accounts.json"))
        .expect("accounts.json is a list")
});

/// Limits of a custom user (documented).
const MAX_CONFIGURATION: usize = 55 << 10;
const MAX_ACCOUNTS: usize = 10;
const MAX_TRANSACTIONS: usize = 250;

/// The test user of an Item.
#[derive(Clone, Debug, Default)]
pub(crate) enum TestUser {
    /// `user_good`, and every other user name (inferred).
    #[default]
    Good,
    /// `user_transactions_dynamic`.
    Dynamic,
    /// `user_custom`, with the configuration that is given as its password.
    Custom(Arc<Custom>),
}

/// A custom user.
#[derive(Debug)]
pub(crate) struct Custom {
    /// As replies show them, without ids.
    accounts: Vec<Value>,
    /// The owners of each account.
    owners: Vec<Value>,
    transactions: OwnTransactions,
}

/// The documented configuration, as far as it is emulated. Other fields are accepted and ignored.
#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    override_accounts: Vec<AccountConfiguration>,
}

#[derive(Deserialize)]
struct AccountConfiguration {
    r#type: String,
    subtype: String,
    #[serde(default)]
    starting_balance: Option<f64>,
    #[serde(default)]
    force_available_balance: Option<f64>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    meta: Meta,
    #[serde(default)]
    transactions: Vec<TransactionConfiguration>,
    #[serde(default)]
    identity: Option<Identity>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meta {
    name: Option<String>,
    official_name: Option<String>,
    mask: Option<String>,
    limit: Option<f64>,
}

#[derive(Deserialize)]
struct TransactionConfiguration {
    date_transacted: String,
    date_posted: String,
    amount: f64,
    description: String,
    #[serde(default)]
    currency: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    names: Vec<String>,
    phone_numbers: Value,
    emails: Value,
    addresses: Value,
}

impl TestUser {
    /// The user of a login. Every password of the dynamic user is right (documented).
    ///
    /// # Errors
    ///
    /// What the password of `user_custom` must be, if it is not a configuration.
    pub(crate) fn new(name: Option<&str>, password: Option<&str>) -> Result<Self, &'static str> {
        match name {
            Some("user_transactions_dynamic") => Ok(TestUser::Dynamic),
            Some("user_custom") => Custom::parse(password.unwrap_or_default())
                .map(|custom| TestUser::Custom(Arc::new(custom))),
            _ => Ok(TestUser::Good),
        }
    }

    /// The accounts, without ids.
    pub(crate) fn accounts(&self) -> Vec<&Value> {
        match self {
            TestUser::Good => ACCOUNTS.iter().collect(),
            TestUser::Dynamic => {
                let is_own = |account: &&Value| {
                    let mask = account["mask"].as_str();
                    mask.is_some_and(|mask| DYNAMIC_MASKS.contains(&mask))
                };
                ACCOUNTS.iter().filter(is_own).collect()
            }
            TestUser::Custom(custom) => custom.accounts.iter().collect(),
        }
    }

    /// The `owners` of the account with this index.
    pub(crate) fn owners(&self, index: usize) -> Value {
        match self {
            TestUser::Good | TestUser::Dynamic => owners(),
            TestUser::Custom(custom) => custom.owners.get(index).cloned().unwrap_or_default(),
        }
    }

    /// The transactions that are not those of the grid.
    pub(crate) fn own_transactions(&self, today: Day, seed: u64) -> Option<OwnTransactions> {
        match self {
            TestUser::Good => None,
            TestUser::Dynamic => Some(OwnTransactions::dynamic(today, seed)),
            TestUser::Custom(custom) => Some(custom.transactions.clone()),
        }
    }
}

impl Custom {
    fn parse(password: &str) -> Result<Self, &'static str> {
        if password.len() > MAX_CONFIGURATION {
            return Err("a JSON configuration of at most 55 KB");
        }
        let configuration: Configuration = serde_json::from_str(password)
            .map_err(|_| "a JSON configuration of a custom user, with override_accounts")?;
        let accounts = configuration.override_accounts;
        if accounts.is_empty() || accounts.len() > MAX_ACCOUNTS {
            return Err("a JSON configuration with 1 to 10 override_accounts");
        }
        let mut custom = Custom {
            accounts: Vec::new(),
            owners: Vec::new(),
            transactions: OwnTransactions::default(),
        };
        for (index, account) in accounts.into_iter().enumerate() {
            if account.transactions.len() > MAX_TRANSACTIONS {
                return Err("a JSON configuration with at most 250 transactions for each account");
            }
            custom.add(index, account)?;
        }
        Ok(custom)
    }

    /// The defaults are inferred.
    fn add(&mut self, index: usize, account: AccountConfiguration) -> Result<(), &'static str> {
        let mask = account
            .meta
            .mask
            .unwrap_or_else(|| format!("{:04}", (index + 1) * 1111 % 10_000));
        let currency = account.currency.as_deref().unwrap_or("USD");
        let current = account.starting_balance.unwrap_or_default();
        let available = match account.r#type.as_str() {
            "depository" => account.force_available_balance.or(Some(current)),
            _ => account.force_available_balance,
        };
        for transaction in account.transactions {
            let posted = Day::parse(&transaction.date_posted);
            let transacted = Day::parse(&transaction.date_transacted);
            let (Some(posted), Some(transacted)) = (posted, transacted) else {
                return Err("a JSON configuration whose dates have the format 'YYYY-MM-DD'");
            };
            let currency = transaction.currency.as_deref().unwrap_or(currency);
            let row = plain_row(
                &transaction.description,
                transaction.amount,
                currency,
                transacted,
            );
            self.transactions.add(&mask, posted, row);
        }
        let name = account
            .meta
            .name
            .unwrap_or_else(|| format!("Plaid {}", account.subtype));
        let identity = account.identity.map(|identity| {
            let list = |value: Value| if value.is_array() { value } else { json!([]) };
            json!([{
                "addresses": list(identity.addresses),
                "emails": list(identity.emails),
                "names": identity.names,
                "phone_numbers": list(identity.phone_numbers),
            }])
        });
        self.owners.push(identity.unwrap_or_else(|| json!([])));
        self.accounts.push(json!({
            "balances": {
                "available": available.map(json::number),
                "current": json::number(current),
                "iso_currency_code": currency,
                "limit": account.meta.limit.map(json::number),
                "unofficial_currency_code": null,
            },
            "mask": mask,
            "name": name,
            "official_name": account.meta.official_name,
            "subtype": account.subtype,
            "type": account.r#type,
        }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(configuration: &Value) -> Result<TestUser, &'static str> {
        TestUser::new(Some("user_custom"), Some(&configuration.to_string()))
    }

    #[test]
    fn a_custom_user_has_the_accounts_of_its_configuration() {
        let user = custom(&json!({ "override_accounts": [{
            "type": "credit", "subtype": "credit card", "starting_balance": 10.5,
            "meta": { "name": "Card", "limit": 500, "mask": "1234" },
            "transactions": [{
                "date_transacted": "2026-08-01", "date_posted": "2026-08-02", "amount": 3,
                "description": "Coffee", "currency": "USD",
            }],
            "unknown": true,
        }] }));
        let user = user.unwrap();
        let account = user.accounts()[0].clone();
        assert_eq!(
            (&account["mask"], &account["name"]),
            (&json!("1234"), &json!("Card"))
        );
        assert_eq!(account["balances"]["available"], Value::Null);
        assert_eq!(user.owners(0), json!([]));
        let own = user
            .own_transactions(Day::parse("2026-08-24").unwrap(), 1)
            .unwrap();
        assert_eq!(own.changes().count(), 1);
    }

    #[test]
    fn a_configuration_that_is_none_is_refused() {
        let account = json!({ "type": "depository", "subtype": "checking" });
        let dated = json!({ "type": "depository", "subtype": "checking", "transactions": [{
            "date_transacted": "x", "date_posted": "2026-08-02", "amount": 3, "description": "",
        }] });
        for wrong in [
            json!("text"),
            json!({}),
            json!({ "override_accounts": [{ "type": 1 }] }),
            json!({ "override_accounts": vec![account; 11] }),
            json!({ "override_accounts": [dated] }),
            json!({ "override_accounts": [], "padding": "x".repeat(60_000) }),
        ] {
            assert!(custom(&wrong).is_err());
        }
        assert!(TestUser::new(Some("user_custom"), None).is_err());
    }
}
