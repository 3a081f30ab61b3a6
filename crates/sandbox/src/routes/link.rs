//! Link tokens: for update mode, and for linking a new Item.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use crate::{
    call::{Call, Fields},
    catalog,
    item::User,
    link::{Hosted, LinkToken, NEW_ITEM_LIFETIME, Purpose, UPDATE_LIFETIME},
    plaid_error::PlaidError,
    time,
};

/// Documented.
const LANGUAGES: [&str; 17] = [
    "da", "nl", "en", "et", "fr", "de", "hi", "it", "lv", "lt", "no", "pl", "pt", "ro", "es", "sv",
    "vi",
];

/// Documented.
const COUNTRIES: [&str; 20] = [
    "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL", "DK", "NO", "SE", "EE", "LT", "LV",
    "PT", "BE", "AT", "FI",
];

/// What may be added to an Item in update mode (documented: credit products).
const PRODUCTS_OF_UPDATE_MODE: [&str; 11] = [
    "assets",
    "cra_base_report",
    "cra_cashflow_insights",
    "cra_income_insights",
    "cra_lend_score",
    "cra_monitoring",
    "cra_network_insights",
    "cra_partner_insights",
    "income",
    "income_verification",
    "statements",
];

/// The longest life of a Hosted Link: 21 days (documented).
const MOST_LIFETIME_SECONDS: u64 = 21 * 24 * 60 * 60;

pub(super) fn create_token(call: &mut Call) -> Result<Value, PlaidError> {
    let fields = call.fields;
    let client_name = fields.text("client_name")?.to_owned();
    let language = one_of(fields, "language", &LANGUAGES)?;
    let countries = countries(fields)?;
    let user = user(fields)?;
    let webhook = url(fields, "webhook", catalog::webhook)?;
    let redirect_uri = url(fields, "redirect_uri", any_url)?;
    let products = products(fields)?;
    let purpose = match (fields.optional_text("access_token")?, &products) {
        (Some(token), None) => Purpose::Update(call.item_of(token)?),
        (Some(token), Some(products)) => {
            let place = call.item_of(token)?;
            if !products
                .iter()
                .all(|it| PRODUCTS_OF_UPDATE_MODE.contains(it))
            {
                return Err(PlaidError::products_in_update_mode());
            }
            Purpose::Update(place)
        }
        (None, Some(products)) => Purpose::Add {
            products: products.clone(),
            webhook: webhook.clone(),
            user: user.clone().map(User::Id),
        },
        (None, None) => return Err(PlaidError::no_products()),
    };
    let (hosted, lifetime) = hosted(call, &purpose)?;

    let created_at = call.state.clock.now();
    let hosted_link_url = hosted
        .as_ref()
        .map(|hosted| format!("{}/hl/{}", call.origin, hosted.id));
    let expires_at = created_at + lifetime;
    let token = call.state.add_link_token(LinkToken {
        created_at,
        expires_at,
        purpose,
        client_name: client_name.clone(),
        metadata: json!({
            "client_name": client_name,
            "country_codes": countries,
            "initial_products": products.unwrap_or_default(),
            "language": language,
            "redirect_uri": redirect_uri,
            "webhook": webhook,
        }),
        user_id: fields.optional_text("user_id")?.map(str::to_owned),
        hosted,
        sessions: Vec::new(),
    });
    let mut reply = json!({ "expiration": time::seconds(expires_at), "link_token": token });
    if let Some(url) = hosted_link_url {
        reply["hosted_link_url"] = url.into();
    }
    if let Some(user_id) = fields.optional_text("user_id")? {
        reply["user_id"] = user_id.into();
    }
    Ok(reply)
}

/// A token that has expired is still answered (documented: its sessions are kept for hours).
pub(super) fn token(call: &mut Call) -> Result<Value, PlaidError> {
    let token = call.fields.text("link_token")?;
    let link = call.state.link_token(token)?;
    let mut reply = json!({
        "created_at": time::seconds(link.created_at),
        "expiration": time::seconds(link.expires_at),
        "link_token": token,
        "metadata": link.metadata,
    });
    if let Some(sessions) = link.sessions_json(&call.state.items) {
        reply["link_sessions"] = sessions;
    }
    if let Some(user_id) = &link.user_id {
        reply["user_id"] = user_id.as_str().into();
    }
    Ok(reply)
}

/// The sentence is inferred.
fn one_of(fields: &Fields, name: &str, known: &[&str]) -> Result<String, PlaidError> {
    match fields.text(name)? {
        value if known.contains(&value) => Ok(value.to_owned()),
        _ => Err(PlaidError::invalid_field(
            name,
            &format!("one of: {}", known.join(", ")),
        )),
    }
}

/// None for an empty list, too.
fn products(fields: &Fields) -> Result<Option<Vec<&'static str>>, PlaidError> {
    let names = fields.texts("products")?.unwrap_or_default();
    if names.contains(&"balance") {
        return Err(PlaidError::balance_is_no_product());
    }
    match names.is_empty() {
        true => Ok(None),
        false => catalog::products("products", &names).map(Some),
    }
}

/// The sentence for a list that is none is observed, the other is inferred.
fn countries(fields: &Fields) -> Result<Vec<String>, PlaidError> {
    let codes = fields.texts("country_codes").ok().flatten();
    let codes = codes
        .filter(|codes| !codes.is_empty())
        .ok_or_else(|| PlaidError::invalid_field("country_codes", "a non-empty string array"))?;
    if !codes.iter().all(|code| COUNTRIES.contains(code)) {
        let must_be = format!("among: {}", COUNTRIES.join(", "));
        return Err(PlaidError::invalid_field("country_codes", &must_be));
    }
    Ok(codes.into_iter().map(str::to_owned).collect())
}

/// One of `user` and `user_id` is required (documented), and in `user` its `client_user_id`.
fn user(fields: &Fields) -> Result<Option<String>, PlaidError> {
    let user_id = fields.optional_text("user_id")?;
    match fields.find("user") {
        None if user_id.is_none() => Err(PlaidError::missing_fields(&["user"])),
        Some(user) if user.get("client_user_id").is_none() => {
            Err(PlaidError::missing_fields(&["user.client_user_id"]))
        }
        Some(_) => {
            fields.text("user.client_user_id")?;
            Ok(user_id.map(str::to_owned))
        }
        None => Ok(user_id.map(str::to_owned)),
    }
}

/// A URL that may be left out, or null.
fn url(
    fields: &Fields,
    name: &str,
    check: fn(&str, &str) -> Result<String, PlaidError>,
) -> Result<Option<String>, PlaidError> {
    match fields.find(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => check(name, value.as_str().unwrap_or_default()).map(Some),
    }
}

/// Also of an app's own scheme.
fn any_url(name: &str, url: &str) -> Result<String, PlaidError> {
    match Url::parse(url) {
        Ok(_) => Ok(url.to_owned()),
        Err(_) => Err(PlaidError::invalid_field(name, "a non-empty string URL")),
    }
}

/// The hosted page, if there is to be one, and how long the token lives.
fn hosted(call: &mut Call, purpose: &Purpose) -> Result<(Option<Hosted>, Duration), PlaidError> {
    let default = match purpose {
        Purpose::Update(_) => UPDATE_LIFETIME,
        Purpose::Add { .. } => NEW_ITEM_LIFETIME,
    };
    let fields = call.fields;
    match fields.find("hosted_link") {
        None | Some(Value::Null) => return Ok((None, default)),
        Some(Value::Object(_)) => {}
        Some(_) => return Err(PlaidError::invalid_field("hosted_link", "an object")),
    }
    let path = "hosted_link.url_lifetime_seconds";
    let lifetime = match fields.find(path) {
        None | Some(Value::Null) => UPDATE_LIFETIME,
        Some(seconds) => match seconds.as_u64() {
            Some(seconds @ 1..=MOST_LIFETIME_SECONDS) => Duration::from_secs(seconds),
            _ => {
                let must_be = format!("a whole number from 1 to {MOST_LIFETIME_SECONDS}");
                return Err(PlaidError::invalid_field(path, &must_be));
            }
        },
    };
    let completion_redirect_uri = url(fields, "hosted_link.completion_redirect_uri", any_url)?;
    let hosted = Hosted {
        id: call.state.objects.hosted_link_id(),
        completion_redirect_uri,
    };
    Ok((Some(hosted), lifetime))
}

/// Documented; `hosted_link` may hold more than the documented fields (documented, too).
pub(super) const OPTIONAL_FIELDS: [&str; 123] = [
    "user.client_user_id",
    "user.legal_name",
    "user.name.given_name",
    "user.name.family_name",
    "user.phone_number",
    "user.phone_number_verified_time",
    "user.email_address",
    "user.email_address_verified_time",
    "user.ssn",
    "user.date_of_birth",
    "user.address.street",
    "user.address.street2",
    "user.address.city",
    "user.address.region",
    "user.address.postal_code",
    "user.address.country",
    "user.id_number.value",
    "user.id_number.type",
    "user_id",
    "products",
    "required_if_supported_products",
    "optional_products",
    "additional_consented_products",
    "webhook",
    "access_token",
    "access_tokens",
    "link_customization_name",
    "appearance_mode",
    "redirect_uri",
    "android_package_name",
    "institution_data.routing_number",
    "card_switch.card_bin",
    "account_filters.depository.account_subtypes",
    "account_filters.depository.limited_purpose_types",
    "account_filters.credit.account_subtypes",
    "account_filters.loan.account_subtypes",
    "account_filters.investment.account_subtypes",
    "account_filters.other.account_subtypes",
    "eu_config.headless",
    "institution_id",
    "payment_configuration.amount",
    "payment_configuration.description",
    "payment_initiation.payment_id",
    "payment_initiation.consent_id",
    "employment.employment_source_types",
    "employment.bank_employment.days_requested",
    "income_verification.income_verification_id",
    "income_verification.asset_report_id",
    "income_verification.access_tokens",
    "income_verification.income_source_types",
    "income_verification.bank_income.days_requested",
    "income_verification.bank_income.enable_multiple_items",
    "income_verification.payroll_income.flow_types",
    "income_verification.payroll_income.is_update_mode",
    "income_verification.payroll_income.item_id_to_update",
    "income_verification.payroll_income.parsing_config",
    "income_verification.stated_income_sources",
    "base_report.days_requested",
    "base_report.client_report_id",
    "credit_partner_insights.days_requested",
    "cra_options.days_requested",
    "cra_options.days_required",
    "cra_options.client_report_id",
    "cra_options.partner_insights.prism_versions.firstdetect",
    "cra_options.partner_insights.prism_versions.detect",
    "cra_options.partner_insights.prism_versions.cashscore",
    "cra_options.partner_insights.prism_versions.extend",
    "cra_options.partner_insights.prism_versions.insights",
    "cra_options.partner_insights.fico.fico_lender_id",
    "cra_options.partner_insights.fico.lender_application_id",
    "cra_options.partner_insights.fico.ultrafico_score_requests",
    "cra_options.base_report.client_report_id",
    "cra_options.base_report.gse_options.report_types",
    "cra_options.base_report.require_identity",
    "cra_options.base_report.home_lending_report_options.reports_requested",
    "cra_options.base_report.home_lending_report_options.employment_refresh_options.days_requested",
    "cra_options.cashflow_insights.attributes_version",
    "cra_options.lend_score.lend_score_version",
    "cra_options.network_insights.network_insights_version",
    "cra_options.include_investments",
    "cra_options.income_insights.income_insights_filter.included_categories",
    "cra_options.income_insights.income_insights_filter.excluded_categories",
    "cra_options.income_insights.income_insights_version",
    "consumer_report_permissible_purpose",
    "auth.auth_type_select_enabled",
    "auth.automated_microdeposits_enabled",
    "auth.instant_match_enabled",
    "auth.same_day_microdeposits_enabled",
    "auth.instant_microdeposits_enabled",
    "auth.reroute_to_credentials",
    "auth.database_match_enabled",
    "auth.database_insights_enabled",
    "auth.flow_type",
    "auth.sms_microdeposits_verification_enabled",
    "transfer.intent_id",
    "transfer.authorization_id",
    "transfer.payment_profile_token",
    "update.account_selection_enabled",
    "update.reauthorization_enabled",
    "update.user",
    "update.item_ids",
    "identity_verification.template_id",
    "identity_verification.consent",
    "identity_verification.gave_consent",
    "statements.start_date",
    "statements.end_date",
    "third_party_user_token",
    "investments.allow_unverified_crypto_wallets",
    "investments.allow_manual_entry",
    "investments_auth.manual_entry_enabled",
    "investments_auth.masked_number_match_enabled",
    "investments_auth.stated_account_number_enabled",
    "investments_auth.rollover_401k_enabled",
    "hosted_link",
    "transactions.days_requested",
    "cashflow_report.days_requested",
    "cra_enabled",
    "identity.is_document_upload",
    "identity.account_ids",
    "identity.parsing_configs",
    "financekit_supported",
    "enable_multi_item_link",
    "user_token",
];
