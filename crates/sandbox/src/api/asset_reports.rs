//! The routes of asset reports.

use serde_json::{Map, Value, json};

use crate::{
    api::{
        call::{Call, RouteFn},
        fields::Fields,
    },
    model::{
        item::{Item, ItemIndex},
        products::{day::Day, ledger::MAX_DAYS},
        report::Report,
    },
    plaid::{catalog, error::PlaidError, time},
};

pub(super) const ROUTES: [(&str, RouteFn); 2] =
    [("/asset_report/create", create), ("/asset_report/get", get)];

/// The most Items of one report (documented).
const MAX_ITEMS: usize = 100;

/// The report is ready at once, and its webhook is fired at once; at Plaid both take seconds. The
/// report of a broken Item gets a warning (documented).
fn create(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let days = fields.integer("days_requested", 0, i64::from(MAX_DAYS) + 1)?;
    let days = days.ok_or_else(|| PlaidError::invalid_field("days_requested", "an integer"))?;
    let tokens = fields.texts("access_tokens")?.unwrap_or_default();
    if tokens.is_empty() || tokens.len() > MAX_ITEMS {
        let must_be = "a non-empty array of at most 100 access tokens";
        return Err(PlaidError::invalid_field("access_tokens", must_be));
    }
    let items = tokens
        .into_iter()
        .map(|token| call.item_of_token(token))
        .collect::<Result<Vec<ItemIndex>, _>>()?;
    let webhook = match fields.find("options.webhook") {
        None | Some(Value::Null) => None,
        Some(url) => Some(catalog::webhook(
            "options.webhook",
            url.as_str().unwrap_or_default(),
        )?),
    };
    let report = Report {
        id: call.state.new_uuid(),
        items,
        days: u32::try_from(days).unwrap_or_default(),
        created_at: call.state.clock().now(),
        client_report_id: fields
            .optional_text("options.client_report_id")?
            .map(str::to_owned),
        user: user(fields)?,
    };
    let id = report.id.clone();
    let token = call.state.add_report(report, webhook);
    Ok(json!({ "asset_report_id": id, "asset_report_token": token }))
}

fn get(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let token = fields.text("asset_report_token")?;
    fields.flag("include_insights")?;
    fields.flag("fast_report")?;
    let report = call.state.report(token);
    let report = report.ok_or_else(PlaidError::unknown_report)?;
    let items = report.items.iter().map(|index| call.state.item(*index));
    let warnings = items.clone().filter(|item| item.is_broken()).map(|item| {
        let mut error = PlaidError::item_login_required().to_json();
        error["item_id"] = item.id.clone().into();
        error["request_id"] = call.request_id.into();
        json!({
            "cause": error,
            "warning_code": "OWNERS_UNAVAILABLE",
            "warning_type": "ASSET_REPORT_WARNING",
        })
    });
    Ok(json!({
        "report": {
            "asset_report_id": report.id,
            "client_report_id": report.client_report_id,
            "date_generated": time::seconds(report.created_at),
            "days_requested": report.days,
            "items": items.clone().map(|item| shown_item(item, report)).collect::<Vec<_>>(),
            "user": shown_user(&report.user),
        },
        "warnings": warnings.collect::<Vec<_>>(),
    }))
}

/// The fields of an account in a report (documented, and observed in 2020).
const ACCOUNT_FIELDS: [&str; 12] = [
    "account_id",
    "balances",
    "days_available",
    "historical_balances",
    "mask",
    "name",
    "official_name",
    "owners",
    "ownership_type",
    "subtype",
    "transactions",
    "type",
];

/// The fields of a transaction in a report (documented).
const TRANSACTION_FIELDS: [&str; 18] = [
    "account_id",
    "account_owner",
    "amount",
    "category",
    "category_id",
    "check_number",
    "date",
    "iso_currency_code",
    "location",
    "merchant_name",
    "name",
    "original_description",
    "payment_meta",
    "pending",
    "pending_transaction_id",
    "transaction_id",
    "transaction_type",
    "unofficial_currency_code",
];

fn keep_only(mut object: Value, fields: &[&str]) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.retain(|name, _| fields.contains(&name.as_str()));
    }
    object
}

/// The fields of the recording, with today's additions. That an account has no historical balances is
/// observed for an investment account, inferred for the others.
fn shown_item(item: &Item, report: &Report) -> Value {
    let until = Day::of(report.created_at);
    let from = until + -i32::try_from(report.days).unwrap_or(MAX_DAYS);
    let rows = item
        .ledger
        .as_ref()
        .map(|ledger| ledger.rows(report.created_at));
    let rows = rows.unwrap_or_default();
    let accounts = item.accounts().into_iter().map(|mut account| {
        let mask = account["mask"].as_str().unwrap_or_default().to_owned();
        let id = account["account_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let own = rows
            .iter()
            .filter(|row| row.mask() == mask && (from..=until).contains(&row.date()));
        let transactions = own.map(|row| {
            let mut shown = row.to_json(&id, |key| item.transaction_id(key));
            shown["original_description"] = row.name().into();
            keep_only(shown, &TRANSACTION_FIELDS)
        });
        account["transactions"] = transactions.collect();
        account["balances"]["margin_loan_amount"] = Value::Null;
        account["days_available"] = report.days.into();
        account["historical_balances"] = json!([]);
        account["owners"] = item.owners(&id);
        account["ownership_type"] = Value::Null;
        keep_only(account, &ACCOUNT_FIELDS)
    });
    json!({
        "accounts": accounts.collect::<Vec<_>>(),
        "date_last_updated": time::seconds(report.created_at),
        "institution_id": item.institution.id,
        "institution_name": item.institution.name,
        "item_id": item.id,
    })
}

/// The fields of a report's user.
const USER: [&str; 7] = [
    "client_user_id",
    "email",
    "first_name",
    "last_name",
    "middle_name",
    "phone_number",
    "ssn",
];

/// The user that the request names. That a field is text is documented, the message inferred.
fn user(fields: &Fields) -> Result<Map<String, Value>, PlaidError> {
    let mut user = Map::new();
    for name in USER {
        let path = format!("options.user.{name}");
        match fields.find(&path) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                catalog::kept_text(&path, text)?;
                user.insert(name.to_owned(), text.as_str().into());
            }
            Some(_) => return Err(PlaidError::invalid_field(&path, "a string")),
        }
    }
    Ok(user)
}

/// Every field of the user, null where none was given (inferred).
fn shown_user(given: &Map<String, Value>) -> Value {
    USER.into_iter()
        .map(|name| (name, given.get(name).cloned().unwrap_or_default()))
        .collect()
}
