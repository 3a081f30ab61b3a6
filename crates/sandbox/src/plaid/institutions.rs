//! The institutions of Plaid's Sandbox.

use serde_json::{Value, json};

use crate::plaid::error::PlaidError;

/// An institution.
pub(crate) struct Institution {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) country: &'static str,
    /// Whether its logins use OAuth.
    pub(crate) oauth: bool,
    pub(crate) health: Health,
}

/// What becomes of requests to an institution.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Healthy,
    Degraded,
    Down,
    Unsupported,
}

/// The test institutions that Plaid lists for its Sandbox (documented), and the three real banks of
/// which it is known that the Sandbox accepts them (observed, except Capital One: documented). The
/// Sandbox of Plaid has its whole catalogue of real institutions; this one has not.
const INSTITUTIONS: [Institution; 21] = [
    bank("ins_109508", "First Platypus Bank"),
    bank("ins_109509", "First Gingham Credit Union"),
    bank("ins_109510", "Tattersall Federal Credit Union"),
    bank("ins_109511", "Tartan Bank"),
    bank("ins_109512", "Houndstooth Bank"),
    abroad("ins_116834", "Flexible Platypus Open Banking", "GB"),
    abroad("ins_117181", "Flexible Platypus Open Banking", "GB"),
    abroad("ins_117650", "Royal Bank of Plaid", "GB"),
    oauth("ins_127287", "Platypus OAuth Bank"),
    bank("ins_130016", "First Platypus Balance Bank"),
    oauth("ins_132241", "First Platypus OAuth App2App Bank"),
    bank("ins_135858", "Windowpane Bank"),
    bank("ins_133502", "Platypus Bank RUX Auth"),
    bank("ins_133503", "Platypus Bank RUX Match"),
    abroad("ins_43", "Tartan-Dominion Bank of Canada", "CA"),
    unhealthy(
        "ins_132363",
        "Unhealthy Platypus Bank - Degraded",
        Health::Degraded,
    ),
    unhealthy("ins_132361", "Unhealthy Platypus Bank - Down", Health::Down),
    unhealthy(
        "ins_133402",
        "Unsupported Platypus Bank - Institution Not Supported",
        Health::Unsupported,
    ),
    bank("ins_1", "Bank of America"),
    bank("ins_3", "Chase"),
    bank("ins_128026", "Capital One"),
];

/// The products of First Platypus Bank (observed: the available and billed products of an Item
/// together). Inferred for all others but Tartan Bank.
const OFFERED_PRODUCTS: [&str; 15] = [
    "assets",
    "auth",
    "balance",
    "identity",
    "identity_match",
    "income_verification",
    "investments",
    "investments_auth",
    "liabilities",
    "recurring_transactions",
    "signal",
    "statements",
    "transactions",
    "transactions_refresh",
    "transfer",
];

/// The parts of an institution's status (documented).
const STATUS_PARTS: [&str; 7] = [
    "auth",
    "identity",
    "investments",
    "investments_updates",
    "item_logins",
    "liabilities_updates",
    "transactions_updates",
];

impl Institution {
    /// The institution with the recorded accounts.
    pub(crate) fn first_platypus_bank() -> &'static Institution {
        &INSTITUTIONS[0]
    }

    /// # Errors
    ///
    /// INVALID_INSTITUTION if the Sandbox does not have it.
    pub(crate) fn find(id: &str) -> Result<&'static Institution, PlaidError> {
        INSTITUTIONS
            .iter()
            .find(|institution| institution.id == id)
            .ok_or_else(PlaidError::invalid_institution)
    }

    pub(crate) fn all() -> impl Iterator<Item = &'static Institution> {
        INSTITUTIONS.iter()
    }

    /// The products it offers, in alphabetical order. Tartan Bank has no `statements` and no
    /// `investments_auth` (observed).
    pub(crate) fn products(&self) -> impl Iterator<Item = &'static str> {
        let is_tartan = self.id == "ins_109511";
        let lacks = move |product: &&str| {
            is_tartan && matches!(*product, "statements" | "investments_auth")
        };
        OFFERED_PRODUCTS
            .into_iter()
            .filter(move |product| !lacks(product))
    }

    /// # Errors
    ///
    /// INSTITUTION_DOWN or INSTITUTION_NO_LONGER_SUPPORTED for the institutions that exist to answer so
    /// (their purpose is documented, that creating an Item answers so is inferred).
    pub(crate) fn check_health(&self) -> Result<(), PlaidError> {
        let code = match self.health {
            Health::Healthy | Health::Degraded => return Ok(()),
            Health::Down => "INSTITUTION_DOWN",
            Health::Unsupported => "INSTITUTION_NO_LONGER_SUPPORTED",
        };
        Err(PlaidError::of_code(code, "").unwrap_or_else(PlaidError::invalid_institution))
    }

    /// The logins that Link offers under the name of one bank, where it has several (observed for First
    /// Platypus Bank; that the second is this one is inferred).
    pub(crate) fn logins(&'static self) -> Vec<&'static Institution> {
        match self.id {
            "ins_109508" => Institution::all()
                .filter(|it| matches!(it.id, "ins_109508" | "ins_130016"))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether Items can be created at the institution. Only `/institutions/get_by_id` shows one where
    /// they cannot (documented).
    pub(crate) fn is_listed(&self) -> bool {
        !matches!(self.health, Health::Unsupported)
    }

    /// The institution as replies show it (observed in 2020 and 2026, `connection_availability`
    /// documented since).
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "connection_availability": if self.is_listed() { "SUPPORTED" } else { "NOT_SUPPORTED" },
            "country_codes": [self.country],
            "institution_id": self.id,
            "name": self.name,
            "oauth": self.oauth,
            "products": self.products().collect::<Vec<_>>(),
            "routing_numbers": self.routing_numbers(),
        })
    }

    /// The routing numbers of Houndstooth Bank are those of the documentation's example; First
    /// Platypus Bank has none (observed). None for the others is inferred.
    pub(crate) fn routing_numbers(&self) -> &'static [&'static str] {
        match self.id {
            "ins_109512" => &["011000138", "011200365", "011400495"],
            _ => &[],
        }
    }

    /// The documented parts of `status`; the values are inferred.
    pub(crate) fn status(&self, last_change: &str) -> Value {
        let (status, success, institution_errors, interval) = match self.health {
            Health::Healthy => ("HEALTHY", json!(0.995), 0.003, "NORMAL"),
            Health::Degraded => ("DEGRADED", json!(0.5), 0.498, "DELAYED"),
            Health::Down | Health::Unsupported => ("DOWN", json!(0), 0.998, "STOPPED"),
        };
        let part = json!({
            "breakdown": {
                "error_institution": institution_errors,
                "error_plaid": 0.002,
                "refresh_interval": interval,
                "success": success,
            },
            "last_status_change": last_change,
            "status": status,
        });
        STATUS_PARTS
            .into_iter()
            .map(|name| (name, part.clone()))
            .collect::<Value>()
    }
}

const fn bank(id: &'static str, name: &'static str) -> Institution {
    Institution {
        id,
        name,
        country: "US",
        oauth: false,
        health: Health::Healthy,
    }
}

const fn oauth(id: &'static str, name: &'static str) -> Institution {
    Institution {
        oauth: true,
        ..bank(id, name)
    }
}

const fn abroad(id: &'static str, name: &'static str, country: &'static str) -> Institution {
    Institution {
        country,
        ..bank(id, name)
    }
}

const fn unhealthy(id: &'static str, name: &'static str, health: Health) -> Institution {
    Institution {
        health,
        ..bank(id, name)
    }
}
