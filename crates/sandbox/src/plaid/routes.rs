//! The specs of Plaid's routes, as data: paths and fields, as documented in Plaid's OpenAPI file.
//! The function of each route is in `api/`.

/// The path and the fields of one route.
pub(crate) struct RouteSpec {
    pub(crate) path: &'static str,
    pub(crate) required: &'static [&'static str],
    /// A field inside an object has a dotted path.
    pub(crate) optional: &'static [&'static str],
}

impl RouteSpec {
    /// The spec of the route at `path`.
    pub(crate) fn find(path: &str) -> Option<&'static RouteSpec> {
        ROUTES.iter().find(|route| route.path == path)
    }

    /// Whether `path` is a field of this route; every route takes the credentials.
    pub(crate) fn takes(&self, path: &str) -> bool {
        matches!(path, "client_id" | "secret")
            || self.required.contains(&path)
            || self.optional.contains(&path)
    }

    /// Whether `path` is an object of this route that contains fields.
    pub(crate) fn is_parent(&self, path: &str) -> bool {
        self.optional.iter().any(|field| {
            let rest = field.strip_prefix(path);
            rest.is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

const ROUTES: [RouteSpec; 14] = [
    RouteSpec {
        path: "/sandbox/item/reset_login",
        required: &["access_token"],
        optional: &[],
    },
    RouteSpec {
        path: "/item/get",
        required: &["access_token"],
        optional: &[],
    },
    RouteSpec {
        path: "/accounts/get",
        required: &["access_token"],
        optional: &["options.account_ids"],
    },
    RouteSpec {
        path: "/auth/get",
        required: &["access_token"],
        optional: &["options.account_ids"],
    },
    RouteSpec {
        path: "/item/remove",
        required: &["access_token"],
        optional: &["reason_code", "reason_note"],
    },
    RouteSpec {
        path: "/item/webhook/update",
        required: &["access_token"],
        optional: &["webhook"],
    },
    RouteSpec {
        path: "/item/access_token/invalidate",
        required: &["access_token"],
        optional: &[],
    },
    RouteSpec {
        path: "/item/public_token/exchange",
        required: &["public_token"],
        optional: &[],
    },
    RouteSpec {
        path: "/sandbox/public_token/create",
        required: &["institution_id", "initial_products"],
        optional: &[
            "options.webhook",
            "options.override_username",
            "options.override_password",
            "options.transactions.start_date",
            "options.transactions.end_date",
            "options.transactions.days_requested",
            "options.statements.start_date",
            "options.statements.end_date",
            "options.income_verification.income_source_types",
            "options.income_verification.bank_income.days_requested",
            "user_token",
            "user_id",
        ],
    },
    RouteSpec {
        path: "/sandbox/user/reset_login",
        required: &[],
        optional: &["user_id", "user_token", "item_ids"],
    },
    RouteSpec {
        path: "/sandbox/item/fire_webhook",
        required: &["access_token", "webhook_code"],
        optional: &["webhook_type"],
    },
    RouteSpec {
        path: "/link/token/create",
        required: &["client_name", "language", "country_codes"],
        optional: &LINK_TOKEN_FIELDS,
    },
    RouteSpec {
        path: "/link/token/get",
        required: &["link_token"],
        optional: &[],
    },
    RouteSpec {
        path: "/webhook_verification_key/get",
        required: &["key_id"],
        optional: &[],
    },
];

/// The optional fields of `/link/token/create`. `hosted_link` may hold undocumented fields too
/// (documented).
const LINK_TOKEN_FIELDS: [&str; 123] = [
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
